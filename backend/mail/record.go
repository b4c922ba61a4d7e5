package mail

import (
	"context"
	"errors"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail/smtp"
	"doorward/backend/store"
)

// update is store.Update for what has happened already: it is written even
// when the worker is being stopped.
func (w *Worker) update(ctx context.Context, fn func(tx *store.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return w.store.Update(ctx, fn)
}

// record keeps what became of the first of the emails, and says whether the
// rest of them may go on. What concerns them all is kept of them all.
func (w *Worker) record(ctx context.Context, letters []access.Message, arrived bool, said string,
	err error) (goOn bool) {
	var f *smtp.Failure
	switch {
	case err == nil:
		w.become(ctx, letters[:1], arrived, func(l *access.Message, now time.Time) { l.Sent(said, now) })
		return true
	case !errors.As(err, &f):
		f = &smtp.Failure{Class: smtp.Temporary, Detail: "Something went wrong on our side.", Err: err}
	}
	stopped := ctx.Err() != nil && f.Class != smtp.Ambiguous
	switch {
	case stopped:
		w.giveBack(ctx, letters)
		return false
	case f.Class == smtp.Paused:
		w.pause(ctx, letters, f)
		return false
	case !arrived:
		w.log.WarnContext(ctx, "the mail server cannot be reached", "server", w.o.Server.Name(), "err", f.Err)
		w.become(ctx, letters, arrived, func(l *access.Message, now time.Time) { l.Retry(f.Detail, w.o.Jitter(), now) })
		return false
	}
	w.log.InfoContext(ctx, "a letter was not accepted", "letter", letters[0].ID, "class", f.Class, "words", f.Detail)
	w.become(ctx, letters[:1], arrived, func(l *access.Message, now time.Time) {
		if f.Class == smtp.Permanent {
			l.Failed(f.Detail, now)
			return
		}
		l.Retry(f.Detail, w.o.Jitter(), now)
	})
	return true
}

// become keeps a change of emails that are still under the lease they were
// taken with; the others are left alone. Once the mail server has let us in,
// the queue is not paused any more.
func (w *Worker) become(ctx context.Context, letters []access.Message, arrived bool,
	change func(l *access.Message, now time.Time)) {
	w.awaitBeat(letters)
	err := w.update(ctx, func(tx *store.Tx) error {
		return w.evenly(tx, letters, func() error { return w.changeAll(tx, letters, arrived, change) })
	})
	if err != nil {
		w.log.ErrorContext(ctx, "what became of a letter cannot be kept: it will be sent again", "letter",
			letters[0].ID, "err", err)
	}
}

func (w *Worker) changeAll(
	tx *store.Tx,
	letters []access.Message,
	arrived bool,
	change func(l *access.Message, now time.Time),
) error {
	sent := false
	for _, was := range letters {
		l, err := tx.Messages.Get(was.ID)
		if access.NotFound.Is(err) {
			continue // deleted with its member
		}
		if err != nil {
			return err
		}
		held := l
		change(&l, tx.Now)
		// That an email was accepted is true whatever its lease: only
		// another worker's claim, who may be sending it, stands above it.
		if !w.holds(held, was) && (l.State != access.MessageSent || held.Lease.Epoch != was.Lease.Epoch) {
			continue
		}
		sent = sent || l.State == access.MessageSent
		if err := keep(tx, l); err != nil {
			return err
		}
	}
	return w.recovered(tx, arrived, sent)
}

// lastSentStep is how far apart times of the last email are that are kept:
// each costs a write.
const lastSentStep = time.Minute

// recovered keeps that the way to the mail server is open.
func (w *Worker) recovered(tx *store.Tx, arrived, sent bool) error {
	health, err := tx.MailHealth()
	if err != nil || !arrived {
		return err
	}
	late := sent && tx.Now.Sub(health.LastSent) >= lastSentStep
	if !health.Paused && !late {
		return nil
	}
	if sent {
		health.LastSent = tx.Now
	}
	return tx.PutMailHealth(access.MailHealth{LastSent: health.LastSent})
}

// pause stops the queue. The emails are as they were: none has lost a try.
func (w *Worker) pause(ctx context.Context, letters []access.Message, f *smtp.Failure) {
	w.log.ErrorContext(ctx, "no letter can be sent until this is mended", "server", w.o.Server.Name(), "words",
		f.Detail, "err", f.Err)
	err := w.update(ctx, func(tx *store.Tx) error {
		health, err := tx.MailHealth()
		if err != nil {
			return err
		}
		if !health.Paused {
			health.Since = tx.Now
		}
		health.Paused, health.Detail = true, f.Detail
		health.NextTry = tx.Now.Add(pauseFor(tx.Now.Sub(health.Since)))
		if err := tx.PutMailHealth(health); err != nil {
			return err
		}
		return w.release(tx, letters)
	})
	if err != nil {
		w.log.ErrorContext(ctx, "that the queue is paused cannot be kept", "err", err)
	}
}

// pauseFor is how long to wait before the way is tried again, by how long it
// has been closed: after 1, 5 and then each 15 minutes.
func pauseFor(closed time.Duration) time.Duration {
	switch {
	case closed < time.Minute:
		return time.Minute
	case closed < 6*time.Minute:
		return 5 * time.Minute
	}
	return 15 * time.Minute
}

// giveBack ends our lease of emails that were not begun.
func (w *Worker) giveBack(ctx context.Context, letters []access.Message) {
	err := w.update(ctx, func(tx *store.Tx) error { return w.release(tx, letters) })
	if err != nil {
		w.log.ErrorContext(ctx, "letters cannot be given back: they wait until the lease ends", "err", err)
	}
}

func (w *Worker) release(tx *store.Tx, letters []access.Message) error {
	for _, was := range letters {
		l, err := tx.Messages.Get(was.ID)
		if access.NotFound.Is(err) {
			continue
		}
		if err != nil {
			return err
		}
		if !w.holds(l, was) {
			continue
		}
		l.Lease = access.Lease{Epoch: l.Lease.Epoch}
		if err := tx.Messages.Put(l); err != nil {
			return err
		}
	}
	return nil
}

// unsendable deals with an email that could not be made ready. One that is
// gone, or somebody else's, is left alone; one without words has failed.
func (w *Worker) unsendable(ctx context.Context, l access.Message, err error) {
	var known *access.Error
	switch {
	case errors.Is(err, errTaken) || ctx.Err() != nil:
		w.giveBack(ctx, []access.Message{l})
	case errors.As(err, &known) && known.Kind == access.NotFound:
		w.become(ctx, []access.Message{l}, false, func(l *access.Message, now time.Time) {
			l.Failed(known.Message, now)
		})
	default:
		w.log.ErrorContext(ctx, "a letter cannot be read", "letter", l.ID, "err", err)
		w.become(ctx, []access.Message{l}, false, func(l *access.Message, now time.Time) {
			l.Retry("The letter cannot be read from the store. The log says why.", w.o.Jitter(), now)
		})
	}
}
