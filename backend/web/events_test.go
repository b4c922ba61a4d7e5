package web

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
)

// serve answers on a port of this machine, as it does for real, and returns its
// address.
func (h *house) serve() string {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	done := make(chan error, 1)
	go func() { done <- h.web.Serve(l, false) }()
	h.t.Cleanup(func() {
		h.must(h.web.Close())
		<-done
	})
	return l.Addr().String()
}

// patience bounds what a test waits for; nothing waits for it to pass.
const patience = time.Minute

// An ear listens to events.
type ear struct {
	t    testing.TB
	resp *http.Response
	r    *bufio.Reader
}

func (g *guest) listen(at string, change ...func(*http.Request)) *ear {
	g.h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	g.h.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at+"/api/v1/events", nil)
	g.h.must(err)
	r.Host = "door.example.com"
	r.AddCookie(&http.Cookie{Name: g.h.web.Cookies.names.session, Value: g.session().Reveal()})
	for _, c := range change {
		c(r)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	g.h.must(err)
	g.h.t.Cleanup(func() { resp.Body.Close() })
	return &ear{g.h.t, resp, bufio.NewReader(resp.Body)}
}

// next is the next event and its data; both empty once the stream has ended.
func (e *ear) next() (event, data string) {
	e.t.Helper()
	for {
		line, err := e.r.ReadString('\n')
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return "", ""
		case err != nil:
			e.t.Fatalf("the stream broke: %v", err)
		case strings.HasPrefix(line, "event: "):
			event = strings.TrimSpace(line[7:])
		case strings.HasPrefix(line, "data: "):
			data = strings.TrimSpace(line[6:])
		case line == "\n" && event != "":
			return event, data
		}
	}
}

// until reads on to an event, and returns the ones before it.
func (e *ear) until(want string) (before []string, data string) {
	e.t.Helper()
	for {
		event, data := e.next()
		if event == want {
			return before, data
		}
		if event == "" {
			e.t.Fatalf("the stream ended before %s came; there were %v", want, before)
		}
		before = append(before, event)
	}
}

// An Admin's stream tells of counts, requests, members and emails.
func TestEventsTellAnAdmin(t *testing.T) {
	c := newCast(t)
	e := c.admin.listen(c.serve())
	if e.resp.StatusCode != 200 || e.resp.Header.Get("Content-Type") != "text/event-stream" || e.resp.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", e.resp.StatusCode, e.resp.Header)
	}
	if event, data := e.next(); event != "overview" || !strings.Contains(data, `"pending":1`) {
		t.Fatalf("it begins with %s %s", event, data)
	}
	id, _ := c.invite("ada@example.com", access.Fleet)
	heard := map[string]string{}
	for len(heard) < 4 {
		event, data := e.next()
		if event == "" {
			t.Fatalf("the stream ended; heard %v", heard)
		}
		if event != "audit" {
			heard[event] = data
		}
	}
	if want := `{"id":"` + string(id) + `"}`; heard["member"] != want || heard["login-request"] != want || !strings.Contains(heard["overview"], `"pending":2`) || !strings.HasPrefix(heard["message"], `{"id":"`) {
		t.Errorf("heard %v", heard)
	}
}

// Somebody who waits listens for what others do.
func TestEventsOfAPendingMemberAreTheirOwn(t *testing.T) {
	c := newCast(t)
	e := c.pending.listen(c.serve())
	c.invite("ada@example.com", access.Fleet)
	_, err := c.service.Members.Rename(bg, c.house.admin, c.ids["fleet"], "Other")
	c.must(err)
	_, err = c.service.Members.Approve(bg, c.house.admin, c.ids["pending"], nil)
	c.must(err)
	if event, data := e.next(); event != "member" || data != "{}" {
		t.Errorf("the first that they heard is %s %s", event, data)
	}
	c.must(c.service.Sessions.SignOutEverywhere(bg, c.house.admin, c.ids["pending"], false))
	for event, data := e.next(); event != ""; event, data = e.next() {
		if event != "member" || data != "{}" {
			t.Errorf("then %s %s", event, data)
		}
	}
}

