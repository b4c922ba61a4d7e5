package badger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

// Beside the sentinel a store carries, where it is one copy of several: up to which
// index of their log it is, written with each batch, and which cluster it belongs
// to. Compact and Load take both over: without the index the whole log would be
// applied again, and without the mark the copy would be taken for a store of its
// own.
var (
	appliedKey = []byte{metaMark, 'a', 'p', 'p', 'l', 'i', 'e', 'd'}
	clusterKey = []byte{metaMark, 'c', 'l', 'u', 's', 't', 'e', 'r'}
)

// maxClusterMark is how many bytes a cluster's mark may have.
const maxClusterMark = 1 << 10

// Applied is the index of the log up to which the store goes; zero where there is
// no log.
func (b *Store) Applied(ctx context.Context) (uint64, error) {
	value, err := b.meta(ctx, appliedKey)
	if err != nil || value == nil {
		return 0, err
	}
	if len(value) != 8 {
		return 0, fmt.Errorf("%w: the applied index has %d bytes", kv.ErrCorrupt, len(value))
	}
	return binary.BigEndian.Uint64(value), nil
}

// Cluster is the mark of the cluster that the store belongs to; nil where it is a
// store of its own.
func (b *Store) Cluster(ctx context.Context) ([]byte, error) { return b.meta(ctx, clusterKey) }

// SetCluster keeps the mark of a cluster; nil makes the store one of its own.
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

// Forget drops what the writer remembers of the database, for whoever has changed
// it beside the writer.
func (b *Store) Forget(ctx context.Context) error {
	return b.onWriter(ctx, func() error { return nil })
}

// meta reads what stands under a key of the engine; nil where nothing does.
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

// putMeta keeps value under a key of the engine; nil takes the key away.
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

func setApplied(txn *dgraph.Txn, index uint64) error {
	return setMeta(txn, appliedKey, binary.BigEndian.AppendUint64(nil, index))
}

// carryMeta takes over what another generation carries.
func carryMeta(from, to *generation) error {
	for _, key := range [][]byte{appliedKey, clusterKey} {
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
