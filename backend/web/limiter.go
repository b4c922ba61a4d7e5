package web

import (
	"net/netip"
	"sync"
	"time"
)

// A Rate allows Burst at once, and one more Every so often.
type Rate struct {
	Burst int
	Every time.Duration
}

// limiter counts by network, and for IPv6 also by the /48 around it, which may do
// as much as eight networks. Its memory is bounded: each shard keeps a fixed
// number of networks and forgets all of them when there are more, so a flood of
// addresses gets no more than its first burst.
type limiter struct {
	rate   Rate
	now    func() time.Time
	shards [16]shard
	wide   *limiter
	all    Rate // of all networks together; beyond it each has only a few at once
	crowd  bucket
	mu     sync.Mutex // guards crowd
}

type shard struct {
	mu sync.Mutex
	m  map[netip.Addr]bucket
}

// bucket is the whole state of a leaky bucket: the time at which it would be
// full.
type bucket struct{ full time.Time }

// pour adds one to the bucket; over is by how much that exceeds the burst.
func (b *bucket) pour(r Rate, burst int, now time.Time) (over time.Duration) {
	full := b.full
	if full.Before(now) {
		full = now
	}
	full = full.Add(r.Every)
	if over = full.Sub(now) - time.Duration(burst)*r.Every; over <= 0 {
		b.full = full
	}
	return over
}

const (
	maxNetworksPerShard = 4096
	wideShare           = 8 // a /48 may do as much as this many /64s
	crowdedBurst        = 3 // for one network while all together ask too much
)

// attemptRate limits the tries of all networks together; a server for some
// thousands of people never sees as many.
var attemptRate = Rate{Burst: 1000, Every: 20 * time.Millisecond}

func newLimiter(r Rate) *limiter {
	l := plainLimiter(r)
	l.wide = plainLimiter(Rate{Burst: r.Burst * wideShare, Every: r.Every / wideShare})
	return l
}

func plainLimiter(r Rate) *limiter {
	l := &limiter{rate: r, now: time.Now}
	for i := range l.shards {
		l.shards[i].m = map[netip.Addr]bucket{}
	}
	return l
}

// newTryLimiter is newLimiter for requests that make the server write. Beyond
// attemptRate nobody is locked out: each network keeps its first few tries, which
// are enough to sign in.
func newTryLimiter(r Rate) *limiter {
	l := newLimiter(r)
	l.all = attemptRate
	return l
}

// allow counts a request of a network. When it is one too many, wait is how long
// until the next one is allowed.
func (l *limiter) allow(from netip.Addr) (wait time.Duration, ok bool) {
	now := l.now()
	burst := l.rate.Burst
	if l.crowded(now) {
		burst = min(burst, crowdedBurst)
	}
	if wait, ok = l.count(network(from), burst, now); !ok || !from.Unmap().Is6() {
		return wait, ok
	}
	around, err := from.WithZone("").Prefix(48)
	if err != nil {
		return 0, true
	}
	return l.wide.count(around.Addr(), l.wide.rate.Burst, now)
}

// crowded counts a request of any network, and reports whether there are too many
// in all.
func (l *limiter) crowded(now time.Time) bool {
	if l.all.Every == 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.crowd.pour(l.all, l.all.Burst, now) > 0
}

func (l *limiter) count(k netip.Addr, burst int, now time.Time) (wait time.Duration, ok bool) {
	b := k.As16()
	sh := &l.shards[(b[15]^b[7]^b[5]^b[3])&15]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	in := sh.m[k]
	if over := in.pour(l.rate, burst, now); over > 0 {
		return over, false
	}
	if len(sh.m) >= maxNetworksPerShard {
		clear(sh.m)
	}
	sh.m[k] = in
	return 0, true
}

// network returns what counts as one source: an IPv4 address, or an IPv6 /64.
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
