package replica

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"doorward/backend/store/kv"
)

// The log is cut by itself on every machine, up to what each of them has applied, and keeps
// what a machine that lags may need. What was cut is gone from the disk, file by file. A
// machine that was stopped meanwhile starts with such a log, and goes on.
func TestTheLogIsBounded(t *testing.T) {
	const threshold, trailing = 40, 20
	o := Options{Heartbeat: calm, threshold: threshold, trailing: trailing, cutEvery: 5 * time.Millisecond}
	c := newCluster(t, o, "a", "b", "c")
	leader := c.elect(c.nodes["a"])
	value := bytes.Repeat([]byte("x"), kv.MaxValue)
	write := func(i int) {
		t.Helper()
		err := leader.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
			return tx.Set(fmt.Appendf(nil, "k%d", i%8), value)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const enough = 5 * segmentBytes / kv.MaxValue // five files of the log
	deadline := time.Now().Add(patience)
	for i := 0; ; i++ {
		write(i)
		bounded := 0
		for _, n := range c.running() {
			first, last := span(t, n)
			if applied := n.engine.Applied(); first > applied+1 {
				t.Fatalf("%s has cut entry %d, and has applied %d", n.o.Self.ID, first-1, applied)
			}
			if last >= enough && last-first+1 <= threshold+trailing+1 {
				bounded++
			}
		}
		if i >= enough && bounded == 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the logs are not cut")
		}
	}
	c.equal(leader)
	for _, n := range c.running() {
		first, last := span(t, n)
		files, err := filepath.Glob(filepath.Join(n.o.LogDir, "*.wal"))
		if err != nil {
			t.Fatal(err)
		}
		size := int64(0)
		for _, name := range files {
			if info, err := os.Stat(name); err == nil {
				size += info.Size()
			}
		}
		// The file that is being written, the one in which the first entry is, and one ahead.
		if len(files) > 3 || last-first+1 < trailing {
			t.Errorf("%s has the entries %d to %d in %d files of %d bytes", n.o.Self.ID, first, last, len(files), size)
		}
	}
	c.close("b", true)
	write(0)
	c.open("b", c.first)
	c.equal(leader)
}

func span(t *testing.T, n *Node) (first, last uint64) {
	t.Helper()
	first, err := n.log.FirstIndex()
	if err != nil {
		t.Fatal(err)
	}
	if last, err = n.log.LastIndex(); err != nil {
		t.Fatal(err)
	}
	return first, last
}
