package cli_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/build/need"
)

// The leading machine is told to stop, as by a service manager, while people open pages and
// others are invited at the two that stay. It hands the lead over first, and none of that fails.
func TestALeaderThatStopsHandsOver(t *testing.T) {
	need.Time(t)
	t.Parallel()
	all := threeHosts(t)
	var token struct{ Token string }
	all[0].reads(&token, "token", "add", "work", "--role", "Admin", "--json")
	eve := enters(all[0], "eve@example.com", "Fleet")
	for i := range 3 {
		old := leading(t, all...)
		stay := others(all, old)
		c := callers{t: t, round: i, token: token.Token, visitor: eve}
		end := c.begin(stay...)
		old.stop()
		now := leading(t, stay...)
		end()
		if !strings.Contains(old.log(), "the lead was handed over") {
			t.Errorf("%s did not hand over: %s", old.name, old.log())
		}
		t.Logf("%s to %s: %d pages and %d invitations, the longest took %v; %s", old.name, now.name, c.pages,
			c.invitations, c.longest.Round(time.Millisecond), lineWith(old.log(), "handed over"))
		old.serve()
		waitUntilEqual(t, leading(t, all...), 2)
	}
}

// callers ask machines for pages, and invite people there, all the time. Nothing may fail.
type callers struct {
	t       *testing.T
	round   int
	token   string
	visitor *visitor

	mu                 sync.Mutex
	pages, invitations int
	longest            time.Duration
}

// begin returns once each caller was answered.
func (c *callers) begin(at ...*host) (end func()) {
	ctx, cancel := context.WithCancel(c.t.Context())
	var calling sync.WaitGroup
	answered := make(chan bool, 100)
	for _, h := range at {
		for _, one := range []func(*host, int){c.page, c.invite} {
			calling.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					began := time.Now()
					one(h, n)
					c.mu.Lock()
					c.longest = max(c.longest, time.Since(began))
					c.mu.Unlock()
					if n == 0 {
						answered <- true
					}
				}
			})
		}
	}
	for range 2 * len(at) {
		<-answered
	}
	return func() { cancel(); calling.Wait() }
}

func (c *callers) page(h *host, n int) {
	resp, err := c.visitor.at(h).Get(c.visitor.site.JoinPath("/api/v1/me").String())
	if err != nil {
		c.t.Errorf("page %d at %s: %v", n, h.name, err)
		return
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		c.t.Errorf("page %d at %s = %d", n, h.name, resp.StatusCode)
	}
	c.mu.Lock()
	c.pages++
	c.mu.Unlock()
}

func (c *callers) invite(h *host, n int) {
	email := fmt.Sprintf("m%d-%s-%d@example.com", c.round, h.name, n)
	if status, answer := invited(c.t.Context(), h, c.token, email); status != http.StatusCreated {
		c.t.Errorf("invitation %d at %s = %d %s", n, h.name, status, answer)
	}
	c.mu.Lock()
	c.invitations++
	c.mu.Unlock()
}

func lineWith(text, words string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, words) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
