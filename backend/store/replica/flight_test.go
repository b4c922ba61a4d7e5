package replica

import (
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
)

// A machine runs an Update, loses the lead, and wins it again before it has noticed; in
// between another one has written. Raft takes the batch, although it rests on what is no
// longer so. Every machine drops it.
func TestABatchOfAnEarlierLeadIsDropped(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a")
	n := c.elect(c.nodes["a"])
	set(t, n, "first")
	was := n.lead.Load().term
	stale := content(t, n)
	c.mu.Lock()
	changed := c.changed
	c.mu.Unlock()
	c.stand(n) // the same machine, in a later term
	<-changed
	if now := c.leading().lead.Load(); now.term <= was {
		t.Fatalf("term %d comes after term %d", now.term, was)
	}
	f := n.flights.begin(was, []kv.OpID{"op"}, func(kv.Position) error {
		t.Error("it was committed")
		return nil
	})
	stored := kv.Seal(nil, []byte("k"), []byte("v"))
	writes := append([]byte{1, 'k', byte(len(stored))}, stored...)
	e := entry{kind: kindBatch, term: f.term, number: f.number, ops: f.ops, body: writes}
	future := n.raft.Apply(e.encode(), 0)
	if err := future.Error(); err != nil {
		t.Fatal(err)
	}
	if got := future.Response().(applied); !errors.Is(got.err, errOutdated) {
		t.Errorf("it was applied: %v", got.err)
	}
	n.flights.answered(f, nil, errOutdated)
	if <-f.done; !errors.Is(f.err, kv.ErrUnavailable) || errors.Is(f.err, kv.ErrUnknownOutcome) {
		t.Errorf("its callers are told %v", f.err)
	}
	if got := content(t, n); got != stale {
		t.Errorf("it has %s, want %s", got, stale)
	}
	set(t, n, "afterwards")
}

// What the callers of a batch are told depends on who is first: the log, which commits it
// here, or raft's answer that the lead was lost.
func TestWhoEndsAFlight(t *testing.T) {
	e := func(f *flight) *entry { return &entry{term: f.term, number: f.number} }
	tests := []struct {
		name string
		do   func(s *flights, f *flight)
		want error
	}{
		{"committed, and then the lead is lost", func(s *flights, f *flight) {
			if s.claim(e(f)) != f {
				t.Error("it cannot be claimed")
			}
			s.answered(f, raft.ErrLeadershipLost, nil)
			s.overtaken(f.term + 1)
			s.finish(f, nil)
		}, nil},
		{"the lead is lost, and then it is committed", func(s *flights, f *flight) {
			s.answered(f, raft.ErrLeadershipLost, nil)
			if s.claim(e(f)) != nil {
				t.Error("it is claimed, and its callers have been answered")
			}
		}, kv.ErrUnknownOutcome},
		{"an entry of a later term comes first", func(s *flights, f *flight) {
			s.overtaken(f.term)
			s.overtaken(f.term + 1)
			s.answered(f, raft.ErrLeadershipLost, nil)
		}, errNotLeading},
		{"a copy of everything comes first, of any term", func(s *flights, f *flight) {
			s.skipped(f.term - 1)
			s.answered(f, raft.ErrLeadershipLost, nil)
			s.overtaken(f.term + 1)
		}, kv.ErrUnknownOutcome},
		{"raft does not take it", func(s *flights, f *flight) { s.answered(f, raft.ErrNotLeader, nil) }, errNotLeading},
		{"raft is stopped", func(s *flights, _ *flight) { s.stopped() }, kv.ErrUnknownOutcome},
		{"another batch is applied", func(s *flights, f *flight) {
			if s.claim(&entry{term: f.term, number: f.number + 1}) != nil || s.claim(&entry{term: f.term + 1}) != nil {
				t.Error("another one claims it")
			}
			s.answered(f, nil, errOutdated)
		}, errNotLeading},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := flights{outcomes: newOutcomes()}
			f := s.begin(7, []kv.OpID{"op"}, nil)
			tt.do(&s, f)
			<-f.done
			if !errors.Is(f.err, tt.want) || tt.want == nil && f.err != nil {
				t.Errorf("its callers are told %v, want %v", f.err, tt.want)
			}
			unknown := errors.Is(f.err, kv.ErrUnknownOutcome)
			if _, ok := s.outcomes.of["op"]; ok != unknown {
				t.Errorf("its outcome can be asked for: %v, and it is unknown: %v", ok, unknown)
			}
		})
	}
}

