package replica

import (
	"errors"
	"fmt"
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
