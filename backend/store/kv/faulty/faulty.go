// Package faulty puts an engine behind what happens to a replicated one: sends that
// fail, answers that are lost, the lead that is lost and won again. It is for tests.
// What happens is drawn from a seed, or chosen with Next.
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

// ErrInjected is in every error that was made here.
var ErrInjected = errors.New("injected")

// An Engine is what a store needs of the engine behind.
type Engine interface {
	kv.Store
	kv.CommitFollower
	kv.Snapshotter
	kv.Loader
	kv.Compactor
	kv.Identified
}

// Options say how often what happens to an Update; zero is never.
type Options struct {
	Seed int64
	Rate float64 // of Updates that meet a fault
	Lead float64 // of Updates before which the lead is lost, for a handful of calls
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
	back     int // calls after which the lead is won again; zero: by Lead only
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

// New puts faults before an engine.
func New(e Engine, o Options) *Store {
	return &Store{
		Engine:   e,
		o:        o,
		random:   rand.New(rand.NewPCG(uint64(o.Seed), 0)),
		outcomes: make(map[kv.OpID]bool),
		leads:    true,
	}
}

// Next implements kvtest.Injector. Without a fault it forgets those to come.
func (s *Store) Next(faults ...kvtest.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = slices.Clone(faults)
}

// Fail has every View and Update answer err from now on; nil ends it.
func (s *Store) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = err
}

// Faults is how many Updates met one.
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

// drop runs fn, keeps nothing of it, and answers err.
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

// draw is the fault of the next Update; zero is none.
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

// Send is a badger.Options.Send whose sends fail now and then, with nothing kept.
func Send(o Options) func(commit func(uint64) error) error {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(uint64(o.Seed), 1))
	return func(commit func(uint64) error) error {
		mu.Lock()
		fails := random.Float64() < o.Rate
		mu.Unlock()
		if fails {
			return fmt.Errorf("%w: %w", kv.ErrUnavailable, ErrInjected)
		}
		return commit(0)
	}
}
