package store

import (
	"context"
	"sync"

	"doorward/backend/store/kv"
)

// A lead is the time during which this process works on the store. If the store is
// replicated on several machines, one of them leads at a time; if it is on one machine,
// that one leads from its opening to its end.
//
// Two things start and end with a lead: the caches of the store's data, which are empty at
// its start because others have written meanwhile ([Store.OnLead]); and the workers, which
// run while it lasts ([Store.WhileLeading]).
type lead struct {
	mu      sync.Mutex
	leads   bool
	told    []*leadFollower
	changed chan struct{} // closed when leads changes
	cancel  func()        // of the engine's own OnLead
}

type leadFollower struct{ fn func(leads bool) }

// follow takes part in the elections of an engine that has them.
func (l *lead) follow(e kv.Store, begin func()) {
	l.changed = make(chan struct{})
	elected, ok := e.(kv.Elected)
	if !ok {
		l.leads = true
		l.cancel = func() {}
		return
	}
	l.cancel = elected.OnLead(func(leads bool) {
		if leads {
			begin()
		}
		l.set(leads)
	})
}

func (l *lead) set(leads bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.leads == leads {
		return
	}
	l.leads = leads
	close(l.changed)
	l.changed = make(chan struct{})
	for _, one := range l.told {
		one.fn(leads)
	}
}

// end ends the lead for good.
func (l *lead) end() {
	l.cancel()
	l.set(false)
}

// now returns whether this process leads, and a channel that is closed when that changes.
func (l *lead) now() (leads bool, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leads, l.changed
}

// Elected reports whether the store is replicated on several machines, of which one leads.
func (s *Store) Elected() bool {
	_, ok := s.kv.(kv.Elected)
	return ok
}

// Leads reports whether this process leads.
func (s *Store) Leads() bool {
	leads, _ := s.lead.now()
	return leads
}

// OnLead registers fn, which is called when this process begins to lead, before it serves,
// and when it has stopped leading; at once if it leads already. fn must be quick and must
// not call the store. It is not called again after cancel has returned.
func (s *Store) OnLead(fn func(leads bool)) (cancel func()) {
	l := &s.lead
	l.mu.Lock()
	defer l.mu.Unlock()
	one := &leadFollower{fn}
	l.told = append(l.told, one)
	if l.leads {
		fn(true)
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for i, o := range l.told {
			if o == one {
				l.told = append(l.told[:i:i], l.told[i+1:]...)
				return
			}
		}
	}
}

// WhileLeading runs work whenever this process leads, until ctx ends. The context of work
// ends with the lead, and work must then return: it is run again when the lead is won
// again.
func (s *Store) WhileLeading(ctx context.Context, work func(ctx context.Context)) {
	for ctx.Err() == nil {
		leads, changed := s.lead.now()
		if leads {
			s.duringLead(ctx, changed, work)
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (s *Store) duringLead(ctx context.Context, ends <-chan struct{}, work func(context.Context)) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-ends:
			stop()
		case <-ctx.Done():
		}
	}()
	work(ctx)
	stop()
	<-ended
}
