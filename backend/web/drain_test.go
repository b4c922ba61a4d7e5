package web_test

import (
	"context"
	"net/http"
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
