package kv

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/dgraph-io/badger/v4"
)

const (
	groupSize  = 64                         // Updates kept with one fsync, at most
	groupBytes = 800 << 10                  // bytes of a group, well inside Badger's 1.2 MB
	groupFull  = groupBytes - MaxWriteBytes // staged bytes after which no other is let in
)

// The writer is the one goroutine that changes the database. It takes the
// Updates that wait, runs their functions one after the other, each on what
// those before it have staged, keeps all that went well in one Badger
// transaction with one fsync, and only then answers. What one function wrote
// is dropped if it fails; the rest of the group is not touched by that.
//
// Since nothing runs beside it, what a function read cannot have changed until
// its writes are kept: every Update is serialisable and none is ever retried.
// An Update that comes alone does not wait for company. Those that come during
// an fsync run while it lasts, on what it is about to keep, and are the next
// group. Nobody is told anything that rests on it before it has ended well; when
// it fails, the store stops and all of them are refused.
type writer struct {
	b       *Badger
	queue   chan *call
	closing chan struct{}
	stopped chan struct{}

	group   []*call // taken from the queue
	next    int     // the first of group that has not run
	ran     []*call // ran well, to be answered after the commit
	refused []refusal
	running *call
	mark    int // where the writes of running begin
	stage   *overlay
	flight  *flight     // the group that is being kept, nil if none is
	spare   *overlay    // the next stage
	reading *badger.Txn // what the group reads, nil until it does
	hot     hot
	dirty   map[string]struct{}

	send func(*engine, *badger.Txn) error // how a flight goes
}

// A flight is a group on its way to the disk.
type flight struct {
	stage *overlay
	ran   []*call
	ended chan error
}

// A refusal is the answer to a function that failed on what is still in flight.
type refusal struct {
	to  *call
	err error
}

func newWriter(b *Badger) *writer {
	return &writer{b: b, queue: make(chan *call, groupSize), closing: make(chan struct{}), stopped: make(chan struct{}),
		stage: newOverlay(), spare: newOverlay(), send: (*engine).commit}
}

// loop runs until the store is closed. A function that ends its goroutine
// (runtime.Goexit, as t.Fatal does) ends this one too: then its caller is
// answered and another goroutine goes on with the group.
func (w *writer) loop() {
	finished := false
	defer func() {
		if !finished {
			w.abandon()
			go w.loop()
		}
	}()
	for {
		w.runGroup()
		if w.flight == nil && len(w.ran) > 0 {
			w.commit()
			continue
		}
		if !w.wait() {
			break
		}
	}
	finished = true
	close(w.stopped)
}

// wait waits until there is something to do: for a call, where the group has
// room for it, or for the end of the flight. It is false when the store is
// closing and nothing is in flight.
func (w *writer) wait() bool {
	queue, ended, closing := w.queue, (chan error)(nil), w.closing
	if w.flight != nil {
		ended, closing = w.flight.ended, nil
	}
	if w.next < len(w.group) || w.full() || w.isClosing() {
		queue = nil
	}
	select {
	case c := <-queue:
		w.gather(c)
		return true
	case err := <-ended:
		w.land(err)
		return true
	case <-closing:
		return false
	}
}

func (w *writer) isClosing() bool {
	select {
	case <-w.closing:
		return true
	default:
		return false
	}
}

// gather takes c and those that wait behind it.
func (w *writer) gather(c *call) {
	clear(w.group)
	w.group, w.next = append(w.group[:0], c), 0
	for len(w.group) < groupSize {
		select {
		case c := <-w.queue:
			w.group = append(w.group, c)
		default:
			return
		}
	}
}

func (w *writer) full() bool { return len(w.ran) >= groupSize || w.stage.bytes > groupFull }

// runGroup runs the functions of the group until it is through or full. Work
// of the writer itself runs alone, with nothing staged and nothing in flight.
func (w *writer) runGroup() {
	for w.next < len(w.group) && !w.full() {
		c := w.group[w.next]
		if c.own != nil && (len(w.ran) > 0 || w.flight != nil) {
			return
		}
		w.next++
		if !c.take() {
			continue
		}
		if c.own != nil {
			c.done <- w.attempt(c.own)
			w.hot.forget() // another generation may be the current one
			continue
		}
		w.run(c)
	}
}

func (w *writer) run(c *call) {
	w.running, w.mark = c, len(w.stage.writes)
	err := w.once(c)
	if w.b.o.Twice {
		w.stage.rollback(w.mark)
		err = w.once(c)
	}
	w.running = nil
	if err != nil {
		w.stage.rollback(w.mark)
		w.refuse(c, err)
		return
	}
	w.ran = append(w.ran, c)
}

