package hostile

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv/badger"
	"doorward/backend/web"
)

// later stops the server and serves the data that it left from this process, on
// the same address, with a clock that is ahead by so much; called again, it only
// moves that clock. The program's own clock cannot be turned from outside.
func (h *house) later(ahead time.Duration) {
	h.t.Helper()
	if h.clock.Swap(int64(ahead)) != 0 {
		return
	}
	must := func(err error) {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
	}
	must(h.Stop())
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	now := func() time.Time { return time.Now().Add(time.Duration(h.clock.Load())) }
	s, err := store.Open(store.Options{Engine: badger.Engine, Dir: h.Dir, Logger: quiet, MinFree: 1, Now: now})
	must(err)
	h.t.Cleanup(func() { s.Close() })
	frontend := os.DirFS("../../../frontend")
	svc, err := service.New(context.Background(), service.Options{
		Store:     s,
		Frontend:  frontend,
		PublicURL: h.origin(),
		Mail:      true,
		Logger:    quiet,
	})
	must(err)
	w, err := web.New(web.Options{Service: svc, Frontend: frontend, Listen: h.Listen, Logger: quiet})
	must(err)
	l, err := net.Listen("tcp", h.Listen)
	must(err)
	go w.Serve(l, false)
	h.t.Cleanup(func() { w.Close() })
}

var _ = item("7", "a link is used after its time: an invitation, a sign-in email", staleLinks)

// An old email is found and used. The link carries its end in its own record, and
// one second after it nothing opens. (In the test's process, with another clock,
// on the data that the server left.)
func staleLinks(t *testing.T) {
	for _, tt := range []struct {
		name  string
		ahead time.Duration
		code  int
	}{
		{"a sign-in link, seconds before", access.SignInTTL - 20*time.Second, 200},
		{"a sign-in link, a second after", access.SignInTTL + time.Second, 410},
		{"an invitation of an hour, seconds before", time.Hour - 20*time.Second, 200},
		{"an invitation of an hour, a second after", time.Hour + time.Second, 410},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := furnish(t)
			h.member("ada@example.com")
			h.admin.api("POST", "/invitations", map[string]any{
				"email":      "bob@example.com",
				"roles":      []string{"Fleet"},
				"expires_in": "1h",
			}).want(201)
			invitation := path(h.mail("bob@example.com", invited, 1).Link)
			g := h.guest()
			asked := time.Now()
			g.ask("ada@example.com").want(200)
			signed := path(h.mail("ada@example.com", signIn, 1).Link)
			h.later(tt.ahead)
			link, before := invitation, time.Hour
			if tt.ahead < time.Hour/2 {
				link, before = signed, access.SignInTTL
			}
			if tt.code == 200 && time.Since(asked)+tt.ahead > before-time.Second {
				t.Fatal("this machine is too slow for the row: the link's time was over before it could be opened")
			}
			g.get(link).want(tt.code)
			done := g.press("/login", link)
			if opened := done.code == 303; opened != (tt.code == 200) {
				t.Errorf("redeeming = %d", done.code)
			}
		})
	}
}

var _ = item("33", "a stolen session is used after a break, and for as long as it works", oldSessions)

// A laptop is left open, a cookie is stolen. Whoever manages members is signed
// out after half an hour of rest and after a day in any case; members after a
// week and a month. (In the test's process, with another clock, on the data that
// the server left.)
func oldSessions(t *testing.T) {
	for _, tt := range []struct {
		name          string
		ahead         time.Duration
		admin, member int
	}{
		{"before the Admin's rest", access.AdminIdleTTL - 30*time.Second, 200, 200},
		{"after it", access.AdminIdleTTL + 30*time.Second, 401, 200},
		{"before the member's", access.MemberIdleTTL - time.Minute, 401, 200},
		{"after it", access.MemberIdleTTL + time.Minute, 401, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := furnish(t)
			ada, _ := h.member("ada@example.com")
			h.admin.api("GET", "/me", nil).want(200)
			h.later(tt.ahead)
			h.admin.api("GET", "/me", nil).want(tt.admin)
			ada.api("GET", "/me", nil).want(tt.member)
		})
	}
	t.Run("used all the while, a day and a month", func(t *testing.T) {
		h := furnish(t)
		ada, _ := h.member("ada@example.com")
		for d := 20 * time.Minute; d < access.AdminSessionTTL; d += 6 * access.AdminIdleTTL / 7 {
			h.later(d)
			h.admin.api("GET", "/me", nil).want(200)
		}
		h.later(access.AdminSessionTTL + time.Minute)
		h.admin.api("GET", "/me", nil).want(401)
		for d := 6 * 24 * time.Hour; d < access.MemberSessionTTL; d += 6 * 24 * time.Hour {
			h.later(d)
			ada.api("GET", "/me", nil).want(200)
		}
		h.later(access.MemberSessionTTL + time.Minute)
		ada.api("GET", "/me", nil).want(401)
	})
}

var _ = item("66", "a stolen console session, or a window's secret, makes itself a key for ever", stepUp)

// Whoever has a console for a minute makes an API token of it and keeps the
// access for good. What outlasts a session wants a proof of who one is that is
// fresh, and no token is without an end. (The first half in the test's process,
// with another clock, on the data that the server left.)
func stepUp(t *testing.T) {
	h := furnish(t)
	a := h.admin.api("POST", "/tokens", map[string]any{"name": "nightly", "roles": []string{"Fleet"}})
	a.want(201, 401, 403)
	for _, token := range h.admin.api("GET", "/tokens", nil).items() {
		ends, err := time.Parse(time.RFC3339, str(token["expires_at"]))
		if err != nil || ends.After(time.Now().Add(367*24*time.Hour)) {
			t.Errorf("token %v ends %v", token["name"], token["expires_at"])
		}
	}
	h.admin.api("POST", "/tokens", map[string]any{"name": "x", "roles": []string{"Fleet"}, "expires_in": "3660d"}).
		want(401, 403, 422)
	token := h.token("Admin")
	h.guest().api("POST", "/tokens", map[string]any{"name": "y", "roles": []string{"Fleet"}}, bearer(token)).want(401, 403)

	h.later(access.AdminIdleTTL - time.Minute) // still signed in, and not fresh
	h.admin.api("GET", "/me", nil).want(200)
	h.admin.api("POST", "/tokens", map[string]any{"name": "z", "roles": []string{"Admin"}}).want(401, 403)
}

func str(v any) string { s, _ := v.(string); return s }
