package api_test

import (
	"net/http"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// A dashboard that nobody looks at asks for its numbers every few minutes. If that
// counted as use, its session would never end.
func TestWhatAPageAsksByItselfDoesNotKeepItsSession(t *testing.T) {
	background := func(r *http.Request) { r.Header.Set(web.HeaderBackground, "1") }
	c := webtest.NewCallers(t)
	ends := func(when string, change ...func(*http.Request)) {
		t.Helper()
		c.Admin.API("GET", "/me", "", change...).Want(t, 200, `"session_expires_at":"2030-05-01T`+when+`:00Z"`)
	}
	ends("12:30")
	c.Advance(20 * time.Minute)
	c.Admin.API("GET", "/overview", "", background).Want(t, 200)
	ends("12:30", background)
	ends("12:50") // a use counts in its own answer
	c.Advance(access.AdminIdleTTL - time.Minute)
	c.Admin.API("GET", "/overview", "", background).Want(t, 200)
	c.Advance(time.Minute)
	c.Admin.API("GET", "/overview", "", background).Want(t, 401)
	c.As("admin token", "GET", "/me", "").Lacks(t, "session_expires_at")
}

// Who may not change members could not correct their own name.
func TestMembersChangeTheirOwnName(t *testing.T) {
	c := webtest.NewCallers(t)
	c.As("fleet", "PATCH", "/me", `{"name":" Fay Wray "}`).Want(t, 200, `"name":"Fay Wray"`)
	c.As("fleet", "GET", "/me", "").Want(t, 200, `"name":"Fay Wray"`)
	c.As("fleet", "PATCH", "/me", `{"name":"Fay\u202eWray"}`).Want(t, 422, `"location":"name"`)
	c.As("fleet", "PATCH", "/me", `{"name":"Fay","language":"de"}`).Want(t, 422, `"code":"one_change"`)
	c.As("fleet", "PATCH", "/me", `{}`).Want(t, 422, `"code":"one_change"`)
	c.As("pending", "PATCH", "/me", `{"name":"Grace Hopper"}`).Want(t, 403, `"code":"pending"`)
	c.As("admin token", "PATCH", "/me", `{"name":"Grace Hopper"}`).Want(t, 403, `"code":"no_member"`)
}
