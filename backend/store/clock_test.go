package store

import (
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv/enginetest"
)

// The clock of a machine is wrong for a while. Deletions and expirations wait, in both
// directions, at a start and while it runs; after the server was really off, the clock is
// trusted after a day, or when somebody confirms it.
func TestClockIsNotTrustedAtOnce(t *testing.T) {
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	const d, h = 24 * time.Hour, time.Hour
	type step struct {
		up, wall time.Duration // that pass
		held     bool
	}
	tests := map[string][]step{
		"it runs":                        {{h, h, false}, {30 * d, 30 * d, false}},
		"a little off":                   {{h, 2 * h, false}, {h, 30 * time.Minute, false}},
		"just under a day ahead":         {{0, d - time.Second, false}},
		"a day ahead":                    {{0, d, false}},
		"just over a day ahead":          {{0, d + time.Second, true}},
		"just under an hour behind":      {{0, -h + time.Second, false}},
		"just over an hour behind":       {{0, -h - time.Second, true}},
		"a month ahead, and right again": {{0, 31 * d, true}, {h, h - 31*d, false}},
		"a month ahead, for a day": {
			{0, 31 * d, true},
			{d - time.Second, d - time.Second, true},
			{time.Second, time.Second, false},
		},
		"ten years ahead":                   {{h, 3650 * d, true}, {d, d, false}},
		"two years back, and forward again": {{0, -730 * d, true}, {h, 730*d + h, false}},
		"two years back, for a day":         {{0, -730 * d, true}, {d, d, false}, {h, h, false}},
		"a jump on a jump begins the day anew": {
			{0, 31 * d, true},
			{23 * h, 23*h + 300*d, true},
			{2 * h, 2 * h, true},
			{22 * h, 22 * h, false},
		},
		"ahead, trusted, and then truly right": {{0, 31 * d, true}, {d, d, false}, {h, h - 31*d, true},
			{d, d, false}},
		"the clock stands still while it runs":    {{2 * h, 0, true}},
		"hours of summer time are no jump":        {{h, 2 * h, false}, {200 * d, 200*d - h, false}},
		"a sleep of a week, which uptime has not": {{0, 7 * d, true}},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			now, up := noon, time.Duration(0)
			c := newClock(func() time.Time { return now }, func() time.Duration { return up }, noon)
			for i, s := range steps {
				now, up = now.Add(s.wall), up+s.up
				if got := c.look(); got.Held() != s.held {
					t.Errorf("step %d: %+v, want held %v", i, got, s.held)
				}
			}
		})
	}
}

// The same at a start: the store knows when it last ran from the saved time, or from its
// audit log.
func TestClockAtAStart(t *testing.T) {
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	dir := t.TempDir() + "/data"
	start := func(at time.Time) *Store {
		t.Helper()
		s, err := Open(Options{
			Engine:  enginetest.Open,
			Dir:     dir,
			MinFree: 1,
			Now:     func() time.Time { return at },
			Uptime:  func() time.Duration { return 0 },
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	keep := func(s *Store, do func() error) {
		t.Helper()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := start(noon)
	if s.Clock().Held() {
		t.Error("a fresh store is held")
	}
	keep(s, func() error { return s.KeepClock(t.Context()) })
	s = start(noon.Add(31 * 24 * time.Hour))
	if got := s.Clock(); got.Ahead != 31*24*time.Hour || got.Left != clockHold ||
		!got.Until.Equal(got.Since.Add(clockHold)) {
		t.Errorf("a month ahead: %+v", got)
	}
	keep(s, func() error { return s.KeepClock(t.Context()) }) // must save nothing
	s = start(noon.Add(-48 * time.Hour))
	if got := s.Clock(); got.Behind != 48*time.Hour {
		t.Errorf("two days behind: %+v", got)
	}
	keep(s, func() error { return nil })
	s = start(noon.Add(31 * 24 * time.Hour))
	if !s.Clock().Held() {
		t.Error("the clock that was wrong is what was kept")
	}
	keep(s, func() error { return s.TrustClock(t.Context(), func(*Tx) error { return nil }) })
	s = start(noon.Add(31*24*time.Hour + time.Hour))
	if s.Clock().Held() {
		t.Error("somebody's word that it is right is forgotten")
	}
	keep(s, func() error { return nil })
}

// While the clock is a month ahead somebody signs in, which leaves an audit entry with the
// wrong time, and the server restarts: if the newest entry counted, the clock would seem
// right and every pending account would be deleted.
func TestEntriesOfAWrongClockAreNotTrusted(t *testing.T) {
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	dir, at := t.TempDir()+"/data", noon
	start := func() *Store {
		t.Helper()
		s, err := Open(Options{
			Engine:  enginetest.Open,
			Dir:     dir,
			MinFree: 1,
			Now:     func() time.Time { return at },
			Uptime:  func() time.Duration { return 0 },
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	record := func(s *Store) {
		t.Helper()
		err := s.Update(t.Context(), func(tx *Tx) error {
			return tx.Record(access.Operator, access.ActionSignIn, "", "")
		})
		if err == nil {
			err = s.KeepClock(t.Context())
		}
		if closed := s.Close(); err == nil {
			err = closed
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	record(start())
	at = noon.Add(31 * 24 * time.Hour)
	record(start())
	s := start()
	if got := s.Clock(); got.Ahead != 31*24*time.Hour {
		t.Errorf("after an entry with the wrong time: %+v", got)
	}
	record(s)
	at = noon.Add(time.Hour)
	s = start()
	if got := s.Clock(); got.Held() {
		t.Errorf("right again: %+v", got)
	}
	record(s)
}

// Another machine takes over, whose clock is off. What deletes and ends waits if it is far ahead of
// when the last one saved the time, or behind by more than an hour; an hour ahead looks like an hour
// in which nothing was saved.
func TestClockAtATakeOver(t *testing.T) {
	const h = time.Hour
	for off, held := range map[time.Duration]bool{0: false, h: false, 25 * h: true, -h: false, -h - time.Second: true} {
		open, engine := enginetest.Controlled()
		at := noon
		s, err := Open(Options{Engine: open, Now: func() time.Time { return at },
			Uptime: func() time.Duration { return 0 }})
		must(t, err)
		must(t, s.KeepClock(t.Context()))
		at = noon.Add(off)
		s.clock.trust(at, 0) // as by a process that has had this clock from its start
		engine().Lead(false)
		engine().Lead(true)
		must(t, s.View(t.Context(), func(*Tx) error { return nil }))
		if got := s.Clock(); got.Held() != held {
			t.Errorf("%v off: %+v, want held %v", off, got, held)
		}
		must(t, s.Close())
	}
}