// refuse answers that a function failed, once what it has read is on the disk.
func (w *writer) refuse(c *call, err error) {
	if w.flight == nil {
		c.done <- err
		return
	}
	w.refused = append(w.refused, refusal{c, err})
}

func (w *writer) once(c *call) error {
	if c.ctx.Err() != nil {
		return ended(c.ctx)
	}
	tx := &updateTx{ctx: c.ctx, w: w, mark: w.mark, before: w.stage.bytes}
	defer func() { tx.over = true }()
	if err := w.attempt(func() error { return c.fn(tx) }); err != nil {
		return err
	}
	return tx.failed
}

// attempt turns a panic of fn into an error.
func (w *writer) attempt(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			w.b.o.Logger.Error("a transaction panicked", "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("a transaction panicked: %v", r)
		}
	}()
	return fn()
}

// abandon answers the caller whose function took the goroutine with it.
func (w *writer) abandon() {
	if w.running == nil {
		return
	}
	w.stage.rollback(w.mark)
	w.refuse(w.running, errors.New("a transaction ended its goroutine"))
	w.running = nil
}

// snapshot is the database as the last group that landed has left it.
func (w *writer) snapshot() *badger.Txn {
	if w.reading == nil {
		w.reading = w.b.current.Load().latest()
	}
	return w.reading
}

// find is the last write of a key that is not in the database yet.
func (w *writer) find(key []byte) (*staged, bool) {
	if s, ok := w.stage.find(key); ok || w.flight == nil {
		return s, ok
	}
	return w.flight.stage.find(key)
}

// within are the writes to keys in [from,to) that are not in the database yet,
// in byte order.
func (w *writer) within(from, to []byte) []*staged {
	if w.flight == nil {
		return within(from, to, w.stage)
	}
	return within(from, to, w.flight.stage, w.stage)
}

func (w *writer) forgetReading() {
	if w.reading != nil {
		w.reading.Discard()
		w.reading = nil
	}
}

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
	f := &flight{stage: w.stage, ran: w.ran, ended: make(chan error, 1)}
	w.flight, w.stage, w.ran = f, w.spare, nil
	go func() {
		defer txn.Discard()
		f.ended <- w.send(e, txn)
	}()
}

// land is the end of the flight, after which everybody on it is answered, and
// those who failed on what it held.
func (w *writer) land(err error) {
	f := w.flight
	w.flight = nil
	w.forgetReading() // it is older than what has landed
	if err != nil {
		err = w.lost(err)
	} else {
		w.hot.committed(f.stage)
		w.announce(f.stage)
	}
	w.answer(f.ran, f.stage, err)
	w.spare = f.stage
	for _, r := range w.refused {
		r.to.done <- cmp.Or(err, r.err)
	}
	clear(w.refused)
	w.refused = w.refused[:0]
}

func (w *writer) answer(ran []*call, stage *overlay, err error) {
	for _, c := range ran {
		c.done <- err
	}
	clear(ran)
	stage.reset()
}

// prepare is a transaction with all that is staged; nil if that is nothing.
func (w *writer) prepare() (txn *badger.Txn, err error) {
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
		return txn.SetEntry(&badger.Entry{Key: s.key, Value: s.stored})
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

// urgent reports whether all of the group is; the rest was refused at the portal.
func (w *writer) urgent() bool {
	for _, c := range w.ran {
		if !isUrgent(c.ctx) {
			return false
		}
	}
	return true
}

// lost is the answer after a failed commit. The engine may have written a part
// of it, so nothing in memory is trusted any more: the store stops, and the
// next start reads what the disk has, which is all of the group or none.
func (w *writer) lost(err error) error {
	err = fmt.Errorf("%w (%w): %w", ErrUnavailable, ErrUnknownOutcome, err)
	w.b.breakDown(err)
	return err
}

// announce tells of what was kept.
func (w *writer) announce(stage *overlay) {
	if w.b.o.Committed == nil && w.dirty == nil && !w.b.hub.busy() {
		return
	}
	events := make([]Event, 0, len(stage.writes))
	stage.last(func(s *staged) error {
		if w.dirty != nil {
			w.dirty[string(s.key)] = struct{}{}
		}
		if s.key[0] == dataMark {
			events = append(events, Event{Key: s.key[1:], Deleted: s.stored == nil})
		}
		return nil
	})
	if w.b.o.Committed != nil {
		w.attempt(func() error { w.b.o.Committed(events); return nil })
	}
	w.b.hub.publish(events)
}
