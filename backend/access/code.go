package access

import (
	"crypto/rand"
	"unicode"
	"unicode/utf8"
)

// A Code is a login code as it is compared: eight letters and digits, 40 random
// bits. People see it in two groups, as String writes it.
type Code string

// CodeLength is how many letters and digits a code has.
const CodeLength = 8

// codeAlphabet is Crockford's base32: no I, L, O, which are read for digits, and
// no U. A code is this many letters from it; docs/security.md reckons with both.
const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// maxCodeText is the most that is looked at of what somebody typed.
const maxCodeText = 200

// NewCode returns a fresh code.
func NewCode() Code {
	var b [CodeLength]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = codeAlphabet[b[i]%byte(len(codeAlphabet))] // 256 is a multiple of 32: each is as likely
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

// ParseCode reads a code however it was typed or pasted: in any case, with any
// kind of space, dash or dot in or around it, full width, in the digits of any
// script, with O for 0 and I or L for 1. What is not a code then is no guess at
// one, and must not be counted as such.
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

// isSeparator reports whether r is one of the things that mail readers and
// people put between the groups of a code, or around it, seen or unseen.
func isSeparator(r rune) bool {
	switch r {
	case '.', '·', '•', '․', '‧', '。', '．', '｡', '_', '−', 'ー', '\uFEFF', '\u034F', '\u115F', '\u1160', '\u3164':
		return true
	}
	return unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Zs, unicode.Cf)
}

// codeLetter is the letter of the alphabet that r stands for.
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

// digitOf is the digit that a decimal digit of another script stands for: they
// lie in tens, each beginning with its nought.
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

// MalformedCode is the answer to what cannot be a code. It was no guess.
func MalformedCode() *Error {
	return Errorf(
		Invalid,
		"A code has eight letters and digits, like K7PQ-3XMD. Copy it from the "+
			"newest letter; spaces and dashes do not "+
			"matter.",
	).
		On("code").WithCode("code_malformed")
}
