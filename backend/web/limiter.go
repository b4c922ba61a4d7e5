package web

import (
	"net/netip"
	"sync"
	"time"
)

// A Rate lets Burst through at once, and one more Every so often.
type Rate struct {
	Burst int
	Every time.Duration
}

// limiter counts by network. Its memory is bounded: each shard keeps so many
// networks and forgets all of them when there are more, which lets a flood of
// addresses through no faster than its first burst.
type limiter struct {
	rate   Rate
	now    func() time.Time
	shards [16]shard
}

type shard struct {
	mu sync.Mutex
	m  map[netip.Addr]bucket
}

// bucket is a time at which it would be full, the whole state of a leaky bucket.
type bucket struct{ full time.Time }

const networksPerShard = 4096

func newLimiter(r Rate) *limiter {
	l := &limiter{rate: r, now: time.Now}
	for i := range l.shards {
		l.shards[i].m = map[netip.Addr]bucket{}
	}
	return l
}

// allow counts a request of a network. When it is one too many, wait says how
// long until the next one.
func (l *limiter) allow(from netip.Addr) (wait time.Duration, ok bool) {
	k := network(from)
	b := k.As16()
	sh := &l.shards[(b[15]^b[7]^b[3])&15]
	now := l.now()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	full := sh.m[k].full
	if full.Before(now) {
		full = now
	}
	full = full.Add(l.rate.Every)
	if over := full.Sub(now) - time.Duration(l.rate.Burst)*l.rate.Every; over > 0 {
		return over, false
	}
	if len(sh.m) >= networksPerShard {
		clear(sh.m)
	}
	sh.m[k] = bucket{full}
	return 0, true
}

// network is what counts as one source: an IPv4 address, or an IPv6 /64.
func network(a netip.Addr) netip.Addr {
	a = a.Unmap()
	if a.Is6() {
		p, err := a.WithZone("").Prefix(64)
		if err == nil {
			return p.Addr()
		}
	}
	return a
}
