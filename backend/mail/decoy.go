package mail

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// deliveryTimes remembers how long the last attempts took, so that decoys take as long.
type deliveryTimes struct {
	mu   sync.Mutex
	last []deliveryTime // a ring buffer
	next int
}

type deliveryTime struct {
	took   time.Duration
	failed bool
}

// maxDeliveryTimes is how many attempts are remembered. Before the first one, a decoy takes as long
// as mail servers usually do.
const maxDeliveryTimes = 32

var usualDelivery = deliveryTime{took: 150 * time.Millisecond}

func (w *deliveryTimes) add(took time.Duration, failed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.last) < maxDeliveryTimes {
		w.last = append(w.last, deliveryTime{took, failed})
		return
	}
	w.last[w.next], w.next = deliveryTime{took, failed}, (w.next+1)%maxDeliveryTimes
}

// pick returns one of the remembered attempts at random.
func (w *deliveryTimes) pick() deliveryTime {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.last) == 0 {
		return usualDelivery
	}
	return w.last[rand.IntN(len(w.last))]
}

// leaseDecoys leases the decoys that are due, within the room for emails of their priority.
// They use up none of it, because nothing is sent.
func (w *Worker) leaseDecoys(tx *store.Tx, b *leasedBatch, now time.Time) error {
	room, _ := w.budget.room(access.PriorityRequested, now)
	if room <= len(b.messages) {
		return nil
	}
	due, err := tx.Decoys.Due(batchSize)
	if err != nil {
		return err
	}
	for _, m := range due {
		m.Lease = access.Lease{Owner: w.owner, Epoch: m.Lease.Epoch + 1, Until: tx.Now.Add(leaseTTL)}
		if err := tx.Decoys.Put(m); err != nil {
			return err
		}
		b.decoys = append(b.decoys, m)
	}
	return nil
}

// runDecoys handles decoys as deliver handles emails, but sends nothing: each takes as long
// as one of the last emails did.
func (w *Worker) runDecoys(ctx context.Context, decoys []access.Message) {
	for _, m := range decoys {
		w.running.Go(func() {
			w.linger(ctx, []access.Message{m})
			last := w.ways.pick()
			took := time.NewTimer(last.took)
			defer took.Stop()
			select {
			case <-took.C:
			case <-ctx.Done():
				return // its lease expires, like that of an email whose worker died
			}
			w.endDecoy(ctx, m, last.failed)
		})
	}
}

func (w *Worker) endDecoy(ctx context.Context, m access.Message, failed bool) {
	w.waitForBeat([]access.Message{m})
	err := w.update(ctx, func(tx *store.Tx) error {
		return w.evenly(tx, []access.Message{m}, func() error {
			now, ok, err := tx.Decoys.Get(m.ID)
			if err != nil || !ok {
				return err
			}
			if now.Sent("", tx.Now); failed {
				now = m
				now.Retry("", w.o.Jitter(), tx.Now)
			}
			return tx.Decoys.Put(now)
		})
	})
	if err != nil {
		w.log.ErrorContext(ctx, "a decoy cannot be ended: it ends with its time", "err", err)
	}
}

// maxLinger is the longest random wait before the first sign-in email of a batch is sent.
// Without it, somebody who measures other requests just after the answers would notice the
// work of sending.
const maxLinger = 400 * time.Millisecond

func (w *Worker) linger(ctx context.Context, messages []access.Message) {
	if w.o.Beat == nil || messages[0].Kind != access.SignInMessage {
		return
	}
	wait := time.NewTimer(rand.N(maxLinger))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}

// waitForBeat waits until the outcome of a sign-in email may be stored.
func (w *Worker) waitForBeat(messages []access.Message) {
	if w.o.Beat != nil && messages[0].Kind == access.SignInMessage {
		time.Sleep(w.o.Beat(time.Now()))
	}
}

// evenly stores the outcome of emails in such a way that a sign-in email and a decoy look
// the same to somebody who measures how busy the writer is.
func (w *Worker) evenly(tx *store.Tx, messages []access.Message, keep func() error) error {
	if messages[0].Kind != access.SignInMessage || len(messages) > 1 {
		return keep()
	}
	if err := tx.TouchCounters(); err != nil {
		return err
	}
	return tx.Evenly(store.OutcomeKeys, store.OutcomeBytes, keep)
}
