package badger

import (
	"sync"
	"sync/atomic"

	dgraph "github.com/dgraph-io/badger/v4"
)

// Commits are numbered here, in Badger's managed mode: its own tracking of readers sends
// several messages between goroutines for each transaction, which a single writer does not
// need. A number may be read only after its commit is on the disk. After each commit Badger
// is told which versions no reader can see any more, so that it may drop them.
type commits struct {
	last    atomic.Uint64 // the newest that may be read
	mu      sync.Mutex
	readers map[uint64]int // the number of readers at each commit
}

// A snapshot is one moment of the database, readable until release.
type snapshot struct {
	*dgraph.Txn
	of *commits
	at uint64
}

func (e *generation) snapshot() snapshot {
	c := &e.commits
	c.mu.Lock()
	at := c.last.Load()
	c.readers[at]++
	c.mu.Unlock()
	return snapshot{Txn: e.db.NewTransactionAt(at, false), of: c, at: at}
}

func (s snapshot) release() {
	s.Discard()
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.of.readers[s.at]--; s.of.readers[s.at] == 0 {
		delete(s.of.readers, s.at)
	}
}

// latest reads the last commit. It is for the writer only: nothing commits beside it, so it
// need not pin a version.
func (e *generation) latest() *dgraph.Txn {
	return e.db.NewTransactionAt(e.commits.last.Load(), false)
}

// begin starts the only transaction that may write.
func (e *generation) begin() *dgraph.Txn {
	return e.db.NewTransactionAt(e.commits.last.Load(), true)
}

// commit makes txn durable and readable.
func (e *generation) commit(txn *dgraph.Txn) error {
	if err := e.write(txn); err != nil {
		return err
	}
	return e.sync()
}

// write makes txn readable, and durable before that unless commits are late.
func (e *generation) write(txn *dgraph.Txn) error {
	c := &e.commits
	number := c.last.Load() + 1
	if err := e.acked.stamp(txn, number); err != nil {
		return err
	}
	if err := txn.CommitAt(number, nil); err != nil {
		return err
	}
	if e.late == nil {
		e.acked.record(number)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last.Store(number)
	for at := range c.readers {
		number = min(number, at)
	}
	e.db.SetDiscardTs(number)
	return nil
}
