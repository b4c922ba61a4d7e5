package kv

import (
	"context"
	"fmt"
	"io"
	"testing"

	"golang.org/x/sys/unix"
)

func TestRestGivesBackWhatWasRead(t *testing.T) {
	b, dir := openOnDisk(t)
	n, ctx := 0, context.Background()
	err := b.Load(ctx, func() (KV, error) {
		n++
		if n > 20_000 {
			return KV{}, io.EOF
		}
		return KV{Key: fmt.Appendf(nil, "key%06d", n), Value: fmt.Appendf(nil, "value %d of many, each with something of its own", n)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func() (keys int) {
		if err := b.Each(ctx, nil, func(_, _ []byte) error { keys++; return nil }); err != nil {
			t.Fatal(err)
		}
		return keys
	}
	all := read()
	before := resident(b)
	if before == 0 {
		t.Fatal("no table is in memory after all were read")
	}
	unix.Sync() // what is not on the disk yet cannot be taken
	b.Rest()
	if after := resident(b); after > before/4 && !onMemory(t, dir) {
		t.Errorf("%d KB of the tables are in memory after Rest, %d before", after, before)
	}
	if again := read(); again != all || all < 20_000 {
		t.Errorf("%d keys after Rest, %d before", again, all)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.Rest() // nothing to do, and no harm
}

func TestRestTouchesTheTablesOfItsOwnStoreAlone(t *testing.T) {
	mine, _ := openOnDisk(t)
	other, _ := openOnDisk(t)
	for _, b := range []*Badger{mine, other} {
		once := false
		err := b.Load(context.Background(), func() (KV, error) {
			if once {
				return KV{}, io.EOF
			}
			once = true
			return KV{Key: []byte("a"), Value: []byte("b")}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range mine.mappedTables() {
		for _, o := range other.mappedTables() {
			if m.File == o.File {
				t.Errorf("%s is both stores'", m.File)
			}
		}
	}
	if len(mine.mappedTables()) == 0 || len(other.mappedTables()) == 0 {
		t.Error("a store with a record has no table")
	}
}

// onMemory reports whether dir is in memory: then there is no disk to read it from
// again, and the kernel keeps it.
func onMemory(t *testing.T, dir string) bool {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		t.Fatal(err)
	}
	return fs.Type == unix.TMPFS_MAGIC
}

// resident is how much of the tables this process holds, in KB.
func resident(b *Badger) (kb int) {
	for _, m := range b.mappedTables() {
		kb += m.Resident
	}
	return kb
}
