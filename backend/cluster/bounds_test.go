package cluster

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// A lane is a listener whose connections come from any address.
type lane struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newLane() *lane { return &lane{conns: make(chan net.Conn), done: make(chan struct{})} }

func (l *lane) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *lane) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *lane) Addr() net.Addr { return addr("192.0.2.100") }

func addr(ip string) *net.TCPAddr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(ip), 8443))
}

type addressed struct {
	net.Conn
	from net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.from }

// come connects from an address.
func (l *lane) come(t testing.TB, from string) net.Conn {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() { here.Close() })
	select {
	case l.conns <- addressed{there, addr(from)}:
	case <-l.done:
		there.Close()
	}
	return here
}

// enter shakes hands as a member.
func (s *site) enter(raw net.Conn, to *site) (*Conn, error) {
	c := &Conn{Conn: tls.Client(raw, s.clientConfig(Forward, to.member())), Peer: to.member(), port: s.Port}
	ctx, cancel := context.WithTimeout(s.w.t.Context(), patience)
	defer cancel()
	return c, c.shake(ctx)
}

// bounded starts a machine on a lane, and one that connects to it.
func bounded(t *testing.T, b Bounds) (w *world, l *lane, a, member *site) {
	t.Helper()
	w, l = newWorld(t), newLane()
	b.Within, b.JoinWithin = cmp.Or(b.Within, patience), cmp.Or(b.JoinWithin, patience)
	a = w.machine("a", func(o *Options) { o.Listener, o.Bounds = l, b })
	return w, l, a, w.machine("b")
}

// closed reports whether the other end has closed a connection. It reads, and so sees the
// end at once on a pipe; an open one has nothing to read.
func closed(c net.Conn) bool {
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Millisecond)); err != nil {
		return true
	}
	_, err := c.Read(make([]byte, 1))
	e, ok := err.(net.Error)
	return err != nil && (!ok || !e.Timeout())
}

// A stranger opens a connection and says nothing, or half of a hello.
func TestASlowHandshakeEnds(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a", func(o *Options) { o.Bounds.Within = 50 * time.Millisecond })
	for _, said := range []string{"", "\x16", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"} {
		raw := the(net.Dial("tcp", a.Addr().String()))(t)
		the(raw.Write([]byte(said)))(t)
		ended(t, said, raw)
		raw.Close()
	}
	eventually(t, "nothing is left", func() bool { return a.arrivals() == 0 })
}

// A thousand connections say nothing. What is held of them is bounded, and a member that comes
// behind them is taken.
func TestAThousandSilentConnections(t *testing.T) {
	w := newWorld(t)
	const limit = 64
	a := w.machine("a", func(o *Options) { o.Bounds = Bounds{Handshakes: limit, PerAddress: limit, Within: patience} })
	b := w.machine("b")
	var silent []net.Conn
	defer func() {
		for _, c := range silent {
			c.Close()
		}
	}()
	for range 1000 {
		silent = append(silent, the(net.Dial("tcp", a.Addr().String()))(t))
		if n := a.arrivals(); n > limit {
			t.Fatalf("%d are held", n)
		}
	}
	here, there := b.connect(a)
	carries(t, here, there)
	ended(t, "the first", silent[0])
	if n := a.arrivals(); n > limit {
		t.Errorf("%d are held", n)
	}
}

// At the bound the oldest makes room, of the address with the most; below it, none does.
func TestHandshakesHaveABound(t *testing.T) {
	const x, y, z = "192.0.2.1", "192.0.2.2", "2001:db8::1"
	for _, tt := range []struct {
		name        string
		all, share  int
		come        []string
		wantsClosed int // which one; -1: none
	}{
		{"as many as there may be", 4, 9, []string{x, y, x, y}, -1},
		{"one more, of all alike", 4, 9, []string{x, y, y, x, z}, 0},
		{"one more, of the one with the most", 4, 9, []string{y, x, x, z, y}, 1},
		{"as many of one address", 9, 2, []string{x, y, x, y}, -1},
		{"one more of one address", 9, 2, []string{y, x, x, x}, 1},
		{"one more of one /64", 9, 2, []string{x, z, "2001:db8::2", "2001:db8::ffff"}, 1},
		{"another /64", 9, 2, []string{x, z, "2001:db8::2", "2001:db8:0:1::1"}, -1},
		{"IPv4 in IPv6", 9, 2, []string{x, "::ffff:192.0.2.1", y, x}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, l, a, _ := bounded(t, Bounds{Handshakes: tt.all, PerAddress: tt.share})
			var conns []net.Conn
			for i, from := range tt.come {
				conns = append(conns, l.come(t, from))
				eventually(t, "it is taken", func() bool {
					want := i + 1
					if tt.wantsClosed >= 0 && i == len(tt.come)-1 {
						want--
					}
					return a.arrivals() == want
				})
			}
			for i, c := range conns {
				if i == tt.wantsClosed {
					ended(t, tt.come[i], c)
				} else if closed(c) {
					t.Errorf("the connection %d of %s is closed", i, tt.come[i])
				}
			}
		})
	}
}

// cameFrom is as if a member had connected from an address last.
func (p *Port) cameFrom(member *site, from string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[member.identity.Node()] = network(addr(from))
}

func (p *Port) hasComeFrom(member *site, from string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[member.identity.Node()] == network(addr(from))
}

// forget begins to count anew.
func (l *limiter) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.full)
}

