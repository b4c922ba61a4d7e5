package store

import (
	"slices"
	"strings"
	"unicode"

	"doorward/backend/access"
)

const (
	maxWords       = 12 // search words stored for a member
	maxWordLength  = 64 // bytes
	maxSearchWords = 6  // words of one query
)

// searchWords returns the words by whose prefixes a member is found: the address, its
// domain with each parent domain, the words of the name, and the parts of the address
// before the @; if there are too many, the first of these. A word that is a prefix of
// another is left out, since a search for it finds that other.
func searchWords(m *access.Member) []string {
	address := m.Email.Canonical
	at := strings.LastIndexByte(address, '@')
	all := make([]string, 0, maxWords)
	all = append(all, address)
	for d := address[at+1:]; strings.Contains(d, ".") && len(all) < maxWords/2; d = d[strings.IndexByte(d, '.')+1:] {
		all = append(all, d)
	}
	all = append(all, strings.FieldsFunc(strings.ToLower(m.Name), betweenWords)...)
	betweenParts := func(r rune) bool { return strings.ContainsRune("._+-", r) }
	all = append(all, strings.FieldsFunc(address[:max(at, 0)], betweenParts)...)
	all = all[:min(len(all), maxWords)]
	for i, w := range all {
		all[i] = cut(w, maxWordLength)
	}
	slices.Sort(all)
	words := make([]string, 0, len(all))
	for i, w := range all {
		if w != "" && (i+1 == len(all) || !strings.HasPrefix(all[i+1], w)) {
			words = append(words, w)
		}
	}
	return words
}

func betweenWords(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '-' && !unicode.IsMark(r)
}

// searchPrefixes returns the words of a query, longest first: the longest is probably the
// rarest.
func searchPrefixes(q string) []string {
	var words []string
	for w := range strings.FieldsSeq(strings.ToLower(q)) {
		if w = strings.Trim(w, "\x00,;<>()\""); w != "" {
			words = append(words, cut(w, maxWordLength))
		}
	}
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words[:min(len(words), maxSearchWords)]
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
