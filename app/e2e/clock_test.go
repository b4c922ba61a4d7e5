package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"doorward/app/e2e/product"
	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/storetest"
)

// At a start the machine's clock is a month ahead of the store, or two years behind.
// No pending account is deleted; the doctor says that the clock is in doubt and what
// to do; and once the operator confirms it, what is due happens.
func TestClockThatIsWrongDestroysNothing(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, ran := range map[string]time.Duration{"a month ahead": -31 * day, "two years behind": 730 * day} {
		t.Run(name, func(t *testing.T) {
			p := newProduct(t)
			p.Setup = "made"
			ranLast(t, p.Dir, time.Now().Add(ran))
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			c := &fixture{t, p, map[string]string{}}
			doctor, err := p.Run("doctor")
			if err != nil || doctor.Code != 1 || !strings.Contains(doctor.Out, "--clock-is-right") {
				t.Errorf("the doctor says %+v, %v", doctor, err)
			}
			if err := product.Eventually("the log says so", func() error {
				if strings.Contains(p.Log.String(), "the clock has jumped") {
					return nil
				}
				return context.DeadlineExceeded
			}); err != nil {
				t.Error(err)
			}
			if found := c.rows("members", "--search", "waits@example.com"); len(found) != 1 {
				t.Errorf("who waited is gone: %v", found)
			}
			doctor, err = p.Run("doctor", "--clock-is-right")
			if err != nil || strings.Contains(doctor.Out, "--clock-is-right") {
				t.Errorf("after the operator's word: %+v, %v", doctor, err)
			}
			if ran > 0 {
				return // nothing is due when the clock is behind
			}
			if err := product.Eventually("what waited is done", func() error {
				if s, err := p.Run("members", "--search", "waits@example.com"); err != nil ||
					!strings.Contains(s.Out, "waits@") {
					return err
				}
				return context.DeadlineExceeded
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// The same in the console: the notice on the dashboard, and an Admin who confirms.
func TestClockHeldOnTheDashboard(t *testing.T) {
	t.Parallel()
	alone(t)
	p := newProduct(t)
	p.Setup = "made"
	ranLast(t, p.Dir, time.Now().Add(-31*24*time.Hour))
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	browse(t, "held.spec.ts", controls(t, p), "BASE_URL="+p.URL, "ADMIN="+boss)
}

// ranLast makes a store that last ran at the given time, with an Admin and a pending
// member who was invited just before.
func ranLast(t *testing.T, dir string, at time.Time) {
	t.Helper()
	at = at.UTC().Truncate(time.Second)
	s, err := store.Open(store.Options{Engine: badger.Engine, Dir: dir, Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	err = storetest.Fill(context.Background(), s, 2, func(i int) access.Member {
		m := someone(i, at)
		if i == 1 {
			m.State, m.Decision, m.EmailVerifiedAt = access.Pending, access.Decision{}, time.Time{}
			m.Email = access.Address{Typed: "waits@example.com", Canonical: "waits@example.com"}
		}
		return m
	})
	if err == nil {
		err = s.KeepClock(context.Background())
	}
	if closed := s.Close(); err == nil {
		err = closed
	}
	if err != nil {
		t.Fatal(err)
	}
}
