package cluster

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// A Rate allows Burst at once, and one more Every so often.
type Rate struct {
	Burst int
	Every time.Duration
}

// maxCounted is how many addresses a limiter remembers. With more it forgets all of them, so
// that a flood of addresses gets no more than its first burst.
const maxCounted = 4096

// A limiter counts by address.
type limiter struct {
	rate Rate
	now  func() time.Time
	mu   sync.Mutex
	full map[netip.Prefix]time.Time // when the bucket of an address is empty again
}

func newLimiter(r Rate, now func() time.Time) *limiter {
	return &limiter{rate: r, now: now, full: map[netip.Prefix]time.Time{}}
}

// over returns how long an address must wait; zero if it need not.
func (l *limiter) over(from netip.Prefix) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wait(from, l.now())
}

func (l *limiter) wait(from netip.Prefix, now time.Time) time.Duration {
	full := l.full[from]
	if !full.After(now) {
		return 0
	}
	return max(0, full.Sub(now)-time.Duration(l.rate.Burst-1)*l.rate.Every)
}

// count adds one for an address, unless it must wait.
func (l *limiter) count(from netip.Prefix) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if wait = l.wait(from, now); wait > 0 {
		return wait
	}
	at, known := l.full[from]
	if !known && len(l.full) >= maxCounted {
		clear(l.full)
	}
	if at.Before(now) {
		at = now
	}
	l.full[from] = at.Add(l.rate.Every)
	return 0
}

// network returns what is counted for a connection: its IPv4 address, or its IPv6 /64. A
// connection that has no IP address counts for the zero prefix.
func network(from net.Addr) netip.Prefix {
	tcp, ok := from.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	a := tcp.AddrPort().Addr().Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 32
	}
	p, _ := a.Prefix(bits)
	return p
}
