package desk

import (
	"context"
	"fmt"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// heldLook is how often a clock that is held is looked at.
const heldLook = 10 * time.Minute

// Clock is how the server's clock stands to what it knows.
func (d *Desk) Clock() store.ClockState { return d.store.Clock() }

// BelieveClock takes the word of whoever may change settings that the clock is
// right: what waits is done. Where the clock is not held nothing waits, so a second
// press changes nothing and leaves no entry.
func (d *Desk) BelieveClock(ctx context.Context, by access.By) error {
	d.clockWord.Lock()
	defer d.clockWord.Unlock()
	change := access.May(access.Change, access.ResSettings)
	c := d.store.Clock()
	if !c.Held() {
		return d.view(ctx, by, change, func(*store.Tx) error { return nil })
	}
	err := d.store.BelieveClock(ctx, func(tx *store.Tx) error {
		if _, err := d.may(tx, by, change); err != nil {
			return err
		}
		return tx.Record(by, access.DidClock, "clock", howFar(c))
	})
	if err == nil {
		wake(d.due)
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
func (d *Desk) sweepByClock(ctx context.Context) (next time.Time, err error) {
	c := d.store.Clock()
	d.tellClock(ctx, c)
	if c.Held() {
		return d.store.Now().Add(heldLook), d.sweepHeld(ctx)
	}
	if err := d.store.KeepClock(ctx); err != nil && !access.Unavailable.Is(err) {
		return next, err
	}
	return d.Sweep(ctx)
}

// tellClock says in the log that the clock is held, and that it no longer is.
func (d *Desk) tellClock(ctx context.Context, c store.ClockState) {
	if d.clockHeld.Swap(c.Held()) == c.Held() {
		return
	}
	if !c.Held() {
		d.log.WarnContext(ctx, "the clock is believed again: what falls due is done")
		return
	}
	d.log.ErrorContext(ctx, "the clock has jumped: nothing is deleted and nothing expires by itself. "+
		"If it is right, run: doorward doctor "+
		"--clock-is-right", "ahead", c.Ahead, "behind", c.Behind, "believed after", c.Left)
}

// heldScan is how many things that are due are looked through for those that
// destroy nothing.
const heldScan = 5000

// sweepHeld does what is due and tells people, or finishes what somebody did. What
// deletes and ends stays in the queue.
func (d *Desk) sweepHeld(ctx context.Context) error {
	var due []store.Due
	var admins []string
	err := d.store.View(ctx, func(tx *store.Tx) (err error) {
		all, err := tx.DueBy(tx.Now, heldScan)
		if err != nil {
			return err
		}
		for _, one := range all {
			if destroysNothing(one.Kind) {
				due = append(due, one)
			}
		}
		if len(due) > 0 {
			admins, err = d.deciders(tx)
		}
		return err
	})
	for _, one := range due {
		if err != nil {
			return err
		}
		err = d.store.Update(ctx, func(tx *store.Tx) error {
			if err := tx.ClearDue(one); err != nil {
				return err
			}
			return d.sweep(tx, one, admins)
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
