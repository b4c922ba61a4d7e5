package mail

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// ways remembers how the last tries to send went, so that decoys go likewise.
type ways struct {
	mu   sync.Mutex
	last []way // a ring
	next int
}

type way struct {
	took   time.Duration
	failed bool
}

// waysKept is how many tries are remembered; before the first, a decoy takes as
// long as mail servers commonly do.
const waysKept = 32

var commonWay = way{took: 150 * time.Millisecond}

func (w *ways) went(took time.Duration, failed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.last) < waysKept {
		w.last = append(w.last, way{took, failed})
		return
	}
	w.last[w.next], w.next = way{took, failed}, (w.next+1)%waysKept
}

// one is how one of the last tries went.
func (w *ways) one() way {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.last) == 0 {
		return commonWay
	}
	return w.last[rand.IntN(len(w.last))]
}

// leaseDecoys takes the decoys that are due, within the room that letters of
// their class have. They use up none of it: nothing is handed in.
func (w *Worker) leaseDecoys(tx *store.Tx, b *batch, now time.Time) error {
	room, _ := w.budget.room(access.AskedFor, now)
	if room <= len(b.letters) {
		return nil
	}
	due, err := tx.DueDecoys(batchSize)
	if err != nil {
		return err
	}
	for _, l := range due {
		l.Lease = access.Lease{Owner: w.owner, Epoch: l.Lease.Epoch + 1, Until: tx.Now.Add(leaseTime)}
		if err := tx.PutDecoy(l); err != nil {
			return err
		}
		b.decoys = append(b.decoys, l)
	}
	return nil
}

// pretend does with decoys what carry does with letters, save for handing them
// in: each is over after as long as one of the last letters took.
func (w *Worker) pretend(ctx context.Context, decoys []access.Letter) {
	for _, l := range decoys {
		w.running.Go(func() {
			w.linger(ctx, []access.Letter{l})
			way := w.ways.one()
			took := time.NewTimer(way.took)
			defer took.Stop()
			select {
			case <-took.C:
			case <-ctx.Done():
				return // its lease ends, as that of a letter whose worker died
			}
			w.endDecoy(ctx, l, way.failed)
		})
	}
}

func (w *Worker) endDecoy(ctx context.Context, l access.Letter, failed bool) {
	w.awaitBeat([]access.Letter{l})
	err := w.update(ctx, func(tx *store.Tx) error {
		return w.evenly(tx, []access.Letter{l}, func() error {
			now, ok, err := tx.Decoy(l.ID)
			if err != nil || !ok {
				return err
			}
			if now.Sent("", tx.Now); failed {
				now = l
				now.TryLater("", w.o.Jitter(), tx.Now)
			}
			return tx.PutDecoy(now)
		})
	})
	if err != nil {
		w.log.ErrorContext(ctx, "a decoy cannot be ended: it ends with its time", "err", err)
	}
}

// longestLinger is how long the first sign-in letter of a batch waits at most,
// by chance, before it is carried: who times other requests right after asks were
// answered must not see the work of handing it in.
const longestLinger = 400 * time.Millisecond

func (w *Worker) linger(ctx context.Context, letters []access.Letter) {
	if w.o.Beat == nil || letters[0].Kind != access.SignInLetter {
		return
	}
	wait := time.NewTimer(rand.N(longestLinger))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}

// awaitBeat waits until what became of a sign-in letter may be kept.
func (w *Worker) awaitBeat(letters []access.Letter) {
	if w.o.Beat != nil && letters[0].Kind == access.SignInLetter {
		time.Sleep(w.o.Beat(time.Now()))
	}
}

// evenly keeps what became of letters so that a sign-in letter and a decoy look
// the same to who watches how busy the writer is.
func (w *Worker) evenly(tx *store.Tx, letters []access.Letter, keep func() error) error {
	if letters[0].Kind != access.SignInLetter || len(letters) > 1 {
		return keep()
	}
	if err := tx.TouchCounters(); err != nil {
		return err
	}
	return tx.Evenly(store.OutcomeKeys, store.OutcomeBytes, keep)
}
