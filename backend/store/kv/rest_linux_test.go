package kv

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestRestGivesBackWhatWasRead(t *testing.T) {
	b, dir := openOnDisk(t)
	if onMemory(t, dir) {
		t.Skip("the temporary folder is in memory: there is no disk to read it from again")
	}
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
	before := residentTables(t, dir)
	if before == 0 {
		t.Fatal("no table is in memory after all were read")
	}
	unix.Sync() // what is not on the disk yet cannot be taken
	b.Rest()
	if after := residentTables(t, dir); after > before/4 {
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

func TestRestLooksAtTheTablesOfItsOwnStoreAlone(t *testing.T) {
	for line, want := range map[string]bool{
		"7f00-7f10 r--s 00000000 08:01 12 /data/store/a/000001.sst":           true,
		"7f00-7f10 rw-s 00000000 08:01 12 /data/store/a/00001.mem":            false,
		"7f00-7f10 r--s 00000000 08:01 12 /other/store/a/000001.sst":          false,
		"7f00-7f10 r--s 00000000 08:01 12 /data/store/a/000001.sst (deleted)": false,
		"7f10-7f00 r--s 00000000 08:01 12 /data/store/a/000001.sst":           false,
		"zz-7f10 r--s 00000000 08:01 12 /data/store/a/000001.sst":             false,
		"7f00-7f10 rw-p 00000000 00:00 0":                                     false,
	} {
		if _, _, ok := tableAt(line, "/data/store"); ok != want {
			t.Errorf("%q: %v", line, ok)
		}
	}
}

func onMemory(t *testing.T, dir string) bool {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		t.Fatal(err)
	}
	return fs.Type == unix.TMPFS_MAGIC
}

// residentTables is how much of the tables in dir this process holds, in KB.
func residentTables(t *testing.T, dir string) (kb int) {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if strings.Contains(line, dir) {
			in = strings.HasSuffix(line, ".sst")
		} else if rss, found := strings.CutPrefix(line, "Rss:"); found && in {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rss), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			kb, in = kb+n, false
		}
	}
	return kb
}
