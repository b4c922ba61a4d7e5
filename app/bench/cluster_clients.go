package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Some clients invite people at several machines, and remember what was acknowledged.
type clients struct {
	host, token string
	http        *http.Client

	mu   sync.Mutex
	n    int
	kept []string // addresses
}

const (
	inviters  = 16
	askPause  = 5 * time.Millisecond  // after a refusal
	readPause = 10 * time.Millisecond // between two GETs at a machine
)

// newClients makes clients that are Admins.
func newClients(first *product) (*clients, error) {
	var made struct{ Token string }
	err := first.says(&made, "token", "add", "bench", "--role", "Admin")
	return &clients{
		host:  first.listen,
		token: made.Token,
		http:  &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * inviters}},
	}, err
}

// Clients at work.
type atWork struct {
	acknowledged  chan time.Time
	stop          context.CancelFunc
	running       sync.WaitGroup
	mu            sync.Mutex
	asked, failed int // GETs; to be read after the end
}

// begin has clients invite at these machines, and read at each.
func (c *clients) begin(at []*product) *atWork {
	ctx, stop := context.WithCancel(context.Background())
	all := &atWork{acknowledged: make(chan time.Time, 1<<20), stop: stop}
	for i := range inviters {
		p := at[i%len(at)]
		all.running.Go(func() { c.invites(ctx, p, all.acknowledged) })
	}
	for _, p := range at {
		all.running.Go(func() { c.reads(ctx, p, all) })
	}
	return all
}

// end ends them and waits for them. It may be called again.
func (all *atWork) end() {
	all.stop()
	all.running.Wait()
}

// invites invites one after the other, until ctx ends. What is on its way then is waited for.
func (c *clients) invites(ctx context.Context, p *product, acknowledged chan<- time.Time) {
	for ctx.Err() == nil {
		if err := c.invite(p); err != nil {
			time.Sleep(askPause)
			continue
		}
		acknowledged <- time.Now()
	}
}

// invite invites another one. It returns an error if that was not acknowledged.
func (c *clients) invite(p *product) error {
	c.mu.Lock()
	c.n++
	email := fmt.Sprintf("m%d@example.com", c.n)
	c.mu.Unlock()
	body := fmt.Sprintf(`{"email":%q,"roles":["Fleet"]}`, email)
	status, answer, err := c.ask(p, http.MethodPost, "/api/v1/invitations", body)
	if err != nil {
		return err
	}
	if status != http.StatusCreated {
		return fmt.Errorf("an invitation was answered %d: %s", status, answer)
	}
	c.mu.Lock()
	c.kept = append(c.kept, email)
	c.mu.Unlock()
	return nil
}

// reads reads one GET after the other, until ctx ends.
func (c *clients) reads(ctx context.Context, p *product, all *atWork) {
	for ctx.Err() == nil {
		status, _, err := c.ask(p, http.MethodGet, "/api/v1/overview", "")
		all.mu.Lock()
		all.asked++
		if err != nil || status != http.StatusOK {
			all.failed++
		}
		all.mu.Unlock()
		time.Sleep(readPause)
	}
}

func (c *clients) ask(p *product, method, path, body string) (status int, answer []byte, err error) {
	r, err := http.NewRequest(method, p.url()+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Host = c.host
	r.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// lost is how many of those whose invitation was acknowledged are not members.
func (c *clients) lost(at *product) (n int, err error) {
	there := map[string]bool{}
	for cursor := ""; ; {
		path := "/api/v1/members?limit=200&cursor=" + url.QueryEscape(cursor)
		status, answer, err := c.ask(at, http.MethodGet, path, "")
		if err != nil {
			return 0, err
		}
		if status != http.StatusOK {
			return 0, fmt.Errorf("a page of members was answered %d: %s", status, answer)
		}
		var page struct {
			Items []struct{ Email string }
			Next  string
		}
		if err := json.Unmarshal(answer, &page); err != nil {
			return 0, err
		}
		for _, m := range page.Items {
			there[m.Email] = true
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for _, email := range c.kept {
		if !there[email] {
			n++
		}
	}
	return n, nil
}
