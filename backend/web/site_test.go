package web_test

import (
	"net/http"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

// An Admin changes the public URL while the server runs. From the answer on the old host is a
// foreign one, with its cookies and its origin; a page of the old origin changes nothing at
// the new one.
func TestGuardFollowsThePublicURL(t *testing.T) {
	s := webtest.New(t)
	b, _ := s.SignedIn("admin@example.com", access.Admin)
	b.Get("/").Want(t, 200)
	moved := func(r *http.Request) { r.Host = "new.example.com" }
	if a := s.Browser().Get("/login", moved); a.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("the new host is answered before the change: %s", a.Status)
	}
	b.API("PATCH", "/settings", `{"public_url":"https://New.example.com"}`).Want(t, 200, `"public_url":"https://new.example.com"`)
	b.Get("/login").Want(t, http.StatusMisdirectedRequest, "https://new.example.com")
	b.API("PATCH", "/settings", `{"workspace":"X"}`).Want(t, http.StatusMisdirectedRequest)
	page := s.Browser().Get("/login", moved)
	page.Want(t, 200)
	for _, c := range page.Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure {
			t.Errorf("the cookie %s is set as %q", c.Name, c.Raw)
		}
	}
	for origin, status := range map[string]int{"https://new.example.com": 200, "https://door.example.com": 403} {
		a := b.API("PATCH", "/settings", `{"workspace":"Hangar"}`, moved, func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", origin)
		})
		if a.StatusCode != status {
			t.Errorf("from %s: %s, want %d", origin, a.Status, status)
		}
	}
}

// To a public URL on this machine without TLS, cookies are not marked as secure: a browser
// would not send them back.
func TestCookiesFollowThePublicURL(t *testing.T) {
	s := webtest.New(t)
	b, _ := s.SignedIn("admin@example.com", access.Admin)
	b.Get("/").Want(t, 200)
	b.API("PATCH", "/settings", `{"public_url":"http://localhost:8080"}`).Want(t, 200)
	page := s.Browser().Get("/login", func(r *http.Request) { r.Host = "127.0.0.1:8080" })
	page.Want(t, 200)
	for _, c := range page.Cookies() {
		if strings.HasPrefix(c.Name, "__Host-") || c.Secure {
			t.Errorf("the cookie %s is set as %q", c.Name, c.Raw)
		}
	}
	if page.Header.Get("Strict-Transport-Security") != "" {
		t.Error("http is told to be https for ever")
	}
}

// The names in force are the leader's to say: a machine that forwards a request knows those of
// its own copy of the store, which may be older.
func TestANewHostIsForwarded(t *testing.T) {
	p := newPair(t)
	p.Admin.API("PATCH", "/settings", `{"public_url":"https://new.example.com"}`).Want(t, 200)
	away := p.Via(p.Browser())
	away.Get("/login", func(r *http.Request) { r.Host = "new.example.com" }).Want(t, 200)
	away.Get("/login").Want(t, http.StatusMisdirectedRequest)
}
