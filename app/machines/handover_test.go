package machines

import (
	"context"
	"testing"
	"time"
)

// The leading machine's disk is nearly full, so that it takes no changes. One with plenty of room
// leads then; one that has little itself does not, or the lead would go back and forth.
func TestTheLeadGoesWhereThereIsRoom(t *testing.T) {
	a := first(t)
	b, c := a.joined("b"), a.joined("c")
	a.votes("a", "b", "c")
	b.free.Store(floor + 1)
	drained := make(chan bool, 1)
	a.m.BeforeHandOver(func(context.Context) {
		id, here := a.m.Leader()
		drained <- id == "" && !here
	})
	a.free.Store(floor - 1)
	c.leads()
	if !<-drained {
		t.Error("while what is at hand is answered, more is taken")
	}
	eventually(t, "a knows that c leads", func() bool { id, _ := a.m.Leader(); return id == c.m.self().ID })
}

// Nobody has room. The lead stays, or every machine would hand it on.
func TestTheLeadStaysIfNobodyHasRoom(t *testing.T) {
	a := first(t)
	b := a.joined("b")
	a.votes("a", "b")
	b.free.Store(floor + 1)
	a.free.Store(floor - 1)
	if err := a.m.handOver(t.Context(), a.m.hasRoom(t.Context())); err != nil || !a.store.Leads() {
		t.Errorf("a leads %v: %v", a.store.Leads(), err)
	}
	if id, here := a.m.Leader(); !here {
		t.Errorf("it says that %q leads", id)
	}
}

// What is at hand takes too long. The lead is handed over all the same.
func TestAHandOverDoesNotWaitForEver(t *testing.T) {
	a := first(t)
	b := a.joined("b")
	a.votes("a", "b")
	a.m.BeforeHandOver(func(ctx context.Context) { <-ctx.Done() })
	began := time.Now()
	a.m.HandOver(t.Context())
	b.leads()
	if took := time.Since(began); took < drainWithin {
		t.Errorf("it waited %v for what is at hand", took)
	}
}
