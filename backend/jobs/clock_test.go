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

// A machine starts, or runs on, with its clock a month ahead. Every account that
// waited was deleted, every invitation over, and setting the clock right brought
// none of them back. Now they are all there when it is right again, and people
// who come meanwhile are told of; where the clock was right, a day of running or
// the operator's word lets go what waits.
func TestClockJumpDestroysNothing(t *testing.T) {
	var up time.Duration
	start := func(t *testing.T) (o *office, in access.MemberID) {
		up = 0
		o = openOffice(t, onDisk, func(o *office) { o.up = func() time.Duration { return up } })
		in = o.invite("ada@example.com").Card.ID
		pass(o)
		return o, in
	}
	there := func(o *office, id access.MemberID) bool {
		o.t.Helper()
		m, err := o.Members.Get(o.t.Context(), access.Operator, id)
		if err != nil && !access.NotFound.Is(err) {
			o.t.Fatal(err)
		}
		return err == nil && !m.Invitation.Expired
	}
	jump := map[string]func(o *office){
		"while it runs": func(o *office) { o.clock.forward(31 * day) },
		"at a start":    func(o *office) { must(o.t, o.store.Close()); up = 0; o.clock.forward(31 * day); o.open() },
	}
	for when, jumps := range jump {
		t.Run(when+", and right again", func(t *testing.T) {
			o, ada := start(t)
			jumps(o)
			pass(o)
			if !o.Settings.Clock().Held() || !there(o, ada) {
				t.Fatalf("a month ahead: %+v, she is there %v", o.Settings.Clock(), there(o, ada))
			}
			o.clock.forward(-31 * day)
			pass(o)
			if o.Settings.Clock().Held() || !there(o, ada) {
				t.Errorf("right again: %+v, she is there %v", o.Settings.Clock(), there(o, ada))
			}
			o.verify()
		})
		t.Run(when+", for a day", func(t *testing.T) {
			o, ada := start(t)
			jumps(o)
			pass(o)
			up += day - time.Second
			o.clock.forward(day - time.Second)
			if pass(o); !there(o, ada) {
				t.Error("she is gone before the day is over")
			}
			up += time.Second
			o.clock.forward(time.Second)
			if pass(o); there(o, ada) {
				t.Error("after a day the clock is not believed")
			}
			o.verify()
		})
		t.Run(when+", at the operator's word", func(t *testing.T) {
			o, ada := start(t)
			jumps(o)
			pass(o)
			must(t, o.Settings.TrustClock(t.Context(), access.Operator))
			if pass(o); there(o, ada) {
				t.Error("the operator's word does not count")
			}
			o.verify()
		})
	}
	t.Run("backwards, and forward again", func(t *testing.T) {
		o, ada := start(t)
		o.clock.forward(-730 * day)
		if pass(o); !o.Settings.Clock().Held() || !there(o, ada) {
			t.Errorf("two years back: %+v, she is there %v", o.Settings.Clock(), there(o, ada))
		}
		o.clock.forward(730 * day)
		if pass(o); o.Settings.Clock().Held() || !there(o, ada) {
			t.Errorf("forward again: %+v, she is there %v", o.Settings.Clock(), there(o, ada))
		}
		o.verify()
	})
}

// Somebody proves their address while the clock is held: the Admins hear of it, and
// what a decision ended already goes.
func TestHeldClockStillTells(t *testing.T) {
	var up time.Duration
	o := openOffice(t, func(o *office) { o.up = func() time.Duration { return up } })
	pass(o)
	o.clock.forward(31 * day)
	in := o.invite("eve@example.com")
	_, err := o.SignIn.RedeemLink(t.Context(), secretOf(in.Link), browser("eve"))
	must(t, err)
	pass(o)
	if !o.Settings.Clock().Held() || len(o.letters(access.RequestsMessage)) == 0 {
		t.Errorf("%+v, and %d letters about who waits", o.Settings.Clock(), len(o.letters(access.RequestsMessage)))
	}
	must(t, o.store.View(t.Context(), func(tx *store.Tx) error {
		due, err := tx.Schedule.By(tx.Now, 5000)
		for _, one := range due {
			if destroysNothing(one.Kind) {
				t.Errorf("%c is still due", one.Kind)
			}
		}
		return err
	}))
}

// pass is one pass of Run, and another for what that made due.
func pass(o *office) {
	o.t.Helper()
	for range 3 {
		_, err := o.jobs.sweepByClock(o.t.Context())
		must(o.t, err)
	}
}

// The clock is held, and Run looks at it again in ten minutes. The operator says that
// it is right: what waits is done at once.
func TestTheOperatorsWordWakesRun(t *testing.T) {
	o := openOffice(t, func(o *office) { o.up = func() time.Duration { return 0 } })
	pass(o)
	ada := o.invite("ada@example.com").Card.ID
	o.clock.forward(31 * day)
	changes, err := o.Watch(t.Context())
	must(t, err)
	run, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { defer close(over); o.jobs.Run(run) }()
	defer func() { stop(); <-over }()
	for next := o.jobs.nextDue.Load(); next == 0 || next == math.MaxInt64; next = o.jobs.nextDue.Load() {
		runtime.Gosched()
	}
	must(t, o.Settings.TrustClock(t.Context(), access.Operator))
	deadline := time.After(time.Minute)
	for {
		if _, err := o.Members.Get(t.Context(), access.Operator, ada); access.NotFound.Is(err) {
			return
		}
		select {
		case <-changes:
		case <-deadline:
			t.Fatal("the account that was due a day ago is still there")
		}
	}
}
