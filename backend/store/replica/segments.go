package replica

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	walfs "github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"

	"doorward/backend/private"
	"doorward/backend/store/kv/badger"
)

// spareName is the log's next file, made ahead.
const spareName = "next"

// metaAhead is the room that raft-wal may need for its list of files, and raft for its term and its
// vote: without room for these raft ends the process.
const metaAhead = 256 << 10

// segments are the log's files. The next one is made ahead, with all its blocks: raft-wal begins it
// on its own, when the one before is full, and if that fails it takes no entry any more, not even
// when there is room again. So a full disk is noticed before an entry is written.
type segments struct {
	*walfs.FS
	dir string

	mu    sync.Mutex
	spare bool
}

func newSegments(dir string) (*segments, error) {
	err := os.Remove(filepath.Join(dir, spareName)) // it may lack blocks
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &segments{FS: walfs.New(), dir: dir}, nil
}

// errNoRoom is why the log takes no entry, not even a part of one.
var errNoRoom = errors.New("there is no room for the log")

// room makes sure that there is a next file. It is called before each change of the log.
func (s *segments) room() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.make(); err != nil {
		return fmt.Errorf("%w: %w", errNoRoom, err)
	}
	return nil
}

func (s *segments) make() error {
	if s.spare {
		return nil
	}
	f, err := s.FS.Create(s.dir, spareName, segmentBytes)
	if err != nil {
		os.Remove(filepath.Join(s.dir, spareName)) // what there is of it
		return err
	}
	s.spare = true
	return f.Close()
}

// Create implements types.VFS.
func (s *segments) Create(dir, name string, size uint64) (types.WritableFile, error) {
	if size != segmentBytes {
		return s.FS.Create(dir, name, size)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.make(); err != nil {
		return nil, err
	}
	if err := os.Rename(filepath.Join(dir, spareName), filepath.Join(dir, name)); err != nil {
		return nil, err
	}
	s.spare = false
	if err := private.SyncDir(dir); err != nil {
		return nil, err
	}
	return s.FS.OpenWriter(dir, name)
}

// reserveMeta takes the room for metaAhead.
func reserveMeta(dir string) error {
	return badger.Reserve(filepath.Join(dir, metadb.FileName), metaAhead)
}

// settleSegments ends what a process has begun that was killed, or closed its log, just when a file
// was full. Raft-wal closes such a file with an index first, and begins the next one afterwards,
// beside other work. If it finds such a file at the end it goes on as if nothing were the matter,
// and then refuses every entry.
func settleSegments(dir string) (err error) {
	if _, err := os.Stat(filepath.Join(dir, metadb.FileName)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var meta metadb.BoltMetaDB
	state, err := meta.Load(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, meta.Close()) }()
	n := len(state.Segments)
	if n == 0 || !state.Segments[n-1].SealTime.IsZero() {
		return nil
	}
	tail := &state.Segments[n-1]
	w, err := segment.NewFiler(dir, walfs.New()).RecoverTail(*tail)
	if err != nil {
		return nil // raft-wal makes the file, or says what is damaged
	}
	sealed, index, err := w.Sealed()
	last := w.LastIndex()
	if err := errors.Join(err, w.Close()); err != nil || !sealed {
		return err
	}
	name := filepath.Join(dir, segment.FileName(*tail))
	indexed, err := indexedBy(name, int64(index))
	if err != nil {
		return err
	}
	if indexed != last-tail.BaseIndex+1 {
		return unseal(name, int64(index))
	}
	tail.SealTime, tail.MaxIndex, tail.IndexStart = time.Now(), last, index
	state.Segments = append(state.Segments, types.SegmentInfo{ID: state.NextSegmentID, BaseIndex: last + 1,
		MinIndex: last + 1, SizeLimit: segmentBytes, Codec: tail.Codec, CreateTime: time.Now()})
	state.NextSegmentID++
	return meta.CommitState(state)
}

// frameHead is what stands before an index in a file: its kind, and its size in bytes.
const frameHead = 8

// indexedBy is how many entries the index at a place of a file has.
func indexedBy(name string, at int64) (uint64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var head [frameHead]byte
	_, err = f.ReadAt(head[:], at-frameHead)
	return uint64(binary.LittleEndian.Uint32(head[4:])) / 4, err
}

// unseal takes away an index whose batch did not reach the disk in whole: raft-wal drops the entries
// of that batch, which nobody has acknowledged, but not the index.
func unseal(name string, at int64) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(make([]byte, max(0, info.Size()-at+frameHead)), at-frameHead); err != nil {
		return err
	}
	return f.Sync()
}
