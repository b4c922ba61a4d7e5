package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/backend/mail/mailtest"
	"doorward/build/need"
)

// number is a number from the environment, with which a test takes longer, or another.
func number(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return usual
}

// mostTwice is how many emails may come twice for a kill: those that were being handed in.
const mostTwice = 4

// People are invited, and the leading machine is killed again and again while it sends their
// emails. Each acknowledged invitation has its email. Only what was being handed in at a kill
// comes twice, as the same email. EMAILS=2000 KILLS=8 takes longer.
func TestEmailsComeThroughKills(t *testing.T) {
	need.Time(t)
	t.Parallel()
	emails, kills := number("EMAILS", 240), number("KILLS", 3)
	mail := mailtest.Start(t, mailtest.Options{Mode: mailtest.Plain})
	all := threeHosts(t, "DOORWARD_SMTP_URL="+mail.URL(), "DOORWARD_MAIL_FROM=door@example.com",
		"DOORWARD_MAIL_PER_MINUTE=100000")
	var token struct{ Token string }
	all[0].reads(&token, "token", "add", "work", "--role", "Admin", "--json")
	w := &inviting{t: t, token: token.Token, left: emails}
	w.go4(all)
	var killed *host
	for i := range kills {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if _, err := mail.Wait(ctx, (i+1)*emails/(kills+2)); err != nil {
			t.Fatal(err)
		}
		cancel()
		if killed != nil {
			killed.serve()
		}
		killed = leading(t, all...)
		killed.kill()
		leading(t, others(all, killed)...)
	}
	w.all.Wait()
	comeOnce(t, mail, emails, kills)
}

// inviting invites a number of people through whichever machine answers.
type inviting struct {
	t     *testing.T
	token string
	all   sync.WaitGroup

	mu   sync.Mutex
	left int
}

// go4 has four callers, each of which asks the machines in turn until one acknowledges.
func (w *inviting) go4(at []*host) {
	for i := range 4 {
		w.all.Go(func() {
			for n := w.next(); n >= 0; n = w.next() {
				w.until(fmt.Sprintf("m%d@example.com", n), at, i)
			}
		})
	}
}

func (w *inviting) next() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left--
	return w.left
}

func (w *inviting) until(email string, at []*host, first int) {
	for end := time.Now().Add(patience); time.Now().Before(end); first++ {
		switch status := invites(w.t.Context(), at[first%len(at)], w.token, email); status {
		case http.StatusCreated, http.StatusConflict: // it was kept, and its answer was lost
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	w.t.Errorf("%s is not invited", email)
}

// comeOnce waits until everybody has an email.
func comeOnce(t *testing.T, mail *mailtest.Server, want, kills int) {
	t.Helper()
	ids, twice := map[string][]string{}, 0
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(50 * time.Millisecond) {
		clear(ids)
		twice = 0
		for _, m := range mail.Received() {
			if !strings.HasPrefix(m.To, "m") {
				continue
			}
			if len(ids[m.To]) > 0 {
				twice++
			}
			ids[m.To] = append(ids[m.To], m.MessageID)
		}
		if len(ids) == want {
			break
		}
	}
	for to, all := range ids {
		if len(slices.Compact(all)) != 1 {
			t.Errorf("%s has got different emails: %v", to, all)
		}
	}
	t.Logf("%d kills; %d of %d have got their email, %d of them twice", kills, len(ids), want, twice)
	if len(ids) != want || twice > mostTwice*kills {
		t.Errorf("%d of %d have got their email, %d of them twice", len(ids), want, twice)
	}
}

// Three machines are asked at the same time to approve the same person, each by another Admin.
// One of them does, and the others are told who. RACES=200 tries more often.
func TestOneApprovalAmongMachines(t *testing.T) {
	need.Time(t)
	t.Parallel()
	all := threeHosts(t)
	admins := make([]http.Header, len(all))
	for i, h := range all {
		admins[i] = enters(all[0], adminAt(h), "Admin").asBrowser()
	}
	races := number("RACES", 20)
	wins := map[string]int{}
	for n := range races {
		var invited struct{ ID string }
		all[0].reads(&invited, "invite", fmt.Sprintf("x%d@example.com", n), "--role", "Fleet", "--json")
		wins[raced(t, all, admins, "/api/v1/members/"+invited.ID+"/approve").name]++
		if n := approvals(all[1], invited.ID); n != 1 {
			t.Errorf("the audit log has %d approvals of one member", n)
		}
	}
	t.Logf("%d races, won by: %v", races, wins)
}

// approvals is how often the audit log says that a member was approved.
func approvals(h *host, member string) (n int) {
	h.t.Helper()
	for d := json.NewDecoder(strings.NewReader(h.run("audit", "--json"))); d.More(); {
		var e struct {
			Action   string
			TargetID string `json:"target_id"`
		}
		if err := d.Decode(&e); err != nil {
			h.t.Fatal(err)
		}
		if e.Action == "approved" && e.TargetID == member {
			n++
		}
	}
	return n
}

func adminAt(h *host) string { return "admin-" + h.name + "@example.com" }

// raced returns the name of the machine whose Admin has won.
func raced(t *testing.T, all []*host, admins []http.Header, path string) (winner *host) {
	t.Helper()
	statuses, answers := make([]int, len(all)), make([]string, len(all))
	var asked sync.WaitGroup
	for i, h := range all {
		asked.Go(func() { statuses[i], answers[i] = posts(t.Context(), h, admins[i], path, `{}`) })
	}
	asked.Wait()
	for i, status := range statuses {
		if status == http.StatusOK {
			if winner != nil {
				t.Errorf("both %s and %s have won", winner.name, all[i].name)
			}
			winner = all[i]
		}
	}
	if winner == nil {
		t.Fatalf("nobody has won: %v %v", statuses, answers)
	}
	for i, status := range statuses {
		if all[i] == winner {
			continue
		}
		if status != http.StatusConflict || !strings.Contains(answers[i], "already_decided") ||
			!strings.Contains(answers[i], adminAt(winner)) {
			t.Errorf("%s has won, and %s is told %d %s", winner.name, all[i].name, status, answers[i])
		}
	}
	return winner
}
