package replica

import (
	"errors"
	"time"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
)

const (
	roomRetry    = 100 * time.Millisecond // how often an entry that has no room is tried again
	fitnessEvery = 250 * time.Millisecond
	harmPause    = time.Second // between two times that a damaged copy gives the lead away, at first
	maxHarmPause = time.Hour
)

// withRoom applies an entry. On a full disk it waits for room, and everything that comes later waits
// with it: a machine that went on without an entry would be no copy any more, and one that stopped
// would have to be started again. Badger itself waits for room in the same way (badger/room.go).
func (n *Node) withRoom(apply func() error) error {
	err := apply()
	for waits := false; isFull(err) && n.ctx.Err() == nil; err = apply() {
		if !waits {
			n.o.Logger.Error("the disk is full: what the other machines send waits until there is room", "err", err)
			waits = true
			n.short.Store(true)
		}
		select {
		case <-time.After(roomRetry):
		case <-n.ctx.Done():
		}
	}
	if n.short.Swap(false) {
		n.o.Logger.Warn("there is room on the disk again")
	}
	return err
}

func isFull(err error) bool {
	var full *kv.FullError
	return errors.As(err, &full)
}

// noteHarm notes that this machine's copy is damaged, if that is what err says, and returns err. A
// damaged copy takes what the others send, and has a vote, so that the cluster survives the loss of
// another machine meanwhile; but it does not lead as long as another one can.
func (n *Node) noteHarm(err error) error {
	if errors.Is(err, kv.ErrCorrupt) && n.harmed.CompareAndSwap(nil, &err) {
		n.o.Logger.Error("this machine's copy of the store is damaged: remove the machine from the cluster, then run "+
			"here: doorward cluster rejoin", "err", err)
	}
	return err
}

// Harm returns why this machine is known to have no sound copy; nil if nothing is known.
func (n *Node) Harm() error {
	if err := n.failure(); err != nil {
		return err
	}
	if err := n.harmed.Load(); err != nil {
		return *err
	}
	return nil
}

// A yielding says when a machine with a damaged copy gives the lead away. If all copies are damaged in
// the same way, the lead would never stay anywhere: so each time it keeps it for twice as long.
type yielding struct {
	pause time.Duration
	last  time.Time
}

func (y *yielding) due(now time.Time) bool {
	if now.Sub(y.last) < y.pause {
		return false
	}
	y.last, y.pause = now, min(max(harmPause, 2*y.pause), maxHarmPause)
	return true
}

// mindFitness gives the lead away while this machine cannot serve well.
func (n *Node) mindFitness() {
	var harm yielding
	tick := time.NewTicker(fitnessEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-n.stopped:
			return
		}
		if n.raft.State() != raft.Leader || !n.short.Load() && (n.harmed.Load() == nil || !harm.due(time.Now())) {
			continue
		}
		over := make(chan struct{})
		go func() { n.giveAway(n.raft.CurrentTerm()); close(over) }()
		select {
		case <-over:
		case <-n.stopped: // raft may have forgotten about it
			return
		}
	}
}
