package store

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
	"doorward/backend/store/kv/kvtest"
)

// A node loses the lead while its workers are busy: they stop before the next item, and
// continue when it is won again. They end for good with their context.
func TestWorkersRunWhileTheProcessLeads(t *testing.T) {
	s, engine := controlled(t)
	began, ended := make(chan struct{}), make(chan struct{})
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.WhileLeading(ctx, func(ctx context.Context) {
			began <- struct{}{}
			<-ctx.Done()
			ended <- struct{}{}
		})
	}()
	for range 3 {
		<-began
		if !s.Leads() {
			t.Error("work began without the lead")
		}
		go engine.Lead(false)
		<-ended
		engine.Lead(false) // returns once it is lost
		if s.Leads() {
			t.Error("the lead is lost, and the store says it has it")
		}
		engine.Lead(true)
	}
	<-began
	stop()
	<-ended
	<-over
}

// On one machine the lead lasts from the opening to the close, and every follower is told
// of both.
func TestOneMachineLeadsFromOpenToClose(t *testing.T) {
	b := openBox(t, "")
	var told []bool
	b.OnLead(func(leads bool) { told = append(told, leads) })
	gone := b.OnLead(func(leads bool) {
		if !leads {
			t.Error("whoever cancelled is told")
		}
	})
	gone()
	must(t, b.Close())
	if want := []bool{true, false}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

// The clock of the previous leader was ahead. The next entry must not be dated before the
// last one; but a clock that was set back must not seem to stand still.
func TestNowIsNotBehindTheLastEntry(t *testing.T) {
	tests := []struct {
		name   string
		behind time.Duration
		want   time.Duration // relative to now, for the last entry
	}{
		{"ahead of it", -time.Second, -time.Second},
		{"at it", 0, 0},
		{"behind it by a microsecond", time.Microsecond, 0},
		{"by as much as two clocks differ", maxSkew, 0},
		{"by more", maxSkew + time.Microsecond, maxSkew + time.Microsecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			open, engine := enginetest.Controlled()
			at := noon
			s, err := Open(Options{Engine: open, Now: func() time.Time { return at }})
			must(t, err)
			defer s.Close()
			record := func(tx *Tx) error { return tx.Record(access.Operator, access.ActionInvite, "x", "") }
			must(t, s.Update(t.Context(), record))
			at = noon.Add(-tt.behind)
			engine().Lead(false)
			engine().Lead(true)
			var now time.Time
			must(t, s.Update(t.Context(), func(tx *Tx) error { now = tx.Now; return nil }))
			if got := noon.Sub(now); got != tt.want {
				t.Errorf("now is %v behind the last entry, want %v", got, tt.want)
			}
		})
	}
}

// An answer is lost on the way back. The outcome can be asked for by the operation's name,
// so that the caller is told the truth.
func TestALostAnswerIsAskedFor(t *testing.T) {
	tests := []struct {
		name  string
		fault kvtest.Fault
		want  error
		kept  bool
	}{
		{"it was kept", kvtest.LostAnswer, nil, true},
		{"it never will be", kvtest.LostUpdate, kv.ErrUnavailable, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, engine := controlled(t)
			must(t, s.Ready(t.Context()))
			engine.Next(tt.fault)
			ctx := WithOperation(t.Context(), "request-1")
			err := s.Update(ctx, func(tx *Tx) error { return tx.PutSettings(access.Settings{Workspace: "New"}) })
			if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("Update = %v, want %v", err, tt.want)
			}
			if kept, err := engine.Outcome(t.Context(), "request-1/1"); kept != tt.kept || err != nil {
				t.Errorf("Outcome = %v, %v", kept, err)
			}
			must(t, s.View(t.Context(), func(tx *Tx) error {
				got, err := tx.Settings()
				if (got.Workspace == "New") != tt.kept {
					t.Errorf("the workspace is %q", got.Workspace)
				}
				return err
			}))
		})
	}
}

// Several followers watch the commits of one store: a second service must not cut off the
// cache of the first.
func TestSeveralFollowCommits(t *testing.T) {
	b := openBox(t, "")
	var first, second int
	b.OnCommit(func([]Change) { first++ })
	cancel := b.OnCommit(func([]Change) { second++ })
	b.put(b.person("a@example.com", ""))
	cancel()
	b.put(b.person("b@example.com", ""))
	if first != 2 || second != 1 {
		t.Errorf("the first was told %d times and the second %d", first, second)
	}
}
