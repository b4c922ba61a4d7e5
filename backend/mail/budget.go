package mail

import (
	"time"

	"doorward/backend/access"
)

// A budget allows so many tries within any minute, and keeps a share of them for
// emails that somebody waits for. It is for one goroutine.
type budget struct {
	tries []time.Time // the last ones, a ring; zero: not used yet
	next  int         // the oldest
}

func newBudget(perMinute int) *budget { return &budget{tries: make([]time.Time, perMinute)} }

// most is how many tries within a minute emails of a class may bring it to. The
// last fifth is for those that somebody waits for, and half of that for those of
// them that strangers cannot cause.
func (b *budget) most(c access.Priority) int {
	share := len(b.tries) / 5
	if share == 0 && len(b.tries) > 1 {
		share = 1
	}
	switch c {
	case access.PriorityAwaited:
		return len(b.tries)
	case access.PriorityRequested:
		return len(b.tries) - share/2
	}
	return len(b.tries) - share
}

// room is how many emails of a class may be tried now, and, where that is none,
// when there is room again. Tries that lie in the future, because the clock was
// set back, do not count.
func (b *budget) room(c access.Priority, now time.Time) (n int, next time.Time) {
	var used []time.Time // the oldest first
	for i := range b.tries {
		at := b.tries[(b.next+i)%len(b.tries)]
		if now.Before(at.Add(time.Minute)) && !at.After(now) {
			used = append(used, at)
		}
	}
	if n = b.most(c) - len(used); n > 0 {
		return n, time.Time{}
	}
	return 0, used[-n].Add(time.Minute)
}

// spend counts n tries.
func (b *budget) spend(n int, now time.Time) {
	for range n {
		b.tries[b.next] = now
		b.next = (b.next + 1) % len(b.tries)
	}
}
