package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	queued = 300 // invitations in the queue when the first member asks for an email to sign in
	asking = 10  // members who ask, one after the other, while the queue lasts

	// What a busy mail server takes to accept an email. The connections that Doorward has for
	// invitations are busy for most of a minute then; a quicker server would have taken the
	// last one before everybody has asked, and none would wait behind any.
	busyServer = 400 * time.Millisecond
)

// bulk measures how long somebody waits for the email to sign in while hundreds of invitations
// are queued: from the form's request until a mail server has all of the email.
func bulk(b *bench) error {
	p, err := b.product("bulk")
	if err != nil {
		return err
	}
	arrived := make(chan string, 2*(queued+asking)) // more than are sent, so that nothing waits for us
	to, err := startSink(arrived)
	if err != nil {
		return err
	}
	defer to.Close()
	p.env = append(p.env, append(to.env(), "DOORWARD_TRUSTED_PROXIES=127.0.0.1")...)
	if err := b.membersOn(p); err != nil {
		return err
	}
	if _, err := p.start(); err != nil {
		return err
	}
	return errors.Join(b.bulkOn(p, to), p.stop())
}

func asker(i int) string { return fmt.Sprintf("asker%d@example.com", i) }

// membersOn makes the members who will ask.
func (b *bench) membersOn(p *product) error {
	if err := p.does("setup", "--email", adminAddress); err != nil {
		return err
	}
	var all []string
	for i := range asking {
		all = append(all, asker(i))
	}
	if err := p.does(append([]string{"invite", "--role", "Fleet"}, all...)...); err != nil {
		return err
	}
	return p.does(append([]string{"approve"}, all...)...)
}

func (b *bench) bulkOn(p *product, to *sink) error {
	if err := to.rest(2 * asking); err != nil { // an invitation and an approval each
		return err
	}
	to.accepts.Store(int64(busyServer))
	rows := "email,role\n"
	for i := range queued {
		rows += fmt.Sprintf("invited%d@example.com,Fleet\n", i)
	}
	file := filepath.Join(b.dir, "bulk.csv")
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		return err
	}
	if err := p.does("import", file); err != nil {
		return err
	}
	r := &prober{asks: &http.Client{Transport: &http.Transport{}}, home: p.url()}
	var took spread
	gone := 0 // of the invitations
	for i := range asking {
		time.Sleep(rand.N(beat)) // requests are answered on a beat, whenever they came
		ms, err := r.waitForEmail(asker(i), to.arrived, &gone)
		if err != nil {
			return err
		}
		took = append(took, ms)
	}
	if gone >= queued {
		return errors.New("the invitations were gone before everybody had asked")
	}
	b.add(figure{
		what: fmt.Sprintf("from the sign-in form until a mail server has the email, behind %d invitations of which "+
			"it takes one in %s on each connection", queued, milliseconds(busyServer.Seconds()*1000)),
		measured: fmt.Sprintf("p50 %s, longest %s", milliseconds(took.median()), milliseconds(took.percentile(100))),
		ranging:  took.ranging(milliseconds),
		bound:    fmt.Sprintf("%d asked; %d invitations were still queued then", asking, queued-gone),
		target:   "< 2 s",
		met:      took.percentile(100) < 2000,
	})
	return nil
}

// rest waits until n emails have arrived.
func (s *sink) rest(n int) error {
	for i := range n {
		select {
		case <-s.arrived:
		case <-time.After(patience):
			return fmt.Errorf("%d of %d emails arrived", i, n)
		}
	}
	return nil
}

// waitForEmail asks for an email to sign in, from a new browser, and returns after how many
// milliseconds it arrived. It counts the invitations that arrived before.
func (r *prober) waitForEmail(address string, arrived <-chan string, gone *int) (float64, error) {
	cookie, csrf, err := r.browser()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	page, _, _, err := r.request(r.asks, http.MethodPost, "/login", cookie, url.Values{
		"csrf":  {csrf},
		"email": {address},
	})
	if err != nil || !strings.Contains(page, "Check your email") {
		return 0, fmt.Errorf("the sign-in form was answered %.200s: %w", page, err)
	}
	for {
		select {
		case to := <-arrived:
			if to == address {
				return time.Since(began).Seconds() * 1000, nil
			}
			if strings.HasPrefix(to, "invited") {
				*gone++
			}
		case <-time.After(patience):
			return 0, fmt.Errorf("no email to %s arrived", address)
		}
	}
}
