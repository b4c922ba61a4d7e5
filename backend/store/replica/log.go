package replica

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/segment"

	"doorward/backend/private"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
)

// segmentBytes is the size of the log's files. What was deleted is gone from the log with
// the file, so they are small.
const segmentBytes = 4 << 20

// A checkedLog is the log with a checksum of each entry, which raft-wal itself checks only
// at the end of the log. It is in the entry's Extensions, which nobody else uses here; a
// Codec of our own would be the place, but raft-wal writes the wrong codec into its files,
// and then refuses to open them.
type checkedLog struct {
	*wal.WAL
	dir      string
	segments *segments
	harm     func(error) error // is told of damage that is met after the log was opened
}

var errLog = fmt.Errorf("%w: the log", kv.ErrCorrupt)

// StoreLog implements raft.LogStore.
func (c checkedLog) StoreLog(l *raft.Log) error { return c.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore.
func (c checkedLog) StoreLogs(logs []*raft.Log) error {
	if err := c.segments.room(); err != nil {
		return err
	}
	checked := make([]*raft.Log, len(logs))
	for i, l := range logs {
		with := *l
		with.Extensions = binary.BigEndian.AppendUint32(nil, sumOf(l))
		checked[i] = &with
	}
	return c.WAL.StoreLogs(checked)
}

// DeleteRange implements raft.LogStore. Behind a deleted end a new file begins.
func (c checkedLog) DeleteRange(first, last uint64) error {
	end, err := c.LastIndex()
	if err == nil && last >= end {
		err = c.segments.room()
	}
	if err != nil {
		return err
	}
	return c.WAL.DeleteRange(first, last)
}

// GetLog implements raft.LogStore. Raft-wal itself also returns entries that were cut, as
// long as the file has them.
func (c checkedLog) GetLog(index uint64, l *raft.Log) error {
	err := c.get(index, l)
	if c.harm != nil && (errors.Is(err, kv.ErrCorrupt) || errors.Is(err, wal.ErrCorrupt)) {
		return c.harm(fmt.Errorf("%w: entry %d: %w", errLog, index, err))
	}
	return err
}

func (c checkedLog) get(index uint64, l *raft.Log) error {
	first, err := c.FirstIndex()
	if err != nil {
		return err
	}
	if index < first {
		return raft.ErrLogNotFound
	}
	if err := c.WAL.GetLog(index, l); err != nil {
		return err
	}
	if len(l.Extensions) != 4 || binary.BigEndian.Uint32(l.Extensions) != sumOf(l) || l.Index != index {
		return fmt.Errorf("%w has a wrong checksum", errLog)
	}
	l.Extensions = nil
	return nil
}

func sumOf(l *raft.Log) uint32 {
	var head [25]byte
	binary.BigEndian.PutUint64(head[:], l.Index)
	binary.BigEndian.PutUint64(head[8:], l.Term)
	binary.BigEndian.PutUint64(head[16:], uint64(l.AppendedAt.UnixNano()))
	head[24] = byte(l.Type)
	return crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, l.Data)
}

// A cachedLog is the log as raft uses it. Raft's cache makes a text of an error, so that nobody can
// tell that there was no room: that is found out before.
type cachedLog struct {
	*raft.LogCache
	segments *segments
}

// StoreLog implements raft.LogStore.
func (c cachedLog) StoreLog(l *raft.Log) error { return c.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore.
func (c cachedLog) StoreLogs(logs []*raft.Log) error {
	if err := c.segments.room(); err != nil {
		return err
	}
	return c.LogCache.StoreLogs(logs)
}

// openLog opens the log in dir, and checks all of it. A log that does not fit to the
// store is refused: a machine that has lost what it acknowledged could elect one that never
// had it.
func openLog(dir string, p badger.Progress, logger hclog.Logger) (checkedLog, error) {
	if _, err := private.Dir(dir); err != nil {
		return checkedLog{}, &kv.DirError{Dir: dir, Problem: kv.DirUnusable, Err: err}
	}
	files, err := newSegments(dir)
	if err != nil {
		return checkedLog{}, &kv.DirError{Dir: dir, Problem: kv.DirUnusable, Err: err}
	}
	if err := settleSegments(dir); err != nil {
		return checkedLog{}, damagedLog(dir, err)
	}
	opened, err := wal.Open(dir, wal.WithSegmentSize(segmentBytes), wal.WithLogger(logger),
		wal.WithSegmentFiler(segment.NewFiler(dir, files)))
	if err != nil {
		return checkedLog{}, damagedLog(dir, err)
	}
	log := checkedLog{WAL: opened, dir: dir, segments: files}
	if err := reserveMeta(dir); err != nil {
		full := &kv.FullError{Dir: dir, Task: kv.ToStart, Need: metaAhead, Err: err}
		return checkedLog{}, errors.Join(full, log.Close())
	}
	if err = checkLog(log, p); err != nil {
		return checkedLog{}, errors.Join(damagedLog(dir, err), log.Close())
	}
	return log, nil
}

// termAt returns the term of an entry, zero if the log does not have it.
func termAt(log checkedLog, index uint64) (uint64, error) {
	var l raft.Log
	err := log.GetLog(index, &l)
	if errors.Is(err, raft.ErrLogNotFound) {
		return 0, nil
	}
	return l.Term, err
}

func damagedLog(dir string, err error) error {
	return &kv.DirError{Dir: dir, Problem: kv.DirDamaged, Err: err}
}

// currentTerm is where raft keeps the newest term that this machine has heard of.
var currentTerm = []byte("CurrentTerm")

func checkLog(log checkedLog, p badger.Progress) error {
	first, err := log.FirstIndex()
	if err != nil {
		return err
	}
	last, err := log.LastIndex()
	if err != nil {
		return err
	}
	if first > 0 && last < p.Applied.Index && p.Copied == p.Applied.Index {
		// A copy was installed, and then the process ended before raft emptied the log. The
		// store includes all of it.
		if err := log.DeleteRange(first, last); err != nil {
			return err
		}
		first, last = 0, 0
	}
	term, err := log.GetUint64(currentTerm)
	if err != nil {
		return err
	}
	at, err := termAt(log, p.Applied.Index)
	switch {
	case err != nil:
		return fmt.Errorf("%w: entry %d: %w", errLog, p.Applied.Index, err)
	case at != 0 && at != p.Applied.Term:
		return fmt.Errorf("%w has an entry %d of term %d, and the store one of term %d", errLog, p.Applied.Index, at,
			p.Applied.Term)
	case term < p.Applied.Term:
		return fmt.Errorf("%w knows of term %d, and the store of term %d", errLog, term, p.Applied.Term)
	case first > p.Applied.Index+1:
		return fmt.Errorf("%w begins with entry %d, and the store needs entry %d", errLog, first, p.Applied.Index+1)
	case max(last, p.Copied) < p.Applied.Index:
		return fmt.Errorf("%w ends with entry %d, and the store has entry %d", errLog, last, p.Applied.Index)
	}
	return readAll(log, first, last)
}

func readAll(log checkedLog, first, last uint64) error {
	if first == 0 {
		return nil
	}
	var l raft.Log
	for i := first; i <= last; i++ {
		if err := log.GetLog(i, &l); err != nil {
			return fmt.Errorf("%w: entry %d: %w", errLog, i, err)
		}
	}
	return nil
}
