package badger

import (
	"context"
	"errors"
	"io"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

// Load fills an empty store with everything that next returns until io.EOF, in bounded
// memory: for a restore. Keys must be different; keys in byte order are loaded about ten
// times as fast. Afterwards everything is on the disk; on an error the store is as empty as
// before, also after a crash. If the disk fails at the very last step, the store stops, and
// the next start has nothing or everything. Watchers and followers of commits are not told.
// An Update meanwhile makes it fail.
func (b *Store) Load(ctx context.Context, next func() (kv.KV, error)) error {
	if err := b.beginRewrite(ctx); err != nil {
		return err
	}
	defer b.endRewrite()
	if err := b.onWriter(ctx, b.beginLoad); err != nil {
		return err
	}
	f, err := b.newBuilder()
	if err != nil {
		return err
	}
	if err := f.fill(ctx, next); err != nil {
		return errors.Join(err, f.abandon())
	}
	var old *generation
	err = b.onWriter(ctx, func() (err error) {
		if len(b.writer.dirty) > 0 {
			return kv.ErrNotEmpty
		}
		old, err = f.swap()
		return err
	})
	if err != nil {
		return errors.Join(err, f.abandon())
	}
	return b.retireOld(ctx, old)
}

// beginLoad starts recording writes, and makes sure that there were none before.
func (b *Store) beginLoad() error {
	txn := b.current.Load().latest()
	defer txn.Discard()
	it := txn.NewIterator(dgraph.IteratorOptions{Prefix: []byte{dataMark}})
	defer it.Close()
	if it.Rewind(); it.Valid() {
		return kv.ErrNotEmpty
	}
	b.writer.dirty = make(map[string]struct{})
	return nil
}

func (f *builder) fill(ctx context.Context, next func() (kv.KV, error)) error {
	var marked, stored []byte
	for n := 1; ; n++ {
		pair, err := next()
		if errors.Is(err, io.EOF) {
			return f.finish(f.b.Identity())
		}
		if err := errors.Join(err, kv.CheckKey(pair.Key), kv.CheckValue(pair.Value)); err != nil {
			return err
		}
		marked = append(append(marked[:0], dataMark), pair.Key...)
		stored = kv.Seal(stored[:0], pair.Key, pair.Value)
		if err := f.add(marked, stored); err != nil {
			return err
		}
		if n%256 == 0 {
			if err := f.b.stopped(ctx); err != nil {
				return err
			}
		}
	}
}

// beginRewrite waits until no other generation is being built.
func (b *Store) beginRewrite(ctx context.Context) error {
	select {
	case b.rewriting <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-b.stop:
		return errClosed
	}
	if err := b.writable(false); err != nil {
		<-b.rewriting
		return err
	}
	return nil
}

// endRewrite stops recording writes.
func (b *Store) endRewrite() {
	b.onWriter(context.Background(), func() error { b.writer.dirty = nil; return nil })
	<-b.rewriting
}

// onWriter runs fn on the writer between two groups, while nothing is being written.
func (b *Store) onWriter(ctx context.Context, fn func() error) error {
	c := newCall(ctx, nil)
	c.own = fn
	return b.submit(c)
}
