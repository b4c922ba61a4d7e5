package badger

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"doorward/backend/store/kv"
	"doorward/build/need"
)

// What a disk, a careless copy or a careless person does to the files of a store. Badger
// opens many of these without an error, with fewer keys; some kill the process. Here each
// is refused with a sentence, or no data is missing.
func TestDamageLosesNothingInSilence(t *testing.T) {
	need.Time(t)
	const loaded, written = 20_000, 60
	b, dir := openOnDisk(t)
	n := 0
	if err := b.Load(t.Context(), func() (kv.KV, error) {
		if n++; n > loaded {
			return kv.KV{}, io.EOF
		}
		return kv.KV{Key: fmt.Appendf(nil, "k%06d", n), Value: fmt.Appendf(nil, "%0100d", n*7919)}, nil
	}); err != nil {
		t.Fatal(err)
	}
	for n := range written {
		setKey(t, b, fmt.Sprintf("w%06d", n))
	}

	flip := func(from, to float64) func([]byte) []byte {
		return func(d []byte) []byte {
			for i := int(from * float64(len(d))); i < int(to*float64(len(d))) && i < len(d); i++ {
				d[i] ^= 0xff
			}
			return d
		}
	}
	cut := func(keep float64) func([]byte) []byte {
		return func(d []byte) []byte { return d[:int(keep*float64(len(d)))] }
	}
	gone := func([]byte) []byte { return nil }
	used := func(change func([]byte) []byte) func([]byte) []byte { // of a log: behind what is used there are zeros
		return func(d []byte) []byte {
			end := len(d)
			for end > 0 && d[end-1] == 0 {
				end--
			}
			return append(change(d[:end]), make([]byte, len(d)-end)...)
		}
	}
	lastChange := func(d []byte) []byte { // each has its length before it, and a checksum
		end := 8
		for next := end; next < len(d); next += 8 + int(binary.BigEndian.Uint32(d[next:])) {
			end = next
		}
		return d[:end]
	}
	tests := []struct {
		files, name string
		change      func([]byte) []byte
		refused     bool // at the start, or by the first read of all data
	}{
		{"*.sst", "a data block", flip(0.3, 0.31), true},
		{"*.sst", "the first bytes", flip(0, 0.001), true},
		{"*.sst", "the index", flip(0.97, 0.98), true},
		{"*.sst", "the last bytes", flip(0.9999, 1), true},
		{"*.sst", "cut to two thirds", cut(0.66), true},
		{"*.sst", "cut to nothing", cut(0), true},
		{"*.sst", "gone", gone, true},
		{"MANIFEST", "in the middle", flip(0.5, 0.6), true},
		{"MANIFEST", "cut by a tenth", cut(0.9), true},
		{"MANIFEST", "without its last change", lastChange, true},
		{"MANIFEST", "cut to nothing", cut(0), true},
		{"MANIFEST", "gone", gone, true},
		{"*.mem", "the header", flip(0, 0.0000005), true},
		{"*.mem", "in the middle of what is used", used(flip(0.4, 0.5)), true},
		{"*.mem", "the last of what is used", used(flip(0.99, 1)), true},
		{"*.mem", "half of what is used is gone", used(func(d []byte) []byte { clear(d[len(d)/2:]); return d }), true},
		{"*.mem", "gone", gone, true},
		{"*.vlog", "flipped", flip(0.001, 0.01), false},
		{"*.vlog", "gone", gone, false},
		{"KEYREGISTRY", "flipped", flip(0, 1), false},
		{"KEYREGISTRY", "gone", gone, false},
		{"DISCARD", "gone", gone, false},
		{"../CURRENT", "flipped", flip(0, 1), true},
		{"../CURRENT", "cut to nothing", cut(0), true},
		{"../CURRENT", "gone", gone, true},
	}
	for _, tt := range tests {
		t.Run(tt.files+" "+tt.name, func(t *testing.T) {
			copied := crashed(t, dir)
			damageOne(t, filepath.Join(generationOf(t, copied), tt.files), tt.change)
			found, err := countAll(copied)
			var dir *kv.DirError
			switch {
			case err == nil && found == loaded+written && !tt.refused:
			case err == nil && found == loaded+written:
				t.Error("it was not logDamage, and nothing is missing: the damage hit nothing, or the test does not")
			case err == nil:
				t.Errorf("%d of %d keys are left, and nobody is told", found, loaded+written)
			case !errors.As(err, &dir) || dir.Dir == "":
				t.Errorf("it is refused without the directory: %v", err)
			case !tt.refused && !errors.Is(err, kv.ErrCorrupt):
				t.Errorf("it is refused for another reason: %v", err)
			}
		})
	}
}

