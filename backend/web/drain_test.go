package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/gofiber/fiber/v2"

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
