package machines

import (
	"context"
	"sync"
	"time"

	"doorward/app"
	"doorward/backend/cluster"
	"doorward/backend/store"
)

// status is how this machine is.
func (m *machine) status() cluster.Status {
	s := cluster.Status{Now: m.o.Now().UTC(), Version: m.o.Version, Schema: store.Schema(), Applied: m.applied(),
		Ends: m.identity.Certificate().NotAfter}
	if m.store.Load() == nil {
		return s
	}
	s.Leader, s.Harmed = cluster.NodeID(m.node.LeaderAt().ID), m.node.Harm() != nil
	free, floor, err := m.node.Room()
	s.Floor = floor
	if err == nil {
		s.Free = free
	}
	return s
}

// statuses asks the other machines how they are, at the same time. Those that do not answer are
// not among them.
func (m *machine) statuses(ctx context.Context) map[cluster.NodeID]heard {
	ctx, cancel := context.WithTimeout(ctx, statusesWithin)
	defer cancel()
	var mu sync.Mutex
	all := map[cluster.NodeID]heard{m.identity.Node(): {Status: m.status()}}
	var asked sync.WaitGroup
	for _, k := range m.members() {
		if k.ID == m.identity.Node() {
			continue
		}
		asked.Go(func() {
			began := m.o.Now()
			n, err := m.port.Ask(ctx, k.ID)
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			all[k.ID] = heard{n.Status, aheadBy(n.Status.Now, began, m.o.Now())}
		})
	}
	asked.Wait()
	return all
}

// A heard status is another machine's. Its clock is ahead of this one's.
type heard struct {
	cluster.Status
	ahead time.Duration
}

// aheadBy is by how much a clock that was read between two moments of this machine's is ahead.
func aheadBy(its, from, to time.Time) time.Duration {
	switch {
	case its.After(to):
		return its.Sub(to)
	case its.Before(from):
		return its.Sub(from)
	}
	return 0
}

// statusesWithin is how long another machine may take to say how it is.
const statusesWithin = 2 * time.Second

// Health implements app.Machine.
func (m *machine) Health(ctx context.Context) (all []app.MachineHealth) {
	said, leader := m.statuses(ctx), m.node.LeaderAt().ID
	newest := uint64(0)
	for _, s := range said {
		newest = max(newest, s.Applied)
	}
	off := middle(aheadOf(said, m.identity.Node()))
	for _, k := range m.members() {
		h := app.MachineHealth{Name: k.Name, Leads: string(k.ID) == leader, Self: k.ID == m.identity.Node(),
			Leaves: k.Role == cluster.Leaving}
		if s, ok := said[k.ID]; ok {
			h.Answers, h.Behind, h.Ahead = true, newest-s.Applied, s.ahead+off
			h.WrongClock, h.Harmed = isWrong(said, k.ID), s.Harmed
			h.Free, h.Floor, h.Version, h.CertificateEnds = s.Free, s.Floor, s.Version, s.Ends
		}
		all = append(all, h)
	}
	return all
}
