package badger

import (
	"context"
	"errors"
	"testing"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

// An attacker with access to the disk, or a fault, replaces one record's bytes by
// another's, changes a byte, or truncates a value. None of these may be read as a value.
func TestAlteredRecordsAreNotBelieved(t *testing.T) {
	tests := []struct {
		name  string
		alter func(ada, eve []byte) []byte
	}{
		{"the value of another key", func(_, eve []byte) []byte { return eve }},
		{"a bit turned over", func(ada, _ []byte) []byte { ada[len(ada)-1] ^= 1; return ada }},
		{"cut short", func(ada, _ []byte) []byte { return ada[:len(ada)-1] }},
		{"empty", func(_, _ []byte) []byte { return nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx := context.Background()
			s, err := Open(Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			err = s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error {
				return errors.Join(tx.Set([]byte("ada"), []byte("Fleet")), tx.Set([]byte("eve"), []byte("Admin")))
			})
			if err != nil {
				t.Fatal(err)
			}
			overwrite(t, s, "ada", tt.alter(stored(t, s, "ada"), stored(t, s, "eve")))

			var got []byte
			var page []kv.KV
			err = s.View(ctx, func(tx kv.Tx) (err error) { got, err = tx.Get([]byte("ada")); return err })
			if !errors.Is(err, kv.ErrCorrupt) {
				t.Errorf("Get = %q, %v, want kv.ErrCorrupt", got, err)
			}
			err = s.View(ctx, func(tx kv.Tx) (err error) { page, err = tx.Scan(nil, nil, 10); return err })
			if !errors.Is(err, kv.ErrCorrupt) {
				t.Errorf("Scan = %q, %v, want kv.ErrCorrupt", page, err)
			}
			if err := s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error {
				_, err := tx.Get([]byte("ada"))
				return err
			}); !errors.Is(err, kv.ErrCorrupt) {
				t.Errorf("Get in an Update gives %v, want kv.ErrCorrupt", err)
			}
		})
	}
}

// stored returns the stored value of a key, with its seal.
func stored(t *testing.T, s *Store, key string) (value []byte) {
	t.Helper()
	snap := s.current.Load().snapshot()
	defer snap.release()
	item, err := snap.Get(append([]byte{dataMark}, key...))
	if err == nil {
		value, err = item.ValueCopy(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// overwrite changes a value without the store.
func overwrite(t *testing.T, s *Store, key string, value []byte) {
	t.Helper()
	e := s.current.Load()
	txn := e.begin()
	defer txn.Discard()
	err := txn.SetEntry(&dgraph.Entry{Key: append([]byte{dataMark}, key...), Value: value})
	if err == nil {
		err = e.commit(txn)
	}
	if err != nil {
		t.Fatal(err)
	}
}
