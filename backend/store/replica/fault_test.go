package replica

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/backend/store/kv"
)

// quick is a heartbeat for tests in which the lead must be lost by itself.
const quick = time.Second

// Everything is stopped and started again: what was acknowledged is there, and nothing is
// applied twice.
func TestRestartKeepsAll(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a", "b", "c")
	leader := c.elect(c.nodes["a"])
	id := leader.Identity()
	for round := range 3 {
		for i := range 20 {
			err := leader.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
				have, err := tx.Get([]byte("count"))
				if err != nil && !errors.Is(err, kv.ErrNotFound) {
					return err
				}
				return tx.Set([]byte("count"), append(have, 'x'))
			})
			if err != nil {
				t.Fatalf("round %d, Update %d: %v", round, i, err)
			}
		}
		for _, name := range []string{"a", "b", "c"} {
			c.close(name, round != 1)
		}
		for _, name := range []string{"c", "b", "a"} {
			c.open(name, c.first)
		}
		leader = c.elect(c.nodes[[]string{"c", "a", "b"}[round]])
	}
	if want := fmt.Sprintf("%q=%q ", "count", strings.Repeat("x", 60)); content(t, leader) != want {
		t.Errorf("it has %s, want %s", content(t, leader), want)
	}
	c.equal(leader)
	for _, n := range c.running() {
		if n.Identity() != id {
			t.Errorf("%s is %+v, want %+v", n.o.Self.ID, n.Identity(), id)
		}
	}
}

// Only the leading machine serves. The others follow: their watchers and followers of
// commits are told of each change.
func TestOthersFollow(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a", "b", "c")
	leader := c.elect(c.nodes["b"])
	other := c.nodes["c"]
	var mu sync.Mutex
	var told []string
	other.OnCommit(func(events []kv.Event) {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range events {
			told = append(told, string(e.Key))
		}
	})
	events, err := other.Watch(t.Context(), []byte("k"))
	if err != nil {
		t.Fatal(err)
	}
	set(t, leader, "k1", "other")
	set(t, leader, "k2")
	for _, want := range []string{"k1", "k2"} {
		if e := <-events; string(e.Key) != want {
			t.Errorf("a watcher was told of %q, want %q", e.Key, want)
		}
	}
	mu.Lock()
	if !slices.Equal(told, []string{"k1", "other", "k2"}) {
		t.Errorf("followers were told of %q", told)
	}
	mu.Unlock()
	nothing := func(kv.Tx) error { t.Error("it ran"); return nil }
	if err := other.Update(t.Context(), kv.NewOp(), nothing); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("Update on another = %v", err)
	}
	if err := other.View(t.Context(), nothing); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("View on another = %v", err)
	}
	c.equal(leader)
}

// The lead is handed over and comes back. What others wrote meanwhile is read, although the
// writer had cached what it was before.
func TestCachesEndWithTheLead(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a", "b", "c")
	count := func(n *Node) (value string) {
		t.Helper()
		err := n.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
			have, err := tx.Get([]byte("count"))
			if err != nil && !errors.Is(err, kv.ErrNotFound) {
				return err
			}
			value = string(have) + "x"
			return tx.Set([]byte("count"), []byte(value))
		})
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	for i, name := range []string{"a", "b", "a", "c", "a"} {
		if got := count(c.elect(c.nodes[name])); len(got) != i+1 {
			t.Errorf("Update %d on %s found %d before", i+1, name, len(got)-1)
		}
	}
}

// An answer is what one client was told about its keys.
type answers struct{ kept, refused, unknown []string }

// writers write on whatever machine leads, until stop, and then say what they were told.
func (c *cluster) writers(clients int, stop <-chan struct{}, wrote chan<- struct{}) (wait func() []answers) {
	told := make([]answers, clients)
	var all sync.WaitGroup
	for i := range told {
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				key := fmt.Sprintf("%02d/%06d", i, n)
				op := kv.NewOp()
				leader := c.leading()
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				err := leader.Update(ctx, op, func(tx kv.Tx) error {
					if _, err := tx.Get([]byte("shared")); err != nil && !errors.Is(err, kv.ErrNotFound) {
						return err
					}
					return errors.Join(tx.Set([]byte("shared"), []byte(key)), tx.Set([]byte(key), nil))
				})
				cancel()
				switch {
				case err == nil:
					told[i].kept = append(told[i].kept, key)
					select {
					case wrote <- struct{}{}:
					default:
					}
				case errors.Is(err, kv.ErrUnknownOutcome):
					told[i].unknown = append(told[i].unknown, key)
				case errors.Is(err, kv.ErrUnavailable):
					told[i].refused = append(told[i].refused, key)
				default:
					c.t.Errorf("client %d: %v", i, err)
					return
				}
			}
		})
	}
	return func() []answers { all.Wait(); return told }
}

