package faulty

import (
	"context"
	"fmt"
	"slices"

	"doorward/backend/store/kv"
)

// maxWithoutLead is for how many calls a lead that was lost by chance stays lost.
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

// Lead wins the lead or loses it. Whoever follows has been told when it returns.
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

// forget empties what the engine behind remembers, as a node does that begins to
// lead: others have written since it last did.
func (s *Store) forget() {
	if f, ok := s.Engine.(interface{ Forget(context.Context) error }); ok {
		_ = f.Forget(context.Background()) // a store that is closed has nothing to forget
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

// notLeading refuses what only the node that leads may do. A lead that was lost by
// chance is won again after some calls.
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
