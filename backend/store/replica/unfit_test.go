package replica

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
)

// ofOne makes a machine alone, which leads in as many terms as it is told, and writes in the
// last of them. It returns its log's directory. The machine is stopped.
func ofOne(t *testing.T, terms int, last func(n *Node)) (c *cluster, log string) {
	t.Helper()
	c = newCluster(t, Options{Heartbeat: calm, trailing: 10}, "a")
	n := c.elect(c.nodes["a"])
	for range terms - 1 {
		c.close("a", true)
		n = c.elect(c.open("a", c.first))
	}
	for i := range 50 {
		set(t, n, fmt.Sprint("k", i))
	}
	last(n)
	c.close("a", true)
	return c, c.storeDir("a") + ".log"
}

func refuses(t *testing.T, c *cluster, what string) {
	t.Helper()
	var told *kv.DirError
	if n, err := c.tryOpen("a", c.first); !errors.As(err, &told) || told.Problem != kv.DirDamaged {
		t.Errorf("%s: Open = %v", what, err)
		if n != nil {
			c.close("a", false)
		}
	}
}

// The log was cut up to the last entry, and then its end was lost. That looks like the moment
// after a copy was installed, before raft has emptied the log; and it is no such moment: what
// this machine has acknowledged behind its last entry may be gone, too.
func TestALogThatLostItsEndAfterACut(t *testing.T) {
	c, dir := ofOne(t, 1, func(n *Node) {
		if err := n.raft.Snapshot().Error(); err != nil {
			t.Fatal(err)
		}
		p, err := n.engine.Progress(t.Context())
		if err != nil || p.Cut != p.Applied.Index || p.Copied == p.Applied.Index {
			t.Fatalf("it is at %+v, %v", p, err)
		}
	})
	segments, err := filepath.Glob(filepath.Join(dir, "*.wal"))
	if err != nil || len(segments) != 1 {
		t.Fatalf("the log has the files %q, %v", segments, err)
	}
	data, err := os.ReadFile(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	end := bytes.LastIndex(data, []byte("of k45"))
	if err := os.WriteFile(segments[0], data[:end], 0o600); err != nil {
		t.Fatal(err)
	}
	refuses(t, c, "a log without its end")
}

// The log is that of another machine, of another history.
func TestALogOfAnotherHistory(t *testing.T) {
	c, dir := ofOne(t, 1, func(*Node) {})
	_, other := ofOne(t, 3, func(n *Node) { set(t, n, "more") })
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(other)), os.Chmod(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	refuses(t, c, "a log of another history")
}

// A copy was installed, and the process ended before raft had emptied the log: the old log
// is there beside the new store. The next start goes on from the copy.
func TestACrashBetweenACopyAndItsLog(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm, trailing: 1}, "a", "b", "c")
	leader := c.elect(c.nodes["a"])
	set(t, leader, "first")
	c.equal(leader)
	c.close("c", false)
	for i := range 50 {
		set(t, leader, fmt.Sprint("k", i))
	}
	alone, err := badger.Open(badger.Options{Config: kv.Config{Dir: c.storeDir("c"), MinFree: 1}})
	if err != nil {
		t.Fatal(err)
	}
	install(t, leader.engine, alone)
	if err := alone.Close(); err != nil {
		t.Fatal(err)
	}
	n := c.open("c", c.first)
	if got, want := content(t, n), content(t, leader); got != want {
		t.Errorf("it begins with another content: %s", difference(want, got))
	}
	set(t, leader, "afterwards")
	c.equal(leader)
	c.close("c", false)
	c.open("c", c.first)
	c.equal(leader)
}
