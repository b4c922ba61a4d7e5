package faulty

import (
	"context"
	"fmt"
	"slices"

	"doorward/backend/store/kv"
)

// maxWithoutLead is the number of calls for which a randomly lost lead stays lost.
const maxWithoutLead = 5

// OnLead implements kv.Elected.
func (s *Store) OnLead(fn func(leads bool)) (cancel func()) {
	s.mu.Lock()
	one := &follower{fn}
	s.told = append(s.told, one)
	leads := s.leads
	s.mu.Unlock()
	if leads {
		fn(true)
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told = slices.DeleteFunc(s.told, func(o *follower) bool { return o == one })
	}
}

// Lead wins or loses the lead. All followers have been told when it returns.
func (s *Store) Lead(leads bool) {
	s.mu.Lock()
	changed := s.leads != leads
	if changed && !leads {
		s.leads = false
	}
	told := slices.Clone(s.told)
	s.mu.Unlock()
	if !changed {
		return
	}
	if leads {
		s.forget()
	}
	for _, one := range told {
		one.fn(leads)
	}
	s.mu.Lock()
	s.leads = leads
	s.back = 0
	s.mu.Unlock()
}

// forget empties the wrapped engine's caches, as a node does that begins to lead: others
// have written since it last did.
func (s *Store) forget() {
	if f, ok := s.Engine.(interface{ Forget(context.Context) error }); ok {
		_ = f.Forget(context.Background()) // a closed store has no caches
	}
}

func (s *Store) maybeLoseLead() {
	s.mu.Lock()
	lose := s.leads && s.o.Lead > 0 && s.random.Float64() < s.o.Lead
	s.mu.Unlock()
	if !lose {
		return
	}
	s.Lead(false)
	s.mu.Lock()
	s.back = 1 + s.random.IntN(maxWithoutLead)
	s.mu.Unlock()
}

// notLeading refuses what only the leading node may do. A randomly lost lead is won again
// after some calls.
func (s *Store) notLeading() error {
	s.mu.Lock()
	if s.leads || s.always != nil {
		defer s.mu.Unlock()
		return s.always
	}
	win := s.back == 1
	if s.back > 0 {
		s.back--
	}
	s.mu.Unlock()
	if win {
		s.Lead(true)
	}
	return fmt.Errorf("%w: this node does not lead: %w", kv.ErrUnavailable, ErrInjected)
}
