package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"doorward/app/e2e/product"
)

// A flight is the state of one address when the server was killed: which step was
// requested, and which was answered.
type flight struct {
	email           string
	ends            string // approve or reject
	id              string // once the invitation was answered
	asked, answered string // invite, then ends
}

// The server is killed while sixteen Admins invite, approve and reject. What was
// answered is there, complete; what was not is there completely or not at all: never a
// member without an email, a decision without its audit entry, or a dangling index.
func TestCrashInFlight(t *testing.T) {
	t.Parallel()
	p := serving(t)
	c := &fixture{t, p, map[string]string{}}
	c.do("setup", "--email", "grace@example.org", "--name", "Grace Hopper")
	var token struct{ Token string }
	if err := json.Unmarshal([]byte(c.do("token", "add", "flights", "--role", "Admin", "--json")), &token); err != nil {
		t.Fatal(err)
	}
	p.Mail.Down()
	var all []*flight
	unanswered := 0
	for round := range 5 {
		flown := c.fly(token.Token, round, 40+round*17)
		for _, f := range flown {
			if f.asked != f.answered {
				unanswered++
			}
		}
		all = append(all, flown...)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		c.do("verify")
		c.do("audit", "verify")
		c.landed(all)
		if t.Failed() {
			t.FailNow()
		}
	}
	if unanswered == 0 {
		t.Error("nothing was in flight when the power went: the test has tested nothing")
	}
	t.Logf("%d stories, %d of them cut off", len(all), unanswered)
}

// fly runs sixteen clients, and kills the server after a number of answers.
func (c *fixture) fly(token string, round, answers int) []*flight {
	var (
		mu       sync.Mutex
		all      []*flight
		answered atomic.Int64
		wg       sync.WaitGroup
		enough   = make(chan struct{})
		once     sync.Once
	)
	for i := range 16 {
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{}, Timeout: product.Patience}
			defer client.CloseIdleConnections()
			// ask returns false once the server no longer answers.
			ask := func(f *flight, step, path, body string, out any) bool {
				mu.Lock()
				f.asked = step
				mu.Unlock()
				r, err := http.NewRequest(http.MethodPost, c.p.URL+"/api/v1"+path, bytes.NewReader([]byte(body)))
				if err != nil {
					c.Error(err)
					return false
				}
				r.Header.Set("Authorization", "Bearer "+token)
				r.Header.Set("Content-Type", "application/json")
				resp, err := client.Do(r)
				if err != nil {
					return false
				}
				defer resp.Body.Close()
				text, err := io.ReadAll(resp.Body)
				if err != nil {
					return false // the connection broke in the middle of the answer
				}
				if resp.StatusCode/100 != 2 {
					c.Errorf("%s %s: %s %s", step, f.email, resp.Status, text)
					return false
				}
				if out != nil {
					if err := json.Unmarshal(text, out); err != nil {
						c.Errorf("%s %s: %v", step, f.email, err)
					}
				}
				mu.Lock()
				f.answered = step
				mu.Unlock()
				if answered.Add(1) >= int64(answers) {
					once.Do(func() { close(enough) })
				}
				return true
			}
			for n := 0; ; n++ {
				f := &flight{
					email: fmt.Sprintf("f%d.%d.%d@example.com", round, i, n),
					ends:  []string{"approve", "reject"}[n%2],
				}
				mu.Lock()
				all = append(all, f)
				mu.Unlock()
				var made struct{ ID string }
				if !ask(f, "invite", "/invitations", fmt.Sprintf(`{"email":%q,"roles":["Fleet"]}`, f.email), &made) {
					return
				}
				mu.Lock()
				f.id = made.ID
				mu.Unlock()
				if !ask(f, f.ends, "/members/"+made.ID+"/"+f.ends, `{}`, nil) {
					return
				}
			}
		})
	}
	select {
	case <-enough:
	case <-c.p.Exited:
		c.Error("the server ended by itself")
	}
	if err := c.p.Kill(); err != nil {
		c.Error(err)
	}
	wg.Wait()
	return all
}

// landed checks the state of all flights.
func (c *fixture) landed(all []*flight) {
	c.Helper()
	state, id := map[string]string{}, map[string]string{}
	for _, m := range c.rows("members", "--limit", "0") {
		email := fmt.Sprint(m["email"])
		if state[email] != "" {
			c.Errorf("%s is there twice", email)
		}
		state[email], id[email] = fmt.Sprint(m["state"]), fmt.Sprint(m["id"])
	}
	messages := map[string]int{}
	for _, l := range c.rows("outbox", "--limit", "0") {
		messages[fmt.Sprint(l["kind"], " ", l["to"])]++
	}
	deeds, invited := map[string]int{}, 0
	for _, e := range c.rows("audit", "--limit", "0") {
		to := e["target_id"]
		if to == nil { // a deleted member has only an id
			to = e["target"]
		}
		deeds[fmt.Sprint(e["action"], " ", to)]++
		if e["action"] == "invited" {
			invited++
		}
	}
	whole := func(f *flight, what string, got, want int) {
		c.Helper()
		if got != want {
			c.Errorf("%s, asked to %s, answered to %q: %d %s, want %d", f.email, f.asked, f.answered, got, what, want)
		}
	}
	count := map[bool]int{true: 1, false: 0}
	known := 0
	for _, f := range all {
		if id[f.email] != "" {
			if f.id != "" && f.id != id[f.email] {
				c.Errorf("%s has another id than was answered", f.email)
			}
			f.id = id[f.email]
		}
		var may []string
		switch {
		case f.answered == "approve":
			may = []string{"active"}
		case f.answered == "reject":
			may = []string{""}
		case f.asked == "approve":
			may = []string{"pending", "active"}
		case f.asked == "reject":
			may = []string{"pending", ""}
		case f.answered == "invite":
			may = []string{"pending"}
		default:
			may = []string{"pending", ""}
		}
		now := state[f.email]
		if now != may[0] && now != may[len(may)-1] {
			c.Errorf("%s, asked to %s, answered to %q, is %q, want one of %q", f.email, f.asked, f.answered, now, may)
		}
		whole(f, "invitation emails", messages["invitation "+f.email], count[now != ""])
		whole(f, "emails of approval", messages["approved "+f.email], count[now == "active"])
		if f.id == "" {
			continue // it was never created
		}
		known++
		whole(f, "audit entries of the invitation", deeds["invited "+f.id], 1)
		whole(f, "audit entries of the approval", deeds["approved "+f.id], count[now == "active"])
		whole(f, "audit entries of the rejection", deeds["rejected "+f.id], count[now == ""])
		if f.answered == f.asked {
			continue // verify has checked the indexes; searching for each takes long
		}
		if found := c.rows("members", "--search", f.email); len(found) != count[now != ""] {
			c.Errorf("a search for %s finds %d", f.email, len(found))
		}
	}
	if invited != known {
		c.Errorf("%d invitations are in the audit log, of %d who were there", invited, known)
	}
}
