package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

var windowFields = []string{"code_challenge", "code_challenge_method", "state", "port"}

// Somebody sits down at a browser that has been open for long, and authorizes a
// window there: the page first asks for a code by email, and keeps the window's
// parameters.
func TestWindowPageAsksAgainWhoOneIs(t *testing.T) {
	c := webtest.NewCallers(t)
	ask := url.Values{
		"code_challenge":        {"JBbiqONGWPaAmwXk_8bT6UnlPfrn65D32eZlJS-zGG0"},
		"code_challenge_method": {"S256"},
		"state":                 {"mark"},
		"port":                  {"40123"},
	}
	c.Advance(access.ConfirmationTTL)
	page := c.Admin.Get("/desktop?" + ask.Encode())
	press := func(more ...string) webtest.Answer {
		fields := more
		for _, name := range windowFields {
			fields = append(fields, name, ask.Get(name))
		}
		return c.Admin.Post(page, "/desktop", fields...)
	}
	asked := press()
	asked.Want(t, 200, "Confirm your identity", "Admin@Example.com", `name="state" value="mark"`, `name="code"`)
	if policy := asked.Header.Get("Content-Security-Policy"); !strings.Contains(
		policy,
		"form-action 'self' http://127.0.0.1:40123",
	) {
		t.Errorf("the way back is shut: %s", policy)
	}
	older := c.ConfirmationCode("admin@example.com")
	press("code", "0000-0000").Want(t, 422, "That code is wrong or has expired", `name="state" value="mark"`)
	c.Advance(time.Second)
	press("again", "1", "code", "0000-0000").Want(t, 200, "Confirm your identity")
	newer := c.ConfirmationCode("admin@example.com")
	if newer == older {
		t.Error("no other code was sent")
	}
	press("code", older).Want(t, 422, "That code is wrong or has expired")
	press("code", newer).Want(t, 303, "http://127.0.0.1:40123/?code=", "state=mark")
}

// A stolen token survives a sign-out. Signing out everywhere on the member's own
// page revokes their tokens if they ask for it, and the page offers that only
// where there are any.
func TestHomeOffersToRevokeTokens(t *testing.T) {
	for _, also := range []string{"", "1"} {
		c := webtest.NewCallers(t)
		home := c.Fleet.Get("/")
		home.Lacks(t, "API token")
		home = c.Admin.Get("/")
		home.Want(t, 200, "also revoke my 2 API tokens", `name="tokens" value="1"`)
		out := c.Admin.Post(home, "/logout", "everywhere", "1", "tokens", also)
		out.Want(t, 200, "signed out of this browser and of every other one")
		status := http.StatusOK
		if also != "" {
			status = http.StatusUnauthorized
			out.Want(t, 200, "Your API tokens were revoked.")
		}
		c.As("admin token", "GET", "/me", "").Want(t, status)
	}
}
