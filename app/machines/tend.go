package machines

import (
	"context"
	"errors"
	"slices"
	"time"

	"doorward/backend/cluster"
	"doorward/backend/store"
	"doorward/backend/store/replica"
)

// maxBehind is how many entries a machine may lack and still get a vote: it has them within a
// heartbeat or two.
const maxBehind = 64

// lead does what the leading machine does for the cluster, until ctx ends.
func (m *machine) lead(ctx context.Context) {
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-m.kick:
		case <-again.C:
		case <-ctx.Done():
			return
		}
		left, err := m.tend(ctx)
		if err != nil && ctx.Err() == nil {
			m.log.Warn("the cluster's list of machines is not what it should be yet", "err", err)
		}
		if left || err != nil {
			again.Reset(tendEvery)
		}
	}
}

// tend makes raft's list of machines follow the records, one step at a time, and gives a vote
// to those that have caught up. It reports whether something is left to do. Each step is made
// only if it is needed, so it does not matter where an earlier leading machine has stopped.
func (m *machine) tend(ctx context.Context) (left bool, err error) {
	var kept []cluster.Member
	if err := m.store.Load().View(ctx, func(tx *store.Tx) (err error) {
		kept, err = store.MachinesIn(tx).List()
		return err
	}); err != nil {
		return true, err
	}
	if me := recordOf(kept, m.self().ID); me != nil && me.Role == cluster.Leaving {
		return true, m.handOver(m.ctx, anyOther) // which can remove this one
	}
	if id := m.told.Load(); id != nil && recordOf(kept, string(*id)) != nil {
		return true, nil
	}
	have, err := m.node.Members()
	if err != nil {
		return true, err
	}
	if err := m.drop(ctx, kept, have); err != nil {
		return true, err
	}
	if err := m.add(kept, have); err != nil {
		return true, err
	}
	left, err = m.promote(ctx, kept)
	waits, raising := m.raise(ctx)
	return left || waits, errors.Join(err, raising)
}

// drop takes away the copy and the vote of machines that leave, and then forgets them, whereupon
// all close their connections to them. The other way round, one without which the rest is no
// majority could not be removed any more: nobody would reach it.
func (m *machine) drop(ctx context.Context, kept []cluster.Member, have []replica.Member) error {
	for _, h := range have {
		k := recordOf(kept, h.ID)
		if h.ID == m.self().ID || k != nil && k.Role != cluster.Leaving {
			continue
		}
		if err := m.node.Remove(h.ID); err != nil {
			return err
		}
		m.log.Info("a machine was removed from the cluster", "node", h.ID, "address", h.Address)
	}
	for _, k := range kept {
		if k.Role != cluster.Leaving {
			continue
		}
		err := m.store.Load().Update(ctx, func(tx *store.Tx) error { return store.MachinesIn(tx).Forget(k.ID) })
		if err != nil {
			return err
		}
	}
	return nil
}

// add gives a copy to machines that have joined, or that have another address now.
func (m *machine) add(kept []cluster.Member, have []replica.Member) error {
	for _, k := range kept {
		known := slices.ContainsFunc(have, func(h replica.Member) bool {
			return h.ID == string(k.ID) && h.Address == k.Address
		})
		if known || k.Role == cluster.Leaving || string(k.ID) == m.self().ID {
			continue
		}
		if err := m.node.Add(replica.Peer{ID: string(k.ID), Address: k.Address}, false); err != nil {
			return err
		}
		m.log.Info("a machine gets a copy of everything", "name", k.Name, "address", k.Address)
	}
	return nil
}

// promote gives a vote to machines that have caught up.
func (m *machine) promote(ctx context.Context, kept []cluster.Member) (left bool, err error) {
	have, err := m.node.Members()
	if err != nil {
		return true, err
	}
	waits := slices.ContainsFunc(have, func(h replica.Member) bool { return !h.Votes })
	var standings map[string]replica.Standing
	if waits {
		if standings, err = m.node.Standings(ctx); err != nil {
			return true, err
		}
	}
	for _, h := range have {
		k := recordOf(kept, h.ID)
		if k == nil || k.Role == cluster.Leaving {
			continue
		}
		if s := standings[h.ID]; !h.Votes {
			if !s.Answers || s.Behind > maxBehind {
				left = true
				continue
			}
			if err := m.node.Add(h.Peer, true); err != nil {
				return true, err
			}
			m.log.Info("a machine has caught up, and has a vote", "name", k.Name, "address", k.Address)
		}
		if k.Role != cluster.Learner {
			continue
		}
		err := m.store.Load().Update(ctx, func(tx *store.Tx) error { return store.MachinesIn(tx).Promote(k.ID) })
		if err != nil {
			return true, err
		}
	}
	return left, nil
}

func recordOf(kept []cluster.Member, id string) *cluster.Member {
	i := slices.IndexFunc(kept, func(k cluster.Member) bool { return string(k.ID) == id })
	if i < 0 {
		return nil
	}
	return &kept[i]
}
