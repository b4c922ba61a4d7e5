package store

import (
	"context"
	"fmt"
	"path/filepath"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// The schema is the version of what the records say, all together. It stands in the
// store under a key of its own: the schema in the engine's Identity is of the engine's
// bytes on the disk, which know nothing of records. A store without the key is of
// schema 1, and a backup brings its schema along.
//
// To change what is kept, add a migration at the end. It runs at the next start,
// and after a restore, one Update for each batch, in which it also notes how far it has
// come: whatever stops it, the next start goes on behind the last batch. It must do
// nothing to what it has migrated already.
var migrations = []migration{
	renameKeptMessages,  // 1 → 2
	keepRenderedAsFacts, // 2 → 3
	classifyMessages,    // 3 → 4
	repairTokens,        // 4 → 5
}

// A migration brings one batch of records to the next schema: those behind the last
// key that it was through with, which is nil at the beginning. It returns the key that
// it is through with now, nil when there is no more.
type migration func(tx *Tx, last []byte) (now []byte, err error)

// migrationBatch is how many records a migration looks at in one Update: with what
// else it reads and writes it stays within the limits of kv.
const migrationBatch = 40

// schema is what this program reads and writes.
func schema() int { return 1 + len(migrations) }

// schemaState is the schema of a store and how far the migration to the next has come.
type schemaState struct {
	Schema int    `json:"schema"`
	Last   []byte `json:"last,omitempty"` // the key that the migration is through with
}

// schemaState is what the store says; false where it says nothing.
func (tx *Tx) schemaState() (is schemaState, said bool, err error) {
	is.Schema = 1
	said, err = tx.get(schemaPrefix.key(), &is)
	if err == nil && is.Schema < 1 {
		err = fmt.Errorf("%w: a store says that its schema is %d", kv.ErrCorrupt, is.Schema)
	}
	return is, said, err
}

// checkSchema refuses a store of a newer schema, and notes whether this one holds
// nothing yet: it is of this program's schema, and says so with the first thing that
// is written.
func (s *Store) checkSchema(ctx context.Context) error {
	var is schemaState
	err := s.View(ctx, func(tx *Tx) error {
		var said bool
		var err error
		if is, said, err = tx.schemaState(); err != nil || said {
			return err
		}
		// Only a store that says nothing is looked through: an engine may check all that
		// lies between the two ends, which is a second with a million members.
		found, err := tx.kv.Scan(nil, nil, 1)
		s.unmarked.Store(err == nil && len(found) == 0)
		return err
	})
	if err == nil && is.Schema > schema() {
		err = fmt.Errorf("%w: its schema is %d, this one knows %d", kv.ErrNewer, is.Schema, schema())
		err = s.explain(&kv.DirError{Dir: filepath.Join(s.dir, engineDir), Problem: kv.DirNewer, Err: err})
	}
	return err
}

// markSchema writes the schema into a store that held nothing when it was opened.
func (tx *Tx) markSchema() error {
	_, said, err := tx.schemaState()
	if err != nil || said {
		return err
	}
	return tx.set(schemaPrefix.key(), schemaState{Schema: schema()})
}

// migrate brings a store whose schema was checked to that of this program.
func (s *Store) migrate(ctx context.Context) error {
	for more := !s.unmarked.Load(); more; {
		var err error
		if more, err = s.migrateBatch(ctx); err != nil {
			return err
		}
	}
	return nil
}

// migrateBatch runs one batch of the next migration, if there is one.
func (s *Store) migrateBatch(ctx context.Context) (more bool, err error) {
	var is schemaState
	err = s.View(ctx, func(tx *Tx) error {
		is, _, err = tx.schemaState()
		return err
	})
	if err != nil || is.Schema >= schema() {
		return false, err
	}
	err = s.Update(ctx, func(tx *Tx) error {
		is, _, err := tx.schemaState()
		if err != nil || is.Schema >= schema() {
			return err
		}
		if is.Last, err = migrations[is.Schema-1](tx, is.Last); err != nil {
			return fmt.Errorf("migrate to schema %d: %w", is.Schema+1, err)
		}
		if is.Last == nil {
			is.Schema++
		}
		return tx.set(schemaPrefix.key(), is)
	})
	return true, err
}

// migrateEach gives fn one batch, of that many, of the records of some kinds, one kind after the
// other. What it takes and returns is what a migration does.
func migrateEach(tx *Tx, last []byte, batch int, fn func(e kv.KV) error, kinds ...prefix) (now []byte, err error) {
	at := 0
	for i, kind := range kinds {
		if r := recordOf(last); r != nil && r.prefix == kind {
			at = i
		}
	}
	from := kinds[at].key()
	if last != nil {
		from = append(last, 0)
	}
	found, err := tx.kv.Scan(from, after(kinds[at].key()), batch)
	if err != nil {
		return nil, err
	}
	for _, e := range found {
		if err := fn(e); err != nil {
			return nil, err
		}
	}
	switch {
	case len(found) == batch:
		return found[len(found)-1].Key, nil
	case at+1 < len(kinds):
		return kinds[at+1].key(), nil
	}
	return nil, nil
}

// renameKeptMessages: an email for which there was no mail server was called kept, in
// its record and in the counters, and is called held.
func renameKeptMessages(tx *Tx, last []byte) (now []byte, err error) {
	if err := tx.TouchCounters(); err != nil {
		return nil, err
	}
	return migrateEach(tx, last, migrationBatch, func(e kv.KV) error {
		var was struct {
			State string `json:"state"`
		}
		if err := decode(e.Key, e.Value, &was); err != nil || was.State != "kept" {
			return err
		}
		var l access.Message
		if err := decode(e.Key, e.Value, &l); err != nil {
			return err
		}
		return tx.set(e.Key, &l)
	}, messagePrefix, decoyPrefix)
}

// classifyBatch is how many emails one Update classifies: each moves from one lane to
// another, which writes three keys.
const classifyBatch = 20

// classifyMessages: an email had no priority, and all waited in one lane. It has that of
// its kind.
func classifyMessages(tx *Tx, last []byte) (now []byte, err error) {
	return migrateEach(tx, last, classifyBatch, func(e kv.KV) error {
		var l access.Message
		if err := decode(e.Key, e.Value, &l); err != nil || l.Priority != 0 {
			return err
		}
		l.Priority = l.Kind.Priority()
		return tx.Messages.Put(l)
	}, messagePrefix)
}
