package events_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web/events"
	"doorward/backend/web/webtest"
)

var bg = context.Background()

// An Admin's stream tells of counts, requests, members and emails.
func TestEventsTellAnAdmin(t *testing.T) {
	c := webtest.NewCallers(t)
	e := c.Admin.Listen(c.Serve())
	if e.StatusCode != 200 || e.Header.Get("Content-Type") != "text/event-stream" ||
		e.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", e.StatusCode, e.Header)
	}
	if event, _ := e.Next(); event != "hello" {
		t.Fatalf("it begins with %s", event)
	}
	if event, data := e.Next(); event != "overview" || !strings.Contains(data, `"pending":1`) {
		t.Fatalf("it begins with %s %s", event, data)
	}
	id, _ := c.Invite("ada@example.com", access.Fleet)
	heard := map[string]string{}
	for len(heard) < 4 {
		event, data := e.Next()
		if event == "" {
			t.Fatalf("the stream ended; heard %v", heard)
		}
		if event != "audit" {
			heard[event] = data
		}
	}
	if want := `{"id":"` + string(id) + `"}`; heard["member"] != want || heard["login-request"] != want ||
		!strings.Contains(heard["overview"], `"pending":2`) || !strings.HasPrefix(heard["message"], `{"id":"`) {
		t.Errorf("heard %v", heard)
	}
}

// A pending member listens for what others do, and hears only of their own
// changes.
func TestEventsOfAPendingMemberAreTheirOwn(t *testing.T) {
	c := webtest.NewCallers(t)
	e := c.Pending.Listen(c.Serve())
	c.Invite("ada@example.com", access.Fleet)
	_, err := c.Service.Members.Rename(bg, c.Server.Admin, c.IDs["fleet"], "Other")
	c.Must(err)
	_, err = c.Service.Members.Approve(bg, c.Server.Admin, c.IDs["pending"], nil)
	c.Must(err)
	if event, data := e.Next(); event != "member" || data != "{}" {
		t.Errorf("the first that they heard is %s %s", event, data)
	}
	c.Must(c.Service.Sessions.SignOutEverywhere(bg, c.Server.Admin, c.IDs["pending"], false))
	for event, data := e.Next(); event != ""; event, data = e.Next() {
		if event != "member" || data != "{}" {
			t.Errorf("then %s %s", event, data)
		}
	}
}

