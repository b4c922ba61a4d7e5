package mail

import (
	"cmp"
	"context"
	"errors"
	"time"

	"doorward/backend/access"
	"doorward/backend/email"
	"doorward/backend/mail/smtp"
	"doorward/backend/store"
)

// deliver sends a batch to the mail server, over one connection unless that breaks, and
// records the outcome of each email before it starts the next.
func (w *Worker) deliver(ctx context.Context, b leasedBatch) {
	trip, began := &delivery{route: b.route}, time.Now()
	defer trip.end()
	for i, msg := range b.messages {
		if ctx.Err() != nil || time.Now().After(b.until) {
			w.giveBack(ctx, b.messages[i:])
			return
		}
		m, err := w.message(ctx, msg, b.route)
		if err != nil {
			w.unsendable(ctx, msg, err)
			continue
		}
		said, err := trip.send(ctx, m, b.until)
		if i == 0 {
			w.ways.add(time.Since(began), err != nil)
		}
		if !w.record(ctx, b.part(i), trip.arrived, said, err) {
			return
		}
	}
}

// A delivery is the connection for a batch.
type delivery struct {
	route   Route
	session *smtp.Session
	arrived bool // the mail server accepted our connection and login
}

// send sends one email and returns the mail server's reply, or a *smtp.Failure. If the
// connection was closed since the previous email, it connects again.
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
	t.session, err = smtp.Dial(ctx, t.route.Server, t.route.HELO)
	t.arrived = err == nil
	return err
}

func (t *delivery) end() {
	if t.session != nil {
		t.session.Close()
		t.session = nil
	}
}

// message renders the email, if our lease on it is still valid.
func (w *Worker) message(ctx context.Context, msg access.Message, by Route) (m smtp.Message, err error) {
	err = w.store.View(ctx, func(tx *store.Tx) error {
		now, err := tx.Messages.Get(msg.ID)
		if err != nil {
			return err
		}
		if !w.holds(now, msg) {
			return errTaken
		}
		facts, err := tx.Messages.Facts(msg.ID)
		if err != nil {
			return err
		}
		settings, err := tx.Settings()
		if err != nil {
			return err
		}
		look := email.Look{Brand: settings.Brand}
		image, err := logoOf(tx, settings.Brand.Logo)
		if err != nil {
			return err
		}
		if image.ID != "" {
			look.LogoURL = "cid:" + image.ID
		}
		body, err := w.o.Emails.RenderIn(look, msg.Kind, facts)
		if err != nil {
			return err
		}
		name := cmp.Or(by.name, settings.Workspace)
		m = smtp.Message{ID: msg.HeaderMessageID, From: by.from, FromName: name, To: msg.Recipient,
			Subject: body.Subject, Text: body.Text, HTML: body.HTML, Image: image, Date: msg.QueuedAt}
		return nil
	})
	return m, err
}

// logoOf returns the logo as it goes out with an email; none if there is none.
func logoOf(tx *store.Tx, logo access.Logo) (smtp.Image, error) {
	if logo.Hash == "" {
		return smtp.Image{}, nil
	}
	png, err := tx.Logo()
	if err != nil || len(png) == 0 {
		return smtp.Image{}, err
	}
	return smtp.Image{ID: "logo." + logo.Hash[:16] + "@doorward", PNG: png}, nil
}

// errTaken means that another worker has the email now, or that it is finished.
var errTaken = errors.New("the email is not ours to send any more")

// holds reports whether the lease under which m was taken is still valid.
func (w *Worker) holds(now, m access.Message) bool {
	return !now.Done() && now.Lease.Owner == w.owner && now.Lease.Epoch == m.Lease.Epoch
}
