package machines

import (
	"context"
	"errors"
	"slices"
	"time"

	"doorward/backend/cluster"
	"doorward/backend/store"
)

// members is the newest list that this machine knows of.
func (m *machine) members() []cluster.Member {
	if n := m.newer.Load(); n != nil && n.At > m.applied() {
		return n.Members
	}
	return *m.list.Load()
}

// place says how new members is.
func (m *machine) place() uint64 {
	at := m.applied()
	if n := m.newer.Load(); n != nil {
		at = max(at, n.At)
	}
	return at
}

// applied is how many entries of the log this machine's copy has.
func (m *machine) applied() uint64 {
	if m.store.Load() == nil {
		return 0
	}
	return m.node.Applied()
}

// awaitApplied waits until this machine's copy has so many entries of the log. It fails when ctx ends.
func (m *machine) awaitApplied(ctx context.Context, at uint64) error {
	look := time.NewTicker(hearLook)
	defer look.Stop()
	for m.applied() < at {
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// committed is told of each commit, on every machine.
func (m *machine) committed(changes []store.Change) {
	for _, c := range changes {
		if c.Topic == store.MachinesChanged || c.Topic == store.ChangesMissed {
			wake(m.changed)
			wake(m.kick)
			return
		}
	}
}

// wake puts a token where somebody waits for one, if there is none.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// look is how often a machine looks whether its certificate is to be renewed, and tries again
// what has failed.
const (
	look      = time.Hour
	tryAgain  = time.Second
	tendEvery = time.Second // as long as something is left to do
)

// follow reads the list of members when it changes, closes the connections of those that are
// gone, and renews the certificate.
func (m *machine) follow() {
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		select {
		case <-m.changed:
		case <-wait.C:
		case <-m.ctx.Done():
			return
		}
		next := look
		m.checkSchema()
		if err := errors.Join(m.reload(), m.renew(m.o.Now())); err != nil && m.ctx.Err() == nil {
			m.log.Error("the machines of the cluster cannot be read from the store", "err", err)
			next = tryAgain
		}
		wait.Reset(next)
	}
}

// reload reads the list of members from this machine's copy. A copy that has not come yet has
// none: then it is the list with which this machine has joined.
func (m *machine) reload() error {
	var all []cluster.Member
	err := m.store.Load().View(store.Here(m.ctx), func(tx *store.Tx) (err error) {
		all, err = store.MachinesIn(tx).List()
		return err
	})
	if err != nil || len(all) == 0 {
		return err
	}
	was := m.members()
	m.list.Store(&all)
	m.port.Prune()
	self := func(o cluster.Member) bool { return o.ID == m.identity.Node() }
	if slices.ContainsFunc(was, self) && !slices.ContainsFunc(all, self) {
		m.log.Error("this machine was removed from the cluster: its copy is not kept up to date any more")
	}
	return endBeginning(m.o.Data)
}

// hear asks the other machines who is a member, at the start and whenever one comes that this
// machine does not know: its copy may be older than that one, which perhaps leads.
func (m *machine) hear() {
	pause := time.NewTicker(tryAgain)
	defer pause.Stop()
	for {
		m.ask()
		select {
		case <-m.unknown:
		case <-m.ctx.Done():
			return
		}
		select {
		case <-pause.C:
		case <-m.ctx.Done():
			return
		}
	}
}

// ask takes the newest list that any machine has which this one knows.
func (m *machine) ask() {
	for _, k := range m.members() {
		if k.ID == m.identity.Node() {
			continue
		}
		n, err := m.port.Ask(m.ctx, k.ID)
		if err != nil || n.At <= m.place() || len(n.Members) == 0 {
			continue
		}
		m.newer.Store(&n)
		m.port.Prune()
	}
}
