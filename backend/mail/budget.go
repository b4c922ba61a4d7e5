package mail

import "time"

// A budget allows so many tries within any minute. It is for one goroutine.
type budget struct {
	tries []time.Time // the last ones, a ring; zero: not used yet
	next  int         // the oldest
}

func newBudget(perMinute int) *budget { return &budget{tries: make([]time.Time, perMinute)} }

// take reserves up to n tries. Where none is left it says when there is one.
// Tries that lie in the future, because the clock was set back, do not count.
func (b *budget) take(n int, now time.Time) (got int, next time.Time) {
	for ; got < n; got++ {
		oldest := b.tries[b.next]
		if next = oldest.Add(time.Minute); now.Before(next) && !oldest.After(now) {
			break
		}
		b.tries[b.next] = now
		b.next = (b.next + 1) % len(b.tries)
	}
	return got, next
}

// giveBack returns n tries that were reserved last and not used.
func (b *budget) giveBack(n int) {
	for range n {
		b.next = (b.next + len(b.tries) - 1) % len(b.tries)
		b.tries[b.next] = time.Time{}
	}
}
