package web

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"
)

func frozen(l *limiter) *limiter {
	at := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	l.now = func() time.Time { return at }
	return l
}

// Somebody has one /48 of IPv6, which is 65,536 networks. They may do as much as
// eight, and no more; a neighbour's /48, and IPv4, are counted separately.
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

// Strangers request sign-in emails from ten thousand networks at once, sixty
// each: beyond the limit of all together, each has its first three, so that
// somebody from a network of their own can still sign in.
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
	for i := range DefaultLimits.Attempts.Burst + 1 { // one network alone has its whole burst
		if _, ok := l.allow(addr("203.0.113.7")); ok != (i < DefaultLimits.Attempts.Burst) {
			t.Errorf("try %d: %v", i+1, ok)
		}
	}
}

func TestLimiter(t *testing.T) {
	now := time.Unix(0, 0)
	l := newLimiter(Rate{Burst: 3, Every: time.Second})
	l.now = func() time.Time { return now }
	steps := []struct {
		from string
		ok   bool
	}{
		{"192.0.2.1", true}, {"192.0.2.1", true}, {"192.0.2.1", true}, {"192.0.2.1", false},
		{"192.0.2.2", true}, {"::ffff:192.0.2.1", false},
		{"2001:db8::1", true}, {"2001:db8::2", true}, {"2001:db8::3", true}, {"2001:db8::ffff", false},
		{"2001:db8:0:1::1", true},
	}
	for i, s := range steps {
		if wait, ok := l.allow(addr(s.from)); ok != s.ok || !ok && (wait <= 0 || wait > time.Second) {
			t.Errorf("step %d, %s: %v, %v", i, s.from, wait, ok)
		}
	}
	now = now.Add(time.Second)
	if _, ok := l.allow(addr("192.0.2.1")); !ok {
		t.Error("a second later it is still refused")
	}
}

// A /48 that has done all that it may gets as much back as eight networks: one more in an
// eighth of the time.
func TestAWideNetworkGetsMoreAgain(t *testing.T) {
	now := time.Unix(0, 0)
	l := newLimiter(Rate{Burst: 1, Every: time.Second})
	l.now = func() time.Time { return now }
	n := 0
	allow := func() (time.Duration, bool) {
		n++
		return l.allow(addr(fmt.Sprintf("2001:db8:1:%x::1", n)))
	}
	for range wideShare {
		if _, ok := allow(); !ok {
			t.Fatalf("network %d of the /48 is refused", n)
		}
	}
	if wait, ok := allow(); ok || wait != time.Second/wideShare {
		t.Errorf("one more waits %s, %v, want %s", wait, ok, time.Second/wideShare)
	}
	now = now.Add(time.Second/wideShare - 1)
	if wait, ok := allow(); ok || wait != 1 {
		t.Errorf("just before, it waits %s, %v", wait, ok)
	}
	now = now.Add(1)
	if _, ok := allow(); !ok {
		t.Error("after that time it is still refused")
	}
	if _, ok := allow(); ok {
		t.Error("and one after it is let through")
	}
}

// A bucket that has run out keeps nothing of the time that passed: a network that comes back
// has its burst, and not more.
func TestAPauseSavesNothingUp(t *testing.T) {
	at := time.Unix(0, 0)
	r := Rate{Burst: 2, Every: time.Second}
	for _, tt := range []struct {
		pause   time.Duration
		allowed int
	}{{0, 0}, {time.Second - 1, 0}, {time.Second, 1}, {2 * time.Second, 2}, {time.Hour, 2}} {
		b := bucket{full: at.Add(2 * time.Second)}
		allowed := 0
		for b.pour(r, r.Burst, at.Add(tt.pause)) <= 0 {
			allowed++
		}
		if allowed != tt.allowed {
			t.Errorf("%s after the burst, %d are let through, want %d", tt.pause, allowed, tt.allowed)
		}
	}
}

// A shard holds its number of networks, and never one more: then it begins anew.
func TestAShardForgetsWhenItIsFull(t *testing.T) {
	l := frozen(newLimiter(Rate{Burst: 1, Every: time.Second}))
	inShard := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 16}) }
	held := func() int { return len(l.shards[0].m) }
	for i := range maxNetworksPerShard {
		l.allow(inShard(i))
	}
	if held() != maxNetworksPerShard {
		t.Fatalf("%d networks are held, want %d", held(), maxNetworksPerShard)
	}
	if l.allow(inShard(maxNetworksPerShard)); held() != 1 {
		t.Errorf("with one more, %d are held, want 1", held())
	}
}

// A flood from a million addresses must not fill the memory.
func TestLimiterMemoryIsBounded(t *testing.T) {
	l := newLimiter(Rate{Burst: 3, Every: time.Second})
	before := heap()
	for i := range 1_000_000 {
		l.allow(netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 1}))
	}
	if grew := heap() - before; grew > 16<<20 {
		t.Errorf("a million addresses took %d MB", grew>>20)
	}
	runtime.KeepAlive(l)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }
