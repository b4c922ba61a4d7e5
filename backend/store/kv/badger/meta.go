package badger

import (
	"context"
	"errors"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

// A store that is one copy of several also stores, beside the sentinel, how far it has
// applied their log, written with each batch; who the copies are; up to where the log may
// have been cut, and where a copy of another one ended; and the mark of its cluster. Compact
// and Load copy all of them: without the first the whole log would be applied again, and
// without the mark the copy would be taken for an independent store.
var (
	appliedKey = []byte{metaMark, 'a', 'p', 'p', 'l', 'i', 'e', 'd'}
	clusterKey = []byte{metaMark, 'c', 'l', 'u', 's', 't', 'e', 'r'}
	copiedKey  = []byte{metaMark, 'c', 'o', 'p', 'i', 'e', 'd'}
	cutKey     = []byte{metaMark, 'c', 'u', 't'}
	membersKey = []byte{metaMark, 'm', 'e', 'm', 'b', 'e', 'r', 's'}
)

// maxClusterMark is the maximum length of a cluster's mark in bytes.
const maxClusterMark = 1 << 10

// Cluster returns the mark of the store's cluster; nil if it is independent.
func (b *Store) Cluster(ctx context.Context) ([]byte, error) { return b.meta(ctx, clusterKey) }

// SetCluster stores the mark of a cluster; nil makes the store independent.
func (b *Store) SetCluster(ctx context.Context, mark []byte) error {
	if len(mark) > maxClusterMark {
		return kv.TooLarge("a cluster's mark has %d bytes, at most %d are allowed", len(mark), maxClusterMark)
	}
	if err := b.writable(false); err != nil {
		return err
	}
	return b.onWriter(ctx, func() error {
		if err := putMeta(b.current.Load(), clusterKey, mark); err != nil {
			return b.writer.failStore(err)
		}
		return nil
	})
}

// Forget drops the writer's cache, for a caller that changed the database without the
// writer.
func (b *Store) Forget(ctx context.Context) error {
	return b.onWriter(ctx, func() error { return nil })
}

// meta reads the value of an engine's key; nil if there is none.
func (b *Store) meta(ctx context.Context, key []byte) (value []byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e, err := b.acquireCurrent()
	if err != nil {
		return nil, err
	}
	defer e.release()
	value, err = getMeta(e, key)
	return value, b.logDamage(err)
}

func getMeta(e *generation, key []byte) (value []byte, err error) {
	txn := e.latest()
	defer txn.Discard()
	return metaOf(txn, key)
}

func metaOf(txn *dgraph.Txn, key []byte) (value []byte, err error) {
	item, err := txn.Get(key)
	if errors.Is(err, dgraph.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	err = item.Value(func(stored []byte) error {
		text, err := kv.Unseal(key[1:], stored)
		value = append([]byte{}, text...)
		return err
	})
	return value, err
}

// putMeta stores value under an engine's key; nil deletes the key.
func putMeta(e *generation, key, value []byte) error {
	txn := e.begin()
	defer txn.Discard()
	err := setMeta(txn, key, value)
	if err != nil {
		return err
	}
	return e.commit(txn)
}

func setMeta(txn *dgraph.Txn, key, value []byte) error {
	if value == nil {
		return txn.Delete(key)
	}
	return txn.Set(key, kv.Seal(nil, key[1:], value))
}

// carryMeta copies the engine's keys from another generation.
func carryMeta(from, to *generation) error {
	for _, key := range [][]byte{appliedKey, clusterKey, copiedKey, cutKey, membersKey} {
		value, err := getMeta(from, key)
		if err != nil {
			return err
		}
		if value == nil {
			continue
		}
		if err := putMeta(to, key, value); err != nil {
			return err
		}
	}
	return nil
}
