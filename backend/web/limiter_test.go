package web

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func frozen(l *limiter) *limiter {
	at := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	l.now = func() time.Time { return at }
	return l
}

// Whoever has one /48 of IPv6 has 65,536 networks. They may do what eight may, and
// not one more; a neighbour's /48, and IPv4, are none of that.
func TestAWideNetworkIsNotThousands(t *testing.T) {
	l := frozen(newLimiter(Rate{Burst: 3, Every: time.Second}))
	allowed := 0
	for i := range 1000 {
		if _, ok := l.allow(addr(fmt.Sprintf("2001:db8:1:%x::1", i))); ok {
			allowed++
		}
	}
	if allowed != 3*wideShare {
		t.Errorf("a /48 did %d, want %d", allowed, 3*wideShare)
	}
	for _, other := range []string{"2001:db8:2::1", "192.0.2.1", "::ffff:192.0.2.2"} {
		if _, ok := l.allow(addr(other)); !ok {
			t.Errorf("%s pays for it", other)
		}
	}
}

// Strangers ask for sign-in emails from ten thousand networks at once, sixty of
// each: beyond what all together may, each has its first three, so that somebody
// from a network of their own can still sign in.
func TestManyNetworksTogether(t *testing.T) {
	l := frozen(newTryLimiter(DefaultLimits.Attempts))
	allowed := 0
	for range 60 {
		for i := range 200 {
			if _, ok := l.allow(netip.AddrFrom4([4]byte{198, 51, byte(i), 1})); ok {
				allowed++
			}
		}
	}
	if allowed != attemptRate.Burst {
		t.Errorf("%d tries were let through, want %d", allowed, attemptRate.Burst)
	}
	for i := range crowdedBurst + 1 {
		if _, ok := l.allow(addr("203.0.113.7")); ok != (i < crowdedBurst) {
			t.Errorf("try %d of somebody else: %v", i+1, ok)
		}
	}
	l = frozen(newTryLimiter(DefaultLimits.Attempts))
	for i := range DefaultLimits.Attempts.Burst + 1 { // one network alone has its whole share
		if _, ok := l.allow(addr("203.0.113.7")); ok != (i < DefaultLimits.Attempts.Burst) {
			t.Errorf("try %d: %v", i+1, ok)
		}
	}
}
