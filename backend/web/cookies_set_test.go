package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/service"
)

// cookiesSet are the cookies that a handler sets for a browser with this cookie.
func cookiesSet(t *testing.T, h func(*Cookies, *fiber.Ctx), has ...*http.Cookie) map[string]*http.Cookie {
	t.Helper()
	in, err := newSite("https://door.example.com", "127.0.0.1:8080")
	if err != nil {
		t.Fatal(err)
	}
	k := &Cookies{site: func() *site { return in }, formKey: make([]byte, 32), sources: &sources{}}
	app := fiber.New()
	app.Get("/", func(c *fiber.Ctx) error { h(k, c); return nil })
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range has {
		r.AddCookie(c)
	}
	answer, err := app.Test(r, -1)
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]*http.Cookie{}
	for _, c := range answer.Cookies() {
		set[c.Name] = c
	}
	return set
}

// A cookie that is to go is one that ended long ago; one that is to last says for how long, and
// one without a time ends with the browser.
func TestHowLongCookiesLast(t *testing.T) {
	for _, tt := range []struct {
		lasts  time.Duration
		maxAge int
		gone   bool
	}{
		{-1, 0, true},
		{0, 0, false},
		{time.Second, 1, false},
		{time.Hour + time.Second - 1, 3600, false},
	} {
		set := cookiesSet(t, func(k *Cookies, c *fiber.Ctx) { k.set(c, "x", "y", tt.lasts) })["x"]
		if set == nil || set.MaxAge != tt.maxAge || set.Expires.Equal(time.Unix(1, 0)) != tt.gone {
			t.Errorf("for %s: %v", tt.lasts, set)
		}
	}
}

// Who signs out keeps no session's cookie, and remains in a known browser until they ask to be
// forgotten.
func TestSigningOutEndsTheCookie(t *testing.T) {
	const session, browser = "__Host-dw", "__Host-dw-browser"
	for name, h := range map[string]func(*Cookies, *fiber.Ctx){
		session: (*Cookies).SignOut,
		browser: (*Cookies).ForgetBrowser,
	} {
		set := cookiesSet(t, h, &http.Cookie{Name: session, Value: access.NewSecret().Reveal()},
			&http.Cookie{Name: browser, Value: access.NewSecret().Reveal()})
		if len(set) != 1 || set[name] == nil || set[name].Value != "" || !set[name].Expires.Equal(time.Unix(1, 0)) {
			t.Errorf("%s: %v", name, set)
		}
	}
}

// Who signs in in a known browser stays known for as long again. Signing in alone makes no
// browser known, and a value that is no secret of ours is not repeated.
func TestSigningInKeepsTheBrowserKnown(t *testing.T) {
	const session, browser = "__Host-dw", "__Host-dw-browser"
	opened := service.NewSession{Session: access.NewSecret()}
	known := access.NewSecret().Reveal()
	for value, want := range map[string]string{known: known, "": "", known[1:]: "", known + "x": ""} {
		set := cookiesSet(t, func(k *Cookies, c *fiber.Ctx) { k.SignIn(c, opened) },
			&http.Cookie{Name: browser, Value: value})
		if s := set[session]; s == nil || s.Value != opened.Session.Reveal() ||
			s.MaxAge != int(access.MaxSessionTTL/time.Second) {
			t.Errorf("the session's cookie is %v", s)
		}
		b := set[browser]
		if (b != nil) != (want != "") || b != nil && (b.Value != want || b.MaxAge != int(browserLasts/time.Second)) {
			t.Errorf("with %q, the browser's cookie is %v", value, b)
		}
	}
}

// Only a value as long as ours is a session's cookie; whether the session exists is another
// question.
func TestWhatASessionsCookieIs(t *testing.T) {
	secret := access.NewSecret().Reveal()
	for value, want := range map[string]bool{"": false, secret: true, secret[1:]: false, secret + "x": false} {
		var has bool
		cookiesSet(t, func(k *Cookies, c *fiber.Ctx) { has = k.HasSession(c) },
			&http.Cookie{Name: "__Host-dw", Value: value})
		if has != want {
			t.Errorf("%q is a session's cookie: %v", value, has)
		}
	}
	var has bool
	cookiesSet(t, func(k *Cookies, c *fiber.Ctx) { has = k.HasSession(c) })
	if has {
		t.Error("a browser without cookies has a session")
	}
}
