package text_test

import (
	"testing"

	"doorward/backend/text"
)

// People type what they see without its accents, in either case, and with the
// apostrophe of their keyboard.
func TestFold(t *testing.T) {
	for typed, want := range map[string]string{
		"O’Brien": "obrien", "O'BRIEN": "obrien", "Zoë": "zoe", "Zoe\u0308": "zoe", "Groß": "gross", "Łódź": "lodz",
		"Ægir Ødegård": "aegir odegard", "ΝΊΚΟΣ": "νικοσ", "νίκος": "νικοσ", "ﬁ": "fi", "Ａｄａ": "ada", "a\x00b": "ab",
		"": "", "李": "李",
	} {
		if got := text.Fold(typed); got != want {
			t.Errorf("Fold(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestFromWindows1252(t *testing.T) {
	for bytes, want := range map[string]string{
		"J\xfcrgen Gro\xdf": "Jürgen Groß", "O\x92Brien \x80\x9f\x81\xff": "O’Brien €Ÿ\u0081ÿ", "Ada": "Ada", "": "",
	} {
		if got := text.FromWindows1252(bytes); got != want {
			t.Errorf("FromWindows1252(%q) = %q, want %q", bytes, got, want)
		}
	}
}
