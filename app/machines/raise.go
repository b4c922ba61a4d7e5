package machines

import (
	"context"
	"slices"
	"strings"
	"time"

	"doorward/backend/cluster"
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
	s := m.store.Load()
	due, err := s.SchemaDue(ctx)
	if err != nil || !due {
		return false, err
	}
	known, versions := map[cluster.NodeID]int{}, []string{}
	for id, said := range m.statuses(ctx) {
		known[id] = said.Schema
		versions = append(versions, said.Version)
	}
	now, raised, waits, err := s.RaiseSchema(ctx, known)
	switch {
	case err != nil:
		return true, err
	case raised:
		slices.Sort(versions)
		m.log.Info("the schema of the store was raised, since every machine knows it; older versions are refused from now on",
			"schema", now, "by", m.identity.Member("", time.Time{}).Name, "versions",
			strings.Join(slices.Compact(versions), " "))
	case len(waits) > 0:
		if !slices.Equal(waits, m.raising.waits) {
			m.log.Info("the schema of the store stays until these machines run a version that knows the next one",
				"schema", now, "machines", strings.Join(waits, " "))
		}
		m.raising.waits = waits
		return true, nil
	}
	if err := s.MigrateRaised(ctx); err != nil {
		return true, err
	}
	m.log.Info("every record of the store has its schema", "schema", now)
	return true, nil // perhaps there is another one
}

// checkSchema stops this machine if the cluster's store got a schema that its program does not
// know: it was replaced by an older one while the schema was raised.
func (m *machine) checkSchema() {
	_, err := m.store.Load().SchemaHere(m.ctx)
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
