package replica

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
)

// patience is how long a test waits for what must happen before it fails.
const patience = 90 * time.Second

// A cluster is some machines in this process, over real TCP.
type cluster struct {
	t     testing.TB
	net   *network
	dir   string
	o     Options
	first []Peer

	mu      sync.Mutex
	changed chan struct{}
	leads   map[*Node]bool
	nodes   map[string]*Node
}

func newCluster(t testing.TB, o Options, names ...string) *cluster {
	t.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	o.MinFree = 1
	c := &cluster{t: t, net: newNetwork(), dir: t.TempDir(), o: o, changed: make(chan struct{}),
		leads: map[*Node]bool{}, nodes: map[string]*Node{}}
	for _, name := range names {
		c.first = append(c.first, Peer{name, name})
	}
	for _, name := range names {
		c.open(name, c.first)
	}
	t.Cleanup(func() {
		for _, n := range c.running() {
			if err := n.Close(); err != nil {
				t.Errorf("Close of %s = %v", n.o.Self.ID, err)
			}
		}
	})
	return c
}

func (c *cluster) storeDir(name string) string { return filepath.Join(c.dir, name) }

// open starts a machine with its directory.
func (c *cluster) open(name string, first []Peer) *Node {
	c.t.Helper()
	n, err := c.tryOpen(name, first)
	if err != nil {
		c.t.Fatalf("open %s: %v", name, err)
	}
	return n
}

func (c *cluster) tryOpen(name string, first []Peer) (*Node, error) {
	return c.start(Peer{name, name}, first)
}

func (c *cluster) start(self Peer, first []Peer) (*Node, error) {
	name := self.ID
	o := c.o
	o.Dir = c.storeDir(name)
	o.Self = self
	o.First = first
	o.Listener = c.net.listen(c.t, self.Address)
	o.Dial = c.net.dialer(self.Address)
	n, err := Open(o)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.nodes[name] = n
	c.mu.Unlock()
	n.OnLead(func(leads bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.leads[n] = leads
		close(c.changed)
		c.changed = make(chan struct{})
	})
	return n, nil
}

// close stops a machine, with or without handing over.
func (c *cluster) close(name string, handOver bool) {
	c.t.Helper()
	c.mu.Lock()
	n := c.nodes[name]
	delete(c.nodes, name)
	c.mu.Unlock()
	stop := n.Close
	if !handOver {
		c.net.isolate(name, true)
		stop = n.crash
	}
	if err := stop(); err != nil {
		c.t.Errorf("stop of %s = %v", name, err)
	}
	c.net.isolate(name, false)
}

func (c *cluster) running() (nodes []*Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.nodes {
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b *Node) int { return strings.Compare(a.o.Self.ID, b.o.Self.ID) })
	return nodes
}

// leading waits until a machine leads that is not one of these, and serves.
func (c *cluster) leading(not ...*Node) *Node {
	c.t.Helper()
	timeout := time.After(patience)
	for {
		c.mu.Lock()
		changed := c.changed
		var found *Node
		for n, leads := range c.leads {
			if leads && c.nodes[n.o.Self.ID] == n && !slices.Contains(not, n) {
				found = n
			}
		}
		c.mu.Unlock()
		if found != nil && serves(found) {
			return found
		}
		select {
		case <-changed:
		case <-timeout:
			c.t.Fatal("nobody leads")
		}
	}
}

// serves reports whether a machine that was told that it leads serves. It waits until all
// have been told, after which it does.
func serves(n *Node) bool {
	n.followers.mu.Lock()
	defer n.followers.mu.Unlock()
	return n.lead.Load() != nil
}

// elect waits until this machine leads, for which it makes it stand for election now. If it
// lacks an entry that others have, it loses, and the one that wins hands over.
func (c *cluster) elect(n *Node) *Node {
	c.t.Helper()
	timeout := time.After(patience)
	if !c.handsOverTo(n) {
		c.stand(n)
	}
	for {
		c.mu.Lock()
		changed, leads := c.changed, c.leads[n]
		c.mu.Unlock()
		if leads && serves(n) {
			return n
		}
		select {
		case <-changed:
			c.handsOverTo(n)
		case <-timeout:
			c.t.Fatalf("%s does not lead", n.o.Self.ID)
		}
	}
}

