package store

import (
	"slices"
	"strings"
	"unicode"

	"doorward/backend/access"
	"doorward/backend/text"
)

const (
	maxWords       = 12      // search words stored for a member
	maxWordLength  = 64      // bytes
	maxSearchWords = 6       // words of one query
	maxQuery       = 1 << 10 // bytes of a query that are read
)

// searchWords returns the words by whose prefixes a member is found: the address, its
// domain with each parent domain, the words of the name, and the parts of the address
// before the @; if there are too many, the first of these. The address is there as it was
// typed, too, because that is what lists show. A word that is a prefix of another is left
// out, since a search for it finds that other.
func searchWords(m *access.Member) []string {
	return wordsOf(text.Fold(m.Email.Canonical), text.Fold(m.Email.Typed), text.Fold(m.Name))
}

// wordsOf is searchWords of what is folded already.
func wordsOf(address, typed, name string) []string {
	at := strings.LastIndexByte(address, '@')
	all := make([]string, 0, 2*maxWords)
	all = append(all, address, typed)
	all = append(all, domains(address)...)
	all = append(all, foldedTerms(name)...)
	all = append(all, strings.FieldsFunc(name, betweenWords)...)
	all = append(all, domains(typed)...)
	betweenParts := func(r rune) bool { return strings.ContainsRune("._+-", r) }
	all = append(all, strings.FieldsFunc(address[:max(at, 0)], betweenParts)...)
	return distinct(all)
}

// domains returns the domain of an address with its parent domains.
func domains(address string) (all []string) {
	d := address[strings.LastIndexByte(address, '@')+1:]
	for strings.Contains(d, ".") && len(all) < maxWords/2-1 {
		all = append(all, d)
		d = d[strings.IndexByte(d, '.')+1:]
	}
	return all
}

// distinct returns the first words, sorted, without those that are prefixes of others.
func distinct(all []string) []string {
	kept := make([]string, 0, maxWords)
	for _, w := range all {
		if w = cut(w, maxWordLength); w != "" && len(kept) < maxWords && !slices.Contains(kept, w) {
			kept = append(kept, w)
		}
	}
	slices.Sort(kept)
	words := make([]string, 0, len(kept))
	for i, w := range kept {
		if i+1 == len(kept) || !strings.HasPrefix(kept[i+1], w) {
			words = append(words, w)
		}
	}
	return words
}

func betweenWords(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-'
}

// searchPrefixes returns the words of a query, longest first: the longest is probably the
// rarest.
func searchPrefixes(q string) []string {
	words := terms(cut(q, maxQuery))
	for i, w := range words {
		words[i] = cut(w, maxWordLength)
	}
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words[:min(len(words), maxSearchWords)]
}

// terms cuts a query at white space, without the punctuation around its words. A query such
// as @example.com is for the addresses of a domain.
func terms(s string) []string { return foldedTerms(text.Fold(s)) }

func foldedTerms(folded string) []string {
	var words []string
	for w := range strings.FieldsSeq(folded) {
		if w = strings.Trim(w, ",;<>()\"@"); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// cut shortens s to at most n bytes, between two characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
