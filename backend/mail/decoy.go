package mail

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// deliveryTimes remembers how the last tries to send went, so that decoys go likewise.
type deliveryTimes struct {
	mu   sync.Mutex
	last []deliveryTime // a ring
	next int
}

type deliveryTime struct {
	took   time.Duration
	failed bool
}

// maxPaths is how many tries are remembered; before the first, a decoy takes as
// long as mail servers commonly do.
const maxPaths = 32

var usualDelivery = deliveryTime{took: 150 * time.Millisecond}

func (w *deliveryTimes) went(took time.Duration, failed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.last) < maxPaths {
		w.last = append(w.last, deliveryTime{took, failed})
		return
	}
	w.last[w.next], w.next = deliveryTime{took, failed}, (w.next+1)%maxPaths
}

// one is how one of the last tries went.
func (w *deliveryTimes) one() deliveryTime {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.last) == 0 {
		return usualDelivery
	}
	return w.last[rand.IntN(len(w.last))]
}

// leaseDecoys takes the decoys that are due, within the room that emails of
// their class have. They use up none of it: nothing is handed in.
func (w *Worker) leaseDecoys(tx *store.Tx, b *leasedBatch, now time.Time) error {
	room, _ := w.budget.room(access.PriorityRequested, now)
	if room <= len(b.messages) {
		return nil
	}
	due, err := tx.Decoys.Due(batchSize)
	if err != nil {
		return err
	}
	for _, l := range due {
		l.Lease = access.Lease{Owner: w.owner, Epoch: l.Lease.Epoch + 1, Until: tx.Now.Add(leaseTTL)}
		if err := tx.Decoys.Put(l); err != nil {
			return err
		}
		b.decoys = append(b.decoys, l)
	}
	return nil
}

// pretend does with decoys what carry does with emails, save for handing them
// in: each is over after as long as one of the last emails took.
func (w *Worker) pretend(ctx context.Context, decoys []access.Message) {
	for _, l := range decoys {
		w.running.Go(func() {
			w.linger(ctx, []access.Message{l})
			way := w.ways.one()
			took := time.NewTimer(way.took)
			defer took.Stop()
			select {
			case <-took.C:
			case <-ctx.Done():
				return // its lease ends, as that of an email whose worker died
			}
			w.endDecoy(ctx, l, way.failed)
		})
	}
}

func (w *Worker) endDecoy(ctx context.Context, l access.Message, failed bool) {
	w.awaitBeat([]access.Message{l})
	err := w.update(ctx, func(tx *store.Tx) error {
		return w.evenly(tx, []access.Message{l}, func() error {
			now, ok, err := tx.Decoys.Get(l.ID)
			if err != nil || !ok {
				return err
			}
			if now.Sent("", tx.Now); failed {
				now = l
				now.Retry("", w.o.Jitter(), tx.Now)
			}
			return tx.Decoys.Put(now)
		})
	})
	if err != nil {
		w.log.ErrorContext(ctx, "a decoy cannot be ended: it ends with its time", "err", err)
	}
}

// maxLinger is how long the first sign-in email of a batch waits at most,
// by chance, before it is carried: who times other requests right after asks were
// answered must not see the work of handing it in.
const maxLinger = 400 * time.Millisecond

func (w *Worker) linger(ctx context.Context, letters []access.Message) {
	if w.o.Beat == nil || letters[0].Kind != access.SignInMessage {
		return
	}
	wait := time.NewTimer(rand.N(maxLinger))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}

// awaitBeat waits until what became of a sign-in email may be kept.
func (w *Worker) awaitBeat(letters []access.Message) {
	if w.o.Beat != nil && letters[0].Kind == access.SignInMessage {
		time.Sleep(w.o.Beat(time.Now()))
	}
}

// evenly keeps what became of emails so that a sign-in email and a decoy look
// the same to who watches how busy the writer is.
func (w *Worker) evenly(tx *store.Tx, letters []access.Message, keep func() error) error {
	if letters[0].Kind != access.SignInMessage || len(letters) > 1 {
		return keep()
	}
	if err := tx.TouchCounters(); err != nil {
		return err
	}
	return tx.Evenly(store.OutcomeKeys, store.OutcomeBytes, keep)
}
