package replica

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger/badgertest"
)

const secret = "zebedee@forgotten.example"

// forgets writes something and deletes it, as someone who was invited and rejected.
func forgets(t *testing.T, leader *Node) {
	t.Helper()
	set(t, leader, "member="+secret, "by/"+secret)
	set(t, leader, "member=gone")
	err := leader.Update(context.Background(), kv.NewOp(), func(tx kv.Tx) error {
		return tx.Delete([]byte("by/" + secret))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// left is in which files of a machine something is left of it.
func (c *cluster) left(name string) (files []string) {
	c.t.Helper()
	for _, dir := range []string{c.storeDir(name), c.storeDir(name) + ".log"} {
		found, err := badgertest.Traces(dir, []string{secret})
		for errors.Is(err, fs.ErrNotExist) { // a file is just being deleted
			found, err = badgertest.Traces(dir, []string{secret})
		}
		if err != nil {
			c.t.Fatal(err)
		}
		files = append(files, found[secret]...)
	}
	return files
}

func (c *cluster) compacts(names ...string) {
	c.t.Helper()
	for _, name := range names {
		if err := c.nodes[name].Compact(c.within()); err != nil {
			c.t.Fatalf("Compact of %s = %v", name, err)
		}
		if files := c.left(name); len(files) > 0 {
			c.t.Errorf("%s has it in %v", name, files)
		}
	}
}

func (c *cluster) has(names ...string) {
	c.t.Helper()
	for _, name := range names {
		if len(c.left(name)) == 0 {
			c.t.Fatalf("%s has nothing to erase", name)
		}
	}
}

// What was deleted is in no file of a machine that was compacted, the log included. The machines
// then go on from their copies, whoever leads, and none of them needs a copy of another.
func TestNothingDeletedIsLeft(t *testing.T) {
	names := []string{"a", "b", "c"}
	c := newCluster(t, Options{Heartbeat: calm}, names...)
	leader := c.elect(c.nodes["a"])
	forgets(t, leader)
	c.equal(leader)
	c.has(names...)
	c.compacts(names...)
	want := content(t, leader)
	for _, name := range names { // with nothing but what was compacted
		c.close(name, false)
	}
	for _, name := range names {
		c.open(name, nil)
	}
	for _, name := range names {
		next := c.elect(c.nodes[name])
		if got := content(t, next); got != want {
			t.Errorf("led by %s: %s", name, difference(want, got))
		}
		set(t, next, "by "+name)
		c.equal(next)
		want = content(t, next)
	}
	c.noneWasCopied(names...)
}

// noneWasCopied fails the test if a machine that has compacted once has got a copy of another.
func (c *cluster) noneWasCopied(names ...string) {
	c.t.Helper()
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(c.storeDir(name), "CURRENT"))
		if err != nil || !strings.HasSuffix(string(text), " 000002\n") {
			c.t.Errorf("%s has got a copy: it is at %q, %v", name, text, err)
		}
	}
}

// A machine that was just started, and has applied nothing since, has it in its log as well.
func TestNothingDeletedIsLeftAfterAStart(t *testing.T) {
	names := []string{"a", "b", "c"}
	c := newCluster(t, Options{Heartbeat: calm}, names...)
	leader := c.elect(c.nodes["a"])
	forgets(t, leader)
	c.equal(leader)
	c.close("c", false)
	c.open("c", nil)
	c.has("c")
	c.compacts("c")
	c.close("c", false)
	c.open("c", nil)
	set(t, leader, "afterwards")
	c.equal(leader)
}

// While changes come in, the file that is written to is deleted as well: at a moment without one,
// or when it is full. Nobody who is acknowledged meanwhile is lost.
func TestNothingDeletedIsLeftWhileOthersWrite(t *testing.T) {
	names := []string{"a", "b", "c"}
	c := newCluster(t, Options{Heartbeat: calm}, names...)
	leader := c.elect(c.nodes["a"])
	forgets(t, leader)
	c.equal(leader)
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	var mu sync.Mutex
	kept := map[string]bool{}
	for w := range 4 {
		writers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				key := fmt.Sprintf("k%d/%d", w, i)
				err := leader.Update(context.Background(), kv.NewOp(), func(tx kv.Tx) error {
					return tx.Set([]byte(key), make([]byte, 16<<10))
				})
				if err != nil {
					t.Errorf("Update = %v", err)
					return
				}
				mu.Lock()
				kept[key] = true
				mu.Unlock()
			}
		})
	}
	c.compacts(names...)
	stop()
	writers.Wait()
	c.equal(leader)
	c.noneWasCopied(names...)
	for _, name := range names {
		has := map[string]bool{}
		err := c.nodes[name].Each(t.Context(), []byte("k"), func(key, _ []byte) error {
			has[string(key)] = true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for key := range kept {
			if !has[key] {
				t.Errorf("%s lacks %s", name, key)
			}
		}
	}
}

// A machine is down while the others compact. They do not wait for it, and it still has what was
// deleted. When it is back it gets a copy in place of the entries that were cut, and then nothing
// is left there either.
func TestAMachineThatWasDownForgetsWithItsCopy(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a", "b", "c")
	leader := c.elect(c.nodes["a"])
	set(t, leader, "member="+secret, "by/"+secret)
	c.equal(leader)
	c.close("c", false)
	forgets(t, leader)
	c.compacts("a", "b")
	c.has("c")
	c.open("c", nil)
	c.equal(leader)
	late := c.within()
	for files := c.left("c"); len(files) > 0; files = c.left("c") { // what was replaced goes in the background
		select {
		case <-time.After(10 * time.Millisecond):
		case <-late.Done():
			t.Fatalf("c has it in %v", files)
		}
	}
}

// While the leading machine empties its log, it leaves what a machine lacks that answers, and the
// entry before that, by which raft sees that they fit.
func TestWhatOthersLackIsNotCut(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a")
	n := c.elect(c.nodes["a"])
	for i := range 10 {
		set(t, n, fmt.Sprint("k", i))
	}
	last := n.raft.LastIndex()
	for _, tt := range []struct{ spared, up, want uint64 }{
		{last - 5, last, last - 5},     // they lack five
		{last - 5, last - 6, last - 5}, // nothing is left to cut
		{last - 2, last - 2, last - 1}, // they have the last one that is cut
		{last, last, 0},                // they have all
	} {
		n.spared.Store(tt.spared)
		first, err := n.log.FirstIndex()
		if err == nil {
			err = n.entries.DeleteRange(first, tt.up)
		}
		got, ferr := n.log.FirstIndex()
		if err := errors.Join(err, ferr); err != nil || got != tt.want {
			t.Errorf("cut up to %d of %d, others have %d: it begins with %d, %v, want %d", tt.up, last, tt.spared, got,
				err, tt.want)
		}
	}
	c.close("a", false)
}
