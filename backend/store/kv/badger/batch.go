package badger

import (
	"cmp"
	"errors"
	"fmt"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

// commit sends what is staged on its way, or answers where that is nothing. It
// is called while nothing is in flight.
func (w *writer) commit() {
	w.forgetReading()
	txn, err := w.prepare()
	if err != nil || txn == nil {
		w.answer(w.ran, w.stage, err)
		w.ran = w.ran[:0]
		return
	}
	e := w.b.current.Load()
	f := &inFlightBatch{stage: w.stage, ran: w.ran, ended: make(chan error, 1)}
	w.inFlight = f
	w.stage = w.spare
	w.ran = nil
	go func() {
		defer txn.Discard()
		f.ended <- w.send(func(applied uint64) error {
			err := e.commitAt(txn, applied)
			f.kept = err == nil
			return err
		})
	}()
}

// completeBatch is the end of the batch in flight, after which everybody in it is
// answered, and those who failed on what it held.
func (w *writer) completeBatch(err error) {
	f := w.inFlight
	w.inFlight = nil
	w.forgetReading() // it is older than what has been kept
	switch {
	case f.kept && (err == nil || survivable(err)):
		w.cache.committed(f.stage)
		w.announce(f.stage)
	case survivable(err):
		w.cache.forget()
		w.runAgain()
	default:
		err = w.failStore(cmp.Or(err, errNotSent))
	}
	w.answer(f.ran, f.stage, err)
	w.spare = f.stage
	for _, r := range w.refused {
		r.to.done <- cmp.Or(w.unbroken(), r.err)
	}
	clear(w.refused)
	w.refused = w.refused[:0]
}

var errNotSent = errors.New("the batch was not committed, and no error says why")

// survivable reports whether err is about the way to the disk, and not the disk.
func survivable(err error) bool {
	return errors.Is(err, kv.ErrUnavailable) || errors.Is(err, kv.ErrUnknownOutcome)
}

// runAgain puts those who ran on a batch that was dropped before all that wait:
// what they read, and what they were refused for, was never kept.
func (w *writer) runAgain() {
	var again []*call
	again = append(again, w.ran...)
	for _, r := range w.refused {
		again = append(again, r.to)
	}
	for _, c := range again {
		c.again = true
	}
	w.group = append(again, w.group[w.next:]...)
	w.next = 0
	w.ran = nil
	w.refused = nil
	w.stage.reset()
}

func (w *writer) answer(ran []*call, stage *overlay, err error) {
	for _, c := range ran {
		c.done <- err
	}
	clear(ran)
	stage.reset()
}

// prepare is a transaction with all that is staged; nil if that is nothing.
func (w *writer) prepare() (txn *dgraph.Txn, err error) {
	if len(w.stage.writes) == 0 {
		return nil, w.unbroken()
	}
	if err := w.b.disk.before(w.urgent(), w.b.current.Load().spare); err != nil {
		return nil, err
	}
	if err := w.unbroken(); err != nil {
		return nil, err
	}
	txn = w.b.current.Load().begin()
	err = w.stage.last(func(s *staged) error {
		if s.stored == nil {
			return txn.Delete(s.key)
		}
		return txn.SetEntry(&dgraph.Entry{Key: s.key, Value: s.stored})
	})
	if err != nil {
		txn.Discard()
		return nil, engineError(err)
	}
	return txn, nil
}

func (w *writer) unbroken() error {
	if err := w.b.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// urgent reports whether all of the group is; the rest was refused at the door.
func (w *writer) urgent() bool {
	for _, c := range w.ran {
		if !kv.IsUrgent(c.ctx) {
			return false
		}
	}
	return true
}

// failStore is the answer after a commit that the disk failed on. A part of it may
// have been written, so nothing in memory is trusted any more: the store stops, and
// the next start reads what the disk has, which is all of the group or none.
func (w *writer) failStore(err error) error {
	err = fmt.Errorf("%w (%w): %w", kv.ErrUnavailable, kv.ErrUnknownOutcome, err)
	w.b.breakDown(err)
	return err
}

// announce tells of what was kept.
func (w *writer) announce(stage *overlay) {
	if w.dirty == nil && !w.b.followers.any() && !w.b.hub.busy() {
		return
	}
	events := make([]kv.Event, 0, len(stage.writes))
	stage.last(func(s *staged) error {
		if w.dirty != nil {
			w.dirty[string(s.key)] = struct{}{}
		}
		if s.key[0] == dataMark {
			events = append(events, kv.Event{Key: s.key[1:], Deleted: s.stored == nil})
		}
		return nil
	})
	w.b.followers.tell(events, w.attempt)
	w.b.hub.publish(events)
}
