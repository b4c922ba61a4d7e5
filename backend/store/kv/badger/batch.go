package badger

import (
	"cmp"
	"errors"
	"fmt"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

// commit starts the commit of what is staged, or answers at once if nothing is. It is
// called while no batch is in flight.
func (w *writer) commit() {
	w.forgetReading()
	txn, err := w.prepare()
	if err != nil || txn == nil {
		w.answer(w.ran, w.stage, err)
		w.ran = w.ran[:0]
		return
	}
	e := w.b.current.Load()
	ops, writes := w.encode()
	f := &inFlightBatch{stage: w.stage, ran: w.ran, ended: make(chan error, 1)}
	w.inFlight = f
	w.stage = w.spare
	w.ran = nil
	go func() {
		defer txn.Discard()
		f.ended <- w.send(ops, writes, func(at kv.Position) error {
			err := w.b.commitAt(e, txn, at)
			f.kept = err == nil
			return err
		})
	}()
}

// completeBatch ends the batch in flight. Then all its callers are answered, and so are
// those who failed on what it contained.
func (w *writer) completeBatch(err error) {
	f := w.inFlight
	w.inFlight = nil
	w.forgetReading() // its snapshot is older than this commit
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

// survivable reports whether err is a fault of the way to the disk, not of the disk.
func survivable(err error) bool {
	return errors.Is(err, kv.ErrUnavailable) || errors.Is(err, kv.ErrUnknownOutcome)
}

// runAgain puts the calls that ran on a dropped batch back at the front of the queue: what
// they read, or were refused for, was never committed.
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

// prepare returns a transaction with everything that is staged; nil if nothing is.
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
	if err := w.stage.fill(txn); err != nil {
		txn.Discard()
		return nil, engineError(err)
	}
	return txn, nil
}

// fill puts what is staged into a transaction.
func (o *overlay) fill(txn *dgraph.Txn) error {
	return o.last(func(s *staged) error {
		if s.stored == nil {
			return txn.Delete(s.key)
		}
		return txn.SetEntry(&dgraph.Entry{Key: s.key, Value: s.stored})
	})
}

// encode returns the batch in the form that a log takes; nothing if there is no log.
func (w *writer) encode() (ops []kv.OpID, writes []byte) {
	if !w.b.o.logged {
		return nil, nil
	}
	for _, c := range w.ran {
		ops = append(ops, c.op)
	}
	return ops, encodeWrites(w.stage)
}

func (w *writer) unbroken() error {
	if err := w.b.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// urgent reports whether the whole group is urgent; on a low disk, anything else was
// refused on entry.
func (w *writer) urgent() bool {
	for _, c := range w.ran {
		if !kv.IsUrgent(c.ctx) {
			return false
		}
	}
	return true
}

// failStore is the answer after a commit that the disk failed. Part of it may have been
// written, so nothing in memory can be trusted any more: the store stops, and the next
// start reads what is on the disk, which is the whole group or none of it.
func (w *writer) failStore(err error) error {
	err = fmt.Errorf("%w (%w): %w", kv.ErrUnavailable, kv.ErrUnknownOutcome, err)
	w.b.breakDown(err)
	return err
}

// announce tells followers and watchers what was committed.
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
