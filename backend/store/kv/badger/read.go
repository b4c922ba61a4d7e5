package badger

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

func markedFrom(from []byte) []byte {
	return append(append(make([]byte, 0, 1+len(from)), dataMark), from...)
}

// markedTo treats nil as the end of all keys.
func markedTo(to []byte) []byte {
	if to == nil {
		return []byte{dataMark + 1}
	}
	return append([]byte{dataMark}, to...)
}

// read returns a copy of the value of a marked key.
func (b *Store) read(ctx context.Context, txn *dgraph.Txn, marked []byte) ([]byte, error) {
	item, err := txn.Get(marked)
	if errors.Is(err, dgraph.ErrKeyNotFound) {
		if err := b.waitChecked(ctx, marked, marked); err != nil {
			return nil, err
		}
		return nil, kv.ErrNotFound
	}
	if err != nil {
		return nil, engineError(err)
	}
	var out []byte
	err = item.Value(func(stored []byte) error {
		value, err := kv.Unseal(marked[1:], stored)
		out = append([]byte{}, value...)
		return err
	})
	return out, b.logDamage(err)
}

// scan returns up to limit keys of [from,to), both marked: from the database, overlaid by
// what is staged for the same range.
func (b *Store) scan(ctx context.Context, txn *dgraph.Txn, over []*staged, from, to []byte, limit int) ([]kv.KV,
	error) {
	if bytes.Compare(from, to) >= 0 {
		return nil, nil
	}
	if err := b.waitChecked(ctx, from, to); err != nil {
		return nil, err
	}
	it := txn.NewIterator(dgraph.IteratorOptions{Prefix: common(from, to)})
	defer it.Close()

	var out []kv.KV
	it.Seek(from)
	for len(out) < limit {
		inside := it.Valid() && bytes.Compare(it.Item().Key(), to) < 0
		if len(over) > 0 && (!inside || bytes.Compare(over[0].key, it.Item().Key()) <= 0) {
			if inside && bytes.Equal(over[0].key, it.Item().Key()) {
				it.Next()
			}
			if w := over[0]; w.stored != nil {
				out = append(out, pair(w.key[1:], w.stored[kv.SealBytes:]))
			}
			over = over[1:]
			continue
		}
		if !inside {
			break
		}
		found, err := b.pairOf(it.Item())
		if err != nil {
			return nil, err
		}
		out = append(out, found)
		if len(out)%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		it.Next()
	}
	return out, nil
}

func (b *Store) pairOf(item *dgraph.Item) (found kv.KV, err error) {
	key := item.Key()[1:]
	err = item.Value(func(stored []byte) error {
		value, err := kv.Unseal(key, stored)
		found = pair(key, value)
		return err
	})
	return found, b.logDamage(err)
}

// pair copies key and value into one allocation.
func pair(key, value []byte) kv.KV {
	room := make([]byte, len(key)+len(value))
	n := copy(room, key)
	copy(room[n:], value)
	return kv.KV{Key: room[:n:n], Value: room[n:]}
}

// common returns the longest prefix shared by all keys of [from,to). With it Badger skips
// the tables that cannot contain any of them.
func common(from, to []byte) []byte {
	n := 0
	for n < len(from) && n < len(to) && from[n] == to[n] {
		n++
	}
	return from[:n]
}

// logDamage logs damage, which belongs in the log as well as in an answer.
func (b *Store) logDamage(err error) error {
	if errors.Is(err, kv.ErrCorrupt) {
		b.o.Logger.Error("damage in the store", "err", err)
	}
	return engineError(err)
}

// engineError maps Badger's own errors to those of package kv. Other errors are returned
// unchanged.
func engineError(err error) error {
	if err == nil || named(err) {
		return err
	}
	return fmt.Errorf("%w: %w", kv.ErrUnavailable, err)
}

func named(err error) bool {
	for _, known := range []error{kv.ErrUnavailable, kv.ErrCorrupt, kv.ErrReadOnly, kv.ErrInUse, kv.ErrNewer} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
