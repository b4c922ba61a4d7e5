package text

import "strings"

// windows1252 has the characters from 0x80 to 0x9f, in which Windows-1252 differs from
// Latin-1.
var windows1252 = []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")

// FromWindows1252 decodes text in Windows-1252, of which every byte is a character.
func FromWindows1252(s string) string {
	var out strings.Builder
	for i := range len(s) {
		if b := s[i]; b >= 0x80 && b < 0xa0 {
			out.WriteRune(windows1252[b-0x80])
		} else {
			out.WriteRune(rune(b))
		}
	}
	return out.String()
}
