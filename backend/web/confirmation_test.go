package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

var (
	windowFields = []string{"code_challenge", "code_challenge_method", "state", "port"}
)

// confirmationCode is the code in the newest email that asks somebody to confirm.
func (h *house) confirmationCode(to string) (code string) {
	h.t.Helper()
	h.must(h.store.View(bg, func(tx *store.Tx) error {
		page, err := tx.Messages("", 200)
		for _, l := range page.Items {
			if l.Kind != access.ConfirmationMessage || l.Recipient != to || code != "" {
				continue
			}
			f, err := tx.MessageFacts(l.ID)
			if err != nil {
				return err
			}
			code = f.Code
		}
		return err
	}))
	if code == "" {
		h.t.Fatalf("no email with a code went to %s", to)
	}
	return code
}

// A stolen cookie made an Admin's token that never ended. A session that has not
// confirmed lately is asked first, by each act that outlives it and by exports;
// what it carries goes through once the code is typed.
func TestAPIAsksAgainWhoOneIs(t *testing.T) {
	acts := []struct {
		name, method, path, body string
		status                   int
	}{
		{"a token", "POST", "/tokens", `{"name":"nightly","roles":["Fleet"]}`, 201},
		{"a role", "PUT", "/roles/Pilots", `{"permissions":["open fleet"]}`, 200},
		{"a role deleted", "DELETE", "/roles/Old", "", 204},
		{"another Admin", "PATCH", "/members/{fleet}", `{"roles":["Admin"]}`, 200},
		{"an export", "GET", "/audit/export?format=json", "", 200},
	}
	for _, tt := range acts {
		t.Run(tt.name, func(t *testing.T) {
			c := newCast(t)
			c.as("admin", "PUT", "/roles/Old", `{"permissions":["open fleet"]}`).want(t, 200)
			c.as("admin", "GET", "/me", "").want(t, 200, `"confirmed_until"`)
			c.wait(access.ConfirmationTTL)
			a := c.as("admin", tt.method, c.fill(tt.path), tt.body)
			a.want(t, 403, `"confirmation_required"`, "Confirm that it is you")
			c.problem(t, a)
			a.lacks(t, "dw_")
			c.as("admin", "GET", "/me", "").lacks(t, "confirmed_until")

			c.as("admin", "POST", "/me/confirmation/code", `{"code":"0000-0000"}`).want(t, 422, `"code_wrong"`)
			sent := c.as("admin", "POST", "/me/confirmation", "")
			sent.want(t, 202, `"Admin@Example.com"`)
			code := c.confirmationCode("admin@example.com")
			sent.lacks(t, code)
			c.as("admin", "POST", "/me/confirmation/code", `{"code":"0000-0000"}`).want(t, 422, `"location":"code"`)
			c.as("admin", tt.method, c.fill(tt.path), tt.body).want(t, 403)
			c.as("admin", "POST", "/me/confirmation/code", `{"code":"`+strings.ToLower(code)+`"}`).
				want(t, 200, `"confirmed_until":"2030-05-01T12:30:00Z"`)
			c.as("admin", tt.method, c.fill(tt.path), tt.body).want(t, tt.status)
			c.as("admin", "GET", "/me", "").want(t, 200, `"confirmed_until":"2030-05-01T12:30:00Z"`)
		})
	}
}

// Who has nothing to do in the console has nothing to confirm, and a token
// confirms nobody.
func TestConfirmationIsForSessionsOfTheConsole(t *testing.T) {
	c := newCast(t)
	for who, status := range map[string]int{
		"fleet":       403,
		"pending":     403,
		"suspended":   401,
		"stranger":    401,
		"weak token":  403,
		"admin token": 403,
		"admin":       202,
	} {
		c.as(who, "POST", "/me/confirmation", "").want(t, status)
	}
	c.as("admin token", "POST", "/me/confirmation/code", `{"code":"0000-0000"}`).want(t, 403, "token")
	c.as("admin token", "PUT", "/roles/Pilots", `{"permissions":["open fleet"]}`).want(t, 403, "token_outlives")
	c.as("admin token", "PATCH", c.fill("/members/{fleet}"), `{"roles":["Admin"]}`).want(t, 403, "token_outlives")
	c.as("admin token", "PATCH", c.fill("/members/{fleet}"), `{"roles":["AILoop"]}`).want(t, 200)
	c.as("admin token", "GET", "/audit/export", "").want(t, 200)
}