// Whoever loses what let them listen hears no more, while the page stays open.
func TestEventsEnd(t *testing.T) {
	tests := []struct {
		name string
		do   func(c *cast) error
	}{
		{"suspended", func(c *cast) error {
			_, err := c.service.Members.Suspend(bg, c.house.admin, c.ids["admin"])
			return err
		}},
		{"removed", func(c *cast) error { return c.service.Members.Remove(bg, c.house.admin, c.ids["admin"]) }},
		{
			"signed out everywhere",
			func(c *cast) error {
				return c.service.Sessions.SignOutEverywhere(bg, c.house.admin, c.ids["admin"], false)
			},
		},
		{"signed out here", func(c *cast) error { return c.service.Gate.SignOut(bg, c.house.admin, c.admin.session()) }},
		{"the server stops", func(c *cast) error { c.web.stop(); return nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCast(t)
			e := c.admin.listen(c.serve())
			e.until("overview")
			c.must(tt.do(c))
			last := ""
			for event, _ := e.next(); event != ""; event, _ = e.next() {
				last = event
			}
			if tt.name != "the server stops" && last != "" && last != "member" && last != "audit" && last != "overview" && last != "login-request" && last != "message" {
				t.Errorf("it ended with %s", last)
			}
			if _, err := c.service.Invitations.Invite(bg, c.house.admin, deskInvitation(c, "later@example.com")); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// An Admin who is one no more is told, and of nobody else from then on.
func TestEventsFollowRights(t *testing.T) {
	c := newCast(t)
	e := c.admin.listen(c.serve())
	e.until("overview")
	_, err := c.service.Members.ChangeRoles(bg, c.house.admin, c.ids["admin"], []access.RoleName{access.Fleet})
	c.must(err)
	if _, data := e.until("member"); data != "{}" {
		t.Errorf("told of their own change: %s", data)
	}
	c.invite("ada@example.com", access.Fleet)
	_, err = c.service.Members.Rename(bg, c.house.admin, c.ids["admin"], "Once an Admin")
	c.must(err)
	if before, data := e.until("member"); len(before) > 0 || data != "{}" {
		t.Errorf("told of %v, then %s", before, data)
	}
}

// A stream is no use of the session: a page that is left open ends with it.
func TestEventsEndWithTheSessionsTime(t *testing.T) {
	c := newCast(t)
	tick := make(chan time.Time)
	c.events.hub.every = func(time.Duration) (<-chan time.Time, func()) { return tick, func() {} }
	e := c.admin.listen(c.serve())
	e.until("overview")
	tick <- time.Time{}
	if line, err := e.r.ReadString('\n'); err != nil || line != ":\n" {
		t.Fatalf("no beat came: %q, %v", line, err)
	}
	c.wait(access.AdminIdleTTL)
	tick <- time.Time{}
	if event, _ := e.next(); event != "" {
		t.Errorf("it went on with %s", event)
	}
}

// Who was away, or too slow, is told to reload rather than left with old news.
func TestEventsTellToReload(t *testing.T) {
	c := newCast(t)
	e := c.admin.listen(c.serve(), func(r *http.Request) { r.Header.Set("Last-Event-ID", "7") })
	if event, _ := e.next(); event != "reload" {
		t.Errorf("one who comes back first hears %s", event)
	}

	ours, theirs := net.Pipe()
	defer theirs.Close()
	st := &stream{hub: c.events.hub, owner: "operator", news: make(chan event, streamBuffer), conn: ours, gone: make(chan struct{}), stopping: make(chan struct{}), stopBeat: func() {}}
	c.must(c.events.hub.add(st))
	for range streamBuffer + 1 {
		c.events.hub.publish(event{topic: topicMember, id: "x"})
	}
	text, err := io.ReadAll(st)
	c.must(err)
	c.must(st.Close())
	all := strings.Split(strings.TrimSpace(string(text)), "\n\n")
	if len(all) != streamBuffer+1 || !strings.Contains(all[streamBuffer], "event: reload") || slices.ContainsFunc(all[:streamBuffer], func(s string) bool { return strings.Contains(s, "reload") }) {
		t.Errorf("a slow client got %d events, the last %q", len(all), all[len(all)-1])
	}
}

// One member opens streams until the server has no room for others.
func TestEventStreamsAreBounded(t *testing.T) {
	c := newCast(t)
	at := c.serve()
	for i := range maxStreamsEach {
		if e := c.admin.listen(at); e.resp.StatusCode != 200 {
			t.Fatalf("stream %d: %d", i, e.resp.StatusCode)
		}
	}
	if e := c.admin.listen(at); e.resp.StatusCode != 429 || e.resp.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: %d", e.resp.StatusCode)
	}
	if e := c.pending.listen(at); e.resp.StatusCode != 200 {
		t.Errorf("another member: %d", e.resp.StatusCode)
	}
	if e := c.stranger.listen(at); e.resp.StatusCode != 401 {
		t.Errorf("a stranger: %d", e.resp.StatusCode)
	}
}
