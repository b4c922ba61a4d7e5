package store

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/cluster"
	"doorward/backend/store/kv"
)

// rehearses lets this program know one schema more, until the test ends.
func rehearses(t *testing.T) {
	t.Helper()
	was := migrations
	migrations = slices.Clone(was)
	Rehearse()
	t.Cleanup(func() { migrations = was })
}

func (s *Store) stateIs(t *testing.T, want schemaState) {
	t.Helper()
	must(t, s.View(Here(t.Context()), func(tx *Tx) error {
		is, said, err := tx.schemaState()
		same := is.Schema == want.Schema && is.From == want.From && (is.Last == nil) == (want.Last == nil)
		if err != nil || !said || !same {
			t.Errorf("the schema is %+v, %v, want %+v", is, err, want)
		}
		return nil
	}))
}

// clusterOf makes the store one of machines with these names, whose ids they are, too.
func clusterOf(t *testing.T, s *Store, names ...MachineID) {
	t.Helper()
	must(t, s.Update(t.Context(), func(tx *Tx) error {
		err := Machines{tx}.Begin([]byte("authority"), cluster.Member{ID: names[0], Name: string(names[0])})
		for i, name := range names[1:] {
			m := cluster.Member{ID: name, Name: string(name), Address: string(name), Role: cluster.Learner}
			m.Key[0], m.JoinedAt = byte(i+1), tx.Now.Add(time.Duration(i+1))
			err = errors.Join(err, tx.set(machineKey(name), m))
		}
		return err
	}))
}

// The schema stays as it is, lead after lead, until this program and every machine know the
// next one. Then it is raised once.
func TestTheSchemaWaitsForEveryMachine(t *testing.T) {
	s, engine := controlled(t)
	old, shared := schema(), SharedSchema{s}
	clusterOf(t, s, "b", "a", "c")
	next := old + 1
	all := map[MachineID]int{"a": next, "b": next, "c": next + 1}
	raise := func(known map[MachineID]int, wantNow int, wantWaits ...string) {
		t.Helper()
		r, err := shared.Raise(t.Context(), known)
		if err != nil || r.Schema != wantNow || r.Done != (wantNow > old) || !slices.Equal(r.Waits, wantWaits) {
			t.Errorf("Raise = %+v, %v, want %d, %v", r, err, wantNow, wantWaits)
		}
	}
	raise(all, old) // all know it but this program
	rehearses(t)
	engine.Lead(false)
	engine.Lead(true)
	s.stateIs(t, schemaState{Schema: old})
	if due, err := shared.Due(t.Context()); err != nil || !due {
		t.Errorf("Due = %v, %v", due, err)
	}
	raise(nil, old, "a", "b", "c")
	raise(map[MachineID]int{"a": next, "b": old, "c": next}, old, "b")
	raise(map[MachineID]int{"a": next, "b": next}, old, "c") // it does not answer
	s.stateIs(t, schemaState{Schema: old})
	raise(all, next)
	s.stateIs(t, schemaState{Schema: next, From: old})
	if r, err := shared.Raise(t.Context(), all); err != nil || r.Done || r.Schema != next {
		t.Errorf("once more: %+v, %v", r, err)
	}
	must(t, shared.Migrate(t.Context()))
	s.stateIs(t, schemaState{Schema: next})
	must(t, s.View(t.Context(), func(tx *Tx) error {
		all, err := tx.AuditLog.Since(0, 10)
		last := all[len(all)-1]
		if len(all) != 2 || last.Action != access.ActionRaiseSchema || last.Target != strconv.Itoa(next) {
			t.Errorf("the audit log has %+v", all)
		}
		return err
	}))
	if due, err := shared.Due(t.Context()); err != nil || due {
		t.Errorf("Due = %v, %v", due, err)
	}
}

// Some versions were left out. The schema is raised by one at a time, when every machine knows the
// next one and all records have the one before.
func TestTheSchemaIsRaisedOneByOne(t *testing.T) {
	s, _ := controlled(t)
	clusterOf(t, s, "a")
	old, shared := schema(), SharedSchema{s}
	rehearses(t)
	rehearses(t)
	raise := func(known int, want Raise) {
		t.Helper()
		r, err := shared.Raise(t.Context(), map[MachineID]int{"a": known})
		if err != nil || r.Schema != want.Schema || r.Done != want.Done || !slices.Equal(r.Waits, want.Waits) {
			t.Errorf("Raise = %+v, %v, want %+v", r, err, want)
		}
	}
	raise(old+2, Raise{Schema: old + 1, Done: true})
	s.stateIs(t, schemaState{Schema: old + 1, From: old})
	raise(old+2, Raise{Schema: old + 1}) // the records are still being migrated
	must(t, shared.Migrate(t.Context()))
	raise(old+1, Raise{Schema: old + 1, Waits: []string{"a"}})
	raise(old+2, Raise{Schema: old + 2, Done: true})
	s.stateIs(t, schemaState{Schema: old + 2, From: old + 1})
	must(t, shared.Migrate(t.Context()))
	if due, err := shared.Due(t.Context()); err != nil || due {
		t.Errorf("Due = %v, %v", due, err)
	}
}

