package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// Two servers run on one machine, on two ports. Cookies do not know ports (RFC 6265,
// 8.5): with one name for both, signing in to the second signed out of the first
// (OctoPrint/OctoPrint#1479).
func TestCookiesOfTwoPortsAreTwo(t *testing.T) {
	seen := map[string]string{}
	for _, tt := range []struct{ public, session, browser string }{
		{"http://127.0.0.1:8080", "dw-8080", "dw-browser-8080"},
		{"http://127.0.0.1:8081", "dw-8081", "dw-browser-8081"},
		{"http://localhost", "dw", "dw-browser"},
		{webtest.URL, webtest.SessionCookie, webtest.BrowserCookie},
		{webtest.URL + ":8443", "__Host-dw-8443", "__Host-dw-browser-8443"},
	} {
		u, err := url.Parse(tt.public)
		if err != nil {
			t.Fatal(err)
		}
		session, browser := web.CookieNames(u)
		if session != tt.session || browser != tt.browser {
			t.Errorf("%s: %q and %q", tt.public, session, browser)
		}
		for _, name := range []string{session, browser} {
			if other, taken := seen[name]; taken {
				t.Errorf("%s and %s share %q", tt.public, other, name)
			}
			seen[name] = tt.public
		}
	}
}

// A script knows the port of its page's address, and nothing of the public URL: a name made of
// another port is of a cookie that nobody reads.
func TestSharedCookiesHaveThePortOfTheRequest(t *testing.T) {
	app := fiber.New()
	app.Get("/", func(c *fiber.Ctx) error { return c.SendString(web.SharedCookie(c, "doorward-theme")) })
	for host, want := range map[string]string{
		"127.0.0.1:8080":        "doorward-theme-8080",
		"[::1]:8081":            "doorward-theme-8081",
		"door.example.com":      "doorward-theme",
		"door.example.com:443":  "doorward-theme", // as some proxies write it
		"localhost:80":          "doorward-theme",
		"[::1]":                 "doorward-theme",
		"door.example.com:8443": "doorward-theme-8443",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		resp, err := app.Test(r, -1)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", host, got, err)
		}
	}
}

// A program writes the scheme of its token in another case, or two spaces after it:
// the same scheme (RFC 9110, 11.1). Pages still take no token.
func TestTheSchemeOfATokenHasAnyCase(t *testing.T) {
	s := webtest.NewCallers(t)
	token := s.Tokens["admin"].Reveal()
	for header, want := range map[string]int{
		"Bearer " + token:  200,
		"bearer " + token:  200,
		"BEARER  " + token: 200,
		"Bearer":           http.StatusUnauthorized,
		"Bearer" + token:   http.StatusUnauthorized,
		"Basic " + token:   http.StatusUnauthorized,
		token:              http.StatusUnauthorized,
	} {
		as := func(r *http.Request) { r.Header.Set("Authorization", header) }
		s.Browser().API("GET", "/overview", "", as).Want(t, want)
		s.Browser().Get("/", as).Lacks(t, "Hello")
	}
	e := s.Browser().Listen(s.Serve(), func(r *http.Request) { r.Header.Set("Authorization", "bearer  "+token) })
	e.Until("overview")
	s.Invite("ada@example.com", access.Fleet)
	e.Until("member") // a stream checks its token again before it goes on
}
