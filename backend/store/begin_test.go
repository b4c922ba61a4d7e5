package store

import (
	"context"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// Another machine led meanwhile, with another version of the program: what it has left is
// checked before anything is answered from it.
func TestEachLeadBeginsWithACheck(t *testing.T) {
	s, engine := controlled(t)
	must(t, s.Update(t.Context(), func(tx *Tx) error { return tx.Record(access.System, access.ActionInvite, "", "") }))
	leave := func(schema int) {
		t.Helper()
		engine.Lead(false)
		value, err := encode(schemaPrefix.key(), schemaState{Schema: schema})
		must(t, err)
		must(t, engine.Engine.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
			return tx.Set(schemaPrefix.key(), value)
		}))
		engine.Lead(true)
	}
	nothing := func(*Tx) error { return nil }
	for schema, code := range map[int]string{
		schema() + 1:     "cluster_schema_newer",
		oldestShared - 1: "cluster_schema_older",
	} {
		leave(schema)
		for range 2 {
			for _, err := range []error{s.View(t.Context(), nothing), s.Update(t.Context(), nothing)} {
				wantRefusal(t, err, code)
			}
		}
		wantRefusal(t, SharedSchema{s}.Check(t.Context()), code)
	}
	for _, usable := range []int{oldestShared, schema()} {
		leave(usable)
		must(t, s.View(t.Context(), nothing))
	}
}

// A caller who goes away while the data is checked must not make the others wait for another
// check, or be refused.
func TestABeginningOutlastsItsCaller(t *testing.T) {
	s, engine := controlled(t)
	engine.Lead(false)
	engine.Lead(true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.begin(ctx); err != nil {
		t.Errorf("begin = %v", err)
	}
}
