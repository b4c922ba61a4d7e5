package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doorward/app/e2e/product"
)

// fewKills is the number of kills by default; make test-crash sets KILLS to 200.
const fewKills = 20

// clientSteps is the sequence of one client's requests about one member, and how many were
// sent and answered.
type clientSteps struct {
	name            string
	steps           []string
	id              string
	asked, answered int
}

var plots = [][]string{
	{"invite", "approve", "roles"},
	{"invite", "reject"},
	{"invite", "approve", "suspend"},
}

// The server is killed again and again while sixteen clients invite, approve, reject,
// suspend, change roles and settings, and the operator makes and revokes tokens. After
// each start every answered step is there, and an unanswered one is there completely or
// not at all; the audit chain is intact; each invitation is sent exactly once.
func TestCrashMany(t *testing.T) {
	kills := fewKills
	if n, err := strconv.Atoi(os.Getenv("KILLS")); err == nil && n > 0 {
		kills = n
	}
	p := serving(t)
	c := &fixture{t, p, map[string]string{}}
	c.do("setup", "--email", "grace@example.org", "--name", "Grace Hopper")
	var token struct{ Token string }
	if err := json.Unmarshal([]byte(c.do("token", "add", "work", "--role", "Admin", "--json")), &token); err != nil {
		t.Fatal(err)
	}
	p.Mail.Down()
	w := &crashRun{fixture: c, token: token.Token}
	var restarts []time.Duration
	for round := range kills {
		w.changeTokens(round)
		told := w.tell(round, 30+round%7*9)
		began := time.Now()
		if err := p.Start(); err != nil {
			t.Fatalf("kill %d: %v", round+1, err)
		}
		restarts = append(restarts, time.Since(began))
		w.check(told)
		if round%20 == 19 || round == kills-1 {
			c.do("verify")
			c.do("audit", "verify")
			w.checkAll()
		}
		if t.Failed() {
			t.Fatalf("after kill %d", round+1)
		}
	}
	slices.Sort(restarts)
	if w.underWay == 0 {
		t.Error("nothing was under way when the power went: the test has tested nothing")
	}
	t.Logf("%d kills, %d steps acknowledged, %d under way at a kill, 0 lost; a start takes %v to %v, the median %v",
		kills, w.acknowledged, w.underWay, restarts[0].Round(time.Millisecond),
		restarts[len(restarts)-1].Round(time.Millisecond), restarts[len(restarts)/2].Round(time.Millisecond))
}

// A crashRun is one run of sixteen clients, with all their steps.
type crashRun struct {
	*fixture
	token                  string
	spare, spareID         string // a valid token
	revoked                string // a revoked one
	all                    []*clientSteps
	acknowledged, underWay int
	named, toBeNamed       int // the workspace's name: answered, and asked for
}

// tell runs the clients until a number of steps were answered, and then kills the
// server.
func (w *crashRun) tell(round, answers int) (told []*clientSteps) {
	var (
		mu     sync.Mutex
		done   atomic.Int64
		wg     sync.WaitGroup
		enough = make(chan struct{})
		once   sync.Once
	)
	count := func() {
		if done.Add(1) >= int64(answers) {
			once.Do(func() { close(enough) })
		}
	}
	for i := range 16 {
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{}, Timeout: product.Patience}
			defer client.CloseIdleConnections()
			for n := 0; ; n++ {
				if i == 0 {
					mu.Lock()
					w.toBeNamed++
					next := w.toBeNamed
					mu.Unlock()
					status, text := ask(
						w.T,
						client,
						w.token,
						http.MethodPatch,
						w.p.URL+"/api/v1/settings",
						fmt.Sprintf(`{"workspace":"Workspace %d"}`, next),
					)
					if !w.went(status, text, "settings") {
						return
					}
					mu.Lock()
					w.named = next
					mu.Unlock()
					count()
					continue
				}
				s := &clientSteps{name: fmt.Sprintf("t%d.%d.%d", round, i, n), steps: plots[n%len(plots)]}
				mu.Lock()
				told = append(told, s)
				mu.Unlock()
				for at := range s.steps {
					s.asked = at + 1
					method, path, body := s.request(at)
					status, text := ask(w.T, client, w.token, method, w.p.URL+"/api/v1"+path, body)
					if !w.went(status, text, s.steps[at]+" "+s.name) {
						return
					}
					var made struct{ ID string }
					if json.Unmarshal([]byte(text), &made) == nil && made.ID != "" {
						s.id = made.ID
					}
					s.answered = at + 1
					count()
				}
			}
		})
	}
	select {
	case <-enough:
	case <-w.p.Exited:
		w.Error("the server ended by itself")
	}
	if err := w.p.Kill(); err != nil {
		w.Error(err)
	}
	wg.Wait()
	for _, s := range told {
		w.underWay += s.asked - s.answered
	}
	w.acknowledged += int(done.Load())
	w.all = append(w.all, told...)
	return told
}

