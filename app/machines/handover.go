package machines

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"doorward/backend/cluster"
	"doorward/backend/store/replica"
)

// A handing is a hand-over of the lead.
type handing struct {
	now   atomic.Bool // it is under way: this machine says that nobody leads
	drain atomic.Pointer[func(context.Context)]
}

// The times of a hand-over.
const (
	drainWithin = time.Second // for requests at hand to be answered
	moveWithin  = 2 * time.Second
	knownWithin = time.Second
	roomEvery   = time.Second
	roomToTake  = 2 // a machine takes the lead for its disk if it has so many times its floor
)

// BeforeHandOver implements app.Machine.
func (m *machine) BeforeHandOver(drain func(context.Context)) { m.handing.drain.Store(&drain) }

// HandOver implements app.Machine.
func (m *machine) HandOver(ctx context.Context) {
	if !m.store.Load().Leads() {
		return
	}
	if err := m.handOver(ctx, anyOther); err != nil {
		m.log.Warn("the lead was not handed over", "err", err)
		return
	}
	m.awaitKnown(ctx)
}

// awaitKnown waits until no other machine believes that this one leads: a change that it forwards
// here when this one has closed its port may have been done, as far as it can tell.
func (m *machine) awaitKnown(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, knownWithin)
	defer cancel()
	for m.believedToLead(ctx) {
		select {
		case <-time.After(seekPause):
		case <-ctx.Done():
			return
		}
	}
}

func (m *machine) believedToLead(ctx context.Context) bool {
	self := m.identity.Node()
	for id, s := range m.statuses(ctx) {
		if id != self && s.Leader == self {
			return true
		}
	}
	return false
}

func anyOther(replica.Member) bool { return true }

// handOver gives the lead to the machine that lacks least of those that answer and fit. If there
// is none, nothing happens.
func (m *machine) handOver(ctx context.Context, fits func(replica.Member) bool) error {
	to, err := m.successor(ctx, fits)
	if err != nil || to == nil {
		return err
	}
	if !m.handing.now.CompareAndSwap(false, true) {
		return nil
	}
	defer m.handing.now.Store(false)
	began := time.Now()
	m.drain(ctx)
	if err := m.node.HandOverTo(to.Peer); err != nil {
		return err
	}
	if !m.awaitAnother(ctx) {
		return errors.New("no other machine leads yet")
	}
	m.log.Info("the lead was handed over", "to", to.Address, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// successor is who lacks least of those that answer and fit; nil if nobody does. One whose clock is
// wrong comes last.
func (m *machine) successor(ctx context.Context, fits func(replica.Member) bool) (*replica.Member, error) {
	have, err := m.node.Members()
	if err != nil {
		return nil, err
	}
	standings, err := m.node.Standings(ctx)
	if err != nil {
		return nil, err
	}
	have = slices.DeleteFunc(have, func(h replica.Member) bool {
		return !h.Votes || h.ID == m.self().ID || !standings[h.ID].Answers || !fits(h)
	})
	if right := slices.DeleteFunc(slices.Clone(have), m.wasWrong); len(right) > 0 {
		have = right // another would only hand it on
	}
	if len(have) == 0 {
		return nil, nil
	}
	least := slices.MinFunc(have, func(a, b replica.Member) int {
		return int(standings[a.ID].Behind) - int(standings[b.ID].Behind)
	})
	return &least, nil
}

func (m *machine) drain(ctx context.Context) {
	wait := m.handing.drain.Load()
	if wait == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, drainWithin)
	defer cancel()
	(*wait)(ctx)
}

// awaitAnother waits until another machine leads, and returns whether one does.
func (m *machine) awaitAnother(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, moveWithin)
	defer cancel()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		if id := m.node.LeaderAt().ID; id != "" && id != m.self().ID {
			return true
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return false
		}
	}
}

// mindRoom hands the lead over when this machine's disk is too full for changes, if another has
// plenty of room, until ctx ends.
func (m *machine) mindRoom(ctx context.Context) {
	look := time.NewTicker(roomEvery)
	defer look.Stop()
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
		if !m.status().Low() {
			continue
		}
		if err := m.handOver(m.ctx, m.hasRoom(ctx)); err != nil && ctx.Err() == nil {
			m.log.Warn("the disk is nearly full, and the lead was not handed over", "err", err)
		}
	}
}

// hasRoom reports of a machine whether it has plenty of disk.
func (m *machine) hasRoom(ctx context.Context) func(replica.Member) bool {
	all := m.statuses(ctx)
	return func(h replica.Member) bool {
		s, ok := all[cluster.NodeID(h.ID)]
		return ok && s.Free >= roomToTake*s.Floor
	}
}
