package store

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// The schema is the version of the meaning of all records together. It is stored in its own
// record: the schema in the engine's Identity is that of the engine's format on the disk,
// which knows nothing of records. A store without the record has schema 1, and a backup
// contains its schema.
//
// To change what is stored, add a migration at the end. On a server alone it runs at the next
// start, and after a restore, in one Update for each batch, which also records how far it has
// come: if it is interrupted, the next start continues after the last batch. It must leave
// records unchanged that it has already migrated.
//
// The first batch raises the schema, so that no older program opens what is half migrated.
//
// In a cluster it runs when every machine knows the schema (raise.go), while the leading one
// serves. So a program must also work with the schema before (oldestShared): as long as the
// store has that, it reads and writes records as older programs do, which may lead next; from
// the raise on it writes them as the new schema has them, and still reads both.
var migrations = []migration{
	renameKeptMessages,  // 1 → 2
	keepRenderedAsFacts, // 2 → 3
	classifyMessages,    // 3 → 4
	repairTokens,        // 4 → 5
	foldSearchWords,     // 5 → 6
	splitPending,        // 6 → 7
	orderMembers,        // 7 → 8
}

// A migration brings one batch of records to the next schema: those after last, the last
// key that it has processed, which is nil at the start. It returns the last key that it has
// processed now, nil when there are no more.
type migration func(tx *Tx, last []byte) (now []byte, err error)

// oldestShared is the oldest schema with which this program works as it is: that of a cluster
// whose machines do not all know the newest one yet.
const oldestShared = 8

// migrationBatch is the number of records that a migration processes in one Update: with
// its other reads and writes it stays within the limits of kv.
const migrationBatch = 40

// maxStartWait is how long a change at the start may wait for its turn, which is longer
// than others may: nobody is served yet, and a slow disk must not keep a server from
// starting.
const maxStartWait = time.Minute

// schema is the schema that this program reads and writes.
func schema() int { return 1 + len(migrations) }

// Schema is the schema that this program reads and writes, for whoever compares it with that of
// another machine.
func Schema() int { return schema() }

// OldestShared is the oldest schema of a cluster in which this program can take part.
func OldestShared() int { return oldestShared }

// schemaState is the schema of a store and the progress of the migration to it.
type schemaState struct {
	Schema int    `json:"schema"`         // whoever does not know it must not open the store
	From   int    `json:"from,omitempty"` // the one that the migration comes from; zero: none is under way
	Last   []byte `json:"last,omitempty"` // the last key that the migration has processed
}

// whole is the schema that all records have.
func (is schemaState) whole() int {
	if is.From > 0 {
		return is.From
	}
	return is.Schema
}

// schemaState returns the stored state; false if there is none.
func (tx *Tx) schemaState() (is schemaState, said bool, err error) {
	is.Schema = 1
	said, err = tx.get(schemaPrefix.key(), &is)
	if err == nil && (is.Schema < 1 || is.From < 0 || is.From >= is.Schema) {
		err = fmt.Errorf("%w: a store says that its schema is %d, from %d", kv.ErrCorrupt, is.Schema, is.From)
	}
	return is, said, err
}

// checkSchema refuses a store with a schema that is not usable, and notes whether this one is
// empty: then it has this program's schema, which is written with its first record.
func (s *Store) checkSchema(ctx context.Context) error {
	var is schemaState
	var said bool
	err := s.view(ctx, func(tx *Tx) error {
		var err error
		if is, said, err = tx.schemaState(); err != nil || said {
			return err
		}
		// Only a store without a schema is searched for records: an engine may check
		// everything in the range, which takes a second with a million members.
		found, err := tx.kv.Scan(nil, nil, 1)
		s.unmarked.Store(err == nil && len(found) == 0)
		return err
	})
	if err != nil || !said {
		return err
	}
	return s.usable(is)
}

// markSchema writes the schema into a store that was empty when it was opened.
func (tx *Tx) markSchema() error {
	_, said, err := tx.schemaState()
	if err != nil || said {
		return err
	}
	return tx.set(schemaPrefix.key(), schemaState{Schema: schema()})
}

// usable refuses a schema that this program does not know, and in a cluster also one that is too
// old for it to work with.
func (s *Store) usable(is schemaState) error {
	switch {
	case is.Schema > schema() && s.Elected():
		return newerShared(is.Schema)
	case is.Schema > schema():
		err := fmt.Errorf("%w: its schema is %d, this one knows %d", kv.ErrNewer, is.Schema, schema())
		return s.explain(&kv.DirError{Dir: filepath.Join(s.dir, engineDir), Problem: kv.DirNewer, Err: err})
	case is.Schema < oldestShared && s.Elected():
		return olderShared(is.Schema)
	}
	return nil
}

// migrate brings a store whose schema was checked to this program's schema.
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
	err = s.view(ctx, func(tx *Tx) error {
		is, _, err = tx.schemaState()
		return err
	})
	if err != nil || is.whole() >= schema() {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, maxStartWait)
	defer cancel()
	err = s.update(ctx, func(tx *Tx) error {
		is, _, err := tx.schemaState()
		if err != nil || is.whole() >= schema() {
			return err
		}
		if is.From == 0 {
			is.From, is.Schema = is.Schema, is.Schema+1
		}
		return tx.migrateOn(is)
	})
	return true, err
}

// migrateOn runs one batch of the migration that is under way.
func (tx *Tx) migrateOn(is schemaState) (err error) {
	if is.Last, err = migrations[is.From-1](tx, is.Last); err != nil {
		return fmt.Errorf("migrate to schema %d: %w", is.Schema, err)
	}
	if is.Last == nil {
		is.From = 0
	}
	return tx.set(schemaPrefix.key(), is)
}

// migrateEach calls fn with one batch of records of some kinds, one kind after the other.
// Its parameter last and its result are those of a migration.
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

// renameKeptMessages: an email without a mail server was called kept, in its record and in
// the counters, and is now called held.
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
		var m access.Message
		if err := decode(e.Key, e.Value, &m); err != nil {
			return err
		}
		return tx.set(e.Key, &m)
	}, messagePrefix, decoyPrefix)
}

// classifyBatch is the number of emails that one Update classifies: each moves from one
// lane to another, which writes three keys.
const classifyBatch = 20

// classifyMessages: emails had no priority, and all waited in one lane. They get the
// priority of their kind.
func classifyMessages(tx *Tx, last []byte) (now []byte, err error) {
	return migrateEach(tx, last, classifyBatch, func(e kv.KV) error {
		var m access.Message
		if err := decode(e.Key, e.Value, &m); err != nil || m.Priority != 0 {
			return err
		}
		m.Priority = m.Kind.Priority()
		return tx.Messages.Put(m)
	}, messagePrefix)
}
