package jobs

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// heldInterval is how often Run checks a clock that is held.
const heldInterval = 10 * time.Minute

// sweepByClock does everything that is due, or, while the clock is held, only
// what destroys nothing. A clock that is trusted is recorded in the store.
func (j *Jobs) sweepByClock(ctx context.Context) (next time.Time, err error) {
	c := j.store.Clock()
	j.tellClock(ctx, c)
	if c.Held() {
		return j.store.Now().Add(heldInterval), j.sweepHeld(ctx)
	}
	if err := j.store.KeepClock(ctx); err != nil && !access.Unavailable.Is(err) {
		return next, err
	}
	return j.Sweep(ctx)
}

// tellClock logs that the clock is held, and later that it is not.
func (j *Jobs) tellClock(ctx context.Context, c store.ClockState) {
	if j.clockHeld.Swap(c.Held()) == c.Held() {
		return
	}
	if !c.Held() {
		j.log.WarnContext(ctx, "the clock is trusted again: overdue work is done now")
		return
	}
	j.log.ErrorContext(ctx, "the clock has jumped: nothing is deleted and nothing expires by itself. "+
		"If it is right, run: doorward doctor "+
		"--clock-is-right", "ahead", c.Ahead, "behind", c.Behind, "trusted after", c.Left)
}

// heldBatch is how many due items one pass searches for those that destroy
// nothing.
const heldBatch = 5000

// sweepHeld does what is due and only notifies people, or completes what a
// decision began. What deletes or ends something stays in the queue.
func (j *Jobs) sweepHeld(ctx context.Context) error {
	var due []store.Due
	var admins []string
	err := j.store.View(ctx, func(tx *store.Tx) (err error) {
		all, err := tx.Schedule.By(tx.Now, heldBatch)
		if err != nil {
			return err
		}
		for _, one := range all {
			if destroysNothing(one.Kind) {
				due = append(due, one)
			}
		}
		if len(due) > 0 {
			admins, err = j.deciders(tx)
		}
		return err
	})
	for _, one := range due {
		if err != nil {
			return err
		}
		err = j.store.Update(ctx, func(tx *store.Tx) error {
			if err := tx.Schedule.Clear(one); err != nil {
				return err
			}
			return j.do(tx, one, admins)
		})
	}
	return err
}

// destroysNothing reports whether a due item only notifies people, or ends what a
// decision has ended already.
func destroysNothing(kind byte) bool {
	switch kind {
	case store.DueDigest, store.DueTell, store.DueLeftovers, store.DueSessions:
		return true
	}
	return false
}