// The machine that leads dies after each batch; the next one continues where it has stopped, and
// is not asked again who knows the schema.
func TestARaiseIsContinued(t *testing.T) {
	s, engine := controlled(t)
	clusterOf(t, s, "a")
	const members = 2*migrationBatch + 1
	for i := range members {
		must(t, s.Update(t.Context(), func(tx *Tx) error {
			b := &box{t: t}
			b.at.Store(noon.UnixMicro())
			return tx.Members.Put(b.person(rowName(i)+"@example.com", "Ada"))
		}))
	}
	old := schema()
	rehearses(t)
	shared := SharedSchema{s}
	if r, err := shared.Raise(t.Context(), map[MachineID]int{"a": old + 1}); err != nil || !r.Done {
		t.Fatalf("Raise = %+v, %v", r, err)
	}
	for range 2 {
		must(t, s.Update(t.Context(), func(tx *Tx) error {
			is, _, err := tx.schemaState()
			return errors.Join(err, tx.migrateOn(is))
		}))
		engine.Lead(false)
		engine.Lead(true)
		s.stateIs(t, schemaState{Schema: old + 1, From: old, Last: []byte{1}})
		_, err := s.Verify(t.Context())
		must(t, err)
	}
	must(t, shared.Migrate(t.Context()))
	s.stateIs(t, schemaState{Schema: old + 1})
	must(t, shared.Migrate(t.Context()))
}

func rowName(i int) string { return "m" + string(rune('a'+i/26)) + string(rune('a'+i%26)) }

// An older program finds what a newer one has half migrated, alone or in a cluster: it is
// refused, although not all records have the new schema yet.
func TestHalfMigratedIsNewer(t *testing.T) {
	b := openBox(t, filepath.Join(t.TempDir(), "data"))
	for i := range 2 * migrationBatch {
		b.put(b.person(rowName(i)+"@example.com", "Ada"))
	}
	old := schema()
	t.Run("by a newer program", func(t *testing.T) {
		rehearses(t)
		more, err := b.migrateBatch(t.Context())
		if err != nil || !more {
			t.Fatalf("migrateBatch = %v, %v", more, err)
		}
		b.stateIs(t, schemaState{Schema: old + 1, From: old, Last: []byte{1}})
	})
	must(t, b.Close())
	b.alone = true
	_, err := Open(b.options(b.dir))
	wantRefusal(t, err, "data_dir_newer")
	rehearses(t)
	b.open()
	b.stateIs(t, schemaState{Schema: old + 1})
	b.verify()
}

// Up to the first version with raises, what was half migrated had the schema that it came from.
func TestHalfMigratedByAnOlderProgram(t *testing.T) {
	b := openBox(t, filepath.Join(t.TempDir(), "data"))
	for i := range 3 * orderBatch {
		b.put(b.person(rowName(i)+"@example.com", "Ada"))
	}
	var last []byte
	b.view(func(tx *Tx) error {
		found, err := tx.scan(memberPrefix.key(), orderBatch)
		last = found[orderBatch-1].Key
		return err
	})
	b.raw(func(t kv.Tx) error {
		value, err := encode(schemaPrefix.key(), schemaState{Schema: schemaOfOrders - 1, Last: last})
		return errors.Join(err, t.Set(schemaPrefix.key(), value))
	})
	must(t, b.Close())
	b.alone = true
	b.openAsItIs()
	more, err := b.migrateBatch(context.Background())
	if err != nil || !more {
		t.Fatalf("migrateBatch = %v, %v", more, err)
	}
	b.view(func(tx *Tx) error {
		is, _, err := tx.schemaState()
		if string(is.Last) <= string(last) {
			t.Errorf("it begins again: %+v", is)
		}
		return err
	})
	must(t, b.migrate(t.Context()))
	b.verify()
}

func TestASchemaThatCannotBe(t *testing.T) {
	b := openBox(t, filepath.Join(t.TempDir(), "data"))
	b.put(b.person("ada@example.com", "Ada"))
	for _, is := range []schemaState{{Schema: 8, From: 8}, {Schema: 8, From: 9}, {Schema: 8, From: -1}, {}} {
		b.raw(func(t kv.Tx) error {
			value, err := encode(schemaPrefix.key(), is)
			return errors.Join(err, t.Set(schemaPrefix.key(), value))
		})
		err := b.checkSchema(t.Context())
		if e := access.Explain(err); err == nil || e.Code != "data_dir_damaged" {
			t.Errorf("%+v: %v", is, err)
		}
	}
}
