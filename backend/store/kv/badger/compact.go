package badger

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

const (
	catchUpRounds = 20
	catchUpBatch  = 2_000   // keys that may be left for the step during which writers wait
	maxCatchUp    = 500_000 // number of changed keys at which Compact gives up
)

// Compact rewrites the store, so that neither the value nor the key of anything deleted or
// overwritten before the call is in any file of the directory afterwards. No flush or
// compaction of Badger can promise that: a deletion is a mark that contains the key and
// stays in a table until a neighbour is compacted, and the old value stays below it.
//
// It copies what is alive at one moment into a new generation beside the current one, while
// reads and writes go on; then it copies what changed meanwhile; then, while Updates wait
// for some milliseconds, the rest, and swaps the two. A crash leaves the one or the other,
// both complete. Data deleted while it runs may stay until the next Compact. It needs as
// much free disk space again as the tables take (disk_full otherwise), waits for a running
// Each before it deletes the old files, and does nothing for a store in memory. Blocks that
// the file system has freed are not overwritten.
func (b *Store) Compact(ctx context.Context) error {
	if err := b.beginRewrite(ctx); err != nil {
		return err
	}
	defer b.endRewrite()
	if b.o.Dir == "" {
		return nil
	}
	if err := b.roomToRewrite(); err != nil {
		return err
	}
	old, err := b.rewrite(ctx)
	if err != nil {
		return err
	}
	return b.retireOld(ctx, old)
}

func (b *Store) rewrite(ctx context.Context) (old *generation, err error) {
	moment, err := b.moment(ctx)
	if err != nil {
		return nil, err
	}
	f, err := b.copyAlive(ctx, moment)
	if err != nil {
		return nil, err
	}
	if err = f.catchUp(ctx); err == nil {
		err = b.onWriter(ctx, func() (err error) {
			if err = f.follow(b.nextMoment()); err == nil {
				old, err = f.swap()
			}
			return err
		})
	}
	if err != nil {
		return nil, errors.Join(err, f.abandon())
	}
	return old, nil
}

// A moment is a view of the database, with the keys that changed since the previous moment.
type moment struct {
	snap    snapshot
	changed map[string]struct{}
}

// nextMoment runs on the writer, so that no change falls between two moments.
func (b *Store) nextMoment() moment {
	m := moment{b.current.Load().snapshot(), b.writer.dirty}
	b.writer.dirty = make(map[string]struct{})
	return m
}

func (b *Store) moment(ctx context.Context) (m moment, err error) {
	err = b.onWriter(ctx, func() error {
		m = b.nextMoment()
		return nil
	})
	return m, err
}

// copyAlive builds a generation of all keys that m sees.
func (b *Store) copyAlive(ctx context.Context, m moment) (*builder, error) {
	defer m.snap.release()
	if err := b.verify(b.current.Load()); err != nil {
		return nil, b.logDamage(err)
	}
	f, err := b.newBuilder()
	if err != nil {
		return nil, err
	}
	err = b.each(ctx, m.snap.Txn, []byte{dataMark}, func(marked, stored []byte) error {
		if _, err := kv.Unseal(marked[1:], stored); err != nil {
			return b.logDamage(err)
		}
		return f.add(marked, stored)
	})
	if err == nil {
		err = f.finish(b.Identity())
	}
	if err != nil {
		return nil, errors.Join(err, f.abandon())
	}
	return f, nil
}

// catchUp copies changes until few are left.
func (f *builder) catchUp(ctx context.Context) error {
	for range catchUpRounds {
		m, err := f.b.moment(ctx)
		if err != nil {
			return err
		}
		n := len(m.changed)
		if n > maxCatchUp {
			m.snap.release()
			break
		}
		if err := f.follow(m); err != nil {
			return err
		}
		if n <= catchUpBatch {
			return nil
		}
	}
	return fmt.Errorf("%w: it is written faster than it can be compacted", kv.ErrUnavailable)
}

// follow updates the changed keys to what m sees. A key that was added and deleted
// meanwhile leaves nothing.
func (f *builder) follow(m moment) error {
	defer m.snap.release()
	for name := range m.changed {
		key := []byte(name)
		item, err := m.snap.Get(key)
		switch {
		case errors.Is(err, dgraph.ErrKeyNotFound):
			err = f.forget(key)
		case err == nil:
			err = item.Value(func(stored []byte) error {
				if _, err := kv.Unseal(key[1:], stored); err != nil {
					return f.b.logDamage(err)
				}
				return f.putOutOfOrder(key, stored)
			})
		}
		if err != nil {
			return engineError(err)
		}
	}
	return f.commit()
}

// forget deletes a key from the generation.
func (f *builder) forget(key []byte) error {
	txn := f.e.latest()
	defer txn.Discard()
	_, err := txn.Get(key)
	if errors.Is(err, dgraph.ErrKeyNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.drop(key)
}

// roomToRewrite refuses if a second copy would take the free space below the floor.
func (b *Store) roomToRewrite() error {
	var need uint64
	for _, t := range b.current.Load().db.Tables() {
		need += uint64(t.OnDiskSize)
	}
	free, err := b.o.Free(b.o.Dir)
	if err == nil && free >= b.o.MinFree+need {
		return nil
	}
	more := b.o.MinFree + need - min(free, b.o.MinFree+need)
	return &kv.FullError{Dir: b.o.Dir, Task: kv.ToCompact, Need: more, Err: cmp.Or(err, errNoRoom)}
}

var errNoRoom = errors.New("there is no room for a second copy")
