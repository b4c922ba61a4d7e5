package badger

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	dgraph "github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"

	"doorward/backend/store/kv/badger/fsck"
)

// A tableCheck is the check of all blocks of all tables after opening. In Badger a damaged
// block does not fail a read: its keys are just not found, and a Scan ends early. So the
// store reports a key as absent only after it has checked every table that could contain
// it; a value that is found is protected by its own checksum. Checking a large store takes
// seconds, so an early read checks only the tables that it needs.
type tableCheck struct {
	passed atomic.Bool
	mu     sync.Mutex
	tables map[uint64]func() error // the check of each requested table, run once
}

// checkTables checks all tables once, after opening, one at a time, so that readers who
// wait come first. If one is damaged the store stops.
func (b *Store) checkTables() {
	e, err := b.acquireCurrent()
	if err != nil {
		return
	}
	defer e.release()
	if err := b.checkRange(context.Background(), e, nil, nil); err == nil {
		b.tables.passed.Store(true)
	}
}

// waitChecked waits until the absence of a marked key between from and to, both included,
// can be reported.
func (b *Store) waitChecked(ctx context.Context, from, to []byte) error {
	if b.tables.passed.Load() {
		return nil
	}
	e, err := b.acquireCurrent()
	if err != nil {
		return err
	}
	defer e.release()
	return b.checkRange(ctx, e, from, to)
}

// checkRange checks the current tables of e that overlap a range, each once; nil means all
// keys. If one is damaged the store stops.
func (b *Store) checkRange(ctx context.Context, e *generation, from, to []byte) error {
	if e.dir == "" {
		return nil
	}
	for _, t := range e.db.Tables() {
		if from != nil && (bytes.Compare(y.ParseKey(t.Right), from) < 0 || bytes.Compare(y.ParseKey(t.Left), to) > 0) {
			continue
		}
		if ctx.Err() != nil {
			return ended(ctx)
		}
		if b.stopping() {
			return errClosed
		}
		if err := b.tables.check(e, t.ID); err != nil {
			b.breakDown(damaged(b.o.Dir, err))
			return *b.broken.Load()
		}
	}
	return nil
}

func (b *Store) stopping() bool {
	select {
	case <-b.stop:
		return true
	default:
		return false
	}
}

// verify checks every block of the current tables of e, including those that were checked
// before. It reads the files and not Badger's memory maps: those panic on a damaged block,
// and a compaction may unmap them.
func (b *Store) verify(e *generation) error {
	if e.dir == "" {
		return nil
	}
	return fsck.Each(e.db.Tables(), func(t dgraph.TableInfo) error {
		if b.stopping() {
			return errClosed
		}
		return verifyLive(e, t.ID)
	})
}

// verifyLive checks a table that a compaction may replace meanwhile.
func verifyLive(e *generation, id uint64) error {
	err := fsck.Table(table.NewFilename(id, e.dir))
	if err != nil && !hasTable(e, id) {
		return nil
	}
	return err
}

// check checks a table, or waits for a check in progress.
func (c *tableCheck) check(e *generation, id uint64) error {
	c.mu.Lock()
	if c.tables == nil {
		c.tables = map[uint64]func() error{}
	}
	once := c.tables[id]
	if once == nil {
		once = sync.OnceValue(func() error { return verifyLive(e, id) })
		c.tables[id] = once
	}
	c.mu.Unlock()
	return once()
}

func hasTable(e *generation, id uint64) bool {
	return slices.ContainsFunc(e.db.Tables(), func(t dgraph.TableInfo) bool { return t.ID == id })
}
