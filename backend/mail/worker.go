package mail

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"doorward/backend/access"
	"doorward/backend/email"
	"doorward/backend/mail/smtp"
	"doorward/backend/store"
)

const (
	batchSize       = 8               // emails to one connection
	maxConnections  = 4               // at once
	leaseTTL        = 2 * time.Minute // after which an email is taken from a worker that died
	storeRetryDelay = 5 * time.Second // before a store that refused is asked again

	maxSleep = time.Minute // the clock may be set, and a machine may sleep
)

// Options say where emails go and in whose name.
type Options struct {
	Server    smtp.Server
	Emails    *email.Templates
	From      string                        // the setting mail_from; without a name in it, emails carry the workspace's
	HELO      string                        // the host of the public URL
	PerMinute int                           // most emails handed in within a minute; zero: 120
	Beat      func(time.Time) time.Duration // how long until what became of sign-in emails may be kept; nil: at once
	// it runs while its process leads: what is leased at its start was by one that led before
	Leads  bool
	Logger *slog.Logger

	// tells when the store's clock has come to a time; nil: as the real one runs
	At     func(time.Time) <-chan time.Time
	Jitter func() float64 // from 0 up to 1; nil: random
}

// A Worker sends what waits in the outbox of one store. Several may work on
// one store: no email is sent by two while both live.
type Worker struct {
	store      *store.Store
	o          Options
	name, from string // of the sender
	owner      string // of this worker's leases
	budget     *budget
	slots      chan struct{}
	wake       chan struct{}
	ways       deliveryTimes
	running    sync.WaitGroup
	log        *slog.Logger
}

// New makes a Worker. It fails where the sender is no address.
func New(s *store.Store, o Options) (*Worker, error) {
	name, from, err := smtp.ParseFrom(o.From)
	if err != nil {
		return nil, err
	}
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
	return &Worker{store: s, o: o, name: name, from: from, owner: access.NewID(), budget: newBudget(o.PerMinute),
		slots: make(chan struct{}, maxConnections), wake: make(chan struct{}, 1), log: o.Logger}, nil
}

// Run sends emails until ctx ends: those that were kept for want of a mail
// server first, then each as it falls due. When it returns, nothing of it runs
// any more, and no email is under its lease.
func (w *Worker) Run(ctx context.Context) error {
	changes, err := w.store.Watch(ctx)
	if err != nil {
		return err
	}
	w.running.Go(func() {
		for c := range changes {
			if c.Topic == store.MessageDue || c.Topic == store.ChangesMissed {
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
		if started {
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

// poke has the worker look again.
func (w *Worker) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// sleep waits until a time, or for a commit where it is zero; and for no longer
// than until somebody pokes.
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

// dispatch hands out batches for as long as there are emails, connections and
// budget, and says when there may be again; zero: that will be told.
func (w *Worker) dispatch(ctx context.Context) (time.Time, error) {
	for {
		due, ready, err := w.due(ctx)
		if err != nil || !ready {
			return due, err
		}
		select {
		case w.slots <- struct{}{}:
		default:
			return time.Time{}, nil // who gives a slot back pokes
		}
		batch, next, err := w.take(ctx)
		w.pretend(ctx, batch.decoys)
		if len(batch.messages) == 0 {
			<-w.slots
			if err != nil || !next.IsZero() {
				return next, err
			}
			continue // another worker was first, or all had expired, or were decoys
		}
		w.running.Go(func() {
			defer w.poke()
			defer func() { <-w.slots }()
			w.linger(ctx, batch.messages)
			w.deliver(ctx, batch)
		})
	}
}

// due is when an email may go, zero where none waits, and whether that is now.
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

// nextDue is when an email or a decoy is due.
func nextDue(tx *store.Tx) (time.Time, error) {
	letter, err := tx.Messages.NextDue()
	if err != nil {
		return letter, err
	}
	decoy, err := tx.Decoys.NextDue()
	if letter.IsZero() || !decoy.IsZero() && decoy.Before(letter) {
		return decoy, err
	}
	return letter, err
}
