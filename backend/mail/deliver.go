package mail

import (
	"context"
	"errors"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail/smtp"
	"doorward/backend/store"
)

// deliver takes a batch to the mail server, over one connection unless that
// breaks, and records what became of each email before it begins the next.
func (w *Worker) deliver(ctx context.Context, b leasedBatch) {
	trip, began := &delivery{worker: w}, time.Now()
	defer trip.end()
	for i, l := range b.messages {
		if ctx.Err() != nil || time.Now().After(b.until) {
			w.giveBack(ctx, b.messages[i:])
			return
		}
		m, err := w.message(ctx, l)
		if err != nil {
			w.unsendable(ctx, l, err)
			continue
		}
		said, err := trip.send(ctx, m, b.until)
		if i == 0 {
			w.ways.went(time.Since(began), err != nil)
		}
		if !w.record(ctx, b.messages[i:], trip.arrived, said, err) {
			return
		}
	}
}

// A delivery is the connection of a batch.
type delivery struct {
	worker  *Worker
	session *smtp.Session
	arrived bool // the mail server has let us in
}

// send hands one email in and returns the mail server's words, or a *smtp.Failure.
// A connection that had ended since the email before is opened again.
func (t *delivery) send(ctx context.Context, m smtp.Message, until time.Time) (string, error) {
	ctx, cancel := context.WithDeadline(ctx, until.Add(leaseTTL/4))
	defer cancel()
	for {
		if err := t.connect(ctx); err != nil {
			return "", err
		}
		err := t.session.Send(ctx, m)
		if err == nil {
			return t.session.Said(), nil
		}
		var f *smtp.Failure
		if !errors.As(err, &f) || !f.Stale {
			return "", err
		}
	}
}

func (t *delivery) connect(ctx context.Context) (err error) {
	if t.session != nil && t.session.Alive() {
		return nil
	}
	t.end()
	t.arrived = false
	t.session, err = smtp.Dial(ctx, t.worker.o.Server, t.worker.o.HELO)
	t.arrived = err == nil
	return err
}

func (t *delivery) end() {
	if t.session != nil {
		t.session.Close()
		t.session = nil
	}
}

// message is the email as it goes out, as long as it is still ours to send.
func (w *Worker) message(ctx context.Context, l access.Message) (m smtp.Message, err error) {
	err = w.store.View(ctx, func(tx *store.Tx) error {
		now, err := tx.Messages.Get(l.ID)
		if err != nil {
			return err
		}
		if !w.holds(now, l) {
			return errTaken
		}
		facts, err := tx.Messages.Facts(l.ID)
		if err != nil {
			return err
		}
		body, err := w.o.Emails.Render(l.Kind, facts)
		if err != nil {
			return err
		}
		name := w.name
		if name == "" {
			settings, err := tx.Settings()
			if err != nil {
				return err
			}
			name = settings.Workspace
		}
		m = smtp.Message{ID: l.HeaderMessageID, From: w.from, FromName: name, To: l.Recipient,
			Subject: body.Subject, Text: body.Text, HTML: body.HTML, Date: l.QueuedAt}
		return nil
	})
	return m, err
}

// errTaken: the email is another worker's by now, or done with.
var errTaken = errors.New("the letter is not ours to send any more")

// holds reports whether the lease under which l was taken still holds.
func (w *Worker) holds(now, l access.Message) bool {
	return !now.Done() && now.Lease.Owner == w.owner && now.Lease.Epoch == l.Lease.Epoch
}
