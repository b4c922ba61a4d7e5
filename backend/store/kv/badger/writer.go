package badger

import (
	"errors"
	"fmt"
	"runtime/debug"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

const (
	groupSize  = 64                            // Updates kept with one fsync, at most
	groupBytes = 800 << 10                     // bytes of a group, well inside Badger's 1.2 MB
	groupFull  = groupBytes - kv.MaxWriteBytes // staged bytes after which no other is let in
)

// The writer is the one goroutine that changes the database. It takes the
// Updates that wait, runs their functions one after the other, each on what
// those before it have staged, keeps all that went well in one Badger
// transaction with one fsync, and only then answers. What one function wrote
// is dropped if it fails; the rest of the group is not touched by that.
//
// Since nothing runs beside it, what a function read cannot have changed until
// its writes are kept: every Update is serialisable and none is ever retried
// because of another. An Update that comes alone does not wait for company. Those
// that come during an fsync run while it lasts, on what it is about to keep, and
// are the next group. None of them is answered before that has ended well.
//
// A batch that could not be sent (Options.Send) is dropped: its callers are told
// so, and those that ran on it run again without it. A batch that the disk failed
// on may be there in part, so then the store stops and all are refused.
type writer struct {
	b       *Store
	queue   chan *call
	closing chan struct{}
	stopped chan struct{}

	group    []*call // taken from the queue
	next     int     // the first of group that has not run
	ran      []*call // ran well, to be answered after the commit
	refused  []refusal
	running  *call
	mark     int // where the writes of running begin
	stage    *overlay
	inFlight *inFlightBatch // the group that is being kept, nil if none is
	spare    *overlay       // the next stage
	reading  *dgraph.Txn    // what the group reads, nil until it does
	cache    readCache
	dirty    map[string]struct{}

	send func(commit func(applied uint64) error) error // Options.Send
}

// An inFlightBatch is a group on its way to the disk.
type inFlightBatch struct {
	stage *overlay
	ran   []*call
	kept  bool // its commit is on the disk
	ended chan error
}

// A refusal is the answer to a function that failed on what is still in flight.
type refusal struct {
	to  *call
	err error
}

func newWriter(b *Store) *writer {
	return &writer{b: b, queue: make(chan *call, groupSize), closing: make(chan struct{}), stopped: make(chan struct{}),
		stage: newOverlay(), spare: newOverlay(), send: b.o.Send}
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
		if w.inFlight == nil && len(w.ran) > 0 {
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
// room for it, or for the end of the batch in flight. It is false when the store is
// closing and nothing is in flight.
func (w *writer) wait() bool {
	queue, ended, closing := w.queue, (chan error)(nil), w.closing
	if w.inFlight != nil {
		ended, closing = w.inFlight.ended, nil
	}
	if w.next < len(w.group) || w.full() || w.isClosing() {
		queue = nil
	}
	select {
	case c := <-queue:
		w.drainQueue(c)
		return true
	case err := <-ended:
		w.completeBatch(err)
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

// drainQueue takes c and those that wait behind it.
func (w *writer) drainQueue(c *call) {
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
		if c.own != nil && (len(w.ran) > 0 || w.inFlight != nil) {
			return
		}
		w.next++
		if !c.again && !c.take() {
			continue
		}
		if c.own != nil {
			c.done <- w.attempt(c.own)
			w.cache.forget() // another generation may be the current one
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
	if w.inFlight == nil {
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

// snapshot is the database as the last batch that was kept has left it.
func (w *writer) snapshot() *dgraph.Txn {
	if w.reading == nil {
		w.reading = w.b.current.Load().latest()
	}
	return w.reading
}

// find is the last write of a key that is not in the database yet.
func (w *writer) find(key []byte) (*staged, bool) {
	if s, ok := w.stage.find(key); ok || w.inFlight == nil {
		return s, ok
	}
	return w.inFlight.stage.find(key)
}

// within are the writes to keys in [from,to) that are not in the database yet,
// in byte order.
func (w *writer) within(from, to []byte) []*staged {
	if w.inFlight == nil {
		return within(from, to, w.stage)
	}
	return within(from, to, w.inFlight.stage, w.stage)
}

func (w *writer) forgetReading() {
	if w.reading != nil {
		w.reading.Discard()
		w.reading = nil
	}
}
