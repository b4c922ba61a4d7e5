package cli_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doorward/app"
	"doorward/backend/mail/mailtest"
	"doorward/build/need"
)

// Somebody who has just used what they may, at each of three machines, loses it by an answered
// request at one of them. What they ask next is refused, at each machine, by page, API and event
// stream, and the streams that they had open end. REVOCATIONS=500 tries each way that often at
// each machine.
func TestRightsEndAtEveryMachine(t *testing.T) {
	need.Time(t)
	t.Parallel()
	mail := mailtest.Start(t, mailtest.Options{Mode: mailtest.Plain})
	all := threeHosts(t, "DOORWARD_TRUSTED_PROXIES=127.0.0.1/32", "DOORWARD_SMTP_URL="+mail.URL(),
		"DOORWARD_MAIL_FROM=door@example.com", "DOORWARD_MAIL_PER_MINUTE=100000")
	w := newRevoking(t, all, mail)
	for round := range number("REVOCATIONS", 2) {
		if round%100 == 1 {
			w.movesTheLead()
		}
		for i := range endings {
			for at := range all {
				w.ends(&endings[i], all[at], fmt.Sprintf("%d %s at %s", round, endings[i].name, all[at].name))
				if t.Failed() {
					return
				}
			}
		}
	}
	t.Logf("%d revocations; what was asked next: %v", w.revoked, w.statuses)
}

// movesTheLead stops the machine that leads, and starts it again.
func (w *revoking) movesTheLead() {
	w.t.Helper()
	old := leading(w.t, w.all...)
	old.stop()
	w.lines[old].CloseIdleConnections()
	old.serve()
	if now := leading(w.t, w.all...); now == old {
		w.t.Errorf("%s leads again", old.name)
	}
}

// An ending is a way to lose rights.
type ending struct {
	name  string
	roles string // of whom it happens to; "" is a pending member
	token bool   // they ask with an API token of their own
	asks  []string
	end   func(w *revoking, at *host, who *victim)
}

var (
	asMember  = []string{"/", "/fleet/flows", "/api/v1/me", "/api/v1/events"}
	asPending = []string{"/pending", "/api/v1/events"}
	asAdmin   = []string{"/admin", "/api/v1/members", "/api/v1/audit", "/api/v1/overview"}
	asToken   = []string{"/api/v1/me", "/api/v1/members", "/api/v1/events"}
)

var endings = []ending{
	{"suspended", "Fleet", false, asMember, (*revoking).suspend},
	{"suspended as an Admin", "Admin", false, asAdmin, (*revoking).suspend},
	{"rejected", "", false, asPending, func(w *revoking, at *host, who *victim) {
		w.admin(at, http.MethodPost, who.path("/reject"), `{}`)
	}},
	{"removed", "Fleet", false, asMember, (*revoking).remove},
	{"given less", "Admin", false, asAdmin, (*revoking).narrow},
	{"given other roles", "Fleet", false, []string{"/fleet/flows", "/fleet"}, func(w *revoking, at *host, who *victim) {
		w.admin(at, http.MethodPatch, who.path(""), `{"roles":["AILoop"]}`)
	}},
	{"signed out", "Fleet", false, asMember, func(w *revoking, at *host, who *victim) { w.signOut(at, who, nil) }},
	{"signed out everywhere", "Fleet", false, asMember, func(w *revoking, at *host, who *victim) {
		w.signOut(at, who, url.Values{"everywhere": {"1"}})
	}},
	{"signed out by an Admin", "Fleet", false, asMember, func(w *revoking, at *host, who *victim) {
		w.admin(at, http.MethodPost, who.path("/sign-out"), `{}`)
	}},
	{"one session ended", "Fleet", false, asMember, (*revoking).endSession},
	{"token revoked", "Admin", true, asToken, func(w *revoking, at *host, who *victim) {
		w.admin(at, http.MethodDelete, "/api/v1/tokens/"+who.tokenID, "")
	}},
	{"token's owner suspended", "Admin", true, asToken, (*revoking).suspend},
	{"token's owner removed", "Admin", true, asToken, (*revoking).remove},
	{"token's owner given less", "Admin", true, asToken[1:2], (*revoking).narrow},
}

func (w *revoking) suspend(at *host, who *victim) {
	w.admin(at, http.MethodPost, who.path("/suspend"), `{}`)
}

func (w *revoking) remove(at *host, who *victim) { w.admin(at, http.MethodDelete, who.path(""), "") }

func (w *revoking) narrow(at *host, who *victim) {
	w.admin(at, http.MethodPatch, who.path(""), `{"roles":["Fleet"]}`)
}

