package mail

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A leasedBatch is what one connection carries: emails under our lease, and decoys
// that nobody carries.
type leasedBatch struct {
	messages []access.Message
	decoys   []access.Message
	until    time.Time // by the wall clock: what is not begun by then is given back
}

// expired is what is said of an email whose link is of no use any more.
const expired = "Its link expired before it could be sent."

// take leases the emails that are due, the most urgent first, as many as the
// budget allows; a single one, to try the way, while the queue is paused. Emails
// past their time fail here. Without budget it says when there is some again.
func (w *Worker) take(ctx context.Context) (b leasedBatch, next time.Time, err error) {
	now := w.store.Now()
	until := time.Now().Add(leaseTTL / 2)
	err = w.store.Update(ctx, func(tx *store.Tx) error {
		b, next = leasedBatch{until: until}, time.Time{}
		due, err := tx.Messages.Due(batchSize)
		if err != nil {
			return err
		}
		if len(due) > 0 {
			most, err := w.probing(tx, len(due))
			if err != nil || most == 0 {
				return err
			}
			due = due[:most]
		}
		for _, l := range due {
			room, again := w.budget.room(l.Priority, now)
			if len(b.messages) >= room {
				next = again
				break // those after it are less urgent, and have no more room
			}
			if err := w.lease(tx, l, &b); err != nil {
				return err
			}
		}
		return w.leaseDecoys(tx, &b, now)
	})
	if err != nil {
		b.messages, b.decoys = nil, nil
	}
	w.budget.spend(len(b.messages), now)
	if len(b.messages)+len(b.decoys) > 0 {
		next = time.Time{}
	}
	return b, next, err
}

// probing is how many of n emails may be taken: one while the queue is paused
// and it is time to try again, and none before. The next try is put off until
// this one is over.
func (w *Worker) probing(tx *store.Tx, n int) (int, error) {
	health, err := tx.MailHealth()
	switch {
	case err != nil || !health.Paused:
		return n, err
	case tx.Now.Before(health.NextTry):
		return 0, nil
	}
	health.NextTry = tx.Now.Add(leaseTTL)
	return 1, tx.PutMailHealth(health)
}

// past reports whether an email is of no use any more. While the clock is held it
// may be the clock that is wrong: an email that fails loses its words, and one that
// goes out in vain loses nothing.
func (w *Worker) past(tx *store.Tx, l access.Message) bool {
	return !l.ExpiresAt.IsZero() && !tx.Now.Before(l.ExpiresAt) && !w.store.Clock().Held()
}

func (w *Worker) lease(tx *store.Tx, l access.Message, b *leasedBatch) error {
	if w.past(tx, l) {
		l.Failed(expired, tx.Now)
		return keep(tx, l)
	}
	l, err := tx.Messages.Lease(l.ID, w.owner, tx.Now.Add(leaseTTL))
	if err == nil {
		b.messages = append(b.messages, l)
	}
	return err
}

// keep keeps what has become of an email. Words that nobody needs any more are
// wiped: those that were sent, and those that hold a secret and never will be.
func keep(tx *store.Tx, l access.Message) error {
	if err := tx.Messages.Put(l); err != nil {
		return err
	}
	if l.State == access.MessageSent || l.State == access.MessageFailed && l.Kind.HoldsSecret() {
		return tx.Messages.WipeFacts(l.ID)
	}
	return nil
}

// start makes ready what a mail server was missing for: kept emails are
// queued, and a paused queue is tried at once, since the settings may be
// mended.
func (w *Worker) start(ctx context.Context) error {
	err := w.store.Update(ctx, func(tx *store.Tx) error {
		health, err := tx.MailHealth()
		if err != nil || !health.Paused {
			return err
		}
		health.NextTry = tx.Now
		return tx.PutMailHealth(health)
	})
	if err == nil && w.o.Leads {
		err = w.endLeases(ctx)
	}
	for more := true; more && err == nil; {
		more, err = w.queueHeld(ctx)
	}
	return err
}

// endLeases makes due at once what a worker that died had taken: somebody may
// wait for that email to sign in.
func (w *Worker) endLeases(ctx context.Context) error {
	var held []access.Message
	err := w.store.View(ctx, func(tx *store.Tx) (err error) {
		held, err = tx.Messages.Leased(tx.Now.Add(leaseTTL + time.Microsecond))
		return err
	})
	for len(held) > 0 && err == nil {
		some := held[:min(len(held), batchSize)]
		held = held[len(some):]
		err = w.store.Update(ctx, func(tx *store.Tx) error {
			for _, was := range some {
				l, err := tx.Messages.Get(was.ID)
				if access.NotFound.Is(err) || err == nil && l.Lease != was.Lease {
					continue
				}
				if err != nil {
					return err
				}
				l.Lease = access.Lease{Epoch: l.Lease.Epoch}
				if err := tx.Messages.Put(l); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return err
}

// queueHeld queues some of the emails that were kept while there was no mail
// server, and says whether there may be more.
func (w *Worker) queueHeld(ctx context.Context) (more bool, err error) {
	err = w.store.Update(ctx, func(tx *store.Tx) error {
		kept, err := tx.Messages.Held(batchSize)
		if err != nil {
			return err
		}
		more = len(kept) == batchSize
		for _, l := range kept {
			if w.past(tx, l) {
				l.Failed(expired, tx.Now)
			} else if err := l.Requeue(tx.Now); err != nil {
				return err
			} else {
				l.Detail = ""
			}
			if err := keep(tx, l); err != nil {
				return err
			}
		}
		return nil
	})
	return more, err
}
