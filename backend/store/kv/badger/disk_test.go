package badger

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"sync/atomic"
	"testing"

	"doorward/backend/store/kv"
)

// onDiskOf opens a store on a disk whose free space the test sets.
func onDiskOf(t *testing.T, floor uint64) (*Store, func(free uint64)) {
	t.Helper()
	var free atomic.Uint64
	free.Store(math.MaxUint64)
	b, err := Open(Options{
		Config: kv.Config{Dir: filepath.Join(t.TempDir(), "store"), MinFree: floor, Free: func(string) (uint64, error) {
			if free.Load() == 0 {
				return 0, errors.New("no such file system")
			}
			return free.Load(), nil
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, func(n uint64) {
		free.Store(n)
		b.disk.before(true, b.current.Load().spare)
	}
}

// The disk fills up. Below the floor writes are refused. Writes that take rights away are
// accepted as long as there are blocks for them, or, if the file system allocates none
// ahead, down to half of the floor. All are accepted again once there is room.
func TestDiskFills(t *testing.T) {
	b, free := onDiskOf(t, 1000)
	write := func(ctx context.Context) error {
		return b.Update(ctx, kv.NewOp(), func(tx kv.Tx) error { return tx.Set([]byte("k"), []byte("v")) })
	}
	ordinary, urgent := t.Context(), kv.Urgent(t.Context())
	steps := []struct {
		name          string
		free          uint64
		takes, urgent bool
		without       bool // urgent, with no blocks allocated
	}{
		{"room", 5000, true, true, true},
		{"at the floor", 1000, true, true, true},
		{"a byte under it", 999, false, true, true},
		{"at half of it", 500, false, true, true},
		{"under half of it", 499, false, true, false},
		{"nobody knows", 0, false, true, false},
		{"under the floor again", 700, false, true, true},
		{"room again", 1000, true, true, true},
	}
	for _, ahead := range []bool{true, false} {
		if !ahead {
			if err := b.onWriter(t.Context(), func() error {
				e := b.current.Load()
				err := e.spare.remove()
				e.spare = nil
				return err
			}); err != nil {
				t.Fatal(err)
			}
		} else if b.current.Load().spare == nil {
			continue // this file system allocates none
		}
		for _, s := range steps {
			free(s.free)
			for ctx, takes := range map[context.Context]bool{
				ordinary: s.takes,
				urgent:   ahead && s.urgent || s.without,
			} {
				err := write(ctx)
				if takes != (err == nil) {
					t.Errorf("%s, blocks ahead %v: a write (urgent %v) = %v", s.name, ahead, kv.IsUrgent(ctx), err)
				}
				var full *kv.FullError
				if err != nil && (!errors.As(err, &full) || !errors.Is(err, kv.ErrReadOnly)) {
					t.Errorf("%s: refused as %v", s.name, err)
				}
			}
			if err := b.View(ordinary, func(tx kv.Tx) error { _, err := tx.Get([]byte("k")); return err }); err != nil {
				t.Errorf("%s: a read = %v", s.name, err)
			}
		}
	}
}
