package replica

import (
	"errors"
	"fmt"
	"sync"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
)

// A flight is the one batch of this machine that is on its way through the log. Two
// goroutines can end it: the one that applies the log, which commits it here when a
// majority has it; and the one that waits for raft's answer, when the lead is lost. Whoever
// comes first decides what its callers are told.
type flight struct {
	term, number uint64
	ops          []kv.OpID
	commit       func(kv.Position) error

	claimed bool // it is being committed
	over    bool
	err     error
	done    chan struct{}
}

type flights struct {
	mu       sync.Mutex
	current  *flight
	number   uint64
	outcomes *outcomes
}

// An applied is what the log's entry left on this machine.
type applied struct {
	term uint64
	err  error
}

var (
	errNotLeading = fmt.Errorf("%w: this machine does not lead", kv.ErrUnavailable)
	errOutdated   = errors.New("the batch rests on an earlier lead")
)

// send is the engine's way to the disk. It returns once a majority has the batch on the
// disk and this machine has applied it, or once that has failed.
func (n *Node) send(ops []kv.OpID, writes []byte, commit func(kv.Position) error) error {
	l := n.lead.Load()
	if l == nil {
		return errNotLeading
	}
	f := n.flights.begin(l.term, ops, commit)
	e := entry{kind: kindBatch, term: f.term, number: f.number, ops: ops, body: writes}
	future := n.raft.Apply(e.encode(), 0)
	go func() {
		err := future.Error()
		result, _ := future.Response().(applied)
		n.flights.answered(f, err, result.err)
	}()
	<-f.done
	if errors.Is(f.err, kv.ErrUnknownOutcome) {
		n.endLead(l) // nothing may be built on it in this term
	}
	return f.err
}

func (s *flights) begin(term uint64, ops []kv.OpID, commit func(kv.Position) error) *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number++
	s.current = &flight{term: term, number: s.number, ops: ops, commit: commit, done: make(chan struct{})}
	return s.current
}

// claim returns the flight of this entry, if its callers still wait. The caller must end it
// with finish.
func (s *flights) claim(e *entry) *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.current
	if f == nil || f.over || f.term != e.term || f.number != e.number {
		return nil
	}
	f.claimed = true
	return f
}

// finish ends a claimed flight.
func (s *flights) finish(f *flight, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.end(err)
}

// answered ends a flight with raft's answer, unless it is being committed.
func (s *flights) answered(f *flight, err, result error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.claimed || f.over {
		return
	}
	if err == nil {
		err = result
	}
	if neverKept(err) {
		f.end(fmt.Errorf("%w: %w", errNotLeading, err))
		return
	}
	s.outcomes.unknown(f.ops, f.term)
	f.end(fmt.Errorf("%w: %w", kv.ErrUnknownOutcome, err))
}

// stopped ends a flight after raft has stopped.
func (s *flights) stopped() {
	s.mu.Lock()
	f := s.current
	s.mu.Unlock()
	if f != nil {
		s.answered(f, raft.ErrRaftShutdown, nil)
	}
}

// neverKept reports whether raft has refused an entry before it was in the log, or the
// entry was dropped everywhere.
func neverKept(err error) bool {
	for _, sure := range []error{errOutdated, raft.ErrNotLeader, raft.ErrLeadershipTransferInProgress} {
		if errors.Is(err, sure) {
			return true
		}
	}
	return false
}

// overtaken ends a flight that rests on a lead before this term: it will be dropped, if it
// comes at all. Whoever applies the log of that term must not wait for it.
func (s *flights) overtaken(term uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.current; f != nil && !f.claimed && !f.over && f.term < term {
		f.end(fmt.Errorf("%w: %w", errNotLeading, errOutdated))
	}
}

func (f *flight) end(err error) {
	f.err, f.over = err, true
	close(f.done)
}
