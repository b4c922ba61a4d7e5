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
	reached  uint64 // the newest term of an entry that was applied
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
	errCopied     = errors.New("a copy of everything came first")
)

// send is the engine's way to the disk. It returns once a majority has the batch on the
// disk and this machine has applied it, or once that has failed.
func (n *Node) send(ops []kv.OpID, writes []byte, commit func(kv.Position) error) error {
	l := n.lead.Load()
	if l == nil {
		return errNotLeading
	}
	f := n.flights.begin(l.term, ops, commit)
	if f.ended() {
		return f.err
	}
	e := entry{kind: kindBatch, term: f.term, number: f.number, ops: ops, body: writes}
	go func() {
		// Raft takes it only when it is not busy, and while it installs a copy that waits
		// for this batch to end.
		future := n.raft.Apply(e.encode(), 0)
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
	f := &flight{term: term, number: s.number, ops: ops, commit: commit, done: make(chan struct{})}
	if s.current = f; term < s.reached {
		f.end(fmt.Errorf("%w: %w", errNotLeading, errOutdated))
	}
	return f
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
	for _, sure := range []error{errOutdated, raft.ErrNotLeader, raft.ErrLeadershipTransferInProgress,
		errNoRoom} {
		if errors.Is(err, sure) {
			return true
		}
	}
	return false
}

// overtaken ends a flight that rests on a lead before this term, and those that begin later:
// they will be dropped, if they come at all. Whoever applies the log of that term must not
// wait for them.
func (s *flights) overtaken(term uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reached = max(s.reached, term)
	if f := s.current; f != nil && !f.claimed && !f.over && f.term < term {
		f.end(fmt.Errorf("%w: %w", errNotLeading, errOutdated))
	}
}

// skipped ends a flight because a copy of everything up to this term comes in place of the
// log: whether it is in the copy is not known.
func (s *flights) skipped(term uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reached = max(s.reached, term)
	if f := s.current; f != nil && !f.over {
		s.outcomes.unknown(f.ops, f.term)
		f.end(fmt.Errorf("%w: %w", kv.ErrUnknownOutcome, errCopied))
	}
}

func (f *flight) ended() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

func (f *flight) end(err error) {
	f.err, f.over = err, true
	close(f.done)
}
