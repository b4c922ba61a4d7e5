// Package wire accepts connections. It owns how many there may be, of one network
// and in all, which is closed to make room for another, how long a request may
// take to arrive, how much of it is held meanwhile, and how strictly it is
// framed.
//
// What strangers make the server hold is limited here, before any other code runs
// on it: the server behind never sees a connection beyond the limits, a request
// before all of it has arrived, or one that two parsers could read differently.
// This package does not know what requests are for; the caller decides how large
// each may be (Room).
package wire

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Options configure a Listener.
type Options struct {
	Bounds
	Within  time.Duration         // how long a request may take to arrive in all
	Trusted func(netip.Addr) bool // reports trusted proxies, whose connections are shared by many people
	Room    Room
	TLS     *tls.Config // nil: none
	Log     *slog.Logger
	Refused func(netip.Addr) // called for each connection that is refused, or closed to make room
}

// A Listener returns connections, within its limits.
type Listener struct {
	net.Listener
	o       Options
	mu      sync.Mutex
	conns   []*Conn
	groups  map[netip.Prefix]*group
	held    atomic.Int64
	closing atomic.Bool
	closed  chan struct{}
	once    sync.Once
	told    time.Time // when the log last said that there were too many
	ousted  int       // closed to make room since then
}

// A group is the number of connections of a network.
type group struct {
	of netip.Prefix
	n  int
}

// Listen returns a Listener that accepts connections from l.
func Listen(l net.Listener, o Options) *Listener {
	return &Listener{Listener: l, o: o, groups: map[netip.Prefix]*group{}, closed: make(chan struct{})}
}

// The first and the longest pause after an accept that failed for lack of files
// or memory.
const (
	waitFirst = 50 * time.Millisecond
	maxWait   = time.Second
)

// Accept returns the next connection. When files or memory run out it closes a
// connection, waits a little and goes on: the shortage passes, but a server that
// stops does not come back.
func (l *Listener) Accept() (net.Conn, error) {
	for wait := waitFirst; ; {
		raw, err := l.Listener.Accept()
		if err == nil {
			wait = waitFirst
			if c := l.admit(raw); c != nil {
				return c, nil
			}
			continue
		}
		if !passes(err) {
			return nil, err
		}
		if !errors.Is(err, syscall.ECONNABORTED) {
			l.oust(nil)
			l.say("connections cannot be taken for want of files or memory", "err", err)
			l.pause(wait)
			wait = min(2*wait, maxWait)
		}
	}
}

// passes reports whether the cause of a failed accept is temporary.
func passes(err error) bool {
	var e syscall.Errno
	if !errors.As(err, &e) {
		return false
	}
	switch e {
	case syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EINTR:
		return true
	case 10024, 10055: // WSAEMFILE and WSAENOBUFS on Windows
		return true
	}
	return false
}

func (l *Listener) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.closed:
	}
}

// Close stops accepting connections; existing ones stay open.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// admit registers a connection, in the place of another if necessary; nil where
// there is no place.
func (l *Listener) admit(raw net.Conn) *Conn {
	c := &Conn{Conn: raw, raw: raw, l: l}
	c.buf = c.first[:0]
	c.state.Store(time.Now().UnixNano())
	if l.o.TLS != nil {
		c.Conn = tls.Server(raw, l.o.TLS)
	}
	near, wide := networks(raw.RemoteAddr(), l.o.Trusted)
	if l.full(near, l.o.PerNetwork) && !l.makeRoom(func(o *Conn) bool { return o.near != nil && o.near.of == near }) ||
		l.full(wide, l.o.Wider) && !l.makeRoom(func(o *Conn) bool { return o.wide != nil && o.wide.of == wide }) ||
		l.o.Total > 0 && l.Len() >= l.o.Total && !l.makeRoom(nil) {
		l.say("a connection was not taken: there are as many as there may be")
		l.refused(raw.RemoteAddr())
		raw.Close()
		return nil
	}
	if err := c.SetDeadline(time.Now().Add(l.o.Within)); err != nil { // also for a handshake
		raw.Close()
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c.place = len(l.conns)
	l.conns = append(l.conns, c)
	c.near, c.wide = l.join(near), l.join(wide)
	return c
}

// refused reports a connection that was ended for lack of a place.
func (l *Listener) refused(from net.Addr) {
	if tcp, ok := from.(*net.TCPAddr); ok && l.o.Refused != nil {
		l.o.Refused(tcp.AddrPort().Addr())
	}
}

// networks returns the two networks that a connection counts for: its IPv4
// address, or its IPv6 /64, and the /48 around that. A connection from a trusted
// proxy, or over no network, counts for none.
func networks(from net.Addr, trusted func(netip.Addr) bool) (near, wide netip.Prefix) {
	tcp, ok := from.(*net.TCPAddr)
	if !ok {
		return near, wide
	}
	a := tcp.AddrPort().Addr().Unmap().WithZone("")
	switch {
	case trusted != nil && trusted(a):
	case a.Is4():
		near = netip.PrefixFrom(a, 32)
	default:
		near, _ = a.Prefix(64)
		wide, _ = a.Prefix(48)
	}
	return near, wide
}

func (l *Listener) full(of netip.Prefix, limit int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groups[of]
	return limit > 0 && g != nil && g.n >= limit
}

func (l *Listener) join(of netip.Prefix) *group {
	if !of.IsValid() {
		return nil
	}
	g := l.groups[of]
	if g == nil {
		g = &group{of: of}
		l.groups[of] = g
	}
	g.n++
	return g
}

func (l *Listener) leave(g *group) {
	if g == nil {
		return
	}
	if g.n--; g.n == 0 {
		delete(l.groups, g.of)
	}
}

// drop removes a connection.
func (l *Listener) drop(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.place < 0 {
		return
	}
	last := l.conns[len(l.conns)-1]
	l.conns[c.place], last.place = last, c.place
	l.conns[len(l.conns)-1] = nil
	l.conns = l.conns[:len(l.conns)-1]
	c.place = -1
	l.leave(c.near)
	l.leave(c.wide)
}

// Len returns the number of connections.
func (l *Listener) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// say logs, at most once a minute.
func (l *Listener) say(what string, args ...any) {
	l.mu.Lock()
	l.ousted++
	n, now := l.ousted, time.Now()
	quiet := now.Sub(l.told) < time.Minute
	if !quiet {
		l.told, l.ousted = now, 0
	}
	l.mu.Unlock()
	if !quiet && l.o.Log != nil {
		l.o.Log.Warn(what, append(args, "connections", l.Len(), "times", n)...)
	}
}

// Quiet ends connections that wait for a request or for the rest of one, and
// those that are being answered after their response.
func (l *Listener) Quiet() {
	l.closing.Store(true)
	for _, c := range l.all() {
		if s := c.state.Load(); s > 0 && c.state.CompareAndSwap(s, taken) {
			c.raw.Close()
		}
	}
}

// Cut ends all connections, and returns how many were being answered.
func (l *Listener) Cut() (n int) {
	for _, c := range l.all() {
		if c.state.Swap(taken) < 0 {
			n++
		}
		c.raw.Close()
	}
	return n
}

func (l *Listener) all() []*Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*Conn(nil), l.conns...)
}
