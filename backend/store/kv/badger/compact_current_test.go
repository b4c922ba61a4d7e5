package badger

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"doorward/backend/store/kv"
)

// The rename of CURRENT fails, or it has happened and the disk then fails: both look alike to
// the program. Whatever was acknowledged is there at the next start, and nothing that is
// acknowledged afterwards goes into a generation that CURRENT does not name.
func TestNothingIsLostWhenCURRENTIsInDoubt(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, tt := range []struct {
		name   string
		rename func(from, to string) error
	}{
		{"before the rename", func(string, string) error { return broken }},
		{"after the rename", func(from, to string) error { return errors.Join(os.Rename(from, to), broken) }},
	} {
		t.Run("Compact, "+tt.name, func(t *testing.T) {
			b, dir := openOnDisk(t)
			setKey(t, b, "ada")
			b.rename = tt.rename
			if err := b.Compact(t.Context()); !errors.Is(err, broken) {
				t.Fatalf("Compact = %v", err)
			}
			wantStopped(t, b)
			if n, err := countAll(dir); err != nil || n != 1 {
				t.Errorf("after the next start: %d keys, %v, want 1", n, err)
			}
		})
		t.Run("the first start, "+tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			b := newStore(Options{Config: kv.Config{Dir: dir, MinFree: 1}})
			b.rename = tt.rename
			if err := b.open(); !errors.Is(err, broken) {
				t.Fatalf("Open = %v", err)
			}
			if n, err := countAll(dir); err != nil || n != 0 {
				t.Errorf("after the next start: %d keys, %v, want an empty store", n, err)
			}
		})
		t.Run("Load, "+tt.name, func(t *testing.T) {
			b, dir := openOnDisk(t)
			b.rename = tt.rename
			pairs := []kv.KV{{Key: []byte("ada"), Value: []byte("v")}}
			if err := b.Load(t.Context(), func() (kv.KV, error) {
				if len(pairs) == 0 {
					return kv.KV{}, io.EOF
				}
				defer func() { pairs = nil }()
				return pairs[0], nil
			}); !errors.Is(err, broken) {
				t.Fatalf("Load = %v", err)
			}
			wantStopped(t, b)
			if n, err := countAll(dir); err != nil || n > 1 {
				t.Errorf("after the next start: %d keys, %v, want none or all", n, err)
			}
		})
	}
}

// wantStopped closes a store that must have refused everything.
func wantStopped(t *testing.T, b *Store) {
	t.Helper()
	err := b.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error { return tx.Set([]byte("eve"), []byte("v")) })
	if !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("an Update afterwards gives %v, want kv.ErrUnavailable", err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
}
