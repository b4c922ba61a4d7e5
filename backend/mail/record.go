package mail

import (
	"context"
	"errors"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail/smtp"
	"doorward/backend/store"
)

// update is store.Update for something that has already happened: it is written even while
// the worker is being stopped.
func (w *Worker) update(ctx context.Context, fn func(tx *store.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return w.store.Update(ctx, fn)
}

// record stores the outcome of the first of the emails, and reports whether the rest may be
// sent. An outcome that concerns all of them is stored for all.
func (w *Worker) record(ctx context.Context, b leasedBatch, arrived bool, said string,
	err error) (goOn bool) {
	messages, server := b.messages, b.route.Server.Name()
	var f *smtp.Failure
	switch {
	case err == nil:
		w.become(ctx, messages[:1], arrived, func(m *access.Message, now time.Time) { m.Sent(said, now) })
		return true
	case !errors.As(err, &f):
		f = &smtp.Failure{Class: smtp.Temporary, Detail: "Something went wrong on our side.", Err: err}
	}
	stopped := ctx.Err() != nil && f.Class != smtp.Ambiguous
	switch {
	case stopped:
		w.giveBack(ctx, messages)
		return false
	case f.Class == smtp.Paused:
		w.pause(ctx, b, f)
		return false
	case f.Class == smtp.Unclear:
		return w.refused(ctx, b, f)
	case !arrived:
		w.log.WarnContext(ctx, "the mail server cannot be reached", "server", server, "err", f.Err)
		w.become(ctx, messages, arrived, func(m *access.Message, now time.Time) {
			m.Retry(f.Detail, w.o.Jitter(), now)
		})
		return false
	}
	w.log.InfoContext(ctx, "an email was not accepted", "email", messages[0].ID, "class", f.Class, "reply", f.Detail)
	w.become(ctx, messages[:1], arrived, func(m *access.Message, now time.Time) {
		if f.Class == smtp.Permanent {
			m.Failed(f.Detail, now)
			return
		}
		m.Retry(f.Detail, w.o.Jitter(), now)
	})
	return true
}

// become changes the emails that are still under the lease they were taken with, and leaves
// the others unchanged. Once the mail server has accepted a connection, the queue is no
// longer paused.
func (w *Worker) become(ctx context.Context, messages []access.Message, arrived bool,
	change func(m *access.Message, now time.Time)) {
	w.waitForBeat(messages)
	err := w.update(ctx, func(tx *store.Tx) error {
		return w.evenly(tx, messages, func() error { return w.changeAll(tx, messages, arrived, change) })
	})
	if err != nil {
		w.log.ErrorContext(ctx, "the outcome of an email cannot be stored: it will be sent again", "email",
			messages[0].ID, "err", err)
	}
}

func (w *Worker) changeAll(
	tx *store.Tx,
	messages []access.Message,
	arrived bool,
	change func(m *access.Message, now time.Time),
) error {
	sent := false
	for _, was := range messages {
		m, err := tx.Messages.Get(was.ID)
		if access.NotFound.Is(err) {
			continue // deleted with its member
		}
		if err != nil {
			return err
		}
		held := m
		change(&m, tx.Now)
		// An accepted email was sent, whatever its lease: only the claim of another worker,
		// who may be sending it, takes precedence.
		if !w.holds(held, was) && (m.State != access.MessageSent || held.Lease.Epoch != was.Lease.Epoch) {
			continue
		}
		sent = sent || m.State == access.MessageSent
		if err := keep(tx, m); err != nil {
			return err
		}
	}
	return w.recovered(tx, arrived, sent)
}

// lastSentStep is the precision of the time of the last email: each update costs a write.
const lastSentStep = time.Minute

// recovered records that the connection to the mail server works.
func (w *Worker) recovered(tx *store.Tx, arrived, sent bool) error {
	health, err := tx.MailHealth()
	if err != nil || !arrived {
		return err
	}
	late := sent && tx.Now.Sub(health.LastSent) >= lastSentStep
	refused := sent && health.Refused != access.MailRefusal{}
	if !health.Paused && !late && !refused {
		return nil
	}
	if sent {
		health.LastSent, health.Refused = tx.Now, access.MailRefusal{}
	}
	return tx.PutMailHealth(access.MailHealth{LastSent: health.LastSent, Refused: health.Refused})
}

// pause stops the queue, unless the mail settings have changed since the emails were taken:
// then they are tried by the new ones. The emails stay unchanged: none has lost an attempt.
func (w *Worker) pause(ctx context.Context, b leasedBatch, f *smtp.Failure) {
	w.log.ErrorContext(ctx, "no email can be sent until this is fixed", "server", b.route.Server.Name(), "reply",
		f.Detail, "err", f.Err)
	err := w.update(ctx, func(tx *store.Tx) error {
		set, err := tx.Settings()
		if err != nil {
			return err
		}
		if set.Mail.Revision != b.route.revision {
			return w.release(tx, b.messages)
		}
		health, err := tx.MailHealth()
		if err != nil {
			return err
		}
		if !health.Paused {
			health.Since = tx.Now
		}
		health.Paused, health.Detail, health.TriedAt = true, f.Detail, tx.Now
		health.NextTry = tx.Now.Add(pauseFor(tx.Now.Sub(health.Since)))
		if err := tx.PutMailHealth(health); err != nil {
			return err
		}
		return w.release(tx, b.messages)
	})
	if err != nil {
		w.log.ErrorContext(ctx, "the paused state of the queue cannot be stored", "err", err)
	}
}

// pauseFor is how long to wait before the connection is tested again, given how long the
// queue has been paused: 1, 5 and then each 15 minutes.
func pauseFor(closed time.Duration) time.Duration {
	switch {
	case closed < time.Minute:
		return time.Minute
	case closed < 6*time.Minute:
		return 5 * time.Minute
	}
	return 15 * time.Minute
}

// giveBack ends our lease on emails that were not started.
func (w *Worker) giveBack(ctx context.Context, messages []access.Message) {
	err := w.update(ctx, func(tx *store.Tx) error { return w.release(tx, messages) })
	if err != nil {
		w.log.ErrorContext(ctx, "emails cannot be released: they wait until the lease expires", "err", err)
	}
}

func (w *Worker) release(tx *store.Tx, messages []access.Message) error {
	for _, was := range messages {
		m, err := tx.Messages.Get(was.ID)
		if access.NotFound.Is(err) {
			continue
		}
		if err != nil {
			return err
		}
		if !w.holds(m, was) {
			continue
		}
		m.Lease = access.Lease{Epoch: m.Lease.Epoch}
		if err := tx.Messages.Put(m); err != nil {
			return err
		}
	}
	return nil
}

// unsendable handles an email that could not be rendered. One that is gone, or that another
// worker has, is left unchanged; one without content has failed.
func (w *Worker) unsendable(ctx context.Context, m access.Message, err error) {
	var known *access.Error
	switch {
	case errors.Is(err, errTaken) || ctx.Err() != nil:
		w.giveBack(ctx, []access.Message{m})
	case errors.As(err, &known) && known.Kind == access.NotFound:
		w.become(ctx, []access.Message{m}, false, func(m *access.Message, now time.Time) {
			m.Failed(known.Message, now)
		})
	default:
		w.log.ErrorContext(ctx, "an email cannot be read", "email", m.ID, "err", err)
		w.become(ctx, []access.Message{m}, false, func(m *access.Message, now time.Time) {
			m.Retry("The email cannot be read from the store. See the log for the cause.", w.o.Jitter(), now)
		})
	}
}
