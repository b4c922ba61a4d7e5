package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// letters are those that no decomposition takes to the letters that people type for them.
var letters = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d",
	"þ", "th", "ħ", "h", "ı", "i", "ŋ", "n", "ς", "σ")

// Compose puts together the characters that Fold has taken apart, so that they can be
// counted as people count them.
func Compose(s string) string { return norm.NFC.String(s) }

// Fold makes alike what people type alike: letters of either case, with and without
// accents, and apostrophes of every kind, which are left out. Pat O’Brien, as a phone
// writes it, is found by O'Brien and obrien, and Zoë by Zoe.
func Fold(s string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r == 0, unicode.Is(unicode.Mn, r), strings.ContainsRune("'’‘‛ʼʹ′`´＇", r):
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s))
	return letters.Replace(plain)
}