// Somebody keeps the page open after losing the right to listen: the stream ends.
func TestEventsEnd(t *testing.T) {
	tests := []struct {
		name string
		do   func(c *webtest.Callers) error
	}{
		{"suspended", func(c *webtest.Callers) error {
			_, err := c.Service.Members.Suspend(bg, c.Server.Admin, c.IDs["admin"])
			return err
		}},
		{
			"removed",
			func(c *webtest.Callers) error { return c.Service.Members.Remove(bg, c.Server.Admin, c.IDs["admin"]) },
		},
		{
			"signed out everywhere",
			func(c *webtest.Callers) error {
				return c.Service.Sessions.SignOutEverywhere(bg, c.Server.Admin, c.IDs["admin"], false)
			},
		},
		{"signed out here", func(c *webtest.Callers) error {
			return c.Service.Gate.SignOut(bg, c.Server.Admin, c.Admin.Session())
		}},
		{"the server stops", func(c *webtest.Callers) error { return c.Web.Close() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := webtest.NewCallers(t)
			e := c.Admin.Listen(c.Serve())
			e.Until("overview")
			c.Must(tt.do(c))
			last := ""
			for event, _ := e.Next(); event != ""; event, _ = e.Next() {
				last = event
			}
			if tt.name != "the server stops" && last != "" && last != "member" && last != "audit" &&
				last != "overview" && last != "login-request" && last != "message" {
				t.Errorf("it ended with %s", last)
			}
			if _, err := c.Service.Invitations.Invite(bg, c.Server.Admin, service.NewInvitation{
				Email: c.Address("later@example.com"),
				Roles: []access.RoleName{access.Fleet},
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// An Admin is demoted while they listen: they are told so, and hear of nobody
// else from then on.
func TestEventsFollowRights(t *testing.T) {
	c := webtest.NewCallers(t)
	e := c.Admin.Listen(c.Serve())
	e.Until("overview")
	_, err := c.Service.Members.ChangeRoles(bg, c.Server.Admin, c.IDs["admin"], []access.RoleName{access.Fleet})
	c.Must(err)
	if _, data := e.Until("member"); data != "{}" {
		t.Errorf("told of their own change: %s", data)
	}
	c.Invite("ada@example.com", access.Fleet)
	_, err = c.Service.Members.Rename(bg, c.Server.Admin, c.IDs["admin"], "Once an Admin")
	c.Must(err)
	if before, data := e.Until("member"); len(before) > 0 || data != "{}" {
		t.Errorf("told of %v, then %s", before, data)
	}
}

// A page is left open for long: the stream does not count as use of the session,
// and ends with it.
func TestEventsEndWithTheSessionsTime(t *testing.T) {
	c := webtest.NewCallers(t)
	tick := make(chan time.Time)
	c.Events.SetTicker(func(time.Duration) (<-chan time.Time, func()) { return tick, func() {} })
	e := c.Admin.Listen(c.Serve())
	e.Until("overview")
	tick <- time.Time{}
	if line, err := e.Line(); err != nil || line != ":\n" {
		t.Fatalf("no beat came: %q, %v", line, err)
	}
	c.Advance(access.AdminIdleTTL)
	tick <- time.Time{}
	if event, _ := e.Next(); event != "" {
		t.Errorf("it went on with %s", event)
	}
}

// A client that was disconnected, or too slow, is told to reload, so that it does
// not keep showing old data.
func TestEventsTellToReload(t *testing.T) {
	c := webtest.NewCallers(t)
	e := c.Admin.Listen(c.Serve(), func(r *http.Request) { r.Header.Set("Last-Event-ID", "7") })
	if event, _ := e.Next(); event != "reload" {
		t.Errorf("one who comes back first hears %s", event)
	}

	ours, theirs := net.Pipe()
	defer theirs.Close()
	st, err := c.Events.Slow(ours)
	c.Must(err)
	for range events.StreamBuffer + 1 {
		c.Events.Publish("x")
	}
	text, err := io.ReadAll(st)
	c.Must(err)
	c.Must(st.Close())
	all := strings.Split(strings.TrimSpace(string(text)), "\n\n")
	if len(all) != events.StreamBuffer+1 || !strings.Contains(all[events.StreamBuffer], "event: reload") ||
		slices.ContainsFunc(all[:events.StreamBuffer], func(s string) bool {
			return strings.Contains(s, "reload")
		}) {
		t.Errorf("a slow client got %d events, the last %q", len(all), all[len(all)-1])
	}
}

// One member opens streams until there is no room for others.
func TestEventStreamsAreBounded(t *testing.T) {
	c := webtest.NewCallers(t)
	at := c.Serve()
	for i := range events.MaxStreamsEach {
		if e := c.Admin.Listen(at); e.StatusCode != 200 {
			t.Fatalf("stream %d: %d", i, e.StatusCode)
		}
	}
	if e := c.Admin.Listen(at); e.StatusCode != 429 || e.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: %d", e.StatusCode)
	}
	if e := c.Pending.Listen(at); e.StatusCode != 200 {
		t.Errorf("another member: %d", e.StatusCode)
	}
	if e := c.Stranger.Listen(at); e.StatusCode != 401 {
		t.Errorf("a stranger: %d", e.StatusCode)
	}
}

// What happened between a page's first answers and the beginning of its stream was in
// neither, and the page did not show it. Both say how far the server was.
func TestAnswersAndStreamsSayThePosition(t *testing.T) {
	c := webtest.NewCallers(t)
	answered := func() string {
		return c.As("admin", "GET", "/overview", "").Header.Get("Doorward-Position")
	}
	hello := func() string {
		e := c.Admin.Listen(c.Serve())
		for id := ""; ; {
			line, err := e.Line()
			c.Must(err)
			if rest, ok := strings.CutPrefix(line, "id: "); ok {
				id = strings.TrimSpace(rest)
			}
			if strings.HasPrefix(line, "event: hello") {
				e.Next() // up to its end
				return id
			}
		}
	}
	before := answered()
	if at := hello(); before == "" || at != before {
		t.Errorf("nothing happened, and the answer is at %q, the stream at %q", before, at)
	}
	c.Invite("ada@example.com", access.Fleet)
	if at := hello(); at == before || at != answered() {
		t.Errorf("after an invitation the stream is at %q, the old answer at %q, a new one at %q", at, before,
			answered())
	}
	for _, who := range []string{"fleet", "pending"} {
		if at := c.As(who, "GET", "/me", "").Header.Get("Doorward-Position"); at != "" {
			t.Errorf("%s, who hears of no changes, is told how much happens: %q", who, at)
		}
	}
}
