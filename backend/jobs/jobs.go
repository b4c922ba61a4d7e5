// Package jobs does what falls due by itself: reminders and the end of invitations
// and of pending accounts, digests to the Admins, the clean-up of what has expired.
//
// The store keeps what falls due, and when, with the record that it is about. Each
// thing is done in a transaction of its own, on the state as it is then; what cannot
// be done waits, and the rest goes on. While the clock is not believed nothing is
// deleted and nothing expires: see [store.ClockState].
//
// Nobody asks for any of it, so nobody's permission is asked. What a job has in
// common with a verb, an email or a clean-up that one transaction cannot hold, is a
// step of the service ([service.Steps]).
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

// Jobs is the work on one store. It is done while Run runs, by whoever leads.
type Jobs struct {
	store     *store.Store
	verbs     *service.Service
	log       *slog.Logger
	due       chan struct{} // something new falls due before nextDue
	nextDue   atomic.Int64  // what Run waits for, in microseconds since 1970
	clockHeld atomic.Bool   // and the log says so
}

// New is the work that falls due on a store, done with the steps of its service.
func New(s *store.Store, verbs *service.Service, log *slog.Logger) *Jobs {
	j := &Jobs{store: s, verbs: verbs, log: log, due: make(chan struct{}, 1)}
	s.OnCommit(j.committed)
	return j
}

// committed wakes Run for what falls due sooner than what it waits for.
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

// Run does what nobody has to ask for, until ctx ends: it answers asks for
// sign-in emails, on the beat, and sweeps what falls due.
func (j *Jobs) Run(ctx context.Context) {
	var answering sync.WaitGroup
	answering.Go(func() { j.verbs.SignIn.AnswerOnBeat(ctx) })
	defer answering.Wait()
	for {
		j.nextDue.Store(math.MaxInt64) // until it is known, whatever falls due wakes
		next, err := j.sweepByClock(ctx)
		if err != nil && ctx.Err() == nil {
			j.log.ErrorContext(ctx, "what fell due could not be done", "err", err)
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

// Sweep does all that has fallen due, each thing in a transaction of its own.
// It returns when the next thing will.
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
			if admins == nil { // it came just now: look for whom to tell first
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
			j.log.ErrorContext(ctx, "what fell due could not be done; it waits", "kind", string(rune(due.Kind)), "err",
				err)
			err = j.postpone(ctx, due)
		}
		if err != nil || !more {
			return next, err
		}
	}
}

// postponed is how long what could not be done waits, so that the rest goes on.
const postponed = 10 * time.Minute

func (j *Jobs) postpone(ctx context.Context, due store.Due) error {
	return j.store.Update(ctx, func(tx *store.Tx) error { return tx.Schedule.PutOff(due, tx.Now.Add(postponed)) })
}
