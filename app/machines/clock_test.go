package machines

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/app"
	"doorward/backend/cluster"
	"doorward/backend/store/replica"
)

// One wrong clock cannot make a right one step back, and of two that differ nobody knows.
func TestWhoseClockIsWrong(t *testing.T) {
	const h, s = time.Hour, time.Second
	skew := cluster.MaxSkew
	tests := []struct {
		name  string
		ahead []time.Duration // of the others
		want  time.Duration
		known bool
	}{
		{"alone", nil, 0, false},
		{"two that agree", []time.Duration{s}, 0, true},
		{"two that differ", []time.Duration{h}, 0, false},
		{"three that agree", []time.Duration{s, -s}, 0, true},
		{"another one is ahead", []time.Duration{h, 0}, 0, true},
		{"another one is behind", []time.Duration{-h, s}, 0, true},
		{"behind both", []time.Duration{h, h + s}, -h, true},
		{"ahead of both", []time.Duration{-h, -h - s}, h, true},
		{"behind both, by less than is allowed", []time.Duration{skew - 1, skew - 1}, 0, true},
		{"behind both, by as much as is allowed", []time.Duration{skew, skew}, 0, true},
		{"behind both, by more", []time.Duration{skew + 1, skew + 1}, -skew - 1, true},
		{"ahead of both, by as much as is allowed", []time.Duration{-skew, -skew}, 0, true},
		{"ahead of both, by more", []time.Duration{-skew - 1, -skew - 1}, skew + 1, true},
		{"behind one, by more", []time.Duration{skew + 1, skew}, 0, true},
		{"in the middle of three that differ", []time.Duration{h, -h}, 0, true},
		{"the last of three that differ", []time.Duration{h, 2 * h}, -h, true},
		{"two and two", []time.Duration{0, h, h}, 0, false},
		{"one of four", []time.Duration{h, h, h + s}, -h, true},
		{"two of five are wrong, and it is not", []time.Duration{0, s, h, h}, 0, true},
		{"two of five are wrong, and it is", []time.Duration{0, h, h, h + s}, -h, true},
	}
	for _, tt := range tests {
		if got, known := offBy(tt.ahead); got != tt.want || known != tt.known {
			t.Errorf("%s: offBy(%v) = %v, %v, want %v, %v", tt.name, tt.ahead, got, known, tt.want, tt.known)
		}
	}
}

// logged is what a machine has logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *logged) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *logged) has(words string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.text.String(), words)
}

// The clock of the machine that leads jumps. It hands the lead over, and does not serve when it is
// elected again; the doctor says why. Corrected, it can lead.
func TestAMachineWithAWrongClockDoesNotLead(t *testing.T) {
	for name, jump := range map[string]time.Duration{"ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			a := first(t)
			b, c := a.joined("b"), a.joined("c")
			a.votes("a", "b", "c")
			a.ahead.Store(int64(jump))
			var leads *site
			eventually(t, "another one leads", func() bool {
				for _, s := range []*site{b, c} {
					if s.store.Leads() {
						leads = s
					}
				}
				return leads != nil && !a.store.Leads()
			})
			health := a.health(t)
			if h := health["a"]; !h.WrongClock || (h.Ahead-jump).Abs() > time.Minute {
				t.Errorf("of a it is known: %+v", h)
			}
			if h := health["b"]; h.WrongClock || h.Ahead.Abs() > time.Minute {
				t.Errorf("of b it is known: %+v", h)
			}
			served := make(chan bool, 10)
			gone := a.store.OnLead(func(leads bool) { served <- leads })
			must(t, leads.m.node.HandOverTo(a.m.self())) // as if it was elected
			eventually(t, "another one leads again", func() bool { return b.store.Leads() || c.store.Leads() })
			gone()
			close(served)
			for leads := range served {
				if leads {
					t.Error("it has served")
				}
			}
			a.ahead.Store(0)
			eventually(t, "it is known to be right", func() bool { return a.m.clocks.off.Load() == 0 })
			eventually(t, "a leads again", func() bool {
				for _, s := range []*site{b, c} {
					if s.store.Leads() {
						_ = s.m.node.HandOverTo(a.m.self())
					}
				}
				return a.store.Leads()
			})
		})
	}
}

// The machine that leads stops. It hands over to one whose clock is right, although another one lacks
// as little, which would have to hand the lead on.
func TestTheLeadIsNotHandedToAWrongClock(t *testing.T) {
	a := newSite(t, "a")
	var log logged
	a.o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	must(t, Cluster{}.Init(t.Context(), a.o))
	a.start()
	a.leads()
	b, c := a.joined("b"), a.joined("c")
	a.votes("a", "b", "c")
	for _, wrong := range []*site{b, c} {
		wrong.ahead.Store(int64(time.Hour))
		eventually(t, "a knows", func() bool { return a.m.wasWrong(replica.Member{Peer: wrong.m.self()}) })
		right := c
		if wrong == c {
			right = b
		}
		a.m.HandOver(t.Context())
		right.leads()
		if !log.has("handed over\" to=" + right.o.Listen) {
			t.Errorf("a has handed over to %s", wrong.o.Name)
		}
		wrong.ahead.Store(0)
		eventually(t, "all are right", func() bool {
			return right.m.clocks.heard.Load() != nil && !right.m.wasWrong(replica.Member{Peer: wrong.m.self()})
		})
		must(t, right.m.node.HandOverTo(a.m.self()))
		a.leads()
	}
}

func (s *site) health(t *testing.T) map[string]app.MachineHealth {
	t.Helper()
	all := map[string]app.MachineHealth{}
	for _, h := range s.m.Health(t.Context()) {
		all[h.Name] = h
	}
	return all
}

// Of two machines whose clocks differ nobody knows which is right: the lead stays, and both say so.
func TestOfTwoClocksNobodyKnows(t *testing.T) {
	a := first(t)
	b := newSite(t, "b")
	var log logged
	b.o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	must(t, Cluster{}.Join(t.Context(), b.o, a.o.Listen, a.token()))
	b.start()
	a.votes("a", "b")
	a.ahead.Store(int64(time.Hour))
	eventually(t, "b says it", func() bool { return log.has("the clock of another machine differs") })
	eventually(t, "a has noticed it, too", a.m.clocks.differ.Load)
	if !a.store.Leads() || a.m.clocks.off.Load() != 0 || b.m.clocks.off.Load() != 0 {
		t.Error("one of them takes its clock for wrong")
	}
	if h := a.health(t)["b"]; h.WrongClock || (h.Ahead+time.Hour).Abs() > time.Minute {
		t.Errorf("of b it is known: %+v", h)
	}
}
