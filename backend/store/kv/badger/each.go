package badger

import (
	"context"
	"errors"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

// Each calls fn with every key that has this prefix, in byte order, as they all were at one
// moment, however long it takes. Key and value are valid only until fn returns. Every table
// is checked beforehand and every value on the way, so if Each returns nil, fn has seen
// everything. It ends early with the error of fn or ctx, or when the store is closed.
// Compact waits for it.
func (b *Store) Each(ctx context.Context, prefix []byte, fn func(key, value []byte) error) error {
	e, err := b.acquireCurrent()
	if err != nil {
		return err
	}
	defer e.release()
	if err := b.verify(e); err != nil {
		return b.foundDamage(err)
	}
	snap := e.snapshot()
	defer snap.release()
	return b.each(ctx, snap.Txn, markedFrom(prefix), func(marked, stored []byte) error {
		value, err := kv.Unseal(marked[1:], stored)
		if err != nil {
			return b.foundDamage(err)
		}
		return fn(marked[1:], value)
	})
}

// foundDamage logs damage and adds the directory to the error.
func (b *Store) foundDamage(err error) error {
	if err = b.logDamage(err); errors.Is(err, kv.ErrCorrupt) {
		return damaged(b.o.Dir, err)
	}
	return err
}

// each iterates over the stored values with a marked prefix.
func (b *Store) each(ctx context.Context, txn *dgraph.Txn, prefix []byte, fn func(marked, stored []byte) error) error {
	it := txn.NewIterator(dgraph.IteratorOptions{Prefix: prefix})
	defer it.Close()
	var stored []byte
	n := 0
	for it.Rewind(); it.Valid(); it.Next() {
		if n++; n%256 == 0 {
			if err := b.stopped(ctx); err != nil {
				return err
			}
		}
		err := it.Item().Value(func(v []byte) error {
			stored = append(stored[:0], v...)
			return nil
		})
		if err != nil {
			return engineError(err)
		}
		if err := fn(it.Item().Key(), stored); err != nil {
			return err
		}
	}
	return b.stopped(ctx)
}

// stopped returns the reason to end long work now, if there is one.
func (b *Store) stopped(ctx context.Context) error {
	select {
	case <-b.stop:
		return errClosed
	default:
	}
	return ctx.Err()
}
