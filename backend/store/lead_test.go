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

// The clock of the previous leader was ahead of the next one's, or this one's is behind. No entry is
// dated before an earlier one, and time goes on, a little slower until the clock has caught up. But
// a clock that is far behind was set back, and must not seem to stand still.
func TestNowIsNotBehindTheLastEntry(t *testing.T) {
	tests := []struct {
		name         string
		behind       time.Duration
		passed, want time.Duration // now, that long after the lead was won, is so long after the last entry
	}{
		{"ahead of it", -time.Second, 0, time.Second},
		{"at it", 0, 0, 0},
		{"behind it by a microsecond", time.Microsecond, 0, 0},
		{"an hour behind", time.Hour, 0, 0},
		{"an hour behind, and an hour later", time.Hour, time.Hour, 54 * time.Minute},
		{"an hour behind, and ten hours later", time.Hour, 10 * time.Hour, 9 * time.Hour},
		{"an hour behind, and longer ago", time.Hour, 11 * time.Hour, 10 * time.Hour},
		{"an hour behind, and set back since", time.Hour, -time.Minute, -time.Hour - time.Minute},
		{"more than an hour behind", time.Hour + time.Microsecond, 0, -time.Hour - time.Microsecond},
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
			now := func(read func(context.Context, func(*Tx) error) error) (now time.Duration) {
				must(t, read(t.Context(), func(tx *Tx) error { now = tx.Now.Sub(noon); return nil }))
				return now
			}
			first := now(s.View)
			if tt.behind > 0 && tt.behind <= time.Hour && first != 0 {
				t.Errorf("the first now is %v after the last entry", first)
			}
			at = at.Add(tt.passed)
			if viewed, updated := now(s.View), now(s.Update); viewed != tt.want || updated != tt.want {
				t.Errorf("now is %v and %v after the last entry, want %v", viewed, updated, tt.want)
			}
		})
	}
}

// On one machine the last entry was made by an earlier run of it.
func TestAClockThatWasSetBackIsUsed(t *testing.T) {
	dir, at := t.TempDir()+"/data", noon
	for behind, want := range map[time.Duration]time.Duration{maxSkew: 0, maxSkew + time.Microsecond: maxSkew + 1000} {
		at = noon
		s, err := Open(Options{Engine: enginetest.Faultless, Dir: dir, MinFree: 1, Now: func() time.Time { return at }})
		must(t, err)
		must(t, s.Update(t.Context(), func(tx *Tx) error {
			return tx.Record(access.Operator, access.ActionInvite, "x", "")
		}))
		must(t, s.Close())
		at = noon.Add(-behind)
		s, err = Open(Options{Engine: enginetest.Faultless, Dir: dir, MinFree: 1, Now: func() time.Time { return at }})
		must(t, err)
		must(t, s.Update(t.Context(), func(tx *Tx) error {
			if got := noon.Sub(tx.Now); got != want {
				t.Errorf("%v behind, now is %v before the last entry, want %v", behind, got, want)
			}
			return nil
		}))
		must(t, s.Close())
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
