package kv

import (
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
// An Update that comes alone does not wait for company; those that come during
// an fsync are the next group. That fsync is not overlapped with the next
// group's functions: they would have to be undone when it fails.
type writer struct {
	b       *Badger
	queue   chan *call
	closing chan struct{}
	stopped chan struct{}

	group   []*call // taken from the queue
	next    int     // the first of group that has not run
	ran     []*call // ran well, to be answered after the commit
	running *call
	mark    int // where the writes of running begin
	stage   overlay
	reading *badger.Txn // what the group reads, nil until it does
	hot     hot
	dirty   map[string]struct{}
}

func newWriter(b *Badger) *writer {
	w := &writer{b: b, queue: make(chan *call, groupSize),
		closing: make(chan struct{}), stopped: make(chan struct{})}
	w.stage.reset()
	return w
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
	for w.next < len(w.group) || w.gather() {
		w.runGroup()
		w.commit()
	}
	finished = true
	close(w.stopped)
}

// gather waits for a call and takes those that wait behind it. It is false
// when the store is closing.
func (w *writer) gather() bool {
	clear(w.group)
	w.group, w.next = w.group[:0], 0
	select {
	case <-w.closing:
		return false
	default:
	}
	select {
	case c := <-w.queue:
		w.group = append(w.group, c)
	case <-w.closing:
		return false
	}
	for len(w.group) < groupSize {
		select {
		case c := <-w.queue:
			w.group = append(w.group, c)
		default:
			return true
		}
	}
	return true
}

// runGroup runs the functions of the group until it is through or full. Work
// of the writer itself runs alone, with nothing staged.
func (w *writer) runGroup() {
	for w.next < len(w.group) && w.stage.bytes <= groupFull {
		c := w.group[w.next]
		if c.own != nil && len(w.ran) > 0 {
			return
		}
		w.next++
		if !c.take() {
			continue
		}
		if c.own != nil {
			c.done <- w.attempt(c.own)
			w.hot.forget() // another generation may be the current one
			return
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
		c.done <- err
		return
	}
	w.ran = append(w.ran, c)
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
	w.running.done <- errors.New("a transaction ended its goroutine")
	w.running = nil
}

// snapshot is the database as the last group has left it.
func (w *writer) snapshot() *badger.Txn {
	if w.reading == nil {
		w.reading = w.b.current.Load().latest()
	}
	return w.reading
}

// commit keeps what is staged and answers everybody who ran.
func (w *writer) commit() {
	if w.reading != nil {
		w.reading.Discard()
		w.reading = nil
	}
	err := w.keep()
	defer w.answer(err)
	if err == nil && len(w.stage.writes) > 0 {
		w.hot.committed(&w.stage)
		w.announce()
	}
}

func (w *writer) answer(err error) {
	for _, c := range w.ran {
		c.done <- err
	}
	clear(w.ran)
	w.ran = w.ran[:0]
	w.stage.reset()
}

func (w *writer) keep() error {
	if len(w.stage.writes) == 0 {
		return nil
	}
	if err := w.b.disk.before(w.stage.bytes, w.urgent()); err != nil {
		return err
	}
	if err := w.b.broken.Load(); err != nil {
		return *err
	}
	e := w.b.current.Load()
	txn := e.begin()
	defer txn.Discard()
	err := w.stage.last(func(s *staged) error {
		if s.stored == nil {
			return txn.Delete(s.key)
		}
		return txn.SetEntry(&badger.Entry{Key: s.key, Value: s.stored})
	})
	if err != nil {
		return engineError(err)
	}
	if err := e.commit(txn); err != nil {
		return w.lost(err)
	}
	return nil
}

// urgent reports whether all of the group is; the rest was refused at the door.
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
func (w *writer) announce() {
	if w.b.o.Committed == nil && w.dirty == nil && !w.b.hub.busy() {
		return
	}
	events := make([]Event, 0, len(w.stage.writes))
	w.stage.last(func(s *staged) error {
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
