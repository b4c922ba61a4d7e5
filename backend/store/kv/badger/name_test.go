package badger

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"doorward/backend/store/kv"
)

// A directory's name can mean something in a pattern. Its files are found all the same: the
// log that was made ahead is removed at the next start, which fails otherwise, and damage is
// noticed.
func TestADirectoryNamedLikeAPattern(t *testing.T) {
	b, dir := openOnDisk(t)
	setKey(t, b, "one")
	setKey(t, b, "two")
	copied := filepath.Join(t.TempDir(), "[x]", "store")
	if err := os.CopyFS(copied, os.DirFS(crashed(t, dir))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{copied, filepath.Join(copied, "000001")} {
		if err := os.Chmod(name, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Open(Options{Config: kv.Config{Dir: copied, MinFree: 1}})
	if err != nil {
		t.Fatalf("Open after a crash = %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	tables, err := os.ReadDir(filepath.Join(copied, "000001"))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if filepath.Ext(table.Name()) == ".sst" {
			if err := os.Truncate(filepath.Join(copied, "000001", table.Name()), 9); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := countAll(copied); !errors.Is(err, kv.ErrCorrupt) {
		t.Errorf("with damaged tables: %v", err)
	}
}
