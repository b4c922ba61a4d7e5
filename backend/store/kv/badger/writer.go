package badger

import (
	"errors"
	"fmt"
	"runtime/debug"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

const (
	groupSize  = 64                            // maximum number of Updates in one commit
	groupBytes = 800 << 10                     // maximum bytes of a group, well below Badger's 1.2 MB
	groupFull  = groupBytes - kv.MaxWriteBytes // staged bytes after which no further Update is added
)

// The writer is the only goroutine that changes the database. It takes the waiting Updates
// and runs their functions one after the other, each on what the previous ones have staged.
// It commits all that succeeded in one Badger transaction with one fsync, and only then
// answers. The writes of a function that fails are dropped; the rest of the group is not
// affected.
//
// Since nothing runs beside it, what a function has read cannot change before its writes
// are committed: every Update is serialisable, and none is ever retried because of another.
// An Update that comes alone does not wait for others. Those that arrive during an fsync
// run while it lasts, on top of what it is about to commit, and form the next group. None
// of them is answered before that commit has succeeded.
//
// A batch that could not be sent (Options.Send) is dropped: its callers are told, and those
// that ran on it run again without it. A batch that the disk failed may have been written
// in part, so then the store stops and refuses everything.
type writer struct {
	b       *Store
	queue   chan *call
	closing chan struct{}
	stopped chan struct{}

	group    []*call // taken from the queue
	next     int     // the first of group that has not run
	ran      []*call // succeeded, to be answered after the commit
	refused  []refusal
	running  *call
	mark     int // where the writes of running start
	stage    *overlay
	inFlight *inFlightBatch // the group that is being committed, nil if none
	spare    *overlay       // the next overlay to use as stage
	reading  *dgraph.Txn    // what the group reads from, nil until it does
	cache    readCache
	dirty    map[string]struct{}

	send func(ops []kv.OpID, writes []byte, commit func(kv.Position) error) error // Options.Send
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

// loop runs until the store is closed. A function that ends its goroutine (runtime.Goexit,
// as t.Fatal does) ends this one, too: then its caller is answered and a new goroutine
// continues with the group.
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

// wait waits until there is something to do: a call, if the group has room for it, or the
// end of the batch in flight. It returns false if the store is closing and nothing is in
// flight.
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

// drainQueue takes c and the calls that wait behind it.
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

// runGroup runs the functions of the group until all have run or the group is full. Work of
// the writer itself runs alone, with nothing staged and nothing in flight.
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
			err := w.attempt(c.own)
			w.forgetReading() // the current generation may have changed
			w.cache.forget()
			c.done <- err
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

// attempt converts a panic of fn into an error.
func (w *writer) attempt(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			w.b.o.Logger.Error("a transaction panicked", "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("a transaction panicked: %v", r)
		}
	}()
	return fn()
}

// abandon answers the caller whose function ended the goroutine.
func (w *writer) abandon() {
	if w.running == nil {
		return
	}
	w.stage.rollback(w.mark)
	w.refuse(w.running, errors.New("a transaction ended its goroutine"))
	w.running = nil
}

// snapshot returns the database as of the last committed batch.
func (w *writer) snapshot() *dgraph.Txn {
	if w.reading == nil {
		w.reading = w.b.current.Load().latest()
	}
	return w.reading
}

// find returns the last write of a key that is not in the database yet.
func (w *writer) find(key []byte) (*staged, bool) {
	if s, ok := w.stage.find(key); ok || w.inFlight == nil {
		return s, ok
	}
	return w.inFlight.stage.find(key)
}

// within returns the writes to keys in [from,to) that are not in the database yet, in byte
// order.
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