func (w *revoking) endSession(at *host, who *victim) {
	var sessions struct{ Items []struct{ ID string } }
	w.reads(&sessions, at, http.MethodGet, who.path("/sessions"), "")
	for _, s := range sessions.Items {
		w.admin(at, http.MethodDelete, who.path("/sessions/"+s.ID), "")
	}
}

// revoking takes rights from people who come and go.
type revoking struct {
	t      *testing.T
	all    []*host
	mail   *mailtest.Server
	read   int                 // how many emails are in emails
	emails map[string][]string // what somebody was sent
	token  string
	lines  map[*host]*http.Transport // what keeps connections to a machine
	from   atomic.Uint32

	mu       sync.Mutex
	revoked  int
	statuses map[int]int
}

func newRevoking(t *testing.T, all []*host, mail *mailtest.Server) *revoking {
	t.Helper()
	var token struct{ Token string }
	all[0].reads(&token, "token", "add", "work", "--role", "Admin", "--json")
	w := &revoking{t: t, all: all, mail: mail, token: token.Token, emails: map[string][]string{},
		lines:    map[*host]*http.Transport{},
		statuses: map[int]int{}}
	for _, h := range all {
		dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, h.web)
		}
		w.lines[h] = &http.Transport{MaxIdleConnsPerHost: 16, DialContext: dial}
		t.Cleanup(w.lines[h].CloseIdleConnections)
	}
	return w
}

// A victim is somebody who is about to lose rights.
type victim struct {
	*visitor
	id, tokenID string
	who         http.Header // what they show with each request
}

func (v *victim) path(more string) string { return "/api/v1/members/" + v.id + more }

// ends tries one way at one machine.
func (w *revoking) ends(e *ending, at *host, name string) {
	w.t.Helper()
	who := w.enters(e)
	var open []*http.Response
	for _, h := range w.all {
		for _, path := range e.asks {
			resp := w.ask(h, who, path)
			if resp.StatusCode != http.StatusOK {
				w.t.Fatalf("%s: before, %s at %s = %d", name, path, h.name, resp.StatusCode)
			}
			if resp.Header.Get("Content-Type") == "text/event-stream" {
				open = append(open, resp)
			} else {
				w.drop(resp)
			}
		}
	}
	e.end(w, at, who)
	var asked sync.WaitGroup
	for _, h := range w.all {
		for _, path := range e.asks {
			asked.Go(func() { w.refused(h, who, path, name) })
		}
	}
	asked.Wait()
	for _, resp := range open {
		w.ending(resp, name)
	}
	w.revoked++
	if who.tokenID != "" { // there can be 200
		w.send(at, w.bearer(), http.MethodDelete, "/api/v1/tokens/"+who.tokenID, "")
	}
}

// refused asks, and fails the test if that is answered.
func (w *revoking) refused(h *host, who *victim, path, name string) {
	resp := w.ask(h, who, path)
	defer resp.Body.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.statuses[resp.StatusCode]++
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable:
	case http.StatusSeeOther:
		if to := resp.Header.Get("Location"); !strings.HasPrefix(to, "/login") {
			w.t.Errorf("%s: %s at %s leads to %s", name, path, h.name, to)
		}
	default:
		w.t.Errorf("%s: %s at %s = %d", name, path, h.name, resp.StatusCode)
	}
}

// ending waits until an event stream that was open has ended.
func (w *revoking) ending(resp *http.Response, name string) {
	w.t.Helper()
	late := time.AfterFunc(patience, func() { resp.Body.Close() })
	said, _ := io.ReadAll(resp.Body)
	if !late.Stop() {
		w.t.Errorf("%s: an event stream did not end: %s", name, said)
	}
	resp.Body.Close()
}

// enters is a new member who has signed in, at whichever machine.
func (w *revoking) enters(e *ending) *victim {
	w.t.Helper()
	h := w.all[w.revoked%len(w.all)]
	email := fmt.Sprintf("eve%d@example.com", w.revoked)
	var invited struct{ ID string }
	w.reads(&invited, h, http.MethodPost, "/api/v1/invitations",
		fmt.Sprintf(`{"email":%q,"roles":[%q]}`, email, cmp.Or(e.roles, "Fleet")))
	who := &victim{id: invited.ID, visitor: newVisitor(h)}
	who.line = w.line
	who.follows(h, w.emailed(email, linkInEmail))
	if e.roles != "" {
		w.approve(h, who)
		who.visitor.page(h, "/")
	}
	who.who = who.asBrowser()
	if e.token {
		var made struct{ ID, Token string }
		w.confirms(h, who, email)
		status, answer := w.send(h, who.who, http.MethodPost, "/api/v1/tokens", `{"name":"work","roles":["Admin"]}`)
		if err := json.Unmarshal([]byte(answer), &made); err != nil || status > 299 {
			w.t.Fatalf("a token of %s: %d %s", email, status, answer)
		}
		who.tokenID, who.who = made.ID, http.Header{"Authorization": {"Bearer " + made.Token}}
	}
	return who
}

