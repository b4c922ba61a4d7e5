package replica

import (
	"context"
	"sync"
)

// Rounds let callers share the answer to a question that each has from when it came on: each
// waits for a round that began later, never for the one that is under way.
type rounds[T any] struct {
	ask func() T

	mu      sync.Mutex
	next    *round[T] // nil: nobody waits
	running bool
}

type round[T any] struct {
	answer T
	done   chan struct{}
}

// wait returns the answer of the next round, or the error of ctx if that ends before.
func (s *rounds[T]) wait(ctx context.Context) (answer T, err error) {
	r := s.join()
	select {
	case <-r.done:
		return r.answer, nil
	case <-ctx.Done():
		return answer, ctx.Err()
	}
}

func (s *rounds[T]) join() *round[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = &round[T]{done: make(chan struct{})}
	}
	if !s.running {
		s.running = true
		go s.run()
	}
	return s.next
}

func (s *rounds[T]) run() {
	for {
		s.mu.Lock()
		r := s.next
		s.next = nil
		s.running = r != nil
		s.mu.Unlock()
		if r == nil {
			return
		}
		r.answer = s.ask()
		close(r.done)
	}
}
