package mail

import (
	"time"

	"doorward/backend/access"
)

// A budget limits the number of attempts within any minute, and reserves a share of them
// for emails that somebody is waiting for. It is for one goroutine.
type budget struct {
	tries []time.Time // the last attempts, a ring buffer; zero: unused
	next  int         // the oldest
}

func newBudget(perMinute int) *budget { return &budget{tries: make([]time.Time, perMinute)} }

// limit is how many attempts within a minute there may be when an email of this priority is
// sent. The last fifth is reserved for emails that somebody is waiting for, and half of
// that for those that strangers cannot cause.
func (b *budget) limit(c access.Priority) int {
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

// room returns how many emails of a priority may be sent now and, if none, when there is
// room again. Attempts dated in the future, because the clock was set back, do not count.
func (b *budget) room(c access.Priority, now time.Time) (n int, next time.Time) {
	var used []time.Time // the oldest first
	for i := range b.tries {
		at := b.tries[(b.next+i)%len(b.tries)]
		if now.Before(at.Add(time.Minute)) && !at.After(now) {
			used = append(used, at)
		}
	}
	if n = b.limit(c) - len(used); n > 0 {
		return n, time.Time{}
	}
	return 0, used[-n].Add(time.Minute)
}

// spend counts n attempts.
func (b *budget) spend(n int, now time.Time) {
	for range n {
		b.tries[b.next] = now
		b.next = (b.next + 1) % len(b.tries)
	}
}
