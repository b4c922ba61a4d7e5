package access

import (
	"fmt"
	"strings"
	"testing"
)

// An attacker sends arbitrary text as an identifier or a secret. An identifier is accepted
// unchanged or refused, no error message repeats a secret, and a hash is read only in the
// form in which it was written.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{
		"", "dw_", NewID(), NewSecret().Reveal(), TokenPrefix + NewSecret().Reveal(), NewDesktopSecret().Reveal(),
		strings.Repeat("a", 26), strings.Repeat("A", 26), "../../admin", "a\x00b", strings.Repeat("0f", 32),
		strings.Repeat("0F", 32),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for what, parse := range map[string]func(string) (string, error){
			"member": func(s string) (string, error) { id, err := ParseMemberID(s); return string(id), err },
			"email":  func(s string) (string, error) { id, err := ParseMessageID(s); return string(id), err },
			"token":  func(s string) (string, error) { id, err := ParseTokenID(s); return string(id), err },
		} {
			none := map[string]func() *Error{"member": NoSuchMember, "email": NoSuchEmail, "token": NoSuchToken}[what]
			id, err := parse(s)
			if err == nil && (id != s || len(id) != 26 ||
				strings.ContainsFunc(
					id,
					func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz234567", r) },
				)) {
				t.Errorf("%q is the %s %q", s, what, id)
			}
			if err != nil && (id != "" || !NotFound.Is(err) || err.Error() != none().Error()) {
				t.Errorf("%q is refused as %s with %v", s, what, err)
			}
		}
		secret := Secret(s)
		for _, said := range []string{
			fmt.Sprint(secret),
			fmt.Sprintf("%v %+v %#v %s", secret, secret, secret, secret),
			fmt.Sprintf("%q", fmt.Sprint(secret)),
		} {
			if len(s) > 8 && strings.Contains(said, s) {
				t.Errorf("a secret is said: %s", said)
			}
		}
		if secret.OpensSession() && len(strings.TrimPrefix(s, DesktopSecretPrefix)) != SecretLength {
			t.Errorf("%q has the shape of a session", s)
		}
		if secret.Hash() != Secret(strings.Clone(s)).Hash() || secret.Hash().IsZero() {
			t.Errorf("the hash of %q is not always the same", s)
		}
		var h SecretHash
		if err := h.UnmarshalText([]byte(s)); err == nil {
			if text, err := h.MarshalText(); err != nil || string(text) != strings.ToLower(s) {
				t.Errorf("the hash %q is written as %q, %v", s, text, err)
			}
		}
	})
}

// However a code is typed, it parses to eight letters of the alphabet or not at all. Its
// displayed form parses to the same code, and two codes that look different are never
// equal.
func FuzzCode(f *testing.F) {
	for _, s := range []string{
		"K7PQ-3XMD", "k7pq3xmd", " K7PQ\u00a03XMD\r\n", "oOiI-lL00", "K7PQ-3XM", "K7PQ-3XMDD", "U7PQ-3XMD", "Ｋ７ＰＱ－３ＸＭＤ",
		"\xffK7PQ3XMD", "K7PQ\x003XMD", "-", "", strings.Repeat("-", 300) + "K7PQ3XMD", "К7PQ-3XMD",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := ParseCode(s)
		if !ok {
			if c != "" && len(c) == CodeLength {
				t.Errorf("%q is no code, and read as %q", s, string(c))
			}
			return
		}
		if len(c) != CodeLength || strings.Trim(string(c), codeAlphabet) != "" {
			t.Errorf("%q is read as %q", s, string(c))
		}
		for _, again := range []string{c.String(), string(c), strings.ToLower(c.String()), " " + c.String() + "\n"} {
			if d, ok := ParseCode(again); !ok || d != c {
				t.Errorf("%q, read from %q, is %q, %v the second time", again, s, string(d), ok)
			}
		}
		if d, ok := ParseCode(s + string(c[0])); ok {
			t.Errorf("%q with one letter more is %q", s, string(d))
		}
	})
}
