package machines

import (
	"context"
	"slices"
	"strings"
	"time"

	"doorward/backend/cluster"
	"doorward/backend/store"
)

// A raising is how far the schema of the cluster's store is.
type raising struct {
	waits []string   // for whom the raise waits, as was said last
	unfit chan error // has why this program must stop
}

// raise raises the schema of the store when every machine knows the next one, and migrates the
// records. It reports whether that is left to do. A machine that does not answer holds it up: it
// may come back with the program that it had.
func (m *machine) raise(ctx context.Context) (left bool, err error) {
	schema := store.SharedSchema{Store: m.store.Load()}
	due, err := schema.Due(ctx)
	if err != nil || !due {
		return false, err
	}
	known, versions := map[cluster.NodeID]int{}, []string{}
	for id, said := range m.statuses(ctx) {
		known[id] = said.Schema
		versions = append(versions, said.Version)
	}
	r, err := schema.Raise(ctx, known)
	switch {
	case err != nil:
		return true, err
	case r.Done:
		slices.Sort(versions)
		m.log.Info("the schema of the store was raised, since every machine knows it; older versions are refused from "+
			"now on", "schema", r.Schema, "by", m.identity.Member("", time.Time{}).Name, "versions",
			strings.Join(slices.Compact(versions), " "))
	case len(r.Waits) > 0:
		if !slices.Equal(r.Waits, m.raising.waits) {
			m.log.Info("the schema of the store stays until these machines run a version that knows the next one",
				"schema", r.Schema, "machines", strings.Join(r.Waits, " "))
		}
		m.raising.waits = r.Waits
		return true, nil
	}
	if err := schema.Migrate(ctx); err != nil {
		return true, err
	}
	m.log.Info("every record of the store has its schema", "schema", r.Schema)
	return true, nil // perhaps there is another one
}

// checkSchema stops this machine if the cluster's store got a schema that its program does not
// know: it was replaced by an older one while the schema was raised.
func (m *machine) checkSchema() {
	err := store.SharedSchema{Store: m.store.Load()}.Check(m.ctx)
	if err == nil || m.ctx.Err() != nil {
		return
	}
	select {
	case m.raising.unfit <- err:
	default:
	}
}

// Unfit implements app.Machine.
func (m *machine) Unfit() <-chan error { return m.raising.unfit }
