// Package faulty wraps an engine with the faults of a replicated one: failed sends, lost
// answers, a lead that is lost and won again. It is for tests. The faults come from a seed,
// or from Next.
package faulty

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/kvtest"
)

// ErrInjected is in every error that this package injects.
var ErrInjected = errors.New("injected")

// An Engine is what a Store needs of the wrapped engine.
type Engine interface {
	kv.Store
	kv.CommitFollower
	kv.Snapshotter
	kv.Loader
	kv.Compactor
	kv.Identified
}

// Options say how often each fault happens; zero is never.
type Options struct {
	Seed int64
	Rate float64 // share of Updates with a fault
	Lead float64 // share of Updates before which the lead is lost, for a few calls
}

// A Store is an engine with faults.
type Store struct {
	Engine
	o Options

	mu       sync.Mutex
	random   *rand.Rand
	next     []kvtest.Fault
	outcomes map[kv.OpID]bool
	leads    bool
	back     int // calls until the lead is won again; zero: by Lead only
	told     []*follower
	faults   int
	always   error
}

type follower struct{ fn func(bool) }

var (
	_ kv.OutcomeReader = (*Store)(nil)
	_ kv.Elected       = (*Store)(nil)
	_ kvtest.Injector  = (*Store)(nil)
)

// New wraps an engine with faults.
func New(e Engine, o Options) *Store {
	return &Store{
		Engine:   e,
		o:        o,
		random:   rand.New(rand.NewPCG(uint64(o.Seed), 0)),
		outcomes: make(map[kv.OpID]bool),
		leads:    true,
	}
}

// Next implements kvtest.Injector. Called without faults, it cancels the pending ones.
func (s *Store) Next(faults ...kvtest.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = slices.Clone(faults)
}

// Fail makes every View and Update return err from now on; nil ends that.
func (s *Store) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = err
}

// Faults is the number of Updates that had a fault.
func (s *Store) Faults() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

// View implements kv.Store.
func (s *Store) View(ctx context.Context, fn func(kv.Tx) error) error {
	if err := s.notLeading(); err != nil {
		return err
	}
	return s.Engine.View(ctx, fn)
}

// Update implements kv.Store.
func (s *Store) Update(ctx context.Context, op kv.OpID, fn func(kv.Tx) error) error {
	s.maybeLoseLead()
	if err := s.notLeading(); err != nil {
		return err
	}
	switch s.draw() {
	case kvtest.Refused:
		return s.drop(ctx, op, fn, kv.ErrUnavailable)
	case kvtest.LostUpdate:
		return s.drop(ctx, op, fn, kv.ErrUnknownOutcome)
	case kvtest.LostAnswer:
		err := s.Engine.Update(ctx, op, fn)
		if err != nil {
			return err
		}
		s.settle(op, true)
		return fmt.Errorf("%w: %w", kv.ErrUnknownOutcome, ErrInjected)
	}
	return s.Engine.Update(ctx, op, fn)
}

var errDropped = errors.New("the batch was dropped")

// drop runs fn, discards its writes and returns err.
func (s *Store) drop(ctx context.Context, op kv.OpID, fn func(kv.Tx) error, err error) error {
	var failed error
	dropped := s.Engine.Update(ctx, op, func(tx kv.Tx) error {
		failed = fn(tx)
		return errDropped
	})
	if !errors.Is(dropped, errDropped) {
		return dropped
	}
	if failed != nil {
		return failed
	}
	s.settle(op, false)
	return fmt.Errorf("%w: %w", err, ErrInjected)
}

func (s *Store) settle(op kv.OpID, kept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes[op] = kept
}

// Outcome implements kv.OutcomeReader.
func (s *Store) Outcome(ctx context.Context, op kv.OpID) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.outcomes[op]
	if !ok {
		return false, fmt.Errorf("%w: nobody knows of this Update", kv.ErrUnknownOutcome)
	}
	return kept, ctx.Err()
}

// draw returns the fault of the next Update; zero is none.
func (s *Store) draw() (fault kvtest.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.next) > 0:
		fault, s.next = s.next[0], s.next[1:]
	case s.random.Float64() < s.o.Rate:
		fault = kvtest.Fault(1 + s.random.IntN(3))
	default:
		return 0
	}
	s.faults++
	return fault
}

// Send is a badger.Options.Send that fails now and then, with nothing written.
func Send(o Options) func([]kv.OpID, []byte, func(kv.Position) error) error {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(uint64(o.Seed), 1))
	return func(_ []kv.OpID, _ []byte, commit func(kv.Position) error) error {
		mu.Lock()
		fails := random.Float64() < o.Rate
		mu.Unlock()
		if fails {
			return fmt.Errorf("%w: %w", kv.ErrUnavailable, ErrInjected)
		}
		return commit(kv.Position{})
	}
}
