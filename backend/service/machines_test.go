package service_test

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/cluster"
	"doorward/backend/store"
)

// quietCluster is a cluster of which every machine can be removed.
type quietCluster struct{}

func (quietCluster) States(context.Context) ([]access.MachineState, error) { return nil, nil }
func (quietCluster) Removable(context.Context, string) error               { return nil }

// machines makes the store that of a cluster of two, and returns the one that can be removed.
func (fx *fixture) machines() string {
	fx.t.Helper()
	ctx := fx.t.Context()
	first := cluster.Member{ID: cluster.NodeID(access.NewID()), Name: "one", Address: "10.0.0.1:9443",
		Key: cluster.KeyHash{1}, JoinedAt: fx.clock.now()}
	second := cluster.Member{ID: cluster.NodeID(access.NewID()), Name: "two", Address: "10.0.0.2:9443",
		Key: cluster.KeyHash{2}, JoinedAt: fx.clock.now(), Role: cluster.Voter}
	must(fx.t, fx.store.Update(ctx, func(tx *store.Tx) error {
		return store.MachinesIn(tx).Begin([]byte("authority"), first)
	}))
	must(fx.t, store.Registry{Store: fx.store}.Admit(ctx, access.SecretHash{1}, func(a *cluster.Admission) error {
		a.Token, a.Joined = &cluster.KeptToken{Hash: access.SecretHash{1}}, second
		return nil
	}))
	return string(second.ID)
}