// A window is let in by a browser that has been open for long, so by whoever
// sits before it: the page asks for a code by email first, and keeps what the
// window said of itself.
func TestWindowPageAsksAgainWhoOneIs(t *testing.T) {
	c := newCast(t)
	ask := url.Values{
		"code_challenge":        {"JBbiqONGWPaAmwXk_8bT6UnlPfrn65D32eZlJS-zGG0"},
		"code_challenge_method": {"S256"},
		"state":                 {"mark"},
		"port":                  {"40123"},
	}
	c.wait(access.ConfirmationTTL)
	page := c.admin.get("/desktop?" + ask.Encode())
	press := func(more ...string) answer {
		fields := more
		for _, name := range windowFields {
			fields = append(fields, name, ask.Get(name))
		}
		return c.admin.post(page, "/desktop", fields...)
	}
	asked := press()
	asked.want(t, 200, "Confirm that it is you", "Admin@Example.com", `name="state" value="mark"`, `name="code"`)
	if policy := asked.Header.Get("Content-Security-Policy"); !strings.Contains(
		policy,
		"form-action 'self' http://127.0.0.1:40123",
	) {
		t.Errorf("the way back is shut: %s", policy)
	}
	older := c.confirmationCode("admin@example.com")
	press("code", "0000-0000").want(t, 422, "That code is not right", `name="state" value="mark"`)
	c.wait(time.Second)
	press("again", "1", "code", "0000-0000").want(t, 200, "Confirm that it is you")
	newer := c.confirmationCode("admin@example.com")
	if newer == older {
		t.Error("no other code was sent")
	}
	press("code", older).want(t, 422, "That code is not right")
	press("code", newer).want(t, 303, "http://127.0.0.1:40123/?code=", "state=mark")
}

// Signing out everywhere on the member's own page revokes their tokens where they
// ask for it, and only there is it offered where there are any.
func TestHomeOffersToRevokeTokens(t *testing.T) {
	for _, also := range []string{"", "1"} {
		c := newCast(t)
		home := c.fleet.get("/")
		home.lacks(t, "API token")
		home = c.admin.get("/")
		home.want(t, 200, "also revoke my 2 API tokens", `name="tokens" value="1"`)
		out := c.admin.post(home, "/logout", "everywhere", "1", "tokens", also)
		out.want(t, 200, "All your sessions are ended")
		status := http.StatusOK
		if also != "" {
			status = http.StatusUnauthorized
			out.want(t, 200, "Your API tokens are revoked.")
		}
		c.as("admin token", "GET", "/me", "").want(t, status)
	}
}

// The same over the API, for oneself and for another.
func TestAPISignOutRevokesTokens(t *testing.T) {
	for body, status := range map[string]int{``: 200, `{}`: 200, `{"tokens":false}`: 200, `{"tokens":true}`: 401} {
		c := newCast(t)
		c.as("admin", "GET", c.fill("/members/{admin}/sessions"), "").want(t, 200, `"tokens":2`)
		c.as("admin", "POST", c.fill("/members/{admin}/sign-out"), body).want(t, 204)
		c.as("admin token", "GET", "/me", "").want(t, status)
	}
}

// The list of roles says what keeps each from being deleted, the list of tokens
// when each was used and when it ends.
func TestListsSayWhoHoldsAndWhenTokensEnd(t *testing.T) {
	c := newCast(t)
	for _, r := range c.as("admin", "GET", "/roles", "").items(t) {
		if want := map[string]float64{"Admin": 1, "Fleet": 1, "AILoop": 0}[r["name"].(string)]; r["tokens"] != want {
			t.Errorf("%v tokens hold %v, want %v", r["tokens"], r["name"], want)
		}
	}
	c.as("weak token", "GET", "/me", "").want(t, 200)
	used := 0
	for _, k := range c.as("admin", "GET", "/tokens", "").items(t) {
		if k["expires_at"] != "2030-07-30T12:00:00Z" {
			t.Errorf("it expires at %v", k["expires_at"])
		}
		if at, ok := k["used_at"]; ok {
			used++
			if at != "2030-05-01T12:00:00Z" {
				t.Errorf("used at %v", at)
			}
		}
	}
	if used != 1 {
		t.Errorf("%d were used", used)
	}
}
