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
	"doorward/backend/email"
	"doorward/backend/messages"
	"doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv/badger"
	"doorward/backend/web"
	"doorward/backend/web/api"
	"doorward/backend/web/events"
	"doorward/backend/web/portal"
)

// at stops the server and serves its data from this process, on the same address,
// with a clock that stands at the given time. Called again it only sets that clock.
// The program's own clock cannot be set from outside.
func (h *target) at(moment time.Time) {
	h.t.Helper()
	if h.clock.Swap(moment.UnixNano()) != 0 {
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
	now := func() time.Time { return time.Unix(0, h.clock.Load()) }
	s, err := store.Open(store.Options{Engine: badger.Engine, Dir: h.Dir, Logger: quiet, MinFree: 1, Now: now})
	must(err)
	h.t.Cleanup(func() { s.Close() })
	frontend := os.DirFS("../../../frontend")
	catalog, err := messages.Open(frontend)
	must(err)
	emails, err := email.New(frontend, catalog)
	must(err)
	svc, err := service.New(context.Background(), service.Options{
		Store:     s,
		Emails:    emails,
		PublicURL: h.origin(),
		Mail:      true,
		Logger:    quiet,
	})
	must(err)
	w, err := web.New(web.Options{Service: svc, Frontend: frontend, Listen: h.Listen, Logger: quiet,
		Messages: catalog})
	must(err)
	pages, err := portal.New(w, frontend, catalog)
	must(err)
	programs := api.New(w, api.Options{})
	must(w.Mount(pages.Mount, programs.Mount, events.New(w, programs.Overview).Mount))
	l, err := net.Listen("tcp", h.Listen)
	must(err)
	go w.Serve(l, false)
	h.t.Cleanup(func() { w.Close() })
}

var _ = item("7", "a link is used after it has expired: an invitation, a sign-in email", staleLinks)

// An old email is found and its link used. The link's record has its expiry, and one
// second later it no longer works. (In the test's process, with another clock, on the
// data of the server.)
func staleLinks(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lasts time.Duration
		late  bool
	}{
		{"a sign-in link, a second before", access.SignInTTL, false},
		{"a sign-in link, a second after", access.SignInTTL, true},
		{"an invitation of an hour, a second before", time.Hour, false},
		{"an invitation of an hour, a second after", time.Hour, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := openWithAdmin(t)
			h.member("ada@example.com")
			asked := time.Now()
			b := h.browser()
			link := emailedLink(h, b, tt.lasts)
			sent := time.Now()
			code, opens := 200, 303
			h.at(asked.Add(tt.lasts - time.Second))
			if tt.late {
				code, opens = 410, 410
				h.at(sent.Add(tt.lasts + time.Second))
			}
			b.get(link).want(code)
			b.press("/login", link).want(opens)
		})
	}
}

// emailedLink is the path of a new link with this lifetime, for b's browser.
func emailedLink(h *target, b *browser, lasts time.Duration) string {
	if lasts == access.SignInTTL {
		b.ask("ada@example.com").want(200)
		return path(h.mail("ada@example.com", signIn, 1).Link)
	}
	h.admin.api("POST", "/invitations", map[string]any{
		"email":      "bob@example.com",
		"roles":      []string{"Fleet"},
		"expires_in": "1h",
	}).want(201)
	return path(h.mail("bob@example.com", invited, 1).Link)
}

var _ = item("33", "a stolen session is used after a break, and for as long as it works", oldSessions)

// A laptop is left open, or a cookie is stolen. Those who manage members are signed
// out after half an hour without a request and after a day in any case; other members
// after a week and a month. (In the test's process, with another clock, on the data
// of the server.)
func oldSessions(t *testing.T) {
	for _, tt := range []struct {
		name          string
		rest          time.Duration
		late          bool
		admin, member int
	}{
		{"before the Admin's rest", access.AdminIdleTTL - 30*time.Second, false, 200, 200},
		{"after it", access.AdminIdleTTL + 30*time.Second, true, 401, 200},
		{"before the member's", access.MemberIdleTTL - time.Minute, false, 401, 200},
		{"after it", access.MemberIdleTTL + time.Minute, true, 401, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := openWithAdmin(t)
			began := time.Now()
			ada, _ := h.member("ada@example.com")
			h.admin.api("GET", "/me", nil).want(200)
			h.at(began.Add(tt.rest))
			if tt.late {
				h.at(time.Now().Add(tt.rest))
			}
			h.admin.api("GET", "/me", nil).want(tt.admin)
			ada.api("GET", "/me", nil).want(tt.member)
		})
	}
	t.Run("used all the while, a day and a month", func(t *testing.T) {
		h := openWithAdmin(t)
		began := time.Now()
		ada, _ := h.member("ada@example.com")
		signedIn := time.Now()
		after := func(d time.Duration) { h.at(began.Add(d)) }
		for d := 20 * time.Minute; d < access.AdminSessionTTL; d += 6 * access.AdminIdleTTL / 7 {
			after(d)
			h.admin.api("GET", "/me", nil).want(200)
		}
		after(access.AdminSessionTTL + time.Minute)
		h.admin.api("GET", "/me", nil).want(401)
		for d := 6 * 24 * time.Hour; d < access.MemberSessionTTL; d += 6 * 24 * time.Hour {
			after(d)
			ada.api("GET", "/me", nil).want(200)
		}
		h.at(signedIn.Add(access.MemberSessionTTL + time.Minute))
		ada.api("GET", "/me", nil).want(401)
	})
}

var _ = item("66",
	"a stolen console session, or a desktop app's secret, is used to create access that does not expire",
	stepUp)

// Somebody at an open console for a minute makes an API token and keeps the access for
// good. What outlives a session requires a recent proof of identity, and every token
// expires. (The first half in the test's process, with another clock, on the data of
// the server.)
func stepUp(t *testing.T) {
	h := openWithAdmin(t)
	began := time.Now()
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
	h.browser().api("POST", "/tokens", map[string]any{
		"name":  "y",
		"roles": []string{"Fleet"},
	}, bearer(token)).want(401, 403)

	h.at(began.Add(access.AdminIdleTTL - time.Minute)) // still signed in, but the proof is too old
	h.admin.api("GET", "/me", nil).want(200)
	h.admin.api("POST", "/tokens", map[string]any{"name": "z", "roles": []string{"Admin"}}).want(401, 403)
}

func str(v any) string { s, _ := v.(string); return s }
