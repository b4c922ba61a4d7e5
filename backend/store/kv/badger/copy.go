package badger

import (
	"context"
	"encoding/binary"
	"errors"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

// A Copy is everything at one moment, for another machine. It holds the moment until Close.
type Copy struct {
	Progress
	Identity kv.Identity

	b    *Store
	e    *generation
	snap snapshot
}

// Copy takes the present moment. Every table is checked beforehand.
func (b *Store) Copy() (*Copy, error) {
	e, err := b.acquireCurrent()
	if err != nil {
		return nil, err
	}
	c := &Copy{b: b, e: e, snap: e.snapshot()}
	err = b.verify(e)
	if err == nil {
		c.Progress, err = progressOf(c.snap.Txn)
	}
	if err == nil {
		c.Identity, err = sentinelOf(c.snap.Txn)
	}
	if err != nil {
		c.Close()
		return nil, b.foundDamage(err)
	}
	return c, nil
}

// Each calls fn with every key and its stored value, which has a checksum, in byte order.
// Both are valid until fn returns.
func (c *Copy) Each(ctx context.Context, fn func(key, stored []byte) error) error {
	return c.b.each(ctx, c.snap.Txn, []byte{dataMark}, func(marked, stored []byte) error {
		if _, err := kv.Unseal(marked[1:], stored); err != nil {
			return c.b.foundDamage(err)
		}
		return fn(marked[1:], stored)
	})
}

// Close releases the moment.
func (c *Copy) Close() {
	c.snap.release()
	c.e.release()
}

// A Received is another machine's Copy, on its way in: a new generation beside the current
// one. A crash before Install has returned leaves the old generation or the new one, both
// complete.
type Received struct {
	b      *Store
	f      *builder
	marked []byte
}

// Receive begins to take another machine's Copy. It waits for a Compact. The caller ends it
// with Install or Abandon.
func (b *Store) Receive(ctx context.Context) (*Received, error) {
	if err := b.beginRewrite(ctx); err != nil {
		return nil, err
	}
	f, err := b.newBuilder()
	if err != nil {
		b.endRewrite()
		return nil, err
	}
	return &Received{b: b, f: f}, nil
}

// Add adds a key with its stored value, which must be what Seal returned for that key.
func (r *Received) Add(key, stored []byte) error {
	if err := checkWrite(key, stored); err != nil {
		return err
	}
	if len(stored) == 0 {
		return errWrites
	}
	r.marked = append(append(r.marked[:0], dataMark), key...)
	return r.f.add(r.marked, stored)
}

// Install replaces everything in the store by what was received. The mark of the cluster
// stays as it is. Followers of commits and watchers are told to read everything again. It
// does not wait for those who still read what was there. After an error the store is as it
// was, or it has stopped.
func (r *Received) Install(ctx context.Context, p Progress, id kv.Identity) error {
	defer r.b.endRewrite()
	if err := r.f.finish(id); err != nil {
		return errors.Join(err, r.f.abandon())
	}
	var old *generation
	err := r.b.onWriter(ctx, func() (err error) {
		old, err = r.install(p, id)
		return err
	})
	if err != nil {
		return errors.Join(err, r.f.abandon())
	}
	r.b.retireLater(old, func(err error) {
		if err != nil {
			r.b.o.Logger.Warn("what a copy has replaced is not deleted; the next start does it", "err", err)
		}
	})
	return nil
}

// install runs on the writer.
func (r *Received) install(p Progress, id kv.Identity) (*generation, error) {
	mark, err := getMeta(r.b.current.Load(), clusterKey)
	if err != nil {
		return nil, r.b.logDamage(err)
	}
	txn := r.f.e.begin()
	defer txn.Discard()
	if mark != nil {
		err = setMeta(txn, clusterKey, mark)
	}
	err = errors.Join(err, setNumbers(txn, cutKey, p.Applied.Index),
		setNumbers(txn, copiedKey, p.Applied.Index), setMembers(txn, p.MembersAt, p.Members),
		setNumbers(txn, appliedKey, p.Applied.Index, p.Applied.Term))
	if err == nil {
		err = r.f.e.commit(txn)
	}
	if err != nil {
		return nil, engineError(err)
	}
	old, err := r.f.makeCurrent()
	if err != nil {
		return nil, err
	}
	r.b.applied.Store(p.Applied.Index)
	r.b.members.Store(nil)
	r.b.identity.Store(&id)
	r.b.followers.tell([]kv.Event{{Resync: true}}, r.b.writer.attempt)
	r.b.hub.resync()
	return old, nil
}

func setMembers(txn *dgraph.Txn, at uint64, list []byte) error {
	return setMeta(txn, membersKey, append(binary.BigEndian.AppendUint64(nil, at), list...))
}

// Abandon deletes what was received.
func (r *Received) Abandon() error {
	defer r.b.endRewrite()
	return r.f.abandon()
}