// damageOne changes the largest file that matches a pattern; nil deletes it.
func damageOne(t *testing.T, pattern string, change func([]byte) []byte) {
	t.Helper()
	all, _ := filepath.Glob(pattern)
	name, size := "", int64(-1)
	for _, file := range all {
		if info, err := os.Stat(file); err == nil && info.Size() > size {
			name, size = file, info.Size()
		}
	}
	if name == "" {
		t.Fatalf("this store has no %s", filepath.Base(pattern))
	}
	data, err := os.ReadFile(name)
	if err == nil {
		if data = change(data); data == nil {
			err = os.Remove(name)
		} else {
			err = os.WriteFile(name, data, 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// countAll opens a store and reads all keys.
func countAll(dir string) (n int, err error) {
	b, err := Open(Options{Config: kv.Config{Dir: dir, MinFree: 1}})
	if err != nil {
		return 0, err
	}
	defer b.Close()
	err = b.Each(context.Background(), nil, func(_, value []byte) error {
		if n++; len(value) == 0 {
			return errors.New("an empty value")
		}
		return nil
	})
	return n, err
}

// A process that is killed while tables are rewritten leaves a half-written one. It is not
// listed, and its data is also elsewhere: the next start deletes it, and must not call the
// store damaged.
func TestHalfWrittenTableIsNoDamage(t *testing.T) {
	need.Time(t)
	b, dir := openOnDisk(t)
	n := 0
	if err := b.Load(t.Context(), func() (kv.KV, error) {
		if n++; n > 2000 {
			return kv.KV{}, io.EOF
		}
		return kv.KV{Key: fmt.Appendf(nil, "k%06d", n), Value: fmt.Appendf(nil, "%0100d", n*7919)}, nil
	}); err != nil {
		t.Fatal(err)
	}
	setKey(t, b, "w")
	tables, err := filepath.Glob(filepath.Join(generationOf(t, dir), "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	whole, err := os.ReadFile(tables[0])
	if err != nil {
		t.Fatal(err)
	}
	half := append(bytes.Clone(whole[:len(whole)/3]), make([]byte, len(whole)-len(whole)/3)...)
	for what, left := range map[string][]byte{
		"nothing":                      {},
		"zeros":                        make([]byte, len(whole)),
		"a third":                      half,
		"all but the end":              whole[:len(whole)-1],
		"all, and not yet on the list": whole,
	} {
		copied := crashed(t, dir)
		name := filepath.Join(generationOf(t, copied), "000900.sst")
		if err := os.WriteFile(name, left, 0o600); err != nil {
			t.Fatal(err)
		}
		if found, err := countAll(copied); err != nil || found != 2001 {
			t.Errorf("%s of a new table: %d keys, %v", what, found, err)
		}
		if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s of a new table is still there: %v", what, err)
		}
	}
}

// The same with a log that was just being created: it exists and is empty.
func TestEmptyLogIsNoDamage(t *testing.T) {
	need.Time(t)
	b, dir := openOnDisk(t)
	setKey(t, b, "one")
	setKey(t, b, "two")
	for _, name := range []string{"00900.mem", "000900.vlog"} {
		copied := crashed(t, dir)
		if err := os.WriteFile(filepath.Join(generationOf(t, copied), name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 { // and the next start succeeds as well
			if found, err := countAll(copied); err != nil || found != 2 {
				t.Errorf("with an empty %s: %d keys, %v", name, found, err)
			}
		}
	}
}
