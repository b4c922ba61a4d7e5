package store

import (
	"context"
	"slices"
	"strconv"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// A cluster is upgraded one machine after the other, and any of them may lead meanwhile. So a
// newer program goes on with the schema that the store has, until every machine knows the next
// one; then the one that leads raises it. That is one entry of the log: a machine either has the
// schema before with all its records, or the next one, which programs that do not know it
// refuse. The records follow in batches. Whoever leads meanwhile knows the new schema, and
// continues.

// A SharedSchema is the schema of a cluster's store.
type SharedSchema struct{ Store *Store }

// A Raise is what came of a try to raise the schema.
type Raise struct {
	Schema int      // that the store has now
	Done   bool     // it was raised
	Waits  []string // the names of the machines for which it waits
}

// Raise raises the schema by one, if this program and all machines know the next one: known has
// the newest schema of each machine that has just told it. While the records of an earlier raise
// are being migrated, nothing is raised.
func (s SharedSchema) Raise(ctx context.Context, known map[MachineID]int) (r Raise, err error) {
	err = s.Store.Update(ctx, func(tx *Tx) error {
		is, said, err := tx.schemaState()
		r = Raise{Schema: is.Schema}
		if err != nil || !said || is.From > 0 || is.Schema >= schema() {
			return err
		}
		all, err := Machines{tx}.List()
		if err != nil {
			return err
		}
		for _, m := range all {
			if known[m.ID] <= is.Schema {
				r.Waits = append(r.Waits, m.Name)
			}
		}
		if len(r.Waits) > 0 {
			slices.Sort(r.Waits)
			return nil
		}
		r = Raise{Schema: is.Schema + 1, Done: true}
		if err := tx.Record(access.System, access.ActionRaiseSchema, strconv.Itoa(r.Schema), ""); err != nil {
			return err
		}
		return tx.set(schemaPrefix.key(), schemaState{Schema: r.Schema, From: is.Schema})
	})
	return r, err
}

// Due reports whether a raise of the schema, or the migration after one, is left to do.
func (s SharedSchema) Due(ctx context.Context) (due bool, err error) {
	err = s.Store.View(ctx, func(tx *Tx) error {
		is, said, err := tx.schemaState()
		due = said && is.whole() < schema()
		return err
	})
	return due, err
}

// Migrate migrates the records after the schema was raised, until all have it.
func (s SharedSchema) Migrate(ctx context.Context) error {
	for more := true; more; {
		err := s.Store.Update(ctx, func(tx *Tx) error {
			is, _, err := tx.schemaState()
			if more = is.From > 0; err != nil || !more {
				return err
			}
			return tx.migrateOn(is)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Check returns an error if this program must not go on with the schema that this machine's copy
// has. A copy that has not come yet has none.
func (s SharedSchema) Check(ctx context.Context) error {
	var is schemaState
	var said bool
	err := s.Store.View(Here(ctx), func(tx *Tx) (err error) {
		is, said, err = tx.schemaState()
		return err
	})
	if err != nil || !said {
		return err
	}
	return s.Store.usable(is)
}

// newerShared refuses a program that is older than the cluster's data. Its code is
// cluster_schema_newer.
func newerShared(has int) error {
	return access.Errorf(access.NoData,
		"The data of this cluster was upgraded to schema %d once all of its machines knew it, but this version of "+
			"Doorward knows only %d. Nothing was changed. Start the version here that the other machines run.",
		has, schema()).
		WithCode("cluster_schema_newer")
}

// olderShared refuses a program that has left out too many versions.
func olderShared(has int) error {
	return access.Errorf(access.NoData,
		"The data of this cluster has schema %d, but in a cluster this version of Doorward needs at least %d. "+
			"Nothing was changed. First upgrade all machines to a version in between.", has, oldestShared).
		WithCode("cluster_schema_older")
}

// Rehearse gives this process one schema more than the program has, as the next version may have
// one; its migration writes every member's record as it was. It is for tests of upgrades, is
// called before a store is opened, and by nothing that is released.
func Rehearse() { migrations = append(migrations, rehearse) }

func rehearse(tx *Tx, last []byte) (now []byte, err error) {
	return migrateEach(tx, last, migrationBatch, func(e kv.KV) error {
		return tx.kv.Set(e.Key, e.Value)
	}, memberPrefix)
}
