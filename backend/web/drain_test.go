package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// A machine hands the lead over: it says that nobody leads, and waits for the request at hand.
// One that comes now is none of that: it waits for another machine to lead.
func TestDrainWaitsForWhatIsAtHand(t *testing.T) {
	m := &webtest.Machines{}
	m.Lead(webtest.First, true)
	at, on := make(chan bool), make(chan bool)
	s := webtest.New(t, m.In, func(o *webtest.Options) {
		o.More = func(f *web.Face) {
			f.Add(http.MethodGet, "/slow", web.Public(), func(c *fiber.Ctx) error {
				at <- true
				<-on
				return c.SendString("answered")
			})
		}
	})
	s.Web.ForwardWithin(0)
	answers := make(chan webtest.Answer)
	go func() { answers <- s.Browser().Get("/slow") }()
	<-at
	m.Lead("", false)
	if a := s.Browser().Get("/slow"); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("while nobody leads, it answers %d", a.StatusCode)
	}
	short, cancel := context.WithCancel(t.Context())
	cancel()
	s.Web.Drain(short) // gives up
	drained := make(chan bool)
	go func() { s.Web.Drain(t.Context()); drained <- true }()
	select {
	case <-drained:
		t.Error("it does not wait for the request at hand")
	case on <- true:
		<-drained
	}
	(<-answers).Want(t, http.StatusOK, "answered")
}

// A machine that does not lead stops while it waits for what the one that leads answers: a page,
// a change, and a stream of events. The first two are answered, the last one ends.
func TestAStopAwaitsWhatIsForwarded(t *testing.T) {
	at, on := make(chan bool), make(chan bool)
	p := newPair(t, func(o *webtest.Options) {
		o.More = func(f *web.Face) {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				f.Add(method, "/slow", web.Public(), func(c *fiber.Ctx) error {
					at <- true
					<-on
					return c.SendString("answered")
				})
			}
		}
	})
	address := p.Other.Serve()
	events := p.Via(p.Admin).Listen(address)
	events.Until("overview")
	answers := make(chan string)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		go func() {
			r, err := http.NewRequest(method, "http://"+address+"/slow", nil)
			p.Must(err)
			r.Host = "door.example.com"
			resp, err := http.DefaultClient.Do(r)
			p.Must(err)
			text, err := io.ReadAll(resp.Body)
			p.Must(errors.Join(err, resp.Body.Close()))
			answers <- method + " " + string(text)
		}()
		<-at
	}
	closed := make(chan error)
	go func() { closed <- p.Other.Web.Close() }()
	for event := "overview"; event != ""; { // until the stream ends
		event, _ = events.Next()
	}
	<-p.Other.Web.Context().Done()
	got := []string{}
	for range 2 {
		on <- true
		got = append(got, <-answers)
	}
	slices.Sort(got)
	if !slices.Equal(got, []string{"GET answered", "POST answered"}) {
		t.Errorf("it answers %q", got)
	}
	p.Must(<-closed)
}

// Somebody saves all members, slowly, when the machine hands the lead over: it waits until they have
// the whole file. What a machine answers that does not lead is none of that.
func TestDrainWaitsForALongAnswer(t *testing.T) {
	m := &webtest.Machines{}
	m.Lead(webtest.First, true)
	var s *webtest.Server
	s = webtest.New(t, m.In, func(o *webtest.Options) {
		o.More = func(f *web.Face) {
			f.Add(http.MethodGet, "/long", web.Static(), func(c *fiber.Ctx) error { s.Web.Hold(c); return nil })
		}
	})
	s.Browser().Get("/long").Want(t, http.StatusOK)
	s.Web.Drain(t.Context())

	for i := range 100 {
		s.Invite(fmt.Sprintf("somebody-with-a-long-address-%d@example.com", i), access.Fleet)
	}
	lines := newPipes(t)
	done := make(chan error, 1)
	go func() { done <- s.Web.Serve(lines, true) }()
	t.Cleanup(func() { s.Must(s.Web.Close()); <-done })
	line, there := net.Pipe()
	lines.conns <- there
	s.Must(line.SetDeadline(time.Now().Add(webtest.Patience)))
	_, err := io.WriteString(line, "GET /api/v1/members/export HTTP/1.1\r\nHost: door.example.com\r\n\r\n")
	s.Must(err)
	answer, err := http.ReadResponse(bufio.NewReader(line), nil)
	s.Must(err)
	if n := s.Web.AtHand(); n != 1 {
		t.Errorf("%d answers are waited for while a file is being sent", n)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	s.Must(err)
	s.Web.Drain(t.Context())
}

// pipes are connections without a buffer, so that an answer is written as it is read.
type pipes struct {
	conns  chan net.Conn
	closed context.Context
	close  func()
}

func newPipes(t *testing.T) *pipes {
	p := &pipes{conns: make(chan net.Conn)}
	p.closed, p.close = context.WithCancel(t.Context())
	return p
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.close(); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }
