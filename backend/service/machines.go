package service

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A Cluster is the machines of a cluster, as far as the verbs need them.
type Cluster interface {
	// States returns the machines as they are now. One that does not answer within two seconds
	// counts as one that does not.
	States(ctx context.Context) ([]access.MachineState, error)

	// Removable refuses the removal of a machine that leads, or without which those that answer
	// are no majority: the removal itself could not be kept.
	Removable(ctx context.Context, id string) error
}

// Machines has the verbs about the machines of a cluster. A server alone has none.
type Machines struct {
	*core
	cluster Cluster
}

// List returns the machines as the one that leads sees them now.
func (m Machines) List(ctx context.Context, actor access.Actor) ([]access.MachineState, error) {
	err := m.view(ctx, actor, access.May(access.Read, access.ResSettings), func(*store.Tx) error { return nil })
	if err != nil {
		return nil, err
	}
	return m.cluster.States(ctx)
}

// Remove begins to remove a machine: its vote and its copy are taken away next, and then it is
// gone from the list. It is for an Admin in a confirmed session. A machine with which too few
// would be left is kept.
func (m Machines) Remove(ctx context.Context, actor access.Actor, id string) error {
	may := func(tx *store.Tx) error { return m.mayRemove(tx, actor) }
	if err := m.store.View(ctx, may); err != nil { // who may not is not told how the machines are
		return err
	}
	if err := m.cluster.Removable(ctx, id); err != nil {
		return err
	}
	return m.store.Update(ctx, func(tx *store.Tx) error {
		if err := may(tx); err != nil {
			return err
		}
		return store.MachinesIn(tx).Remove(actor, store.MachineID(id))
	})
}

func (m Machines) mayRemove(tx *store.Tx, actor access.Actor) error {
	a, err := m.gate.Authorize(tx, actor, access.May(access.Change, access.ResSettings))
	if err != nil {
		return err
	}
	if err := asAdmin(a, access.Errorf(access.Forbidden, "Only an Admin can remove a machine.")); err != nil {
		return err
	}
	_, err = confirmed(tx, actor)
	return err
}