// A stranger fails again and again. Its address is not taken any more for a while; another one
// is, and so is one from which a member has connected, whoever shares it.
func TestFailuresAreLimited(t *testing.T) {
	const stranger, other, shared = "192.0.2.1", "192.0.2.2", "192.0.2.3"
	w, l, a, b := bounded(t, Bounds{Failures: Rate{Burst: 3, Every: time.Minute}})
	fail := func(from string) {
		t.Helper()
		c := l.come(t, from)
		must(t, c.SetDeadline(time.Now().Add(patience)))
		if _, err := c.Write([]byte("GET / ")); err == nil {
			ended(t, from, c)
		}
		c.Close()
		eventually(t, "it is over", func() bool { return a.arrivals() == 0 })
	}
	enters := func(from string, want bool) {
		t.Helper()
		c, err := b.enter(l.come(t, from), a)
		if got := err == nil; got != want {
			t.Errorf("from %s it is taken: %v (%v)", from, got, err)
		}
		if err == nil { // it is told so a moment before its address is noted
			eventually(t, "its address is known", func() bool { return a.hasComeFrom(b, from) })
		}
		c.NetConn().Close()
	}
	enters(shared, true)
	for range 2 {
		fail(stranger)
		fail(shared)
	}
	enters("192.0.2.4", true) // and takes the place of the shared one
	a.cameFrom(b, shared)
	fail(stranger)
	fail(shared)
	enters(stranger, false)
	enters(other, true)
	a.cameFrom(b, shared)
	enters(shared, true)
	w.clock.set(noon.Add(time.Minute - 1))
	enters(stranger, false)
	w.clock.set(noon.Add(time.Minute))
	enters(stranger, true)
	w.registry.remove(b.identity.Node())
	if a.Prune(); len(a.known) != 0 {
		t.Error("the address of a removed machine is remembered")
	}
}

// A machine is removed in the moment in which its connection is taken. Its address would be one
// from which a member has come until another machine is removed: whoever is there now could
// fail as often as they like.
func TestAMachineIsRemovedAsItArrives(t *testing.T) {
	w, l, a, b := bounded(t, Bounds{})
	here, there := net.Pipe()
	t.Cleanup(func() { here.Close() })
	l.conns <- welcomed{addressed{there, addr("192.0.2.1")}, func() {
		w.registry.remove(b.identity.Node())
		a.Prune()
	}}
	the(b.enter(here, a))(t)
	eventually(t, "it is over", func() bool { return a.arrivals() == 0 })
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.known)+len(a.open)+len(a.queues[Forward].conns) != 0 {
		t.Errorf("it is known as %v, %d connections are open, and %d are handed on", a.known, len(a.open),
			len(a.queues[Forward].conns))
	}
}

// A welcomed connection calls then when a Port has said that it is taken.
type welcomed struct {
	addressed
	then func()
}

func (w welcomed) SetDeadline(at time.Time) error {
	err := w.Conn.SetDeadline(at)
	if at.IsZero() {
		w.then()
	}
	return err
}

// Raft takes none of its connections. As many wait as may, the next one is refused, and one is
// taken again when another is.
func TestWaitingConnectionsAreBounded(t *testing.T) {
	w := newWorld(t)
	a, b := w.machine("a"), w.machine("b")
	dial := func(want string) {
		t.Helper()
		_, err := b.DialRaft(t.Context(), a.Addr().String())
		wants(t, err, want)
	}
	for range maxQueued {
		dial("")
	}
	dial("cluster_refused")
	if n := a.opens(); n != maxQueued {
		t.Errorf("%d connections are open", n)
	}
	the(a.Raft().Accept())(t)
	dial("")
	dial("cluster_refused")
}

// A stranger fails as often as they like. The log has a line a minute, which says how often;
// and a clock that was set back does not silence it.
func TestStrangersDoNotFillTheLog(t *testing.T) {
	var text strings.Builder
	o := occasional{log: slog.New(slog.NewTextHandler(&text, nil))}
	for _, tt := range []struct {
		at   time.Duration
		want string // the end of the line; empty: none
	}{
		{0, "times=1"},
		{0, ""},
		{time.Minute - 1, ""},
		{time.Minute, "times=3"},
		{2*time.Minute - 1, ""},
		{2*time.Minute + 1, "times=2"},
		{time.Minute, "times=1"},
		{time.Minute + 1, ""},
	} {
		text.Reset()
		o.say(noon.Add(tt.at), "refused")
		got := strings.TrimSpace(text.String())
		if (got == "") != (tt.want == "") || !strings.HasSuffix(got, tt.want) {
			t.Errorf("at %v the log has %q, want %q", tt.at, got, tt.want)
		}
	}
}

// Burst at once, then one more Every so often; a flood of addresses has no endless memory.
func TestRates(t *testing.T) {
	c := &clock{at: noon}
	l := newLimiter(Rate{Burst: 3, Every: time.Second}, c.now)
	x, y := network(addr("192.0.2.1")), network(addr("192.0.2.2"))
	for i, tt := range []struct {
		from netip.Prefix
		at   time.Duration
		wait time.Duration
	}{
		{x, 0, 0},
		{x, 0, 0},
		{x, 0, 0},
		{x, 0, time.Second},
		{y, 0, 0},
		{x, time.Second - 1, 1},
		{x, time.Second, 0},
		{x, time.Second, time.Second},
		{x, time.Hour, 0},
		{x, time.Hour, 0},
		{x, time.Hour, 0},
		{x, time.Hour, time.Second},
	} {
		c.set(noon.Add(tt.at))
		if over := l.over(tt.from); over != tt.wait {
			t.Errorf("%d: over = %v, want %v", i, over, tt.wait)
		}
		if wait := l.count(tt.from); wait != tt.wait {
			t.Errorf("%d: count = %v, want %v", i, wait, tt.wait)
		}
	}
	for i := range 2 * maxCounted {
		l.count(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 32))
		if len(l.full) > maxCounted {
			t.Fatalf("%d are remembered", len(l.full))
		}
	}
}