// A copy of everything comes while a batch is on its way. The copy may include it: its
// callers must not be told that it was refused, and nobody here can know any more.
func TestACopyLeavesTheBatchUnknown(t *testing.T) {
	c := newCluster(t, Options{Heartbeat: calm}, "a")
	n := c.elect(c.nodes["a"])
	set(t, n, "k")
	whole, err := n.engine.Copy()
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	received, err := n.engine.Receive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.Each(t.Context(), received.Add); err != nil {
		t.Fatal(err)
	}
	in := &incoming{received: received, head: head{whole.Applied, whole.Members, whole.MembersAt, whole.Identity}}
	in.head.Applied.Index, in.head.Applied.Term = in.head.Applied.Index+1, in.head.Applied.Term+1
	f := n.flights.begin(n.lead.Load().term, []kv.OpID{"op"}, nil)
	if err := (machine{n}).Restore(in); err != nil {
		t.Fatal(err)
	}
	if <-f.done; !errors.Is(f.err, kv.ErrUnknownOutcome) {
		t.Fatalf("its callers are told %v", f.err)
	}
	if kept, err := n.Outcome(c.within(), "op"); kept || !errors.Is(err, kv.ErrUnknownOutcome) {
		t.Errorf("Outcome = %v, %v", kept, err)
	}
}

// A batch of an earlier lead comes when an entry of a later one is being applied. It ends at
// once: whoever applies the log waits for the writer, which waits for this batch.
func TestAFlightThatBeginsTooLate(t *testing.T) {
	for name, reach := range map[string]func(*flights){
		"an entry": func(s *flights) { s.overtaken(8); s.overtaken(7) },
		"a copy":   func(s *flights) { s.skipped(8) },
	} {
		s := &flights{outcomes: newOutcomes()}
		reach(s)
		if f := s.begin(7, nil, nil); !f.ended() || !errors.Is(f.err, errNotLeading) {
			t.Errorf("after %s of a later lead, its callers are told %v", name, f.err)
		}
		if f := s.begin(8, nil, nil); f.ended() {
			t.Errorf("after %s of the same lead, its callers are told %v", name, f.err)
		}
	}
}

// The outcome of an Update is known when the log has reached a later term, and not before;
// and never if a copy of everything came in place of the log.
func TestOutcomesBecomeFinal(t *testing.T) {
	o := newOutcomes()
	o.unknown([]kv.OpID{"lost", "kept", "skipped"}, 7)
	final := func(op kv.OpID) string {
		was, final, _ := o.look(op)
		switch {
		case was.gone:
			return "gone"
		case !final:
			return "open"
		case was.kept:
			return "kept"
		}
		return "not kept"
	}
	want := func(when, want string) {
		t.Helper()
		got := strings.Join([]string{final("lost"), final("kept"), final("skipped"), final("never")}, ", ")
		if got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	o.reached(7)
	want("in the same term", "open, open, open, open")
	o.kept([]kv.OpID{"kept"})
	want("applied", "open, kept, open, open")
	o.unknown([]kv.OpID{"kept"}, 7)
	o.reached(8)
	want("in a later term", "not kept, kept, not kept, open")
	o.unknown([]kv.OpID{"later"}, 8)
	o.skipped(9)
	if got := final("later") + ", " + final("lost"); got != "gone, not kept" {
		t.Errorf("after a copy: %s", got)
	}
	for i := range maxOutcomes + 10 {
		o.kept([]kv.OpID{kv.OpID(rune(1000 + i))})
	}
	if len(o.of) != maxOutcomes || len(o.order) != maxOutcomes {
		t.Errorf("it remembers %d and %d", len(o.of), len(o.order))
	}
}
