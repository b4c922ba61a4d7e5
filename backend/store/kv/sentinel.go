package kv

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// schema is the version of all that this package puts on the disk.
const schema = 1

// A Sentinel is the mark that a store carries from its first moment. A
// directory that has data but no sentinel has lost something.
type Sentinel struct {
	Instance string    // a random name, never used again
	Schema   int       // of the bytes on the disk
	Epoch    uint64    // rises with each BumpEpoch
	Created  time.Time // by Options.Now
}

var (
	sentinelKey   = []byte{metaMark, 's', 'e', 'n', 't', 'i', 'n', 'e', 'l'}
	errNoSentinel = errors.New("there is no sentinel")
	errNewer      = errors.New("the store was written by a newer version")
)

// Identity returns the sentinel.
func (b *Badger) Identity() Sentinel { return *b.identity.Load() }

// BumpEpoch raises the epoch by one, on the disk before it returns. Whatever
// remembers an older epoch can then tell that the store has moved on without
// it, as after a restore.
func (b *Badger) BumpEpoch(ctx context.Context) error {
	if err := b.writable(false); err != nil {
		return err
	}
	c := newCall(ctx, nil)
	c.own = func() error {
		next := b.Identity()
		next.Epoch++
		if err := putSentinel(b.current.Load(), next); err != nil {
			return b.writer.lost(err)
		}
		b.identity.Store(&next)
		return nil
	}
	return b.submit(c)
}

func newSentinel(now time.Time) Sentinel {
	return Sentinel{Instance: rand.Text(), Schema: schema, Epoch: 1, Created: now.UTC()}
}

func sealSentinel(s Sentinel) ([]byte, error) {
	text, err := json.Marshal(s)
	return seal(nil, sentinelKey[1:], text), err
}

func putSentinel(e *engine, s Sentinel) error {
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

func getSentinel(e *engine) (s Sentinel, err error) {
	txn := e.latest()
	defer txn.Discard()
	item, err := txn.Get(sentinelKey)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return s, errNoSentinel
	}
	if err != nil {
		return s, err
	}
	err = item.Value(func(stored []byte) error {
		text, err := unseal(sentinelKey[1:], stored)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, &s)
	})
	if err == nil && s.Schema > schema {
		err = fmt.Errorf("%w: its schema is %d, this one knows %d", errNewer, s.Schema, schema)
	}
	return s, err
}
