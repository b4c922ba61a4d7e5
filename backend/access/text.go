package access

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The most characters of what people type, on every face.
const (
	MaxName      = 200
	MaxNote      = 200 // notes and reasons
	MaxWorkspace = 60
)

// CheckText refuses text that is too long, in runes, or that is not what it
// looks like: with characters that leave nothing on the screen, or turn what is
// beside them, or with more marks on a letter than any writing has. What every
// language is written with passes.
func CheckText(field, s string, most int) error {
	if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
		return Errorf(Invalid, "The %s is not valid text (UTF-8), or was garbled on its way. Type it anew.",
			words(field)).On(field).WithCode("text_invalid")
	}
	if n := utf8.RuneCountInString(s); n > most {
		return Errorf(Invalid, "The %s has %d characters; the most is %d.", words(field), n, most).
			On(field).WithCode("text_too_long")
	}
	all := []rune(s)
	marks, foreign := 0, 0
	for i, r := range all {
		if !isVisible(all, i) {
			return Errorf(Invalid, "The %s holds a character that cannot be shown (U+%04X). Please take it out.",
				words(field), r).On(field).WithCode("text_invisible")
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
				"The %s has marks without a letter, or more on one letter than any writing has (at U+%04X). Please "+
					"take them out.",
				words(field),
				r,
			).On(field).WithCode("text_marks")
		}
	}
	return nil
}

// How many marks a letter can bear: those of its own script (a Burmese syllable
// has up to six, a Tibetan one as many), and those that go on letters of every
// script (two in Vietnamese, three in Arabic, four in pointed Hebrew).
const (
	maxMarks   = 8
	maxForeign = 4
)

// CleanText is CheckText on the text without space around it. The result is in
// memory of its own.
func CleanText(field, s string, most int) (string, error) {
	s = strings.TrimSpace(s)
	if err := CheckText(field, s, most); err != nil {
		return "", err
	}
	return strings.Clone(s), nil
}

func words(field string) string { return strings.ReplaceAll(field, "_", " ") }

// Shorten cuts s to at most n runes, for messages that repeat what was typed,
// and leaves out what cannot be shown.
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
