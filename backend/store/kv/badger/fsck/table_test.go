package fsck_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/kv/badger/fsck"
)

// tableOf makes a store of n keys with incompressible values of this size, and returns its
// largest table.
func tableOf(t *testing.T, n, size int) (name string, bytes int64) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	b, err := badger.Open(badger.Options{Config: kv.Config{Dir: dir, MinFree: 1}})
	if err != nil {
		t.Fatal(err)
	}
	r, i := rand.New(rand.NewPCG(1, 2)), 0
	err = b.Load(context.Background(), func() (kv.KV, error) {
		if i++; i > n {
			return kv.KV{}, io.EOF
		}
		v := make([]byte, size)
		for j := range v {
			v[j] = byte(r.Uint32())
		}
		return kv.KV{Key: fmt.Appendf(nil, "k%08d", i), Value: v}, nil
	})
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	tables, err := filepath.Glob(filepath.Join(dir, "*", "*.sst"))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if info, err := os.Stat(table); err == nil && info.Size() > bytes {
			name, bytes = table, info.Size()
		}
	}
	return name, bytes
}

// A changed byte anywhere in a table, or a truncated table, is found.
func TestDamageOfTableIsFound(t *testing.T) {
	name, size := tableOf(t, 400, 200)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := fsck.Table(name); err != nil {
		t.Fatalf("a whole table: %v", err)
	}
	missed := 0
	for at := int64(0); at < size; at += 97 {
		damaged := append([]byte(nil), whole...)
		damaged[at] ^= 0x40
		if err := os.WriteFile(name, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := fsck.Table(name); !errors.Is(err, kv.ErrCorrupt) {
			t.Errorf("byte %d of %d changed: %v", at, size, err)
			missed++
		}
		if missed > 5 {
			t.FailNow()
		}
	}
	for _, n := range []int64{0, 1, 3, size / 2, size - 1} {
		if err := os.WriteFile(name, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := fsck.Table(name); !errors.Is(err, kv.ErrCorrupt) {
			t.Errorf("cut to %d of %d bytes: %v", n, size, err)
		}
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := fsck.Table(name); !errors.Is(err, os.ErrNotExist) || errors.Is(err, kv.ErrCorrupt) {
		t.Errorf("a table that a compaction took away: %v", err)
	}
}

// A large store is checked at its start and by doorward verify: that must not use up the
// memory of the machine.
func TestTableIsCheckedInLittleMemory(t *testing.T) {
	name, size := tableOf(t, 3000, 4000)
	if size < 3<<20 {
		t.Fatalf("the largest table has only %d bytes", size)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := fsck.Table(name); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > uint64(size)/4 {
		t.Errorf("checking a table of %d bytes took %d", size, took)
	}
}
