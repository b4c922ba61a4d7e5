package kv

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// A tableCheck is the check of all blocks of all tables after opening. A
// damaged block does not fail a read in Badger: the keys in it are just not
// found, and a Scan ends early. So until every block has been seen to be
// whole, nobody is told that a key is absent; what is found is safe by its own
// checksum.
type tableCheck struct {
	passed atomic.Bool
	done   chan struct{}
}

// checkTables checks all tables once, after opening. If one is damaged the
// store stops.
func (b *Badger) checkTables() {
	defer close(b.tables.done)
	e, err := b.engine()
	if err != nil {
		return
	}
	defer e.release()
	if err := b.verify(e); err == nil {
		b.tables.passed.Store(true)
	} else if !errors.Is(err, errClosed) {
		b.breakDown(damaged(b.o.Dir, err))
	}
}

// waitChecked returns when it is safe to say that something is not there.
func (b *Badger) waitChecked(ctx context.Context) error {
	if b.tables.passed.Load() {
		return nil
	}
	select {
	case <-b.tables.done:
	case <-ctx.Done():
		return ended(ctx)
	}
	if err := b.broken.Load(); err != nil {
		return *err
	}
	if !b.tables.passed.Load() {
		return errClosed
	}
	return nil
}

// verify checks every block of the tables that e has now. They are read from
// their files and not through Badger's memory maps, which panic over a damaged
// block and which a compaction may take away.
func (b *Badger) verify(e *engine) error {
	if e.dir == "" {
		return nil
	}
	var ids []uint64
	for _, t := range e.db.Tables() {
		ids = append(ids, t.ID)
	}
	return eachOf(ids, func(id uint64) error {
		select {
		case <-b.stop:
			return errClosed
		default:
		}
		err := verifyTable(table.NewFilename(id, e.dir), id)
		if err != nil && !hasTable(e, id) {
			return nil // compacted into others meanwhile
		}
		return err
	})
}

func verifyTable(path string, id uint64) (err error) {
	defer recoverDamage(path, &err)
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	o := tableOptions()
	t, err := table.OpenInMemoryTable(data, id, &o)
	if err != nil {
		return err
	}
	return t.VerifyChecksum()
}

func hasTable(e *engine, id uint64) bool {
	return slices.ContainsFunc(e.db.Tables(), func(t badger.TableInfo) bool { return t.ID == id })
}
