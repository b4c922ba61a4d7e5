package badger

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"

	dgraph "github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/ristretto/v2/z"

	"doorward/backend/private"
	"doorward/backend/store/kv"
)

// buildChunk is how much is given to Badger at once.
const buildChunk = 1 << 20

// streamed is the commit number of everything in the stream.
const streamed = 1

// A builder fills a new generation. Keys in byte order go directly into tables of the last
// level; from the first key out of order, the rest goes through ordinary transactions,
// which is slower.
type builder struct {
	b      *Store
	e      *generation
	stream *dgraph.StreamWriter // nil once keys are out of order
	chunk  *z.Buffer
	txn    *dgraph.Txn
	size   int
	last   []byte
	named  bool // CURRENT may name it
}

func (b *Store) newBuilder() (*builder, error) {
	dir := ""
	if b.o.Dir != "" {
		name, err := nextGeneration(b.o.Dir)
		if err != nil {
			return nil, unusable(b.o.Dir, err)
		}
		dir = b.generationDir(name)
	}
	e, err := openGeneration(dir, b.o)
	if err != nil {
		return nil, engineError(err)
	}
	f := &builder{b: b, e: e}
	if dir == "" {
		return f, nil // the stream writer needs files
	}
	f.stream = e.db.NewStreamWriter()
	f.chunk = z.NewBuffer(2*buildChunk, "generation")
	if err := f.stream.Prepare(); err != nil {
		return nil, errors.Join(engineError(err), f.abandon())
	}
	return f, nil
}

// add adds one stored value under its marked key. Both are copied.
func (f *builder) add(marked, stored []byte) error {
	if f.stream == nil {
		return f.putOutOfOrder(marked, stored)
	}
	switch bytes.Compare(marked, f.last) {
	case 0:
		return errors.New("a key was given twice")
	case -1:
		if err := f.flush(); err != nil {
			return err
		}
		return f.putOutOfOrder(marked, stored)
	}
	f.last = append(f.last[:0], marked...)
	dgraph.KVToBuffer(&pb.KV{Key: marked, Value: stored, Version: streamed}, f.chunk)
	if f.chunk.LenNoPadding() < buildChunk {
		return nil
	}
	return f.write()
}

func (f *builder) write() error {
	if err := f.b.disk.before(false, f.e.spare); err != nil {
		return err
	}
	err := f.stream.Write(f.chunk)
	f.chunk.Reset()
	return engineError(err)
}

// flush ends the stream; after that the database accepts transactions.
func (f *builder) flush() error {
	if f.stream == nil {
		return nil
	}
	if err := f.write(); err != nil {
		return err
	}
	err := f.stream.Flush()
	f.stream = nil
	f.e.commits.last.Store(streamed)
	return engineError(err)
}

func (f *builder) putOutOfOrder(marked, stored []byte) error {
	if f.txn == nil {
		f.txn = f.e.begin()
	}
	entry := &dgraph.Entry{Key: bytes.Clone(marked), Value: bytes.Clone(stored)}
	if err := f.txn.SetEntry(entry); err != nil {
		return engineError(err)
	}
	if f.size += len(marked) + len(stored) + 16; f.size < kv.MaxWriteBytes && f.size/64 < 8<<10 {
		return nil
	}
	return f.commit()
}

func (f *builder) drop(marked []byte) error {
	if f.txn == nil {
		f.txn = f.e.begin()
	}
	f.size += len(marked) + 16
	return engineError(f.txn.Delete(bytes.Clone(marked)))
}

func (f *builder) commit() error {
	if f.txn == nil {
		return nil
	}
	if err := f.b.disk.before(false, f.e.spare); err != nil {
		return err
	}
	txn := f.txn
	f.txn, f.size = nil, 0
	return engineError(f.e.commit(txn))
}

// finish writes the sentinel, whose key is the last of all, and makes the generation
// durable. It is not the current one yet.
func (f *builder) finish(s kv.Identity) error {
	stored, err := sealSentinel(s)
	if err != nil {
		return err
	}
	if err := errors.Join(f.add(sentinelKey, stored), f.flush(), f.commit()); err != nil {
		return err
	}
	if f.chunk != nil {
		f.chunk.Release()
		f.chunk = nil
	}
	if f.e.dir == "" {
		return nil
	}
	return errors.Join(private.SyncDir(f.e.dir), private.SyncDir(f.b.o.Dir))
}

// abandon deletes the generation, unless it may be the current one on the disk: then the
// next start reads CURRENT and deletes the other.
func (f *builder) abandon() error {
	if f.stream != nil {
		f.stream.Cancel()
	}
	if f.txn != nil {
		f.txn.Discard()
	}
	if f.chunk != nil {
		f.chunk.Release()
	}
	err := f.e.retire()
	if f.e.dir != "" && !f.named {
		err = errors.Join(err, os.RemoveAll(f.e.dir))
	}
	return err
}

// swap makes the finished generation the current one, with the engine's keys of the old
// one. It runs on the writer. It returns the old generation, which is still open for its
// readers.
func (f *builder) swap() (*generation, error) {
	if err := carryMeta(f.b.current.Load(), f.e); err != nil {
		return nil, engineError(err)
	}
	if err := putSentinel(f.e, f.b.Identity()); err != nil {
		return nil, engineError(err)
	}
	return f.makeCurrent()
}

func (f *builder) makeCurrent() (*generation, error) {
	old := f.b.current.Load()
	if f.e.dir != "" {
		f.named = true
		if err := f.b.setCurrent(filepath.Base(f.e.dir)); err != nil {
			f.b.breakDown(errors.Join(kv.ErrUnavailable, err))
			return nil, err
		}
	}
	f.b.current.Store(f.e)
	return old, nil
}

// retireOld deletes a replaced generation after its last reader.
func (b *Store) retireOld(ctx context.Context, old *generation) error {
	done := make(chan error, 1)
	b.retireLater(old, func(err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retireLater does so in the background, and then calls done.
func (b *Store) retireLater(old *generation, done func(error)) {
	b.background(func() {
		err := old.retire()
		if old.dir != "" {
			err = errors.Join(err, os.RemoveAll(old.dir), private.SyncDir(b.o.Dir))
		}
		done(err)
	})
}
