package desktop_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"doorward/app/desktop"
)

// Grace sets up her workspace in the window and invites somebody, and the invitation said
// that "the operator" invites. The window acts as the only Admin there is; of several it
// asks which one is at it, once, and takes nobody else.
func TestWindowActsAsTheAdminAtIt(t *testing.T) {
	const one = `{"id":"grace","name":"Grace Hopper","email":"grace@example.org"}`
	const two = one + `,{"id":"annie","name":"","email":"annie@example.org"}`
	list := one
	f := &far{answer: func(*http.Request) *http.Response { return says(`{"total":1,"items":[` + list + `]}`) }}
	as := func(s *desktop.Shell) string {
		do(s, "GET", "/api/v1/me")
		return f.asked[len(f.asked)-1].Header.Get("X-Doorward-As")
	}
	s := newShell(f)
	if body := do(s, "POST", "/desktop/open").Body.String(); strings.Contains(body, "who") || as(s) != "grace" {
		t.Errorf("with one Admin: %s, and it acts as %q", body, as(s))
	}

	list = two
	file := filepath.Join(t.TempDir(), "workspaces.json")
	s = newShell(f)
	s.Workspaces.File = file
	body := do(s, "POST", "/desktop/open").Body.String()
	if !strings.Contains(body, `"who":[{"id":"grace"`) || !strings.Contains(body, "annie@example.org") || as(s) != "" {
		t.Errorf("with two Admins: %s, and it acts as %q", body, as(s))
	}
	choose := func(id string) int {
		r := httptest.NewRequest("POST", "/desktop/me", strings.NewReader(`{"id":"`+id+`"}`))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	if code := choose("eve"); code != http.StatusUnprocessableEntity || as(s) != "" {
		t.Errorf("it acts as somebody who is no Admin: %d, %q", code, as(s))
	}
	if code := choose("annie"); code != http.StatusOK || as(s) != "annie" {
		t.Errorf("it does not act as the one who said so: %d, %q", code, as(s))
	}
	next := newShell(f)
	next.Workspaces.File = file
	if body := do(next, "POST", "/desktop/open").Body.String(); strings.Contains(body, "who") || as(next) != "annie" {
		t.Errorf("the next start asks again: %s, and acts as %q", body, as(next))
	}
	list = one // she is no Admin any more
	next = newShell(f)
	next.Workspaces.File = file
	if do(next, "POST", "/desktop/open"); as(next) != "grace" {
		t.Errorf("it acts as %q", as(next))
	}
}
