package e2e

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
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
func rounds(t *testing.T, few int) int { return number(t, "ROUNDS", few) }

// number is what an environment variable says, or else what is usual.
func number(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// seed is SEED, or else another one each time. It is logged.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := number(t, "SEED", int(rand.Uint32()))
	t.Logf("SEED=%d", n)
	return uint64(n)
}

// haveAll returns nil if one machine leads, and says that the others have all that it has.
func haveAll(all []*product.Machine) error { return haveNearly(all, 0) }

// haveNearly returns nil if one machine leads, and says that the others lack no more than that many
// entries.
func haveNearly(all []*product.Machine, behind uint64) error {
	for _, m := range all {
		seen, err := m.Machines()
		if err != nil {
			return err
		}
		equal := 0
		for _, s := range seen {
			if s.Answers && s.Behind != nil && *s.Behind <= behind {
				equal++
			}
		}
		if equal == len(all)-1 {
			return nil
		}
	}
	return fmt.Errorf("nobody says so")
}

// writers change members and read them, each through one machine, several at the same members, and
// remember what they were answered.
type writers struct {
	*history
	seed    uint64
	pace    time.Duration // how often each calls; zero is as often as it can
	next    func(random *rand.Rand, email string) (subject, step)
	running sync.WaitGroup
	once    sync.Once
	stop    context.CancelFunc

	mu      sync.Mutex
	tried   []int // by writer
	codes   count
	last    time.Time           // when a change was acknowledged
	longest time.Duration       // pause between two of those
	present [contested]*subject // whom they change
	ids     map[string]string   // of members, by email
}

// A subject is a member whom writers change. Its id is not known until somebody was told it.
type subject struct{ email, id string }

// perMachine is how many writers each machine has, how often each calls, and how many members they
// change at the same time.
const (
	perMachine = 2
	callEvery  = 20 * time.Millisecond
	contested  = 8
)

func newWriters(all []*product.Machine, seed uint64) *writers {
	w := &writers{seed: seed, pace: callEvery}
	w.next = w.contest
	return w.begin(all, perMachine*len(all))
}

// newInviters are writers who do nothing but invite, as fast as they are answered.
func newInviters(all []*product.Machine, clients int) *writers {
	w := &writers{next: func(_ *rand.Rand, email string) (subject, step) {
		return subject{email: email}, step{"invite", "Fleet"}
	}}
	return w.begin(all, clients)
}

func (w *writers) begin(all []*product.Machine, clients int) *writers {
	ctx, stop := context.WithCancel(context.Background())
	w.history, w.stop, w.last = newHistory(), stop, time.Now()
	w.codes, w.ids, w.tried = count{}, map[string]string{}, make([]int, clients)
	for i := range clients {
		w.running.Go(func() { w.work(ctx, all[i%len(all)], i) })
	}
	return w
}

func (w *writers) end() {
	w.once.Do(w.stop)
	w.running.Wait()
}

func (w *writers) work(ctx context.Context, m *product.Machine, i int) {
	random := rand.New(rand.NewPCG(w.seed, uint64(i)))
	client := operatorOf(m)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for n := 0; ; n++ {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
		who, s := w.next(random, fmt.Sprintf("w%d-%d@example.com", i, n))
		began := w.now()
		r := call(client, who, s)
		w.add(who.email, s, began, r.told)
		w.note(i, who, s, r)
		pause.Reset(w.pace)
		if r.is == unknown {
			pause.Reset(callEvery)
		}
	}
}

// crowd lets many read through a machine, once each, and returns when they are at its door. If it
// rests, they wait there, and are the first that it answers when it is woken, perhaps before it knows
// what has become of its lead.
func (w *writers) crowd(m *product.Machine) {
	var there sync.WaitGroup
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range 32 {
		if w.present[i%contested] == nil {
			continue
		}
		who, began := *w.present[i%contested], w.now()
		there.Add(1)
		w.running.Go(func() { w.read(m, who, began, sync.OnceFunc(there.Done)) })
	}
	there.Wait()
}

// read reads once, and calls there when the machine was reached, or cannot be.
func (w *writers) read(m *product.Machine, who subject, began int64, there func()) {
	client := operatorOf(m)
	door := client.Transport.(*http.Transport)
	defer door.CloseIdleConnections()
	dial := door.DialContext
	door.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		defer there()
		return dial(ctx, network, address)
	}
	r := call(client, who, step{what: "read"})
	w.add(who.email, step{what: "read"}, began, r.told)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.codes[r.code]++
}

// operatorOf calls a machine as its operator does.
func operatorOf(m *product.Machine) *http.Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(m.Dir, "doorward.sock"))
	}
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DialContext: dial}}
}

// contest is what a writer does next: now and then it invites somebody, in place of another whom
// nobody changes any more.
func (w *writers) contest(random *rand.Rand, email string) (subject, step) {
	role := []string{"Fleet", "AILoop"}[random.IntN(2)]
	w.mu.Lock()
	defer w.mu.Unlock()
	at := random.IntN(contested)
	if w.present[at] == nil || random.IntN(12) == 0 {
		w.present[at] = &subject{email: email}
		return *w.present[at], step{"invite", role}
	}
	changes := []string{"approve", "roles", "suspend", "unsuspend"}
	what := changes[random.IntN(len(changes))]
	switch {
	case random.IntN(2) == 0 || w.present[at].id == "":
		what = "read"
	case random.IntN(20) == 0:
		what = "remove"
	}
	return *w.present[at], step{what, role}
}

func (w *writers) note(i int, who subject, s step, r reply) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tried[i]++
	w.codes[r.code]++
	if r.id != "" {
		w.ids[who.email] = r.id
		for _, p := range w.present {
			if p != nil && p.email == who.email {
				p.id = r.id
			}
		}
	}
	if s.what != "read" && r.is == kept {
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

// A count is how many calls have ended in which way.
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

// await waits until each writer has ended n more calls, in whichever way.
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

// awaitKept waits until changes are acknowledged again.
func (w *writers) awaitKept(t *testing.T) {
	t.Helper()
	w.awaitMore(t, 20)
}

// awaitMore waits until so many more changes are acknowledged.
func (w *writers) awaitMore(t *testing.T, enough int) {
	t.Helper()
	before := w.counts()["kept"]
	if err := product.Eventually("changes are kept", func() error {
		if n := w.counts()["kept"] - before; n < enough {
			return fmt.Errorf("%d are", n)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
