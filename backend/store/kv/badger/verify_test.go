package badger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"doorward/backend/store/kv"
)

// A flipped bit in a block makes Badger lose its keys silently. A read of one before the
// whole store was checked must not report that the key does not exist.
func TestDamagedBlockIsNoAbsence(t *testing.T) {
	dir, ctx := filepath.Join(t.TempDir(), "store"), context.Background()
	b, err := Open(Options{Config: kv.Config{Dir: dir}})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = b.Load(ctx, func() (kv.KV, error) {
		if n++; n > 5000 {
			return kv.KV{}, io.EOF
		}
		return kv.KV{Key: fmt.Appendf(nil, "k%06d", n), Value: fmt.Appendf(nil, "%0200d", n*7919)}, nil
	})
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	flip(t, dir)

	b, err = Open(Options{Config: kv.Config{Dir: dir}})
	if err != nil {
		return // refused at the start, which is right as well
	}
	defer b.Close()
	for n := 1; n <= 30; n++ {
		err = b.View(ctx, func(tx kv.Tx) error {
			_, err := tx.Get(fmt.Appendf(nil, "k%06d", n))
			return err
		})
		if errors.Is(err, kv.ErrNotFound) {
			t.Errorf("key %d is said to be absent: %v", n, err)
		}
	}
	err = b.View(ctx, func(tx kv.Tx) error {
		found, err := tx.Scan([]byte("k"), nil, 10)
		if err == nil && len(found) == 10 {
			t.Error("a scan over a damaged block found all")
		}
		return err
	})
	if err == nil {
		t.Error("a scan over a damaged block went well")
	}
}

// flip changes a byte in the first block of the largest table.
func flip(t *testing.T, dir string) {
	t.Helper()
	tables, err := filepath.Glob(filepath.Join(dir, "*", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	largest, size := "", int64(0)
	for _, name := range tables {
		if info, err := os.Stat(name); err == nil && info.Size() > size {
			largest, size = name, info.Size()
		}
	}
	data, err := os.ReadFile(largest)
	if err != nil {
		t.Fatal(err)
	}
	data[300] ^= 0xff
	if err := os.WriteFile(largest, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRangeChecksItsTablesOnly(t *testing.T) {
	dir, ctx := filepath.Join(t.TempDir(), "store"), context.Background()
	b, err := Open(Options{Config: kv.Config{Dir: dir}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	n := 0
	err = b.Load(ctx, func() (kv.KV, error) {
		if n++; n > 100 {
			return kv.KV{}, io.EOF
		}
		return kv.KV{Key: fmt.Appendf(nil, "k%06d", n), Value: []byte("v")}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	e := b.current.Load()
	for _, q := range []struct {
		name, from, to string
		want           int
	}{
		{"below all keys", "a", "b", 0},
		{"between the last key and the sentinel, in the same table", "x", "z", 1},
		{"the first key", "k000001", "k000001", 1},
		{"around all", "a", "z", 1},
	} {
		b := &Store{o: b.o, stop: b.stop} // it has checked nothing yet
		if err := b.checkRange(ctx, e, markedFrom([]byte(q.from)), markedFrom([]byte(q.to))); err != nil {
			t.Fatal(err)
		}
		if got := len(b.tables.tables); got != q.want {
			t.Errorf("%s: %d tables checked, want %d", q.name, got, q.want)
		}
	}
}
