package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"doorward/app/e2e/product"
)

// A fixture kills the server after each answer, while no email can be sent.
type fixture struct {
	*testing.T
	p      *running
	posted map[string]string // Message-ID to address, of every email seen in the outbox
}

// The server is killed after every step of the main job, with the mail server down:
// what was answered is kept, and every email is sent later with the same Message-ID.
func TestCrashWalk(t *testing.T) {
	t.Parallel()
	p := serving(t)
	c := &fixture{t, p, map[string]string{}}
	c.do("setup", "--email", "grace@example.org", "--name", "Grace Hopper")
	c.after("setup", "grace@example.org", "active")
	p.Mail.Down()

	link := product.LinkInEmail.FindString(c.do("invite", "ada@example.com", "--role", "Fleet", "--print-link"))
	c.after("invite", "ada@example.com", "pending")
	ada := c.browser()
	c.press(ada, link, link, nil, "Account Pending Approval")
	c.after("redeem", "ada@example.com", "pending")
	c.press(ada, p.URL+"/pending", p.URL+"/pending/note", url.Values{
		"note": {"Routes from Monday"},
	}, "Routes from Monday")
	if m := c.after("note", "ada@example.com", "pending"); m["note"] != "Routes from Monday" {
		t.Errorf("the note is lost: %v", m)
	}
	c.do("approve", "ada@example.com")
	c.after("approve", "ada@example.com", "active")
	c.press(c.browser(), p.URL+"/login", p.URL+"/login", url.Values{"email": {"ada@example.com"}}, "Check your email")
	c.after("ask for an email", "ada@example.com", "active")
	c.do("suspend", "ada@example.com")
	c.after("suspend", "ada@example.com", "suspended")
	c.do("invite", "eve@example.com", "--role", "AILoop")
	c.after("second invite", "eve@example.com", "pending")
	c.do("reject", "eve@example.com", "--yes")
	c.after("reject", "eve@example.com", "")
	for id, to := range c.posted {
		if to == "eve@example.com" {
			delete(c.posted, id) // rejected: their email is deleted with them
		}
	}

	if err := p.Mail.Up(); err != nil {
		t.Fatal(err)
	}
	c.delivered()
	c.do("verify")
	c.do("audit", "verify")
}

func (c *fixture) do(args ...string) string {
	c.Helper()
	s, err := c.p.Do(args...)
	if err != nil {
		c.Fatal(err)
	}
	return s.Out
}

// rows is the output of a listing with --json.
func (c *fixture) rows(args ...string) (rows []map[string]any) {
	c.Helper()
	for d := json.NewDecoder(strings.NewReader(c.do(append(args, "--json")...))); ; {
		var row map[string]any
		if err := d.Decode(&row); err == io.EOF {
			return rows
		} else if err != nil {
			c.Fatal(err)
		}
		rows = append(rows, row)
	}
}

// after kills the server, starts it again, and checks that the member has the state
// that was answered and that no email is lost or has another Message-ID. An empty
// state means that there is no such member.
func (c *fixture) after(step, email, state string) map[string]any {
	c.Helper()
	before := c.outbox()
	if err := c.p.Crash(); err != nil {
		c.Fatalf("after %s: %v", step, err)
	}
	now := c.outbox()
	for id, to := range before {
		if c.posted[id] = to; now[id] != to {
			c.Errorf("after %s: the email %s to %s is lost", step, id, to)
		}
	}
	found := c.rows("members", "--search", email)
	if state == "" && len(found) == 0 {
		return nil
	}
	if len(found) != 1 || found[0]["state"] != state {
		c.Fatalf("after %s: %s should be %q: %v", step, email, state, found)
	}
	return found[0]
}

// outbox is the Message-ID and the address of every email.
func (c *fixture) outbox() map[string]string {
	c.Helper()
	messages := map[string]string{}
	for _, l := range c.rows("outbox") {
		messages[fmt.Sprint(l["message_id"])] = fmt.Sprint(l["to"])
	}
	return messages
}

// delivered waits until every email has arrived. It retries those that wait for their
// next try.
func (c *fixture) delivered() {
	c.Helper()
	if len(c.posted) < 4 {
		c.Fatalf("only %d emails were posted: %v", len(c.posted), c.posted)
	}
	for _, l := range c.rows("outbox") {
		if l["state"] == "retrying" {
			c.p.Run("outbox", "retry", fmt.Sprint(l["id"])) // refused while it is being sent
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), product.Patience)
	defer cancel()
	for n := 1; ; n++ {
		all, err := c.p.Mail.Wait(ctx, n)
		came := map[string]string{}
		for _, l := range all {
			came[l.MessageID] = l.To
		}
		missing := 0
		for id, to := range c.posted {
			if came[id] != to {
				missing++
			}
		}
		if missing == 0 {
			return
		}
		if err != nil {
			c.Fatalf("%d of %v have not come, but %v: %v", missing, c.posted, came, err)
		}
		n = len(all)
	}
}

func (c *fixture) browser() *http.Client {
	jar, _ := cookiejar.New(nil)
	return &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}
}

var formSecret = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// press opens a page, sends a form on it, and expects a text in the answer.
func (c *fixture) press(b *http.Client, page, action string, form url.Values, want string) {
	c.Helper()
	read := func(r *http.Response, err error) string {
		c.Helper()
		if err != nil {
			c.Fatal(err)
		}
		defer r.Body.Close()
		text, _ := io.ReadAll(r.Body)
		return string(text)
	}
	if form == nil {
		form = url.Values{}
	}
	if m := formSecret.FindStringSubmatch(read(b.Get(page))); m != nil {
		form.Set("csrf", m[1])
	}
	req, err := http.NewRequest(http.MethodPost, action, strings.NewReader(form.Encode()))
	if err != nil {
		c.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", c.p.URL)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if text := read(b.Do(req)); !strings.Contains(text, want) {
		c.Fatalf("POST %s does not lead to %q:\n%s", action, want, text)
	}
}