// check compares what the clients were told with what is there.
func check(t testing.TB, told []answers, n *Node) {
	t.Helper()
	there := map[string]bool{}
	err := n.Each(context.Background(), nil, func(key, _ []byte) error {
		there[string(key)] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	kept, refused, unknown := 0, 0, 0
	for _, a := range told {
		kept, refused, unknown = kept+len(a.kept), refused+len(a.refused), unknown+len(a.unknown)
		for _, key := range a.kept {
			if !there[key] {
				t.Errorf("%s was acknowledged and is missing", key)
			}
		}
		for _, key := range a.refused {
			if there[key] {
				t.Errorf("%s was refused and is there", key)
			}
		}
	}
	t.Logf("%d acknowledged, %d refused, %d unknown", kept, refused, unknown)
}

// The leading machine dies again and again under sixteen writers, with and without handing
// over, and comes back. Nothing that was acknowledged is lost, nothing that was refused is
// there, and all copies are equal.
func TestNothingIsLostWhenTheLeadingMachineStops(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: quick}, "a", "b", "c")
	c.elect(c.nodes["a"])
	stop, wrote := make(chan struct{}), make(chan struct{})
	wait := c.writers(16, stop, wrote)
	for round := range 6 {
		for range 50 {
			<-wrote
		}
		name := c.leading().o.Self.ID
		c.close(name, round%2 == 0)
		c.leading()
		c.open(name, c.first)
	}
	for range 50 {
		<-wrote
	}
	close(stop)
	told := wait()
	leader := c.leading()
	c.equal(leader)
	check(t, told, leader)
}

// The leading machine is cut off with Updates on their way. It cannot acknowledge them, nor
// answer from what it has; the others elect another. When it is back, what became of the
// Updates can be asked by name, and the answer is final.
func TestACutOffMachineAcknowledgesNothing(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: quick}, "a", "b", "c")
	old := c.elect(c.nodes["a"])
	set(t, old, "before")
	c.net.isolate("a", true)
	op := kv.NewOp()
	err := old.Update(t.Context(), op, func(tx kv.Tx) error { return tx.Set([]byte("lost"), nil) })
	if !errors.Is(err, kv.ErrUnknownOutcome) {
		t.Fatalf("Update = %v, want ErrUnknownOutcome", err)
	}
	empty := func(kv.Tx) error { return nil }
	refused := func(kv.Tx) error { return errNotMine }
	for name, call := range map[string]func() error{
		"View":             func() error { return old.View(t.Context(), empty) },
		"an empty Update":  func() error { return old.Update(t.Context(), kv.NewOp(), empty) },
		"a refused Update": func() error { return old.Update(t.Context(), kv.NewOp(), refused) },
		"Confirm":          func() error { return old.Confirm(t.Context()) },
	} {
		if err := call(); !errors.Is(err, kv.ErrUnavailable) {
			t.Errorf("%s on a machine that was cut off = %v", name, err)
		}
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := old.Outcome(short, op); !errors.Is(err, kv.ErrUnknownOutcome) {
		t.Errorf("Outcome while it is cut off = %v", err)
	}
	leader := c.leading(old)
	set(t, leader, "after")
	for _, n := range c.running() { // the third has taken an entry from the new leader
		id, here := n.Leader()
		if n != old && (id != leader.o.Self.ID || here != (n == leader)) || n == old && here {
			t.Errorf("%s says that %q leads, itself: %v", n.o.Self.ID, id, here)
		}
		if err := n.Confirm(t.Context()); (err == nil) != (n == leader) {
			t.Errorf("Confirm of %s = %v", n.o.Self.ID, err)
		}
	}
	c.net.isolate("a", false)
	if kept, err := old.Outcome(c.within(), op); kept || err != nil {
		t.Errorf("Outcome afterwards = %v, %v", kept, err)
	}
	leader = c.leading()
	c.equal(leader)
	if got := content(t, leader); strings.Contains(got, "lost") || !strings.Contains(got, "after") {
		t.Errorf("it has %s", got)
	}
}

var errNotMine = errors.New("refused by the function")

// A machine is away while the others go on and cut their logs; another is new. Both get a
// copy of everything, and then follow the log.
func TestACopyForThoseWhoLag(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm, trailing: 1}, "a", "b", "c")
	leader := c.elect(c.nodes["a"])
	set(t, leader, "first")
	c.close("c", true)
	for i := range 200 {
		set(t, leader, fmt.Sprintf("k%03d", i), fmt.Sprintf("l%03d", i%7))
	}
	if err := leader.raft.Snapshot().Error(); err != nil {
		t.Fatal(err)
	}
	if first, err := leader.log.FirstIndex(); err != nil || first < 200 {
		t.Fatalf("the log begins with entry %d, %v", first, err)
	}
	lagging := c.open("c", c.first)
	fresh := c.open("d", nil)
	if err := leader.Add(fresh.o.Self, false); err != nil {
		t.Fatal(err)
	}
	c.equal(leader)
	for _, n := range []*Node{lagging, fresh} {
		p, err := n.engine.Progress(t.Context())
		if err != nil || p.Cut < 200 || n.Identity() != leader.Identity() {
			t.Errorf("%s did not get a copy: %+v, %v", n.o.Self.ID, p, err)
		}
	}
	for _, name := range []string{"d", "c"} {
		c.close(name, false)
		c.open(name, nil)
	}
	set(t, leader, "afterwards")
	c.equal(leader)
}
