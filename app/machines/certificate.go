package machines

import (
	"context"
	"time"

	"doorward/backend/cluster"
	"doorward/backend/store"
)

// renew makes this machine's next certificate when it is time. Its copy has the authority.
func (m *machine) renew(now time.Time) error {
	if !m.identity.RenewalDue(now) {
		return nil
	}
	authority, err := m.authority(store.Here(m.ctx))
	if err != nil {
		return err
	}
	me := recordOf(m.members(), m.self().ID)
	if me == nil {
		return nil
	}
	csr, err := m.identity.Request()
	if err != nil {
		return err
	}
	request, err := cluster.ParseRequest(csr)
	if err != nil {
		return err
	}
	next, err := authority.Renew(*me, request, now)
	if err != nil {
		return err
	}
	if err := m.identity.Renew(next, now); err != nil {
		return err
	}
	m.log.Info("this machine's certificate for the cluster was renewed", "until", next.NotAfter.Format(time.RFC3339))
	return nil
}

func (m *machine) authority(ctx context.Context) (a *cluster.Authority, err error) {
	var text []byte
	err = m.store.Load().View(ctx, func(tx *store.Tx) (err error) {
		text, err = store.MachinesIn(tx).Authority()
		return err
	})
	if err != nil {
		return nil, err
	}
	return cluster.ParseAuthority(text)
}
