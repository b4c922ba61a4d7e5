package replica

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	walfs "github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
)

// fullLog makes a log with one full file, as a process leaves it that is killed before it has begun
// the next one. It returns where the index is in the full file, and its last entry.
func fullLog(t *testing.T) (dir, file string, index int64, last uint64) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "log")
	log, err := openLog(dir, badger.Progress{}, newLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	files := func() []string {
		found, err := filepath.Glob(filepath.Join(dir, "*.wal"))
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(found)
		return found
	}
	for i := uint64(1); len(files()) == 1; i++ {
		if err := log.StoreLog(logEntry(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	var meta metadb.BoltMetaDB
	state, err := meta.Load(dir)
	if err != nil || len(state.Segments) != 2 {
		t.Fatalf("%+v, %v", state, err)
	}
	full := state.Segments[0]
	index, last = int64(full.IndexStart), full.MaxIndex
	full.IndexStart, full.MaxIndex, full.SealTime = 0, 0, time.Time{}
	undone := types.PersistentState{NextSegmentID: state.NextSegmentID - 1, Segments: []types.SegmentInfo{full}}
	if err := errors.Join(meta.CommitState(undone), meta.Close(), os.Remove(files()[1])); err != nil {
		t.Fatal(err)
	}
	return dir, files()[0], index, last
}

func logEntry(i uint64) *raft.Log {
	return &raft.Log{Index: i, Term: 1, Data: append(bytes.Repeat([]byte{byte(i)}, 100<<10), fmt.Sprint(i)...)}
}

// A process is killed, or closes its log, when a file of it is full and the next one was not begun.
// Raft-wal by itself would refuse every later entry. Everything that was acknowledged is there, and
// the log goes on.
func TestALogEndsWithAFullFile(t *testing.T) {
	harm := func(file string, at int64, with []byte) {
		f, err := os.OpenFile(file, os.O_RDWR, 0)
		if err == nil {
			_, err = f.WriteAt(with, at)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	commit := func(file string, index int64) int64 { // where the commit of the index is
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		size := int64(binary.LittleEndian.Uint32(data[index-4:]))
		return index + (size+7)/8*8
	}
	tests := []struct {
		name  string
		spoil func(file string, index int64)
		lost  uint64 // entries of the last batch, which nobody has acknowledged
	}{
		{"in whole", func(string, int64) {}, 0},
		{"its commit has not reached the disk", func(file string, index int64) {
			harm(file, commit(file, index), make([]byte, frameHead))
		}, 1},
		{"its index has not reached the disk in whole", func(file string, index int64) {
			harm(file, index+4, make([]byte, 8))
		}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, file, index, last := fullLog(t)
			tt.spoil(file, index)
			last -= tt.lost
			for i := range uint64(3) {
				log, err := openLog(dir, badger.Progress{}, newLogger(slog.New(slog.DiscardHandler)))
				if err != nil {
					t.Fatal(err)
				}
				if end, err := log.LastIndex(); err != nil || end != last+i {
					t.Errorf("it ends with entry %d, %v, want %d", end, err, last+i)
				}
				if err := log.StoreLog(logEntry(last + i + 1)); err != nil {
					t.Errorf("opened %d times, it takes no entry: %v", i+1, err)
				}
				var got raft.Log
				for j := uint64(1); j <= last+i+1; j++ {
					if err := log.GetLog(j, &got); err != nil || !bytes.Equal(got.Data, logEntry(j).Data) {
						t.Errorf("entry %d is not what it was: %v", j, err)
					}
				}
				if err := log.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// What settleSegments reads of a file is where raft-wal writes it.
func TestTheIndexIsWhereWeLookForIt(t *testing.T) {
	dir, file, index, last := fullLog(t)
	if n, err := indexedBy(file, index); n != last || err != nil {
		t.Errorf("it has %d entries, %v, want %d", n, err, last)
	}
	w, err := segment.NewFiler(dir, walfs.New()).RecoverTail(types.SegmentInfo{ID: 0, BaseIndex: 1, MinIndex: 1,
		Codec: 1, SizeLimit: segmentBytes})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if sealed, at, err := w.Sealed(); !sealed || int64(at) != index || err != nil {
		t.Errorf("sealed: %v at %d, %v, want %d", sealed, at, err, index)
	}
}

// obstruct makes it impossible to make a log's next file, as on a full disk, until it is undone.
func obstruct(t *testing.T, dir string) (undo func()) {
	t.Helper()
	next := filepath.Join(dir, spareName)
	if err := errors.Join(os.RemoveAll(next), os.MkdirAll(filepath.Join(next, "x"), 0o700)); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.RemoveAll(next); err != nil {
			t.Fatal(err)
		}
	}
}

// The disk is full when the log needs its next file: an entry is refused before any of it is written,
// and taken when there is room.
func TestTheNextFileOfTheLogIsMadeAhead(t *testing.T) {
	log, err := openLog(filepath.Join(t.TempDir(), "log"), badger.Progress{}, newLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	undo := obstruct(t, log.segments.dir)
	if err := log.StoreLog(logEntry(1)); !errors.Is(err, errNoRoom) {
		t.Errorf("without room: %v", err)
	}
	if last, err := log.LastIndex(); last != 0 || err != nil {
		t.Errorf("it has entry %d, %v", last, err)
	}
	undo()
	for i := uint64(1); i < 100; i++ { // some files
		if err := log.StoreLog(logEntry(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.DeleteRange(90, 99); err != nil {
		t.Fatal(err)
	}
	undo = obstruct(t, log.segments.dir)
	log.segments.spare = false
	if err := log.DeleteRange(80, 89); !errors.Is(err, errNoRoom) {
		t.Errorf("the end is deleted without room for a new one: %v", err)
	}
	if err := log.DeleteRange(1, 50); err != nil {
		t.Errorf("the beginning, which gives room back, is not deleted: %v", err)
	}
	undo()
	if err := log.StoreLog(logEntry(90)); err != nil {
		t.Error(err)
	}
}

// The machine that leads cannot write its log, as its disk is full. Its callers are told that nothing
// was changed, another machine leads, and it follows when there is room.
func TestALeaderWithoutRoomForItsLog(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: quick}, "a", "b", "c")
	full := c.elect(c.nodes["a"])
	set(t, full, "before")
	undo := obstruct(t, full.log.segments.dir)
	full.log.segments.mu.Lock()
	full.log.segments.spare = false
	full.log.segments.mu.Unlock()
	err := full.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error { return tx.Set([]byte("refused"), nil) })
	if !errors.Is(err, kv.ErrUnavailable) || errors.Is(err, kv.ErrUnknownOutcome) {
		t.Errorf("Update = %v", err)
	}
	leader := c.leading(full)
	set(t, leader, "after")
	undo()
	c.equal(leader)
	if got := content(t, leader); strings.Contains(got, "refused") {
		t.Errorf("it has %s", got)
	}
}
