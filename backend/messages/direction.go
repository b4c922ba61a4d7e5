package messages

import "unicode"

// The marks of Unicode around a text whose direction is its own (FSI and PDI).
const (
	isolateBegin = "\u2068"
	isolateEnd   = "\u2069"
)

// Isolate keeps a name or an address from mixing with a sentence that is written in the
// other direction: without it, a full stop or a number changes sides. It leaves alone what
// cannot mix.
func (p *Printer) Isolate(s string) string {
	if s == "" || p.language.Direction() == "ltr" && !hasRightToLeft(s) {
		return s
	}
	return isolateBegin + s + isolateEnd
}

func hasRightToLeft(s string) bool {
	for _, r := range s {
		if r >= 0x590 && unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko) {
			return true
		}
	}
	return false
}
