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

// A tableCheck is the check of all blocks of all tables after opening. A
// damaged block does not fail a read in Badger: the keys in it are just not
// found, and a Scan ends early. So nobody is told that a key is absent before
// every table that could hold it has been seen to be whole; what is found is
// safe by its own checksum. A large store takes seconds to check, so who asks
// early has just the tables checked that the question is about.
type tableCheck struct {
	passed atomic.Bool
	mu     sync.Mutex
	tables map[uint64]func() error // the check of each table that was asked for, made once
}

// checkTables checks all tables once, after opening, one at a time: whoever is
// waiting for an answer comes first. If one is damaged the store stops.
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

// waitChecked returns when it is safe to say that something is not there, of
// the marked keys from from up to to; to itself may be among them.
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

// checkRange checks the tables that e has now and that reach into a range, each
// once; nil is all keys. If one is damaged the store stops.
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

// verify checks every block of the tables that e has now, also of those that
// were checked before. They are read from their files and not through Badger's
// memory maps, which panic over a damaged block and which a compaction may take
// away.
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

// verifyLive checks a table that may be compacted into others meanwhile.
func verifyLive(e *generation, id uint64) error {
	err := fsck.Table(table.NewFilename(id, e.dir))
	if err != nil && !hasTable(e, id) {
		return nil
	}
	return err
}

// check checks a table, or waits for who is at it already.
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
