package service

import (
	"context"
	"fmt"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// heldInterval is how often a clock that is held is looked at.
const heldInterval = 10 * time.Minute

// Clock is how the server's clock stands to what it knows.
func (s Settings) Clock() store.ClockState { return s.store.Clock() }

// TrustClock takes the word of whoever may change settings that the clock is
// right: what waits is done. Where the clock is not held nothing waits, so a second
// press changes nothing and leaves no entry.
func (s Settings) TrustClock(ctx context.Context, actor access.Actor) error {
	s.clockWord.Lock()
	defer s.clockWord.Unlock()
	change := access.May(access.Change, access.ResSettings)
	c := s.store.Clock()
	if !c.Held() {
		return s.view(ctx, actor, change, func(*store.Tx) error { return nil })
	}
	err := s.store.TrustClock(ctx, func(tx *store.Tx) error {
		if _, err := s.gate.Authorize(tx, actor, change); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionTrustClock, "clock", howFar(c))
	})
	if err == nil {
		wake(s.due)
	}
	return err
}

// howFar says by how much a clock is held, in hours: "744 hours ahead".
func howFar(c store.ClockState) string {
	if c.Behind > 0 {
		return fmt.Sprintf("%.0f hours behind", c.Behind.Hours())
	}
	return fmt.Sprintf("%.0f hours ahead", c.Ahead.Hours())
}

// sweepByClock does what falls due, or only what destroys nothing while the clock
// is held. A clock that is believed is kept.
func (s Jobs) sweepByClock(ctx context.Context) (next time.Time, err error) {
	c := s.store.Clock()
	s.tellClock(ctx, c)
	if c.Held() {
		return s.store.Now().Add(heldInterval), s.sweepHeld(ctx)
	}
	if err := s.store.KeepClock(ctx); err != nil && !access.Unavailable.Is(err) {
		return next, err
	}
	return s.Sweep(ctx)
}

// tellClock says in the log that the clock is held, and that it no longer is.
func (s *core) tellClock(ctx context.Context, c store.ClockState) {
	if s.clockHeld.Swap(c.Held()) == c.Held() {
		return
	}
	if !c.Held() {
		s.log.WarnContext(ctx, "the clock is believed again: what falls due is done")
		return
	}
	s.log.ErrorContext(ctx, "the clock has jumped: nothing is deleted and nothing expires by itself. "+
		"If it is right, run: doorward doctor "+
		"--clock-is-right", "ahead", c.Ahead, "behind", c.Behind, "believed after", c.Left)
}

// heldBatch is how many things that are due are looked through for those that
// destroy nothing.
const heldBatch = 5000

// sweepHeld does what is due and tells people, or finishes what somebody did. What
// deletes and ends stays in the queue.
func (s *core) sweepHeld(ctx context.Context) error {
	var due []store.Due
	var admins []string
	err := s.store.View(ctx, func(tx *store.Tx) (err error) {
		all, err := tx.DueBy(tx.Now, heldBatch)
		if err != nil {
			return err
		}
		for _, one := range all {
			if destroysNothing(one.Kind) {
				due = append(due, one)
			}
		}
		if len(due) > 0 {
			admins, err = s.deciders(tx)
		}
		return err
	})
	for _, one := range due {
		if err != nil {
			return err
		}
		err = s.store.Update(ctx, func(tx *store.Tx) error {
			if err := tx.ClearDue(one); err != nil {
				return err
			}
			return s.sweep(tx, one, admins)
		})
	}
	return err
}

// destroysNothing reports whether a thing that falls due tells people, or ends what
// a decision has ended already.
func destroysNothing(kind byte) bool {
	switch kind {
	case store.DueDigest, store.DueTell, store.DueLeftovers, store.DueSessions:
		return true
	}
	return false
}
