package mail

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"doorward/backend/access"
	"doorward/backend/email"
	"doorward/backend/mail/smtp"
	"doorward/backend/store"
)

const (
	batchSize       = 8               // emails on one connection
	maxConnections  = 4               // at the same time; the last is for emails that somebody is waiting for
	leaseTTL        = 2 * time.Minute // after which another worker may take the emails of a dead one
	storeRetryDelay = 5 * time.Second // before a store that failed is asked again

	maxSleep = time.Minute // because the clock may be set, and a machine may sleep
)

// A Route is how emails leave: by which server, and from whom.
type Route struct {
	Server smtp.Server // zero: none is configured, and emails are held
	From   string      // the setting mail_from; if it has no name, emails have the workspace's
	HELO   string      // the host of the public URL

	name, from string // of the sender
	revision   int    // of the settings from which it was made
}

// Options say how emails are sent and from whom.
type Options struct {
	Route     func(access.Settings, access.Password) (Route, error) // by the settings as they are stored
	Emails    *email.Templates
	PerMinute int                           // limit of emails sent within a minute; zero: 120
	Beat      func(time.Time) time.Duration // how long until the outcome of sign-in emails may be stored; nil: at once
	// Run runs only while its process leads, so every lease at its start is of a process
	// that led before.
	Leads  bool
	Logger *slog.Logger

	// sends when the store's clock reaches a time; nil: by the real clock
	At     func(time.Time) <-chan time.Time
	Jitter func() float64 // from 0 up to 1; nil: random
}

// A Worker sends the emails in the outbox of one store. Several can work on one store: no
// email is sent by two of them while both are alive.
type Worker struct {
	store   *store.Store
	o       Options
	owner   string // of the leases of this worker
	budget  *budget
	slots   chan struct{}
	wake    chan struct{}
	changed atomic.Bool // the settings may have changed since held emails were queued
	ways    deliveryTimes
	running sync.WaitGroup
	log     *slog.Logger
}

// New makes a Worker.
func New(s *store.Store, o Options) *Worker {
	if o.PerMinute <= 0 {
		o.PerMinute = 120
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.At == nil {
		o.At = func(t time.Time) <-chan time.Time { return time.After(min(t.Sub(s.Now()), maxSleep)) }
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	return &Worker{store: s, o: o, owner: access.NewID(), budget: newBudget(o.PerMinute),
		slots: make(chan struct{}, maxConnections), wake: make(chan struct{}, 1), log: o.Logger}
}

// Run sends emails until ctx ends: each when it is due, and those that were held because no
// mail server was configured as soon as one is. When it returns, nothing of it is running and no
// email is under its lease. It fails only if the store cannot be watched; later errors of the
// store are logged, and it tries again.
func (w *Worker) Run(ctx context.Context) error {
	changes, err := w.store.Watch(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	w.running.Go(func() {
		for c := range changes {
			if c.Topic == store.SettingsChanged || c.Topic == store.ChangesMissed {
				w.changed.Store(true)
			}
			if c.Topic == store.MessageDue || c.Topic == store.SettingsChanged || c.Topic == store.ChangesMissed {
				w.poke()
			}
		}
	})
	defer w.running.Wait()
	started := false
	for ctx.Err() == nil {
		var next time.Time
		if !started {
			err = w.start(ctx)
			started = err == nil
		}
		if started && w.changed.CompareAndSwap(true, false) {
			if err = w.queueAllHeld(ctx); err != nil {
				w.changed.Store(true)
			}
		}
		if started && err == nil {
			next, err = w.dispatch(ctx)
		}
		if err != nil && ctx.Err() == nil {
			w.log.ErrorContext(ctx, "the outbox cannot be read or written", "err", err)
			next = w.store.Now().Add(storeRetryDelay)
		}
		w.sleep(ctx, next)
	}
	return nil
}

// poke makes the worker check again.
func (w *Worker) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// sleep waits until a time, or for a commit if that is zero; a poke ends it early.
func (w *Worker) sleep(ctx context.Context, until time.Time) {
	var timer <-chan time.Time
	if !until.IsZero() {
		timer = w.o.At(until)
	}
	select {
	case <-timer:
	case <-w.wake:
	case <-ctx.Done():
	}
}

// dispatch starts batches as long as there are emails, connections and budget. It returns
// when there may be more; zero: a poke will tell.
func (w *Worker) dispatch(ctx context.Context) (time.Time, error) {
	for {
		due, ready, err := w.due(ctx)
		if err != nil || !ready {
			return due, err
		}
		select {
		case w.slots <- struct{}{}:
		default:
			return time.Time{}, nil // whoever frees a slot pokes
		}
		batch, next, err := w.take(ctx, len(w.slots) == maxConnections)
		w.runDecoys(ctx, batch.decoys)
		if len(batch.messages) == 0 {
			<-w.slots
			if err != nil || !next.IsZero() || batch.waits {
				return next, err
			}
			continue // another worker was first, or all were expired or decoys
		}
		w.running.Go(func() {
			defer w.poke()
			defer func() { <-w.slots }()
			w.linger(ctx, batch.messages)
			w.deliver(ctx, batch)
		})
	}
}

// due returns when the next email is due, zero if there is none, and whether that is now.
func (w *Worker) due(ctx context.Context) (at time.Time, ready bool, err error) {
	err = w.store.View(ctx, func(tx *store.Tx) error {
		if at, err = nextDue(tx); err != nil || at.IsZero() {
			return err
		}
		health, err := tx.MailHealth()
		if err != nil {
			return err
		}
		if health.Paused && health.NextTry.After(at) {
			at = health.NextTry
		}
		ready = !tx.Now.Before(at)
		return nil
	})
	return at, ready, err
}

// nextDue returns when the next email or decoy is due.
func nextDue(tx *store.Tx) (time.Time, error) {
	due, err := tx.Messages.NextDue()
	if err != nil {
		return due, err
	}
	decoy, err := tx.Decoys.NextDue()
	if due.IsZero() || !decoy.IsZero() && decoy.Before(due) {
		return decoy, err
	}
	return due, err
}
