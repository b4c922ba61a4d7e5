package access

import (
	"crypto/rand"
	"unicode"
	"unicode/utf8"
)

// A Code is a login code in the form in which it is compared: eight letters and digits, 40
// random bits. String writes it in two groups, as people see it.
type Code string

// CodeLength is the number of letters and digits in a code.
const CodeLength = 8

// codeAlphabet is Crockford's base32. It has no I, L or O, which people read as digits, and
// no U. The guess probabilities in docs/security.md depend on its size and on CodeLength.
const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// maxCodeText is the longest input, in bytes, that ParseCode looks at.
const maxCodeText = 200

// NewCode returns a fresh code.
func NewCode() Code {
	var b [CodeLength]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = codeAlphabet[b[i]%byte(len(codeAlphabet))] // 256 is a multiple of 32: no bias
	}
	return Code(b[:])
}

// String writes the code as people read it, in two groups.
func (c Code) String() string {
	if len(c) != CodeLength {
		return string(c)
	}
	return string(c[:CodeLength/2] + "-" + c[CodeLength/2:])
}

// ParseCode reads a code however it was typed or pasted: in upper or lower case, with any
// spaces, dashes or dots in or around it, in full-width characters, in the digits of any
// script, with O for 0 and I or L for 1. Input that is still not a code must not be counted
// as a guess.
func ParseCode(s string) (Code, bool) {
	if len(s) > maxCodeText || !utf8.ValidString(s) {
		return "", false
	}
	var b []byte
	for _, r := range s {
		if isSeparator(r) {
			continue
		}
		c, ok := codeLetter(r)
		if !ok || len(b) == CodeLength {
			return "", false
		}
		b = append(b, c)
	}
	return Code(b), len(b) == CodeLength
}

// isSeparator reports whether r is a character, visible or not, that people and mail
// readers put between or around the groups of a code.
func isSeparator(r rune) bool {
	switch r {
	case '.', '·', '•', '․', '‧', '。', '．', '｡', '_', '−', 'ー', '\uFEFF', '\u034F', '\u115F', '\u1160', '\u3164':
		return true
	}
	return unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Zs, unicode.Cf)
}

// codeLetter returns the letter of the alphabet that r stands for.
func codeLetter(r rune) (byte, bool) {
	if '\uFF01' <= r && r <= '\uFF5E' { // full width
		r -= 0xFEE0
	}
	if r > unicode.MaxASCII {
		return digitOf(r)
	}
	switch r = unicode.ToUpper(r); r {
	case 'O':
		return '0', true
	case 'I', 'L':
		return '1', true
	}
	for i := range len(codeAlphabet) {
		if rune(codeAlphabet[i]) == r {
			return codeAlphabet[i], true
		}
	}
	return 0, false
}

// digitOf returns the value of a decimal digit of another script as an ASCII digit. In
// Unicode's tables the digits of a script come in tens, each starting with zero.
func digitOf(r rune) (byte, bool) {
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + byte((r-rune(t.Lo))%10), true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + byte((r-rune(t.Lo))%10), true
		}
	}
	return 0, false
}

// MalformedCode is the answer to input that cannot be a code. It does not count as a guess.
func MalformedCode() *Error {
	return Errorf(
		Invalid,
		"A code has eight letters and digits, such as K7PQ-3XMD. Copy it from the newest email. Spaces and dashes "+
			"do not matter.",
	).
		On("code").WithCode("code_malformed")
}