// handsOverTo makes the machine that leads, if another does, give this one what it lacks,
// and then the lead.
func (c *cluster) handsOverTo(n *Node) bool {
	for _, other := range c.running() {
		if other != n && other.lead.Load() != nil {
			to := n.o.Self
			id, at := raft.ServerID(to.ID), raft.ServerAddress(to.Address)
			return other.raft.LeadershipTransferToServer(id, at).Error() == nil
		}
	}
	return false
}

// stand makes a machine stand for election now.
func (c *cluster) stand(n *Node) {
	c.t.Helper()
	id, at := raft.ServerID(n.o.Self.ID), raft.ServerAddress(n.o.Self.Address)
	request := raft.TimeoutNowRequest{RPCHeader: raft.RPCHeader{
		ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(id), Addr: n.transport.EncodePeer(id, at),
	}}
	if err := n.transport.TimeoutNow(id, at, &request, &raft.TimeoutNowResponse{}); err != nil {
		c.t.Fatal(err)
	}
}

// set writes keys on the leading machine, each with a value of its own or the one behind =.
func set(t testing.TB, n *Node, keys ...string) {
	t.Helper()
	err := n.Update(context.Background(), kv.NewOp(), func(tx kv.Tx) error {
		for _, key := range keys {
			key, value, ok := strings.Cut(key, "=")
			if !ok {
				value = "of " + key
			}
			if err := tx.Set([]byte(key), []byte(value)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("Update = %v", err)
	}
}

// content is everything in a machine's copy.
func content(t testing.TB, n kv.Snapshotter) string {
	t.Helper()
	var all strings.Builder
	err := n.Each(context.Background(), nil, func(key, value []byte) error {
		fmt.Fprintf(&all, "%q=%q ", key, value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// equal waits until all machines have what the leading one has, and compares.
func (c *cluster) equal(leader *Node) {
	c.t.Helper()
	const last = "\xff\xfflast"
	mark := string(kv.NewOp()) // another one each time: a machine that lags has an older one
	arrived := map[*Node]<-chan kv.Event{}
	for _, n := range c.running() {
		events, err := n.Watch(c.within(), []byte(last))
		if err != nil {
			c.t.Fatal(err)
		}
		arrived[n] = events
	}
	set(c.t, leader, last+"="+mark)
	first := ""
	for i, n := range c.running() {
		if !arrives(c.t, n, arrived[n], last, mark) {
			c.t.Fatalf("%s does not catch up", n.o.Self.ID)
		}
		got := content(c.t, n)
		if i == 0 {
			first = got
		}
		if got != first {
			c.t.Errorf("%s has another content than the first: %s", n.o.Self.ID, difference(first, got))
		}
	}
}

// arrives waits until a copy has this value. An event only says that it is worth looking: a
// copy that another machine sends announces that everything may have changed, and may be
// older than the value.
func arrives(t testing.TB, s kv.Snapshotter, events <-chan kv.Event, key, value string) bool {
	t.Helper()
	for {
		found := false
		err := s.Each(context.Background(), []byte(key), func(k, v []byte) error {
			found = found || string(k) == key && string(v) == value
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if found {
			return true
		}
		if _, ok := <-events; !ok {
			return false
		}
	}
}

// difference names the first keys that only one of two contents has.
func difference(first, second string) string {
	one, two := strings.Fields(first), strings.Fields(second)
	only := func(these, those []string) []string {
		these = slices.DeleteFunc(slices.Clone(these), func(k string) bool { return slices.Contains(those, k) })
		return these[:min(5, len(these))]
	}
	return fmt.Sprintf("only there %q, only here %q", only(one, two), only(two, one))
}

func (c *cluster) within() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	c.t.Cleanup(cancel)
	return ctx
}
