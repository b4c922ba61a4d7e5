package badger

import (
	"context"
	"errors"
	"fmt"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

// A viewTx reads one moment of the database.
type viewTx struct {
	ctx  context.Context
	b    *Store
	txn  *dgraph.Txn
	over bool
	key  []byte // buffer for a marked key
}

var errTxOver = fmt.Errorf("%w: the transaction is over", kv.ErrUnavailable)

func (t *viewTx) check() error {
	if t.over {
		return errTxOver
	}
	return t.ctx.Err()
}

func (t *viewTx) Get(key []byte) ([]byte, error) {
	if err := errors.Join(t.check(), kv.CheckKey(key)); err != nil {
		return nil, err
	}
	t.key = append(append(t.key[:0], dataMark), key...)
	return t.b.read(t.ctx, t.txn, t.key)
}

func (t *viewTx) Scan(from, to []byte, limit int) ([]kv.KV, error) {
	if err := errors.Join(t.check(), kv.CheckLimit(limit, kv.MaxViewScan)); err != nil {
		return nil, err
	}
	return t.b.scan(t.ctx, t.txn, nil, markedFrom(from), markedTo(to), limit)
}

func (t *viewTx) Set([]byte, []byte) error { return fmt.Errorf("%w in a View", kv.ErrReadOnly) }

func (t *viewTx) Delete([]byte) error { return fmt.Errorf("%w in a View", kv.ErrReadOnly) }

// An updateTx reads the database overlaid by what its group has staged, and stages its own
// writes. The first exceeded limit fails the Update, even if the function ignores the
// error.
type updateTx struct {
	ctx    context.Context
	w      *writer
	mark   int // where this function's writes start
	before int // bytes staged before it
	reads  int
	failed error
	over   bool
	key    []byte
}

func (t *updateTx) check() error {
	switch {
	case t.over:
		return errTxOver
	case t.failed == nil && t.ctx.Err() != nil:
		t.failed = ended(t.ctx)
	}
	return t.failed
}

func (t *updateTx) fail(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}

func (t *updateTx) Get(key []byte) ([]byte, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if err := errors.Join(kv.CheckKey(key), t.read(1)); err != nil {
		return nil, t.fail(err)
	}
	t.key = append(append(t.key[:0], dataMark), key...)
	if w, ok := t.w.find(t.key); ok {
		if w.stored == nil {
			return nil, kv.ErrNotFound
		}
		return append([]byte{}, w.stored[kv.SealBytes:]...), nil
	}
	if value, ok := t.w.cache.get(t.key); ok {
		return append([]byte{}, value...), nil
	}
	value, err := t.w.b.read(t.ctx, t.w.snapshot(), t.key)
	switch {
	case err == nil:
		t.w.cache.keep(t.key, append([]byte{}, value...))
	case !errors.Is(err, kv.ErrNotFound):
		t.fail(err)
	}
	return value, err
}

func (t *updateTx) Scan(from, to []byte, limit int) ([]kv.KV, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if err := kv.CheckLimit(limit, kv.MaxUpdateScan); err != nil {
		return nil, t.fail(err)
	}
	low, high := markedFrom(from), markedTo(to)
	found, err := t.w.b.scan(t.ctx, t.w.snapshot(), t.w.within(low, high), low, high, limit)
	if err := errors.Join(err, t.read(len(found))); err != nil {
		return nil, t.fail(err)
	}
	return found, nil
}

func (t *updateTx) Set(key, value []byte) error {
	if err := t.check(); err != nil {
		return err
	}
	if err := errors.Join(kv.CheckKey(key), kv.CheckValue(value)); err != nil {
		return t.fail(err)
	}
	room := make([]byte, 0, 1+len(key)+kv.SealBytes+len(value))
	room = append(append(room, dataMark), key...)
	split := len(room)
	room = kv.Seal(room, key, value)
	return t.put(staged{key: room[:split:split], stored: room[split:]})
}

func (t *updateTx) Delete(key []byte) error {
	if err := t.check(); err != nil {
		return err
	}
	if err := kv.CheckKey(key); err != nil {
		return t.fail(err)
	}
	return t.put(staged{key: append([]byte{dataMark}, key...)})
}

func (t *updateTx) put(w staged) error {
	t.w.stage.put(t.mark, w)
	if n := len(t.w.stage.writes) - t.mark; n > kv.MaxWrites {
		return t.fail(kv.TooLarge("more than %d keys written in one transaction", kv.MaxWrites))
	}
	if t.w.stage.bytes-t.before > kv.MaxWriteBytes {
		return t.fail(kv.TooLarge("more than %d bytes written in one transaction", kv.MaxWriteBytes))
	}
	return nil
}

func (t *updateTx) read(n int) error {
	if t.reads += n; t.reads > kv.MaxReads {
		return kv.TooLarge("more than %d keys read in one transaction", kv.MaxReads)
	}
	return nil
}
