package fsck_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/kv/badger/fsck"
)

var update = flag.Bool("update", false, "write the golden files with the Badger that go.mod pins")

// goldenVersion is the version that wrote the golden files.
const goldenVersion = "v4.9.6"

const golden = "testdata/" + goldenVersion

// go.mod pins a Badger version other than the one whose files are read here: nothing
// guarantees that it still writes the same format.
func TestGoldenFilesAreOfThePinnedBadger(t *testing.T) {
	text, err := os.ReadFile("../../../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	pinned := regexp.MustCompile(`github\.com/dgraph-io/badger/v4 (v\S+)`).FindSubmatch(text)
	if pinned == nil {
		t.Fatal("go.mod does not name Badger")
	}
	if string(pinned[1]) != goldenVersion {
		t.Errorf("go.mod pins Badger %s, and the golden files are of %s. Read what changed in its memtable.go, "+
			"table/ and manifest.go; set goldenVersion; make the files with "+
			"`go test ./backend/store/kv/badger/fsck -run Golden -update`; run the tests of kv; and "+
			"open the data directory of every earlier version (backend/store/testdata).", pinned[1], goldenVersion)
	}
}

// The files of a killed store, with two commits in a table and three in the log, are
// accepted; with a changed byte in the table, the log or the list of tables they are
// refused.
func TestGoldenFiles(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	if err := fsck.Probe(golden); err != nil {
		t.Fatalf("the golden files = %v", err)
	}
	tests := []struct {
		file   string
		change func(data []byte)
	}{
		{"*.sst", func(data []byte) { data[10] ^= 1 }},
		{"*.sst", func(data []byte) { data[len(data)-2] ^= 1 }},
		{"*.mem", func(data []byte) { data[len(data)/4] ^= 1 }},
		{"MANIFEST", func(data []byte) { data[len(data)/2] ^= 1 }},
	}
	for _, tt := range tests {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(golden)); err != nil {
			t.Fatal(err)
		}
		name := one(t, filepath.Join(dir, tt.file))
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tt.change(data)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := fsck.Probe(dir); !errors.Is(err, kv.ErrCorrupt) {
			t.Errorf("%s with a byte changed = %v", tt.file, err)
		}
	}
}

func one(t *testing.T, pattern string) string {
	t.Helper()
	all, err := filepath.Glob(pattern)
	if err != nil || len(all) != 1 {
		t.Fatalf("%s is %q, %v", pattern, all, err)
	}
	return all[0]
}

// writeGolden writes the golden files: of a log only the used part.
func writeGolden(t *testing.T) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	write := func(s *badger.Store, keys ...string) {
		t.Helper()
		for _, key := range keys {
			err := s.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
				return errors.Join(tx.Set([]byte(key), fmt.Append(nil, "value of ", key)), tx.Delete([]byte("gone")))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	open := func() *badger.Store {
		t.Helper()
		s, err := badger.Open(badger.Options{
			Config: kv.Config{Dir: dir, MinFree: 1, Logger: slog.New(slog.DiscardHandler)},
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	write(s, "one", "two")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open()
	defer s.Close()
	write(s, "three", "four", "five")
	keepGolden(t, dir)
}

func keepGolden(t *testing.T, dir string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(golden), os.MkdirAll(golden, 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"*.sst", "*.mem", "MANIFEST"} {
		names, err := filepath.Glob(filepath.Join(dir, "000001", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, ".mem") {
				data = bytes.TrimRight(data, "\x00")
			}
			if len(data) == 0 {
				continue // the log made ahead
			}
			if err := os.WriteFile(filepath.Join(golden, filepath.Base(name)), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
