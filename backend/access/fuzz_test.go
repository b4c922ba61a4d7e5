package access

import (
	"fmt"
	"strings"
	"testing"
)

// Whatever is sent where an identifier or a secret belongs: an identifier is
// taken as it is or not at all, a secret is in no message, and a hash is read
// only as it was written.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{"", "dw_", NewID(), NewSecret().Reveal(), TokenPrefix + NewSecret().Reveal(), NewWindowSecret().Reveal(), strings.Repeat("a", 26), strings.Repeat("A", 26), "../../admin", "a\x00b", strings.Repeat("0f", 32), strings.Repeat("0F", 32)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for what, parse := range map[string]func(string) (string, error){
			"member": func(s string) (string, error) { id, err := ParseMemberID(s); return string(id), err },
			"letter": func(s string) (string, error) { id, err := ParseLetterID(s); return string(id), err },
			"token":  func(s string) (string, error) { id, err := ParseTokenID(s); return string(id), err },
		} {
			id, err := parse(s)
			if err == nil && (id != s || len(id) != 26 || strings.ContainsFunc(id, func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz234567", r) })) {
				t.Errorf("%q is the %s %q", s, what, id)
			}
			if err != nil && (id != "" || !NotFound.Is(err) || err.Error() != NoSuch(what).Error()) {
				t.Errorf("%q is refused as %s with %v", s, what, err)
			}
		}
		secret := Secret(s)
		for _, said := range []string{fmt.Sprint(secret), fmt.Sprintf("%v %+v %#v %s", secret, secret, secret, secret), fmt.Sprintf("%q", fmt.Sprint(secret))} {
			if len(s) > 8 && strings.Contains(said, s) {
				t.Errorf("a secret is said: %s", said)
			}
		}
		if secret.OpensSession() && len(strings.TrimPrefix(s, WindowPrefix)) != SecretLength {
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
