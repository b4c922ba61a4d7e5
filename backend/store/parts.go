package store

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"doorward/backend/access"
	"doorward/backend/text"
)

// A search finds members by any part of their names and addresses, once a word of it is
// long enough: three characters, or two if one of them is Han, kana or hangul, of which a
// word has few. A shorter word would be a part of nearly everybody: it finds by the
// beginning of a word, through the index in the store. How accents and the like are folded
// is the same for both.

// A sought is what a query asks of a member: all words, in any order.
type sought struct {
	words []string // longest first
	parts []string // those that may be anywhere, longest first; never none
	heads []string // those that must begin a word
}

// soughtBy returns what the words of a query ask for; nil if all are so short that only the
// index of beginnings answers them.
func soughtBy(words []string) *sought {
	s := sought{words: words}
	for _, w := range words {
		if isPart(w) {
			s.parts = append(s.parts, w)
		} else {
			s.heads = append(s.heads, w)
		}
	}
	if s.parts == nil {
		return nil
	}
	return &s
}

// isPart reports whether a folded word is long enough to be looked for anywhere. Folding
// has taken hangul apart, so it is put together to be counted.
func isPart(word string) bool {
	if len(word) >= 3*utf8.UTFMax {
		return true
	}
	n, needed := 0, 3
	for _, r := range text.Compose(word) {
		if n++; unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			needed = 2
		}
	}
	return n >= needed
}

// The text of a member in which parts are looked for is the canonical address, the address
// as typed if it reads otherwise, and the name, all folded. A word of a query has neither of
// the bytes between them.
const (
	fieldEnd = '\n'
	entryEnd = 0
)

func appendText(b []byte, m *access.Member) []byte {
	address, typed := oneLine(text.Fold(m.Email.Canonical)), oneLine(text.Fold(m.Email.Typed))
	b = append(b, address...)
	b = append(b, fieldEnd)
	if typed != address {
		b = append(b, typed...)
	}
	b = append(b, fieldEnd)
	b = append(b, oneLine(text.Fold(m.Name))...)
	return append(b, entryEnd)
}

func oneLine(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) {
		return s
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\x00", "")), " ")
}

// fits reports whether the text of a member has all that is sought, and for rest, whether
// the index of beginnings does not find the member.
func (s *sought) fits(entry []byte, rest bool) bool {
	for _, p := range s.parts {
		if !contains(entry, p) {
			return false
		}
	}
	if len(s.heads) > 0 && !begins(entry, s.heads) {
		return false
	}
	return !rest || !begins(entry, s.words)
}

func contains(entry []byte, part string) bool { return indexOf(entry, part) >= 0 }

// begins reports whether each of these begins a word of the entry: a word of the index, cut
// and counted as there. The look at what precedes it comes first, as that is cheap.
func begins(entry []byte, heads []string) bool {
	for _, h := range heads {
		if !mayBegin(entry, h) {
			return false
		}
	}
	address, more, _ := strings.Cut(strings.TrimSuffix(string(entry), "\x00"), "\n")
	typed, name, _ := strings.Cut(more, "\n")
	if typed == "" {
		typed = address
	}
	words := wordsOf(address, typed, name)
	for _, h := range heads {
		found := false
		for _, w := range words {
			found = found || strings.HasPrefix(w, h)
		}
		if !found {
			return false
		}
	}
	return true
}

// mayBegin reports whether the entry has head at its start, or after something that is not
// a Latin letter or digit.
func mayBegin(entry []byte, head string) bool {
	for at := 0; ; at++ {
		i := indexOf(entry[at:], head)
		if i < 0 {
			return false
		}
		if at += i; at == 0 || !isPlain(entry[at-1]) {
			return true
		}
	}
}

func isPlain(b byte) bool { return strings.IndexByte("abcdefghijklmnopqrstuvwxyz0123456789", b) >= 0 }

// fitsMember is fits for a member as it is now.
func (s *sought) fitsMember(m *access.Member, rest bool) bool {
	return s.fits(appendText(nil, m), rest)
}

// indexOf is bytes.Index for a string.
func indexOf(in []byte, part string) int { return bytes.Index(in, []byte(part)) }
