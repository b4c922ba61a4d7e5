package mail

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A batch is what one connection carries: letters under our lease, and decoys
// that nobody carries.
type batch struct {
	letters []access.Letter
	decoys  []access.Letter
	until   time.Time // by the wall clock: what is not begun by then is given back
}

// expired is what is said of a letter whose link is of no use any more.
const expired = "Its link expired before it could be sent."

// take leases the letters that are due, the most urgent first, as many as the
// budget allows; a single one, to try the way, while the queue is paused. Letters
// past their time fail here. Without budget it says when there is some again.
func (w *Worker) take(ctx context.Context) (b batch, next time.Time, err error) {
	now := w.store.Now()
	until := time.Now().Add(leaseTime / 2)
	err = w.store.Update(ctx, func(tx *store.Tx) error {
		b, next = batch{until: until}, time.Time{}
		due, err := tx.DueLetters(batchSize)
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
			room, again := w.budget.room(l.Class, now)
			if len(b.letters) >= room {
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
		b.letters, b.decoys = nil, nil
	}
	w.budget.spend(len(b.letters), now)
	if len(b.letters)+len(b.decoys) > 0 {
		next = time.Time{}
	}
	return b, next, err
}

// probing is how many of n letters may be taken: one while the queue is paused
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
	health.NextTry = tx.Now.Add(leaseTime)
	return 1, tx.PutMailHealth(health)
}

// past reports whether a letter is of no use any more. While the clock is held it
// may be the clock that is wrong: a letter that fails loses its words, and one that
// goes out in vain loses nothing.
func (w *Worker) past(tx *store.Tx, l access.Letter) bool {
	return !l.GoodUntil.IsZero() && !tx.Now.Before(l.GoodUntil) && !w.store.Clock().Held()
}

func (w *Worker) lease(tx *store.Tx, l access.Letter, b *batch) error {
	if l.Class == 0 {
		l.Class = l.Kind.Class()
	}
	if w.past(tx, l) {
		l.Failed(expired, tx.Now)
		return keep(tx, l)
	}
	l, err := tx.LeaseLetter(l.ID, w.owner, tx.Now.Add(leaseTime))
	if err == nil {
		b.letters = append(b.letters, l)
	}
	return err
}

// keep keeps what has become of a letter. Words that nobody needs any more are
// wiped: those that were sent, and those that hold a secret and never will be.
func keep(tx *store.Tx, l access.Letter) error {
	if err := tx.PutLetter(l); err != nil {
		return err
	}
	if l.State == access.LetterSent || l.State == access.LetterFailed && l.Kind.HoldsSecret() {
		return tx.WipeWords(l.ID)
	}
	return nil
}

// start makes ready what a mail server was missing for: kept letters are
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
	if err == nil && w.o.Alone {
		err = w.endLeases(ctx)
	}
	if err == nil {
		err = w.classify(ctx)
	}
	for more := true; more && err == nil; {
		more, err = w.queueKept(ctx)
	}
	return err
}

// endLeases makes due at once what a worker that died had taken: somebody may
// wait for that letter to sign in.
func (w *Worker) endLeases(ctx context.Context) error {
	var held []access.Letter
	err := w.store.View(ctx, func(tx *store.Tx) (err error) {
		held, err = tx.LeasedLetters(tx.Now.Add(leaseTime + time.Microsecond))
		return err
	})
	for len(held) > 0 && err == nil {
		some := held[:min(len(held), batchSize)]
		held = held[len(some):]
		err = w.store.Update(ctx, func(tx *store.Tx) error {
			for _, was := range some {
				l, err := tx.Letter(was.ID)
				if access.NotFound.Is(err) || err == nil && l.Lease != was.Lease {
					continue
				}
				if err != nil {
					return err
				}
				l.Lease = access.Lease{Epoch: l.Lease.Epoch}
				if err := tx.PutLetter(l); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return err
}

// classify puts letters that an older version queued into the lines of their
// classes, so that those that somebody waits for go first.
func (w *Worker) classify(ctx context.Context) error {
	for from := ""; ; {
		var old []access.Letter
		var next string
		err := w.store.View(ctx, func(tx *store.Tx) (err error) {
			old, next, err = tx.Unclassified(from, classifyAtOnce)
			return err
		})
		if err != nil || next == "" {
			return err
		}
		for from = next; len(old) > 0 && err == nil; {
			some := old[:min(len(old), batchSize)]
			old = old[len(some):]
			err = w.store.Update(ctx, func(tx *store.Tx) error { return reclass(tx, some) })
		}
		if err != nil {
			return err
		}
	}
}

const classifyAtOnce = 500

func reclass(tx *store.Tx, some []access.Letter) error {
	for _, was := range some {
		l, err := tx.Letter(was.ID)
		if access.NotFound.Is(err) || err == nil && l.Class != 0 {
			continue
		}
		if err != nil {
			return err
		}
		l.Class = was.Class
		if err := tx.PutLetter(l); err != nil {
			return err
		}
	}
	return nil
}

// queueKept queues some of the letters that were kept while there was no mail
// server, and says whether there may be more.
func (w *Worker) queueKept(ctx context.Context) (more bool, err error) {
	err = w.store.Update(ctx, func(tx *store.Tx) error {
		kept, err := tx.KeptLetters(batchSize)
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
