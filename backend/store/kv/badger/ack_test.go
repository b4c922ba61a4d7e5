package badger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"doorward/backend/store/kv"
	"doorward/build/need"
)

// crashed returns a copy of an open store's files: what a killed process leaves. A generation
// that was replaced is perhaps being deleted: then what is left of it is copied.
func crashed(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "store")
	err := os.CopyFS(to, os.DirFS(from))
	for tries := 0; errors.Is(err, fs.ErrNotExist) && tries < 100; tries++ {
		err = errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(from)))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{to, generationOf(t, to)} {
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func generationOf(t *testing.T, dir string) string {
	t.Helper()
	name, err := findCurrent(dir)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// logOf returns the log with the latest writes.
func logOf(t *testing.T, dir string) (name string, data []byte) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(generationOf(t, dir), "*.mem"))
	logs = slices.DeleteFunc(logs, func(log string) bool { // a log made ahead has no content
		info, err := os.Stat(log)
		return err == nil && info.Size() == 0
	})
	if err != nil || len(logs) == 0 {
		t.Fatalf("there is no log: %v", err)
	}
	name = logs[len(logs)-1]
	if data, err = os.ReadFile(name); err != nil {
		t.Fatal(err)
	}
	return name, data
}

// openOnDisk opens a new store, and closes it at the end of the test.
func openOnDisk(t *testing.T) (b *Store, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "store")
	b, err := Open(Options{Config: kv.Config{Dir: dir, MinFree: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, dir
}

func setKey(t *testing.T, b *Store, key string) {
	t.Helper()
	if err := b.Update(context.Background(), kv.NewOp(), func(tx kv.Tx) error {
		return tx.Set([]byte(key), []byte("v"))
	}); err != nil {
		t.Fatal(err)
	}
}

// The last commit before a crash was acknowledged, and then the disk damages it: to Badger
// it looks unfinished, and is silently dropped. An Admin was told that somebody is
// suspended, and they are not.
func TestLostLastCommitIsFound(t *testing.T) {
	need.Time(t)
	b, dir := openOnDisk(t)
	setKey(t, b, "one")
	older := crashed(t, dir)
	setKey(t, b, "two")
	note := func(dir string) string { return filepath.Join(generationOf(t, dir), ackName) }
	olderNote, err := os.ReadFile(note(older))
	if err != nil {
		t.Fatal(err)
	}

	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		damage func(dir string)
		lost   bool // the start is refused
	}{
		{"nothing", func(string) {}, false},
		{"a bit of the last commit", func(dir string) {
			name, data := logOf(t, dir)
			data[len(bytes.TrimRight(data, "\x00"))-6] ^= 1
			write(name, data)
		}, true},
		{"the end of the log is gone", func(dir string) {
			name, data := logOf(t, dir)
			at := len(bytes.TrimRight(data, "\x00"))
			clear(data[at-20:])
			write(name, data)
		}, true},
		{"the log is gone", func(dir string) {
			name, _ := logOf(t, dir)
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"the log is an older one", func(dir string) {
			name, _ := logOf(t, dir)
			_, was := logOf(t, older)
			write(name, was)
		}, true},
		{"the note is an older one, as after a power cut", func(dir string) { write(note(dir), olderNote) }, false},
		{"the note is torn", func(dir string) {
			write(note(dir), append(bytes.Clone(olderNote[:6]), 0xff, 0xff, 0, 0, 0, 0))
		}, false},
		{"the note is empty", func(dir string) { write(note(dir), nil) }, false},
		{"there is no note, as from an older version", func(dir string) {
			if err := os.Remove(note(dir)); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"a commit begins that was never answered", func(dir string) {
			name, data := logOf(t, dir)
			end := len(bytes.TrimRight(data, "\x00"))
			_, was := logOf(t, older)
			copy(data[end:], was[logHeader:logHeader+9]) // the start of a record
			write(name, data)
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			copied := crashed(t, dir)
			tt.damage(copied)
			b, err := Open(Options{Config: kv.Config{Dir: copied, MinFree: 1}})
			if tt.lost {
				if !errors.Is(err, kv.ErrCorrupt) {
					t.Fatalf("Open = %v, want a refusal", err)
				}
				return
			}
			if err != nil {
				t.Fatalf("Open = %v", err)
			}
			defer b.Close()
			for _, key := range []string{"one", "two"} {
				if err := b.View(t.Context(), func(tx kv.Tx) error {
					_, err := tx.Get([]byte(key))
					return err
				}); err != nil {
					t.Errorf("%s: %v", key, err)
				}
			}
		})
	}
}

// Data that was only deleted leaves nothing once the tables are rewritten, and a rewritten
// store numbers its commits from the start: neither is a loss.
func TestNothingLostByDeletingAndCompacting(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	open := func() *Store {
		t.Helper()
		b, err := Open(Options{Config: kv.Config{Dir: dir, MinFree: 1}})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := open()
	for n := range 40 {
		setKey(t, b, fmt.Sprint(n))
	}
	for n := range 40 {
		if err := b.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
			return tx.Delete(fmt.Append(nil, n))
		}); err != nil {
			t.Fatal(err)
		}
	}
	for round := range 3 {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		b = open()
		if err := b.Compact(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		again, err := Open(Options{Config: kv.Config{Dir: crashed(t, dir), MinFree: 1}})
		if err != nil {
			t.Fatalf("round %d, after a crash: %v", round, err)
		}
		again.Close()
	}
	b.Close()
}
