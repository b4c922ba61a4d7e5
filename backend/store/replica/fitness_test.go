package replica

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"doorward/backend/store/kv"
)

// An entry for which the disk has no room is applied when there is some, and not skipped. A machine
// that closes meanwhile does not wait for it.
func TestAnEntryWaitsForRoom(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a")
	n := c.elect(c.nodes["a"])
	full := &kv.FullError{Dir: n.o.Dir, Task: kv.ToWrite, Err: errors.New("no space left on device")}
	tries := 0
	err := n.withRoom(func() error {
		if tries++; tries < 4 {
			return full
		}
		if !n.short.Load() {
			t.Error("nobody is told that it waits")
		}
		return nil
	})
	if err != nil || tries != 4 || n.short.Load() {
		t.Errorf("after %d tries: %v; it waits: %v", tries, err, n.short.Load())
	}
	ended := make(chan error)
	go func() { ended <- n.withRoom(func() error { return full }) }()
	c.close("a", true)
	if err := <-ended; !isFull(err) {
		t.Errorf("when it closed: %v", err)
	}
}

// A machine whose disk is full, or which has met damage in its copy, does not lead while another can.
// It goes on as one that follows.
func TestAnUnfitMachineGivesTheLeadAway(t *testing.T) {
	damage := fmt.Errorf("%w: a value", kv.ErrCorrupt)
	tests := []struct {
		name string
		meet func(n *Node)
	}{
		{"an entry waits for room", func(n *Node) { n.short.Store(true) }},
		{"a View meets damage", func(n *Node) {
			if err := n.View(t.Context(), func(kv.Tx) error { return damage }); !errors.Is(err, damage) {
				t.Errorf("View = %v", err)
			}
		}},
		{"an Update meets damage", func(n *Node) {
			err := n.Update(t.Context(), kv.NewOp(), func(kv.Tx) error { return damage })
			if !errors.Is(err, damage) {
				t.Errorf("Update = %v", err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster(t, Options{Heartbeat: calm}, "a", "b", "c")
			unfit := c.elect(c.nodes["a"])
			set(t, unfit, "before")
			tt.meet(unfit)
			leader := c.leading(unfit)
			set(t, leader, "after")
			c.equal(leader)
		})
	}
}

// If every copy has the same damage, the lead stays somewhere, for longer each time.
func TestADamagedCopyKeepsTheLeadForLonger(t *testing.T) {
	var y yielding
	now := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, stays := range []time.Duration{0, 1, 2, 4, 8, 16} {
		now = now.Add(stays * time.Second)
		if stays > 0 && y.due(now.Add(-1)) {
			t.Errorf("it gives the lead away before %d seconds", stays)
		}
		if !y.due(now) {
			t.Errorf("it does not give the lead away after %d seconds", stays)
		}
	}
	for range 20 {
		now = now.Add(maxHarmPause)
		if !y.due(now) {
			t.Error("it does not give the lead away within an hour")
		}
	}
}

// What a machine lacks is damaged in the log, or in the tables, of the one that leads, which finds that
// out when it sends it. It gives the lead to another, from which the machine gets what it lacks.
func TestWhatIsDamagedIsSentByAnother(t *testing.T) {
	tests := []struct {
		name     string
		trailing uint64
		files    string
	}{
		{"in the log", 1000, ".log/*.wal"},
		{"in a table", 1, "/*/*.sst"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster(t, Options{Heartbeat: quick, trailing: tt.trailing}, "a", "b", "c")
			set(t, c.elect(c.nodes["a"]), "before")
			c.close("c", true)
			for kept := 0; kept < 3*cachedEntries; {
				err := c.leading().Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
					return tx.Set(fmt.Append(nil, "k", kept), fmt.Appendf(nil, "%0200d", kept))
				})
				switch {
				case err == nil:
					kept++
				case !errors.Is(err, kv.ErrUnavailable) && !errors.Is(err, kv.ErrUnknownOutcome):
					t.Fatal(err)
				}
			}
			c.close("a", true) // which makes tables
			c.open("a", c.first)
			harmed := c.elect(c.nodes["a"])
			for _, n := range c.running() {
				if err := n.raft.Snapshot().Error(); err != nil {
					t.Fatal(err)
				}
			}
			spoilMiddle(t, c.storeDir("a")+tt.files)
			c.open("c", c.first)
			leader := c.leading(harmed)
			if harmed.Harm() == nil {
				t.Error("it does not know of the damage")
			}
			c.close("a", true)
			c.equal(leader)
		})
	}
}

// spoilMiddle changes bytes in the middle of what is used of some files.
func spoilMiddle(t *testing.T, pattern string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no files %s, %v", pattern, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		at := len(bytes.TrimRight(data, "\x00")) / 3
		f, err := os.OpenFile(file, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i := range data[at : at+8] {
			data[at+i] ^= 0xff
		}
		_, err = f.WriteAt(data[at:at+8], int64(at))
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
}
