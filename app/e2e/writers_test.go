package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/app/e2e/product"
)

// rounds is how often a test does what it does: ROUNDS, or else a few times.
func rounds(t *testing.T, few int) int {
	t.Helper()
	text := os.Getenv("ROUNDS")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// haveAll returns nil if one machine leads, and says that the others have all that it has.
func haveAll(all []*product.Machine) error {
	for _, m := range all {
		seen, err := m.Machines()
		if err != nil {
			return err
		}
		equal := 0
		for _, s := range seen {
			if s.Answers && s.Behind != nil && *s.Behind == 0 {
				equal++
			}
		}
		if equal == len(all)-1 {
			return nil
		}
	}
	return fmt.Errorf("nobody says so")
}

// writers invite people, each through one machine, and remember what they were answered.
type writers struct {
	running sync.WaitGroup
	once    sync.Once
	stop    context.CancelFunc

	mu      sync.Mutex
	tried   []int // by writer
	answers map[string]answer
	codes   map[string]int
	last    time.Time     // when something was acknowledged
	longest time.Duration // pause between two of those
}

// An answer is how a change has ended, as far as its writer knows.
type answer int

const (
	unknown answer = iota // it may have been made
	kept
	refused
)

// perMachine is how many writers each machine has, and writeEvery how often each writes.
const (
	perMachine = 2
	writeEvery = 20 * time.Millisecond
)

func newWriters(all []*product.Machine) *writers {
	ctx, stop := context.WithCancel(context.Background())
	w := &writers{stop: stop, answers: map[string]answer{}, codes: map[string]int{}, last: time.Now()}
	for _, m := range all {
		for range perMachine {
			i := len(w.tried)
			w.tried = append(w.tried, 0)
			w.running.Go(func() { w.write(ctx, m, i) })
		}
	}
	return w
}

func (w *writers) end() {
	w.once.Do(w.stop)
	w.running.Wait()
}

func (w *writers) write(ctx context.Context, m *product.Machine, i int) {
	socket := filepath.Join(m.Dir, "doorward.sock")
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DialContext: dial}}
	pace := time.NewTicker(writeEvery)
	defer pace.Stop()
	for n := 0; ; n++ {
		select {
		case <-pace.C:
		case <-ctx.Done():
			return
		}
		email := fmt.Sprintf("w%d-%d@example.com", i, n)
		is, code := invite(client, email)
		w.note(i, email, is, code)
	}
}

// invite tries one change, once.
func invite(client *http.Client, email string) (is answer, code string) {
	body := strings.NewReader(fmt.Sprintf(`{"email":%q,"roles":["Fleet"]}`, email))
	res, err := client.Post("http://doorward/api/v1/invitations", "application/json", body)
	if err != nil {
		return unknown, "no answer"
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return unknown, "half an answer"
	}
	if res.StatusCode == http.StatusCreated {
		return kept, "kept"
	}
	var p struct{ Code, Detail string }
	if err := json.Unmarshal(text, &p); err != nil {
		return unknown, res.Status
	}
	if strings.Contains(p.Detail, "Nothing was changed") {
		return refused, p.Code
	}
	return unknown, p.Code
}

func (w *writers) note(i int, email string, is answer, code string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tried[i]++
	w.answers[email] = is
	w.codes[code]++
	if is == kept {
		w.longest, w.last = max(w.longest, time.Since(w.last)), time.Now()
	}
}

// pause returns the longest pause since it was asked the last time.
func (w *writers) pause() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	longest := w.longest
	w.longest = 0
	return longest.Round(time.Millisecond)
}

// A count is how many changes have ended in which way.
type count map[string]int

func (w *writers) counts() count {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.codes)
}

func (c count) since(before count) string {
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(c)) {
		if n := c[code] - before[code]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, code))
		}
	}
	return strings.Join(parts, ", ")
}

// await waits until each writer has ended n more changes, in whichever way.
func (w *writers) await(t *testing.T, what string, n int) {
	t.Helper()
	tried := func() []int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.Clone(w.tried)
	}
	before := tried()
	if err := product.Eventually(what, func() error {
		for i, now := range tried() {
			if now < before[i]+n {
				return fmt.Errorf("writer %d has not", i)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// awaitKept waits until changes are acknowledged again, at each machine.
func (w *writers) awaitKept(t *testing.T) {
	t.Helper()
	before := w.counts()["kept"]
	if err := product.Eventually("changes are kept again", func() error {
		if n := w.counts()["kept"] - before; n < 20 {
			return fmt.Errorf("%d are", n)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// compare makes each copy a server of its own, and looks at what it has.
func (w *writers) compare(t *testing.T, all []*product.Machine) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var first map[string]bool
	for _, m := range all {
		m.Do("cluster", "leave", "--alone")
		m.Do("verify")
		m.Do("audit", "verify")
		have := membersOf(t, m)
		if first == nil {
			first = have
		}
		if !maps.Equal(have, first) {
			t.Errorf("%s has %d members, and %s has others: %d", m.Name, len(have), all[0].Name, len(first))
		}
		for email, is := range w.answers {
			if is == kept && !have[email] {
				t.Errorf("%s was acknowledged, and %s does not have it", email, m.Name)
			}
			if is == refused && have[email] {
				t.Errorf("%s was refused, and %s has it", email, m.Name)
			}
		}
	}
	t.Logf("in all %s", count(w.codes).since(nil))
	if w.codes["kept"] < 100 || len(w.codes) < 2 {
		t.Errorf("nothing has gone wrong, or too much: %v", w.codes)
	}
}

func membersOf(t *testing.T, m *product.Machine) map[string]bool {
	t.Helper()
	have := map[string]bool{}
	for d := json.NewDecoder(strings.NewReader(m.Do("members", "--json", "--limit", "0"))); d.More(); {
		var is struct{ Email string }
		if err := d.Decode(&is); err != nil {
			t.Fatal(err)
		}
		have[is.Email] = true
	}
	return have
}
