package events_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv/enginetest"
	"doorward/backend/web/webtest"
)

// An Admin's page listens to a machine that loses its lead. Nothing more is said to it: neither
// when the machine knows, nor before, when something happens there.
func TestStreamsEndWithTheLead(t *testing.T) {
	tests := []struct {
		name string
		lose func(c *webtest.Callers, m *webtest.Machines, lead func(bool))
	}{
		{"it notices", func(_ *webtest.Callers, _ *webtest.Machines, lead func(bool)) { lead(false) }},
		{"it has not noticed", func(c *webtest.Callers, m *webtest.Machines, _ func(bool)) {
			m.CutOff()
			c.Invite("ada@example.com", access.Fleet)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			open, engine := enginetest.Controlled()
			m := &webtest.Machines{}
			m.Lead(webtest.First, true)
			s := webtest.NewOn(t, open, m.In)
			admin, _ := s.SignedIn("admin@example.com", access.Admin)
			e := admin.Listen(s.Serve())
			e.Until("overview")
			tt.lose(&webtest.Callers{Server: s}, m, engine().Lead)
			for event, data := e.Next(); event != ""; event, data = e.Next() {
				if event != "reload" {
					t.Errorf("it goes on with %s %s", event, data)
				}
			}
			engine().Lead(true)
		})
	}
}

// A machine without its lead begins no stream, whatever came between the guard and the stream.
func TestNoStreamBeginsWithoutTheLead(t *testing.T) {
	m := &webtest.Machines{}
	m.Lead(webtest.First, true)
	s := webtest.New(t, m.In)
	admin, _ := s.SignedIn("admin@example.com", access.Admin)
	at, asked := s.Serve(), 0
	m.Answer(func(context.Context) error {
		if asked++; asked > 1 {
			return errors.New("no majority has answered")
		}
		return nil
	})
	if e := admin.Listen(at); e.StatusCode != http.StatusServiceUnavailable || asked != 2 {
		t.Errorf("after %d questions: %d", asked, e.StatusCode)
	}
}

// A page listens through a machine that does not lead: each event comes when it happens, and
// when the page is closed, the machine that leads knows. When that loses its lead, the stream
// ends, and the page comes back.
func TestForwardedStreams(t *testing.T) {
	openFirst, first := enginetest.Controlled()
	p := webtest.NewPair(t, openFirst)
	never := func(time.Duration) (<-chan time.Time, func()) { return nil, func() {} }
	p.Events.SetTicker(never) // it must know at once, not when it writes next
	at := p.Other.Serve()
	e := p.Via(p.Admin).Listen(at)
	if e.StatusCode != 200 || e.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", e.StatusCode, e.Header)
	}
	e.Until("overview")
	id, _ := p.Invite("ada@example.com", access.Fleet)
	if _, data := e.Until("member"); data != `{"id":"`+string(id)+`"}` {
		t.Errorf("it tells of %s", data)
	}
	e.Body.Close()
	p.Eventually("the stream ends when the page is closed", func() bool { return p.Events.Len() == 0 })
	e = p.Via(p.Admin).Listen(at)
	e.Until("overview")
	p.Here.Lead("", false)
	first().Lead(false)
	for event, data := e.Next(); event != ""; event, data = e.Next() {
		if event != "reload" {
			t.Errorf("it goes on with %s %s", event, data)
		}
	}
	first().Lead(true)
}

// Members listen at the machine that leads and through another one, and are suspended. Each stream
// says so and ends, and no other begins, on either.
func TestSuspendedListenersOfEachMachine(t *testing.T) {
	p := webtest.NewPair(t, enginetest.Open)
	here, there := p.Serve(), p.Other.Serve()
	streams := []*webtest.Stream{p.Fleet.Listen(here), p.Via(p.Fleet).Listen(there)}
	p.Eventually("both listen", func() bool { return p.Events.Len() == 2 })
	p.Via(p.Admin).API("POST", p.Fill("/members/{fleet}/suspend"), `{}`).Want(t, http.StatusOK)
	for i, e := range streams {
		told := ""
		for event, data := e.Next(); event != ""; event, data = e.Next() {
			told += event + " " + data + "\n"
		}
		if told != "member {}\n" {
			t.Errorf("stream %d is told %q", i, told)
		}
	}
	for i, at := range []string{here, there} {
		if e := p.Via(p.Fleet).Listen(at); e.StatusCode == http.StatusOK {
			t.Errorf("stream %d begins after that", i)
		}
	}
}
