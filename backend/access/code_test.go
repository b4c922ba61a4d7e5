package access

import (
	"strings"
	"testing"
	"unicode"
)

// Somebody copies a code out of a mail reader, hears it read out by a phone, or types it in
// full width. Each form is the code that was sent and must not cost a guess; nor must input
// that is no code at all.
func TestParseCode(t *testing.T) {
	const want = Code("K7PQ3XMD")
	for _, s := range []string{
		"K7PQ-3XMD", "K7PQ3XMD", "k7pq-3xmd", "  K7PQ 3XMD\r\n",
		"\tK7PQ\t3XMD", "K7PQ\u00a03XMD", "K7PQ\u202f3XMD", "K7PQ\u20033XMD",
		"K7PQ\u20113XMD", "K7PQ\u20133XMD", "K7PQ\u20143XMD", "K7PQ\u22123XMD",
		"K7PQ\u00ad3XMD", "K7PQ\u200b-\u200b3XMD", "\ufeffK7PQ-3XMD",
		"K7PQ.3XMD.", "K7PQ·3XMD", "K-7-P-Q-3-X-M-D", "Ｋ７ＰＱ－３ＸＭＤ",
		"ｋ７ｐｑ　３ｘｍｄ", "K٧PQ-٣XMD", "K７PQ-𝟛XMD", "\u2066K7PQ-3XMD\u2069",
	} {
		if c, ok := ParseCode(s); !ok || c != want {
			t.Errorf("ParseCode(%+q) = %q, %v", s, string(c), ok)
		}
	}
	for s, want := range map[string]Code{"oOoO-0000": "00000000", "iIlL-1111": "11111111", "abcd-efgh": "ABCDEFGH"} {
		if c, ok := ParseCode(s); !ok || c != want {
			t.Errorf("ParseCode(%q) = %q, %v", s, string(c), ok)
		}
	}
	for _, s := range []string{
		"", "-", "K7PQ-3XM", "K7PQ-3XMDE", "K7PQ-3XMU", "K7PQ/3XMD", "code: K7PQ", "K7PQ-3XM\x00", "K7PQ-3XM\xff",
		"K7PQ-3XMÉ", "КЗРО-3ХМД",
		"K7PQ-3XMD" + strings.Repeat(" ", maxCodeText),
	} {
		if c, ok := ParseCode(s); ok {
			t.Errorf("ParseCode(%+q) = %q, want none", s, string(c))
		}
	}
}

// A new code can be parsed in every form in which it is shown.
func TestNewCode(t *testing.T) {
	seen, letters := map[Code]bool{}, map[rune]int{}
	for range 2000 {
		c := NewCode()
		if seen[c] {
			t.Errorf("%s was made twice in 2,000", c)
		}
		seen[c] = true
		for _, r := range string(c) {
			letters[r]++
		}
		for _, s := range []string{string(c), c.String(), strings.ToLower(c.String())} {
			if got, ok := ParseCode(s); !ok || got != c {
				t.Errorf("ParseCode(%q) = %q, %v", s, string(got), ok)
			}
		}
	}
	if len(letters) != len(codeAlphabet) {
		t.Errorf("codes use %d letters, want all %d", len(letters), len(codeAlphabet))
	}
}

// digitOf relies on tables in which the digits of a script come in tens.
func TestDigitsLieInTens(t *testing.T) {
	for _, r := range unicode.Nd.R16 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("%U to %U is not tens of digits", r.Lo, r.Hi)
		}
	}
	for _, r := range unicode.Nd.R32 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("%U to %U is not tens of digits", r.Lo, r.Hi)
		}
	}
}
