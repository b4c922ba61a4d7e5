package mail

import (
	"context"
	"slices"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A leasedBatch is the batch for one connection: emails under our lease, and decoys, which
// are not sent.
type leasedBatch struct {
	messages []access.Message
	decoys   []access.Message
	route    Route
	until    time.Time // by the wall clock: emails not started by then are given back
	waits    bool      // other emails are due, for which there is no connection
}

// part returns the emails from the i-th on, with the route on which they go.
func (b leasedBatch) part(i int) leasedBatch {
	b.messages = b.messages[i:]
	return b
}

// expired is the detail of an email whose link expired before it was sent.
const expired = "Its link expired before it could be sent."

// take leases the emails that are due, the most urgent first, as many as the budget allows.
// While the queue is paused it takes a single one, to test the connection. For the last
// connection it takes only those that somebody is waiting for: behind a batch of others they
// would wait until the mail server has accepted all of it. Expired emails fail here.
// If nothing was taken because the budget is used up or only others are due, next is when there
// is room again, or when somebody will wait for one; zero: nobody.
func (w *Worker) take(ctx context.Context, last bool) (b leasedBatch, next time.Time, err error) {
	now := w.store.Now()
	until := time.Now().Add(leaseTTL / 2)
	err = w.store.Update(ctx, func(tx *store.Tx) error {
		b, next = leasedBatch{until: until}, time.Time{}
		if b.route, err = routeIn(tx, w.o.Route); err != nil {
			return err
		}
		due, err := tx.Messages.Due(batchSize)
		if err != nil {
			return err
		}
		if last {
			due, b.waits = awaited(due)
		}
		if b.waits {
			if next, err = tx.Messages.NextAwaited(); err != nil {
				return err
			}
		}
		if len(due) > 0 {
			limit, err := w.allowed(tx, len(due))
			if err != nil || limit == 0 {
				return err
			}
			due = due[:limit]
		}
		for _, m := range due {
			room, again := w.budget.room(m.Priority, now)
			if len(b.messages) >= room {
				next = again
				break // later ones are less urgent, and have no more room
			}
			if err := w.lease(tx, m, &b); err != nil {
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

// awaited returns those of the emails, the most urgent first, that somebody is waiting for, and
// whether there are others.
func awaited(due []access.Message) (some []access.Message, others bool) {
	n := slices.IndexFunc(due, func(m access.Message) bool { return !m.Priority.IsAwaited() })
	if n < 0 {
		return due, false
	}
	return due[:n], true
}

// allowed returns how many of n emails may be taken: all of them, or while the queue is
// paused, one if it is time to test the connection, else none. It postpones the next test
// until this one is over.
func (w *Worker) allowed(tx *store.Tx, n int) (int, error) {
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

// past reports whether an email has expired. While the clock is held the clock may be
// wrong, so nothing is past: an email that fails loses its content, one that is sent in
// vain loses nothing.
func (w *Worker) past(tx *store.Tx, m access.Message) bool {
	return !m.ExpiresAt.IsZero() && !tx.Now.Before(m.ExpiresAt) && !w.store.Clock().Held()
}

func (w *Worker) lease(tx *store.Tx, m access.Message, b *leasedBatch) error {
	if w.past(tx, m) {
		m.Failed(expired, tx.Now)
		return keep(tx, m)
	}
	if b.route.Server.IsZero() { // the mail server was removed
		m.Hold(tx.Now)
		return keep(tx, m)
	}
	m, err := tx.Messages.Lease(m.ID, w.owner, tx.Now.Add(leaseTTL))
	if err == nil {
		b.messages = append(b.messages, m)
	}
	return err
}

// keep stores the outcome of an email. It wipes content that is no longer needed: of sent
// emails, and of failed ones that contain a secret.
func keep(tx *store.Tx, m access.Message) error {
	if err := tx.Messages.Put(m); err != nil {
		return err
	}
	if !m.HasBody() {
		return tx.Messages.WipeFacts(m.ID)
	}
	return nil
}

// start prepares the queue for the current settings: held emails are queued, and a paused
// queue is tried at once, since the settings may have been corrected before this process
// started.
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
	if err == nil {
		err = w.queueAllHeld(ctx)
	}
	return err
}

// queueAllHeld queues the emails that were held while no mail server was configured, if one
// is now.
func (w *Worker) queueAllHeld(ctx context.Context) (err error) {
	for more := true; more && err == nil; {
		more, err = w.queueHeld(ctx)
	}
	return err
}

// endLeases makes the emails that a dead worker had leased due at once: somebody may be
// waiting for one to sign in.
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
				m, err := tx.Messages.Get(was.ID)
				if access.NotFound.Is(err) || err == nil && m.Lease != was.Lease {
					continue
				}
				if err != nil {
					return err
				}
				m.Lease = access.Lease{Epoch: m.Lease.Epoch}
				if err := tx.Messages.Put(m); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return err
}

// queueHeld queues some of the held emails, if there is a mail server, and reports whether
// there may be more.
func (w *Worker) queueHeld(ctx context.Context) (more bool, err error) {
	err = w.store.Update(ctx, func(tx *store.Tx) error {
		more = false
		route, err := routeIn(tx, w.o.Route)
		if err != nil || route.Server.IsZero() {
			return err
		}
		kept, err := tx.Messages.Held(batchSize)
		if err != nil {
			return err
		}
		more = len(kept) == batchSize
		for _, m := range kept {
			if w.past(tx, m) {
				m.Failed(expired, tx.Now)
			} else if err := m.Requeue(tx.Now); err != nil {
				return err
			} else {
				m.Detail = ""
			}
			if err := keep(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	return more, err
}
