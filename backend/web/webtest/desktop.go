package webtest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"doorward/backend/access"
)

// Verifier is the window's own secret.
const Verifier = "the-window-s-own-secret-that-nobody-else-has-seen"

// Challenge is the hash of Verifier.
func Challenge() string {
	sum := sha256.Sum256([]byte(Verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// DesktopForm is a window's authorization request, with some fields changed.
func DesktopForm(change ...string) url.Values {
	v := url.Values{
		"code_challenge":        {Challenge()},
		"code_challenge_method": {"S256"},
		"state":                 {"its-mark"},
		"port":                  {"40123"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		v.Set(change[i], change[i+1])
	}
	return v
}

// AuthorizeDesktop authorizes a window, with some fields of its request changed, and
// returns its code.
func (b *Browser) AuthorizeDesktop(t *testing.T, change ...string) string {
	t.Helper()
	page := b.Get("/desktop?" + DesktopForm(change...).Encode())
	page.Want(t, http.StatusOK, "Authorize the desktop app?")
	form := DesktopForm(change...)
	fields := []string{}
	for name := range form {
		fields = append(fields, name, form.Get(name))
	}
	a := b.Post(page, "/desktop", fields...)
	a.Want(t, http.StatusSeeOther)
	back, err := url.Parse(a.Header.Get("Location"))
	if err != nil || back.Host != "127.0.0.1:40123" || back.Query().Get("state") != form.Get("state") {
		t.Fatalf("it leads to %q", a.Header.Get("Location"))
	}
	return back.Query().Get("code")
}

// RedeemDesktop sends a code as a window does.
func (s *Server) RedeemDesktop(code, verifier string) Answer {
	return s.Browser().
		API(http.MethodPost, "/desktop", fmt.Sprintf(`{"code":%q,"code_verifier":%q}`, code, verifier),
			func(r *http.Request) {
				r.Header.Set("User-Agent", "Doorward-Desktop (ada-laptop)")
			})
}

// SignInDesktop returns the secret of a window that acts for the browser's
// member.
func (s *Server) SignInDesktop(t *testing.T, b *Browser) access.Secret {
	t.Helper()
	a := s.RedeemDesktop(b.AuthorizeDesktop(t), Verifier)
	a.Want(t, http.StatusCreated, `"workspace":"AI Loop"`)
	return access.Secret(a.Object(t)["secret"].(string))
}
