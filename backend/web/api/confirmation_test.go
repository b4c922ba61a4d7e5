package api_test

import (
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

// A stolen cookie was used to make an Admin's token that never expired. A session
// without a recent confirmation is asked for one first, by each act that outlives
// it and by exports; the request succeeds once the code is typed.
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
			c := webtest.NewCallers(t)
			c.As("admin", "PUT", "/roles/Old", `{"permissions":["open fleet"]}`).Want(t, 200)
			c.As("admin", "GET", "/me", "").Want(t, 200, `"confirmed_until"`)
			c.Advance(access.ConfirmationTTL)
			a := c.As("admin", tt.method, c.Fill(tt.path), tt.body)
			a.Want(t, 403, `"confirmation_required"`, "Confirm your identity")
			c.Problem(t, a)
			a.Lacks(t, "dw_")
			c.As("admin", "GET", "/me", "").Lacks(t, "confirmed_until")

			c.As("admin", "POST", "/me/confirmation/code", `{"code":"0000-0000"}`).Want(t, 422, `"code_wrong"`)
			sent := c.As("admin", "POST", "/me/confirmation", "")
			sent.Want(t, 202, `"Admin@Example.com"`)
			code := c.ConfirmationCode("admin@example.com")
			sent.Lacks(t, code)
			c.As("admin", "POST", "/me/confirmation/code", `{"code":"0000-0000"}`).Want(t, 422, `"location":"code"`)
			c.As("admin", tt.method, c.Fill(tt.path), tt.body).Want(t, 403)
			c.As("admin", "POST", "/me/confirmation/code", `{"code":"`+strings.ToLower(code)+`"}`).
				Want(t, 200, `"confirmed_until":"2030-05-01T12:30:00Z"`)
			c.As("admin", tt.method, c.Fill(tt.path), tt.body).Want(t, tt.status)
			c.As("admin", "GET", "/me", "").Want(t, 200, `"confirmed_until":"2030-05-01T12:30:00Z"`)
		})
	}
}

// Members who have nothing to do in the console have nothing to confirm, and a
// token cannot confirm.
func TestConfirmationIsForSessionsOfTheConsole(t *testing.T) {
	c := webtest.NewCallers(t)
	for who, status := range map[string]int{
		"fleet":       403,
		"pending":     403,
		"suspended":   401,
		"stranger":    401,
		"weak token":  403,
		"admin token": 403,
		"admin":       202,
	} {
		c.As(who, "POST", "/me/confirmation", "").Want(t, status)
	}
	c.As("admin token", "POST", "/me/confirmation/code", `{"code":"0000-0000"}`).Want(t, 403, "token")
	c.As("admin token", "PUT", "/roles/Pilots", `{"permissions":["open fleet"]}`).Want(t, 403, "token_outlives")
	c.As("admin token", "PATCH", c.Fill("/members/{fleet}"), `{"roles":["Admin"]}`).Want(t, 403, "token_outlives")
	c.As("admin token", "PATCH", c.Fill("/members/{fleet}"), `{"roles":["AILoop"]}`).Want(t, 200)
	c.As("admin token", "GET", "/audit/export", "").Want(t, 200)
}

// The same over the API, for the caller and for another member.
func TestAPISignOutRevokesTokens(t *testing.T) {
	for body, status := range map[string]int{``: 200, `{}`: 200, `{"tokens":false}`: 200, `{"tokens":true}`: 401} {
		c := webtest.NewCallers(t)
		c.As("admin", "GET", c.Fill("/members/{admin}/sessions"), "").Want(t, 200, `"tokens":2`)
		c.As("admin", "POST", c.Fill("/members/{admin}/sign-out"), body).Want(t, 204)
		c.As("admin token", "GET", "/me", "").Want(t, status)
	}
}

// The list of roles says what keeps each from being deleted; the list of tokens
// says when each was used and when it expires.
func TestListsSayWhoHoldsAndWhenTokensEnd(t *testing.T) {
	c := webtest.NewCallers(t)
	for _, r := range c.As("admin", "GET", "/roles", "").Items(t) {
		if want := map[string]float64{"Admin": 1, "Fleet": 1, "AILoop": 0}[r["name"].(string)]; r["tokens"] != want {
			t.Errorf("%v tokens hold %v, want %v", r["tokens"], r["name"], want)
		}
	}
	c.As("weak token", "GET", "/me", "").Want(t, 200)
	used := 0
	for _, k := range c.As("admin", "GET", "/tokens", "").Items(t) {
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
