package store

import (
	"testing"

	"doorward/backend/access"
)

// The time of a token's last use has the same prefix as traces, and must not be read as
// one.
func TestTracesBesideATokenThatWasUsed(t *testing.T) {
	b := openBox(t, "")
	b.update(func(tx *Tx) error {
		for range len(access.Traces) { // as many as are read
			id := access.TokenID(access.NewID())
			secret := access.NewSecret()
			must(t, tx.Tokens.Put(access.Token{ID: id, Name: string(id), Hash: secret.Hash()}))
			must(t, tx.Tokens.Use(id, b.now()))
		}
		return tx.Traces.Put(access.TraceRecord{Trace: access.TraceDeadLink})
	})
	b.view(func(tx *Tx) error {
		all, err := tx.Traces.All()
		if err != nil || len(all) != 1 || all[0].Trace != access.TraceDeadLink {
			t.Errorf("Traces = %+v, %v; want the one that was kept", all, err)
		}
		return nil
	})
}
