package access

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckText refuses text that is too long, in runes, or holds what cannot be
// seen: control characters and marks that reorder what is shown.
func CheckText(field, s string, most int) error {
	if !utf8.ValidString(s) {
		return Errorf(Invalid, "The %s is not valid text (UTF-8).", words(field)).On(field).WithCode("text_invalid")
	}
	if n := utf8.RuneCountInString(s); n > most {
		return Errorf(Invalid, "The %s has %d characters; the most is %d.", words(field), n, most).On(field).WithCode("text_too_long")
	}
	for _, r := range s {
		if unicode.IsControl(r) || invisible(r) {
			return Errorf(Invalid, "The %s holds a character that cannot be shown (U+%04X). Please take it out.", words(field), r).On(field).WithCode("text_invisible")
		}
	}
	return nil
}

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

func invisible(r rune) bool {
	switch {
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069: // bidirectional embedding and isolation
	case r == 0x200E, r == 0x200F, r == 0x061C, r == 0x200B, r == 0x2060, r == 0xFEFF, r == 0x2028, r == 0x2029:
	default:
		return false
	}
	return true
}

// Shorten cuts s to at most n runes, for messages that repeat what was typed,
// and leaves out what cannot be shown.
func Shorten(s string, n int) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) || invisible(r) || r == utf8.RuneError {
			continue
		}
		if n--; n < 0 {
			return b.String() + "…"
		}
		b.WriteRune(r)
	}
	return b.String()
}
