package badger

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

// schema is the version of this package's format on the disk.
const schema = 1

var (
	sentinelKey   = []byte{metaMark, 's', 'e', 'n', 't', 'i', 'n', 'e', 'l'}
	errNoSentinel = errors.New("there is no sentinel")
)

// Identity returns the sentinel.
func (b *Store) Identity() kv.Identity { return *b.identity.Load() }

// BumpEpoch increments the epoch, on the disk before it returns. A holder of an older epoch
// can then tell that the store has changed without it, as after a restore.
func (b *Store) BumpEpoch(ctx context.Context) error {
	if err := b.writable(false); err != nil {
		return err
	}
	c := newCall(ctx, nil)
	c.own = func() error {
		next := b.Identity()
		next.Epoch++
		if err := putSentinel(b.current.Load(), next); err != nil {
			return b.writer.failStore(err)
		}
		b.identity.Store(&next)
		return nil
	}
	return b.submit(c)
}

func newSentinel(now time.Time) kv.Identity {
	return kv.Identity{Instance: rand.Text(), Schema: schema, Epoch: 1, Created: now.UTC()}
}

func sealSentinel(s kv.Identity) ([]byte, error) {
	text, err := json.Marshal(s)
	return kv.Seal(nil, sentinelKey[1:], text), err
}

func putSentinel(e *generation, s kv.Identity) error {
	stored, err := sealSentinel(s)
	if err != nil {
		return err
	}
	txn := e.begin()
	defer txn.Discard()
	if err := txn.Set(sentinelKey, stored); err != nil {
		return err
	}
	return e.commit(txn)
}

func getSentinel(e *generation) (s kv.Identity, err error) {
	txn := e.latest()
	defer txn.Discard()
	return sentinelOf(txn)
}

func sentinelOf(txn *dgraph.Txn) (s kv.Identity, err error) {
	item, err := txn.Get(sentinelKey)
	if errors.Is(err, dgraph.ErrKeyNotFound) {
		return s, errNoSentinel
	}
	if err != nil {
		return s, err
	}
	err = item.Value(func(stored []byte) error {
		text, err := kv.Unseal(sentinelKey[1:], stored)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, &s)
	})
	if err == nil && s.Schema > schema {
		err = fmt.Errorf("%w: its schema is %d, this one knows %d", kv.ErrNewer, s.Schema, schema)
	}
	return s, err
}