// confirms has somebody type the code that they are sent, which a new session has to.
func (w *revoking) confirms(h *host, who *victim, email string) {
	w.t.Helper()
	if status, answer := w.send(h, who.who, http.MethodPost, "/api/v1/me/confirmation", `{}`); status > 299 {
		w.t.Fatalf("a code for %s: %d %s", email, status, answer)
	}
	code := w.emailed(email, codeInEmail)
	status, answer := w.send(h, who.who, http.MethodPost, "/api/v1/me/confirmation/code", fmt.Sprintf(`{"code":%q}`, code))
	if status > 299 {
		w.t.Fatalf("the code %s of %s: %d %s", code, email, status, answer)
	}
}

// emailed waits for an email to somebody, and returns what it has of that kind.
func (w *revoking) emailed(email string, what *regexp.Regexp) string {
	w.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(2 * time.Millisecond) {
		for _, m := range w.mail.ReceivedSince(w.read) {
			w.read++
			w.emails[m.To] = append(w.emails[m.To], m.Text)
		}
		for _, text := range w.emails[email] {
			if found := what.FindString(text); found != "" {
				return found
			}
		}
	}
	w.t.Fatalf("%s has no email with %s", email, what)
	return ""
}

var (
	linkInEmail = regexp.MustCompile(`http://\S+/login/[A-Za-z0-9_-]{43}`)
	codeInEmail = regexp.MustCompile(`(?m)^[0-9A-Z]{4}-[0-9A-Z]{4}\r?$`)
)

// approve is done as the operator: a token cannot make somebody an Admin.
func (w *revoking) approve(h *host, who *victim) {
	w.t.Helper()
	operator, ok := app.Dial(h.dir)
	if !ok {
		w.t.Fatalf("%s has no socket", h.name)
	}
	defer operator.CloseIdleConnections()
	who.read(operator.Post(h.url+who.path("/approve"), "application/json", strings.NewReader(`{}`)))
}

// signOut presses Sign out.
func (w *revoking) signOut(at *host, who *victim, form url.Values) {
	w.t.Helper()
	token := formToken.FindStringSubmatch(who.page(at, "/"))
	if token == nil {
		w.t.Fatal("the home page has no form")
	}
	values := url.Values{"csrf": {token[1]}}
	for name, value := range form {
		values[name] = value
	}
	who.read(who.at(at).PostForm(who.site.JoinPath("/logout").String(), values))
}

// admin changes something at a machine, which is answered.
func (w *revoking) admin(at *host, method, path, body string) string {
	w.t.Helper()
	status, answer := w.send(at, w.bearer(), method, path, body)
	if status < 200 || status > 299 {
		w.t.Fatalf("%s %s at %s = %d %s", method, path, at.name, status, answer)
	}
	return answer
}

func (w *revoking) bearer() http.Header {
	return http.Header{"Authorization": {"Bearer " + w.token}}
}

func (w *revoking) reads(out any, at *host, method, path, body string) {
	w.t.Helper()
	if err := json.Unmarshal([]byte(w.admin(at, method, path, body)), out); err != nil {
		w.t.Fatal(err)
	}
}

func (w *revoking) send(at *host, who http.Header, method, path, body string) (status int, answer string) {
	w.t.Helper()
	resp := w.do(at, who, method, path, body)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Errorf("%s %s at %s: %v", method, path, at.name, err)
	}
	return resp.StatusCode, string(text)
}

func (w *revoking) ask(h *host, who *victim, path string) *http.Response {
	return w.do(h, who.who, http.MethodGet, path, "")
}

// do sends one request.
func (w *revoking) do(h *host, who http.Header, method, path, body string) *http.Response {
	r, err := http.NewRequestWithContext(w.t.Context(), method, h.url+path, strings.NewReader(body))
	if err == nil {
		r.Header = who.Clone()
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		var resp *http.Response
		if resp, err = w.line(h).RoundTrip(r); err == nil {
			return resp
		}
	}
	w.t.Errorf("%s %s at %s: %v", method, path, h.name, err)
	return &http.Response{Body: http.NoBody, Header: http.Header{}}
}

// line reaches a machine by connections that stay, as a proxy would that says for each request that
// it is from another address: the limits of one are not what is tried.
func (w *revoking) line(h *host) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		n := w.from.Add(1)
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", byte(n>>16), byte(n>>8), byte(n)))
		return w.lines[h].RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (w *revoking) drop(resp *http.Response) {
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}