// changeTokens makes a token and revokes the one before.
func (w *crashRun) changeTokens(round int) {
	w.Helper()
	var made struct{ ID, Token string }
	if err := json.Unmarshal(
		[]byte(w.do("token", "add", fmt.Sprint("spare", round), "--role", "Admin", "--json")),
		&made,
	); err != nil {
		w.Fatal(err)
	}
	if w.spareID != "" {
		w.do("token", "revoke", w.spareID)
		w.revoked = w.spare
	}
	w.spare, w.spareID = made.Token, made.ID
}

// status is the status that a request with a token gets.
func status(w *crashRun, token string) int {
	code, _ := ask(w.T, &http.Client{Timeout: product.Patience}, token, http.MethodGet, w.p.URL+"/api/v1/overview", "")
	return code
}

// went is false if the server is gone or refuses.
func (w *crashRun) went(status int, text, what string) bool {
	if status != 0 && status/100 != 2 {
		w.Errorf("%s: %d %.300s", what, status, text)
	}
	return status/100 == 2
}

func (s *clientSteps) request(at int) (method, path, body string) {
	switch s.steps[at] {
	case "invite":
		return http.MethodPost, "/invitations", fmt.Sprintf(`{"email":%q,"roles":["Fleet"]}`, s.name+"@example.com")
	case "approve", "reject", "suspend":
		return http.MethodPost, "/members/" + s.id + "/" + s.steps[at], `{}`
	default:
		return http.MethodPatch, "/members/" + s.id, `{"roles":["AILoop"]}`
	}
}

// after is the state of a member or token after a number of steps.
func (s *clientSteps) after(steps int) string {
	if steps == 0 {
		return "nothing"
	}
	return map[string]string{"invite": "pending Fleet", "approve": "active Fleet", "roles": "active AILoop",
		"suspend": "suspended Fleet", "reject": "nothing"}[s.steps[steps-1]]
}

// check checks the steps of the last run, one by one.
func (w *crashRun) check(told []*clientSteps) {
	w.Helper()
	client := &http.Client{Timeout: product.Patience}
	get := func(path string, out any) int {
		w.Helper()
		status, text := ask(w.T, client, w.token, http.MethodGet, w.p.URL+"/api/v1"+path, "")
		if status == http.StatusOK {
			if err := json.Unmarshal([]byte(text), out); err != nil {
				w.Errorf("GET %s: %v", path, err)
			}
		}
		return status
	}
	if len(w.spare) > 0 && status(w, w.spare) != http.StatusOK {
		w.Error("a token that was made is gone")
	}
	if len(w.revoked) > 0 && status(w, w.revoked) != http.StatusUnauthorized {
		w.Error("a token that was revoked opens again")
	}
	for _, s := range told {
		now := "nothing"
		var found struct {
			Items []struct {
				Email, State string
				Roles        []string
			}
		}
		if status := get("/members?q="+s.name+"%40example.com", &found); status != http.StatusOK {
			w.Errorf("a search for %s = %d", s.name, status)
		}
		for _, m := range found.Items {
			if m.Email == s.name+"@example.com" {
				now = m.State + " " + strings.Join(m.Roles, "+")
			}
		}
		if now != s.after(s.answered) && now != s.after(s.asked) {
			w.Errorf("%s (%s): asked for %d steps, answered %d, is %q",
				s.name, strings.Join(s.steps, ", "), s.asked, s.answered, now)
		}
	}
	var settings map[string]any
	get("/settings", &settings)
	var name int
	fmt.Sscanf(fmt.Sprint(settings["workspace"]), "Workspace %d", &name)
	if name < w.named || name > w.toBeNamed {
		w.Errorf("the workspace is %q; answered was %d, asked for %d", settings["workspace"], w.named, w.toBeNamed)
	}
}

// checkAll checks every invitation since the beginning: one email for each that is
// open, at most one for each that was decided (an email not sent by then is deleted,
// since its link is void), and one audit entry for each.
func (w *crashRun) checkAll() {
	w.Helper()
	there, decided := map[string]bool{}, map[string]bool{}
	for _, m := range w.rows("members", "--limit", "0") {
		email := fmt.Sprint(m["email"])
		there[email], decided[email] = true, m["state"] != "pending"
	}
	messages, ids := map[string]int{}, map[string]bool{}
	for _, l := range w.rows("outbox", "--limit", "0") {
		messages[fmt.Sprint(l["kind"], " ", l["to"])]++
		if id := fmt.Sprint(l["message_id"]); ids[id] {
			w.Errorf("two emails are called %s", id)
		} else {
			ids[id] = true
		}
	}
	for _, s := range w.all {
		email := s.name + "@example.com"
		want, n := map[bool]int{true: 1}[there[email]], messages["invitation "+email]
		if n != want && (n != 0 || !decided[email]) {
			w.Errorf("%s: %d invitations are in the outbox, want %d", email, n, want)
		}
		if s.answered > 0 && s.after(s.answered) != "nothing" && s.after(s.asked) != "nothing" && !there[email] {
			w.Errorf("%s was answered and is gone", email)
		}
	}
}
