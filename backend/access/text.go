package access

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The maximum length of text that people type, the same for every interface.
const (
	MaxName      = 200
	MaxNote      = 200 // notes and reasons
	MaxWorkspace = 60

	MaxInternalNote = 2000 // what Admins write about a member
)

// CheckText refuses text that is too long, counted in runes, or that is not what it looks
// like: characters that draw nothing or reorder their neighbours, or more marks on a letter
// than any script has. Ordinary text in any language passes.
func CheckText(field, s string, limit int) error {
	if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
		return Errorf(Invalid, "The %s is not valid text (UTF-8), or was garbled in transit. Type it again.",
			label(field)).On(field).WithCode("text_invalid")
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return Errorf(Invalid, "The %s has %d characters, but can have at most %d.", label(field), n, limit).
			On(field).WithCode("text_too_long")
	}
	all := []rune(s)
	marks, foreign := 0, 0
	for i, r := range all {
		if !isVisible(all, i) {
			return Errorf(Invalid, "The %s contains a character that cannot be shown (U+%04X). Remove it.",
				label(field), r).On(field).WithCode("text_invisible")
		}
		switch {
		case unicode.Is(unicode.M, r) && !unicode.Is(unicode.Variation_Selector, r):
			marks++
			if unicode.In(r, unicode.Inherited, unicode.Common) {
				foreign++
			}
		case !joins(r):
			marks, foreign = 0, 0
		}
		if marks > maxMarks || foreign > maxForeign || marks == 1 && i == 0 {
			return Errorf(
				Invalid,
				"The %s has combining marks without a letter, or too many on one letter (at U+%04X). Remove them.",
				label(field),
				r,
			).On(field).WithCode("text_marks")
		}
	}
	return nil
}

// How many marks a letter can have: marks of its own script (a Burmese syllable has up to
// six, a Tibetan one as many), and marks that combine with letters of every script (two in
// Vietnamese, three in Arabic, four in pointed Hebrew).
const (
	maxMarks   = 8
	maxForeign = 4
)

// CleanText trims the text and applies CheckText. The result has its own memory.
func CleanText(field, s string, limit int) (string, error) {
	s = strings.TrimSpace(s)
	if err := CheckText(field, s, limit); err != nil {
		return "", err
	}
	return strings.Clone(s), nil
}

// CleanLines is CleanText for text of several lines: each line is checked, and the length is
// that of all together.
func CleanLines(field, s string, limit int) (string, error) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	if n := utf8.RuneCountInString(s); n > limit {
		return "", CheckText(field, s, limit)
	}
	for line := range strings.SplitSeq(s, "\n") {
		if err := CheckText(field, line, limit); err != nil {
			return "", err
		}
	}
	return strings.Clone(s), nil
}

func label(field string) Word { return Word(strings.ReplaceAll(field, "_", " ")) }

// Shorten cuts s to at most n runes and drops characters that cannot be shown. It is for
// messages that repeat what somebody typed.
func Shorten(s string, n int) string {
	var b strings.Builder
	for _, r := range s {
		if isInvisible(r) && !joins(r) {
			continue
		}
		if n--; n < 0 {
			return b.String() + "…"
		}
		b.WriteRune(r)
	}
	return b.String()
}
