// Package jobs does scheduled work: reminders, the expiry of invitations and
// pending accounts, digests to the Admins, and the deletion of what has expired.
//
// The store keeps each due time with the record that it is about. Each item is
// done in a transaction of its own, on the state at that time; an item that fails
// waits, and the others go on. While the clock is not trusted nothing is deleted
// and nothing expires: see [store.ClockState].
//
// Jobs have no caller, so they check no permission. What a job shares with a
// verb, such as an email or a clean-up too large for one transaction, is a step
// of the service ([service.Steps]).
package jobs

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/store"
)

// Jobs is the scheduled work on one store. It is done while Run runs, on the
// machine that leads.
type Jobs struct {
	store     *store.Store
	verbs     *service.Service
	log       *slog.Logger
	due       chan struct{} // signals an item that is due before nextDue
	nextDue   atomic.Int64  // what Run waits for, in microseconds since 1970
	clockHeld atomic.Bool   // the log has said so
}

// New returns the jobs of a store, which use the steps of its service.
func New(s *store.Store, verbs *service.Service, log *slog.Logger) *Jobs {
	j := &Jobs{store: s, verbs: verbs, log: log, due: make(chan struct{}, 1)}
	s.OnCommit(j.committed)
	return j
}

// committed wakes Run for an item that is due sooner than the one it waits for.
func (j *Jobs) committed(all []store.Change) {
	for _, c := range all {
		if c.Topic == store.DueChanged && c.At.UnixMicro() < j.nextDue.Load() {
			select {
			case j.due <- struct{}{}:
			default:
			}
		}
	}
}

// Run does all scheduled work until ctx ends: it answers sign-in requests, on the
// beat, and does what is due.
func (j *Jobs) Run(ctx context.Context) {
	var answering sync.WaitGroup
	answering.Go(func() { j.verbs.SignIn.AnswerOnBeat(ctx) })
	defer answering.Wait()
	for {
		j.nextDue.Store(math.MaxInt64) // until the next due time is known, any item wakes Run
		next, err := j.sweepByClock(ctx)
		if err != nil && ctx.Err() == nil {
			j.log.ErrorContext(ctx, "what was due could not be done", "err", err)
			next = j.store.Now().Add(time.Minute)
		}
		j.nextDue.Store(next.UnixMicro())
		timer := time.NewTimer(max(time.Millisecond, min(next.Sub(j.store.Now()), time.Hour)))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-j.due:
		case <-j.store.ClockTrusted():
		case <-j.verbs.Gate.UsesDue():
			j.verbs.Gate.KeepUses(ctx)
		}
		timer.Stop()
		if ctx.Err() != nil {
			j.verbs.Gate.KeepUses(context.WithoutCancel(ctx))
			return
		}
	}
}

// Sweep does everything that is due, each item in a transaction of its own. It
// returns when the next item is due. One that cannot be done is logged and put off
// for ten minutes, so that the others go on; a store that takes no writes ends the
// sweep, and everything stays due.
func (j *Jobs) Sweep(ctx context.Context) (next time.Time, err error) {
	for {
		var more bool
		var due store.Due
		admins, err := j.toTell(ctx)
		if err != nil {
			return next, err
		}
		err = j.store.Update(ctx, func(tx *store.Tx) error {
			next = tx.Now.Add(time.Hour)
			var ok bool
			var err error
			due, ok, err = tx.Schedule.Next()
			if more = err == nil && ok && !due.At.After(tx.Now); !more {
				if ok {
					next = due.At
				}
				return err
			}
			if admins == nil { // it has just become due: find whom to notify first
				if tells, err := tellsAdmins(tx, due); err != nil || tells {
					return err
				}
			}
			if err := tx.Schedule.Clear(due); err != nil {
				return err
			}
			return j.do(tx, due, admins)
		})
		if err != nil && more && ctx.Err() == nil && !access.Unavailable.Is(err) {
			j.log.ErrorContext(ctx, "what was due could not be done; it waits", "kind", string(rune(due.Kind)), "err",
				err)
			err = j.postpone(ctx, due)
		}
		if err != nil || !more {
			return next, err
		}
	}
}

// postponed is how long a failed item waits, so that the others go on.
const postponed = 10 * time.Minute

func (j *Jobs) postpone(ctx context.Context, due store.Due) error {
	return j.store.Update(ctx, func(tx *store.Tx) error { return tx.Schedule.PutOff(due, tx.Now.Add(postponed)) })
}
