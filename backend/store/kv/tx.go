package kv

import (
	"context"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

// A viewTx reads one moment of the database.
type viewTx struct {
	ctx  context.Context
	b    *Badger
	txn  *badger.Txn
	over bool
	key  []byte // room for a marked key
}

var errTxOver = fmt.Errorf("%w: the transaction is over", ErrUnavailable)

func (t *viewTx) check() error {
	if t.over {
		return errTxOver
	}
	return t.ctx.Err()
}

func (t *viewTx) Get(key []byte) ([]byte, error) {
	if err := errors.Join(t.check(), checkKey(key)); err != nil {
		return nil, err
	}
	t.key = append(append(t.key[:0], dataMark), key...)
	return t.b.read(t.ctx, t.txn, t.key)
}

func (t *viewTx) Scan(from, to []byte, limit int) ([]KV, error) {
	if err := errors.Join(t.check(), checkLimit(limit, MaxViewScan)); err != nil {
		return nil, err
	}
	return t.b.scan(t.ctx, t.txn, nil, markedFrom(from), markedTo(to), limit)
}

func (t *viewTx) Set([]byte, []byte) error { return fmt.Errorf("%w in a View", ErrReadOnly) }

func (t *viewTx) Delete([]byte) error { return fmt.Errorf("%w in a View", ErrReadOnly) }

// An updateTx reads the database under what its group has staged, and stages
// its own writes. The first limit it meets fails the Update, whatever the
// function makes of the error.
type updateTx struct {
	ctx    context.Context
	w      *writer
	mark   int // where this function's writes begin
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
	if err := errors.Join(checkKey(key), t.read(1)); err != nil {
		return nil, t.fail(err)
	}
	t.key = append(append(t.key[:0], dataMark), key...)
	if w, ok := t.w.find(t.key); ok {
		if w.stored == nil {
			return nil, ErrNotFound
		}
		return append([]byte{}, w.stored[valueHeader:]...), nil
	}
	if value, ok := t.w.hot.get(t.key); ok {
		return append([]byte{}, value...), nil
	}
	value, err := t.w.b.read(t.ctx, t.w.snapshot(), t.key)
	switch {
	case err == nil:
		t.w.hot.keep(t.key, append([]byte{}, value...))
	case !errors.Is(err, ErrNotFound):
		t.fail(err)
	}
	return value, err
}

func (t *updateTx) Scan(from, to []byte, limit int) ([]KV, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if err := checkLimit(limit, MaxUpdateScan); err != nil {
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
	if err := errors.Join(checkKey(key), checkValue(value)); err != nil {
		return t.fail(err)
	}
	room := make([]byte, 0, 1+len(key)+valueHeader+len(value))
	room = append(append(room, dataMark), key...)
	split := len(room)
	room = seal(room, key, value)
	return t.put(staged{key: room[:split:split], stored: room[split:]})
}

func (t *updateTx) Delete(key []byte) error {
	if err := t.check(); err != nil {
		return err
	}
	if err := checkKey(key); err != nil {
		return t.fail(err)
	}
	return t.put(staged{key: append([]byte{dataMark}, key...)})
}

func (t *updateTx) put(w staged) error {
	t.w.stage.put(t.mark, w)
	if n := len(t.w.stage.writes) - t.mark; n > MaxWrites {
		return t.fail(tooLarge("more than %d keys written in one transaction", MaxWrites))
	}
	if t.w.stage.bytes-t.before > MaxWriteBytes {
		return t.fail(tooLarge("more than %d bytes written in one transaction", MaxWriteBytes))
	}
	return nil
}

func (t *updateTx) read(n int) error {
	if t.reads += n; t.reads > MaxReads {
		return tooLarge("more than %d keys read in one transaction", MaxReads)
	}
	return nil
}

func tooLarge(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrTooLarge, fmt.Sprintf(format, args...))
}

func checkKey(key []byte) error {
	if len(key) == 0 {
		return tooLarge("a key has no bytes; it needs 1 to %d", MaxKey)
	}
	if len(key) > MaxKey {
		return tooLarge("a key has %d bytes, at most %d are allowed", len(key), MaxKey)
	}
	return nil
}

func checkValue(value []byte) error {
	if len(value) > MaxValue {
		return tooLarge("a value has %d bytes, at most %d are allowed", len(value), MaxValue)
	}
	return nil
}

func checkLimit(limit, most int) error {
	if limit < 1 || limit > most {
		return tooLarge("a scan with limit %d, it must be 1 to %d here", limit, most)
	}
	return nil
}
