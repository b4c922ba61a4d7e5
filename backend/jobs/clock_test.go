package jobs

import (
	"context"
	"math"
	"runtime"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A machine starts, or keeps running, with its clock a month ahead. Every pending
// account was deleted, every invitation expired, and setting the clock right
// brought none of them back. Now all are still there once the clock is right, and
// Admins hear of people who arrive meanwhile. Where the clock was right after
// all, a day of running or the operator's confirmation releases what waits.
func TestClockJumpDestroysNothing(t *testing.T) {
	var up time.Duration
	start := func(t *testing.T) (fx *fixture, in access.MemberID) {
		up = 0
		fx = newFixture(t, onDisk, func(fx *fixture) { fx.up = func() time.Duration { return up } })
		in = fx.invite("ada@example.com").Member.ID
		pass(fx)
		return fx, in
	}
	there := func(fx *fixture, id access.MemberID) bool {
		fx.t.Helper()
		m, err := fx.Members.Get(fx.t.Context(), access.Operator, id)
		if err != nil && !access.NotFound.Is(err) {
			fx.t.Fatal(err)
		}
		return err == nil && !m.Invitation.Expired
	}
	jump := map[string]func(fx *fixture){
		"while it runs": func(fx *fixture) { fx.clock.forward(31 * day) },
		"at a start": func(fx *fixture) {
			must(fx.t, fx.store.Close())
			up = 0
			fx.clock.forward(31 * day)
			fx.open()
		},
	}
	for when, jumps := range jump {
		t.Run(when+", and right again", func(t *testing.T) {
			fx, ada := start(t)
			jumps(fx)
			pass(fx)
			if !fx.Settings.Clock().Held() || !there(fx, ada) {
				t.Fatalf("a month ahead: %+v, she is there %v", fx.Settings.Clock(), there(fx, ada))
			}
			fx.clock.forward(-31 * day)
			pass(fx)
			if fx.Settings.Clock().Held() || !there(fx, ada) {
				t.Errorf("right again: %+v, she is there %v", fx.Settings.Clock(), there(fx, ada))
			}
			fx.verify()
		})
		t.Run(when+", for a day", func(t *testing.T) {
			fx, ada := start(t)
			jumps(fx)
			pass(fx)
			up += day - time.Second
			fx.clock.forward(day - time.Second)
			if pass(fx); !there(fx, ada) {
				t.Error("she is gone before the day is over")
			}
			up += time.Second
			fx.clock.forward(time.Second)
			if pass(fx); there(fx, ada) {
				t.Error("after a day the clock is not trusted")
			}
			fx.verify()
		})
		t.Run(when+", at the operator's word", func(t *testing.T) {
			fx, ada := start(t)
			jumps(fx)
			pass(fx)
			must(t, fx.Settings.TrustClock(t.Context(), access.Operator))
			if pass(fx); there(fx, ada) {
				t.Error("the operator's word does not count")
			}
			fx.verify()
		})
	}
	t.Run("backwards, and forward again", func(t *testing.T) {
		fx, ada := start(t)
		fx.clock.forward(-730 * day)
		if pass(fx); !fx.Settings.Clock().Held() || !there(fx, ada) {
			t.Errorf("two years back: %+v, she is there %v", fx.Settings.Clock(), there(fx, ada))
		}
		fx.clock.forward(730 * day)
		if pass(fx); fx.Settings.Clock().Held() || !there(fx, ada) {
			t.Errorf("forward again: %+v, she is there %v", fx.Settings.Clock(), there(fx, ada))
		}
		fx.verify()
	})
}

// Somebody proves their address while the clock is held: the Admins are notified,
// and what a decision has ended is deleted.
func TestHeldClockStillTells(t *testing.T) {
	var up time.Duration
	fx := newFixture(t, func(fx *fixture) { fx.up = func() time.Duration { return up } })
	pass(fx)
	fx.clock.forward(31 * day)
	in := fx.invite("eve@example.com")
	_, err := fx.SignIn.RedeemLink(t.Context(), secretOf(in.Link), browser("eve"))
	must(t, err)
	pass(fx)
	if !fx.Settings.Clock().Held() || len(fx.messages(access.RequestsMessage)) == 0 {
		t.Errorf("%+v, and %d emails about who waits", fx.Settings.Clock(), len(fx.messages(access.RequestsMessage)))
	}
	must(t, fx.store.View(t.Context(), func(tx *store.Tx) error {
		due, err := tx.Schedule.By(tx.Now, 5000)
		for _, one := range due {
			if destroysNothing(one.Kind) {
				t.Errorf("%c is still due", one.Kind)
			}
		}
		return err
	}))
}

// pass runs Sweep twice: the second does what the first made due.
func pass(fx *fixture) {
	fx.t.Helper()
	for range 3 {
		_, err := fx.jobs.sweepByClock(fx.t.Context())
		must(fx.t, err)
	}
}

// The clock is held, and Run checks it again in ten minutes. The operator
// confirms that it is right: what waits is done at once.
func TestTrustingTheClockWakesRun(t *testing.T) {
	fx := newFixture(t, func(fx *fixture) { fx.up = func() time.Duration { return 0 } })
	pass(fx)
	ada := fx.invite("ada@example.com").Member.ID
	fx.clock.forward(31 * day)
	changes, err := fx.Watch(t.Context())
	must(t, err)
	run, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { defer close(over); fx.jobs.Run(run) }()
	defer func() { stop(); <-over }()
	for next := fx.jobs.nextDue.Load(); next == 0 || next == math.MaxInt64; next = fx.jobs.nextDue.Load() {
		runtime.Gosched()
	}
	must(t, fx.Settings.TrustClock(t.Context(), access.Operator))
	deadline := time.After(time.Minute)
	for {
		if _, err := fx.Members.Get(t.Context(), access.Operator, ada); access.NotFound.Is(err) {
			return
		}
		select {
		case <-changes:
		case <-deadline:
			t.Fatal("the account that was due a day ago is still there")
		}
	}
}
