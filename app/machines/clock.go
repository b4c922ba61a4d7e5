package machines

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"doorward/backend/cluster"
	"doorward/backend/store/replica"
)

// What expires does so by the clock of the machine that leads. Each machine compares its clock with
// those of all that answer, and does not lead while it differs from most of them: it hands the lead
// over before it serves, or as soon as it knows. One wrong clock of three can so not end anything,
// nor make the others step back.
//
// Of two clocks that differ nobody knows which is right. If the machine that leads stepped back then,
// the other one would have to do the same. So the lead stays, and the log and doctor say it.

// clockEvery is how often a machine compares its clock with the others'.
const clockEvery = 5 * time.Second

// clocks are how the machines' clocks compare, as of the last look.
type clocks struct {
	off    atomic.Int64                             // of this machine's, ahead of most of the others', if too much
	differ atomic.Bool                              // some other differs too much from this one's
	heard  atomic.Pointer[map[cluster.NodeID]heard] // nil: not yet
}

// offBy is by how much a clock differs from most of those that are heard, itself among them, if that
// is too much to lead: positive if it is ahead. ahead says for each of the others how far that one is
// ahead of it. known reports whether most of them agree about that; else nobody can tell.
func offBy(ahead []time.Duration) (off time.Duration, known bool) {
	off = middle(ahead)
	near, apart := 1, 0
	for _, a := range ahead {
		switch {
		case a.Abs() <= cluster.MaxSkew:
			near++
		case off != 0 && (a > 0) == (off < 0):
			apart++
		}
	}
	heard := len(ahead) + 1
	switch {
	case 2*near > heard:
		return 0, heard > 1
	case 2*apart > heard:
		return off, true
	}
	return 0, off == 0 && heard%2 == 1
}

// middle is by how much a clock is ahead of the one in the middle, itself among them. Of an even
// number, the one that is nearer to it is in the middle.
func middle(ahead []time.Duration) time.Duration {
	all := append(slices.Clone(ahead), 0)
	slices.Sort(all)
	low, high := all[(len(all)-1)/2], all[len(all)/2]
	if low.Abs() < high.Abs() {
		return -low
	}
	return -high
}

// watchClock compares this machine's clock with the others' at all times, whoever leads.
func (m *machine) watchClock() {
	look := time.NewTicker(clockEvery)
	defer look.Stop()
	for {
		said := m.statuses(m.ctx)
		m.compare(said)
		if m.clocks.off.Load() != 0 && m.store.Load().Leads() {
			if err := m.handOver(m.ctx, m.isRight(said)); err != nil && m.ctx.Err() == nil {
				m.log.Warn("this machine's clock is wrong, and the lead was not handed over", "err", err)
			}
		}
		select {
		case <-look.C:
		case <-m.ctx.Done():
			return
		}
	}
}

// compare notes whether this machine's clock is right, and says so in the log when that changes.
// While nobody can tell, because others do not answer, it is what it was.
func (m *machine) compare(said map[cluster.NodeID]heard) {
	m.clocks.heard.Store(&said)
	ahead := aheadOf(said, m.identity.Node())
	off, known := offBy(ahead)
	was := time.Duration(m.clocks.off.Load())
	if known {
		m.clocks.off.Store(int64(off))
	}
	far := func(a time.Duration) bool { return a.Abs() > cluster.MaxSkew }
	differ := slices.ContainsFunc(ahead, far)
	differed := m.clocks.differ.Swap(differ)
	switch {
	case off != 0 && was == 0:
		m.log.Warn("this machine's clock is wrong: it does not lead until that is corrected",
			"ahead", off.Round(time.Second), "of", len(ahead))
	case known && off == 0 && was != 0:
		m.log.Info("this machine's clock is right again")
	case was == 0 && differ && !differed:
		m.log.Warn("the clock of another machine differs; things expire by that of the one that leads",
			"ahead", ahead)
	}
}

// aheadOf is how far the clocks of the others are ahead of one machine's.
func aheadOf(said map[cluster.NodeID]heard, one cluster.NodeID) (all []time.Duration) {
	for id, s := range said {
		if id != one {
			all = append(all, s.ahead-said[one].ahead)
		}
	}
	return all
}

// isRight reports of a machine whether its clock is right, where this one's is known to be wrong.
func (m *machine) isRight(said map[cluster.NodeID]heard) func(replica.Member) bool {
	off := time.Duration(m.clocks.off.Load())
	return func(h replica.Member) bool {
		s, ok := said[cluster.NodeID(h.ID)]
		return ok && (s.ahead+off).Abs() <= cluster.MaxSkew
	}
}

// wasWrong reports of a machine whether its clock was wrong when it was last compared.
func (m *machine) wasWrong(h replica.Member) bool {
	said := m.clocks.heard.Load()
	if said == nil {
		return false
	}
	return isWrong(*said, cluster.NodeID(h.ID))
}

// isWrong reports whether the clock of a machine is wrong that has answered.
func isWrong(said map[cluster.NodeID]heard, id cluster.NodeID) bool {
	off, _ := offBy(aheadOf(said, id))
	_, answers := said[id]
	return answers && off != 0
}

// yield hands the lead over that this machine has just won, if its clock is known to be wrong. It
// serves all the same if there is nobody else: it is then known to be wrong, and watched.
func (m *machine) yield(ctx context.Context) {
	if m.clocks.off.Load() == 0 {
		return
	}
	said := m.statuses(ctx)
	if m.compare(said); m.clocks.off.Load() == 0 {
		return
	}
	right, all := m.isRight(said), []replica.Member(nil)
	have, err := m.node.Members()
	for _, h := range have {
		if h.Votes && h.ID != m.self().ID && right(h) {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b replica.Member) int {
		return int(said[cluster.NodeID(b.ID)].Applied) - int(said[cluster.NodeID(a.ID)].Applied)
	})
	for _, h := range all {
		if err = m.node.HandOverTo(h.Peer); err == nil {
			m.log.Info("the lead was handed over, because this machine's clock is wrong", "to", h.Address)
			return
		}
	}
	m.log.Warn("this machine's clock is wrong, and no other one takes the lead", "err", err)
}
