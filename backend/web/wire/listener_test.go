package wire

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// Strangers hold the maximum number of connections, silent. One more person
// connects: the connection that has been silent the longest is closed, and no
// other.
func TestTheLongestSilentMakesRoom(t *testing.T) {
	s := newSite(t, Bounds{Total: 3})
	a, b, c := s.come("192.0.2.1"), s.come("192.0.2.2"), s.come("192.0.2.3")
	s.open("the first", a) // it has spoken now; the second has been silent the longest
	if s.l.Len() != 3 {
		t.Fatalf("%d connections at the bound", s.l.Len())
	}
	d := s.come("192.0.2.4")
	s.ended("the longest silent", b)
	s.open("the first", a)
	s.open("the third", c)
	s.open("the new one", d)
	if s.l.Len() != 3 {
		t.Errorf("%d connections, at most 3", s.l.Len())
	}
}

// A connection that nobody has read from yet is silent since it came, and not since its
// reader first ran: on a busy machine that can be after others have spoken.
func TestSilenceCountsFromTheArrival(t *testing.T) {
	for _, tt := range []struct {
		name  string
		state int64
		keeps bool
		rests bool
	}{
		{"new", 5, true, true},
		{"answered", -5, false, true},
		{"closed to make room", taken, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c Conn
			c.state.Store(tt.state)
			if rests := c.rest(); rests != tt.rests {
				t.Errorf("rest = %v", rests)
			}
			if s := c.state.Load(); (s == tt.state) != tt.keeps || s < 0 {
				t.Errorf("the state %d became %d", tt.state, s)
			}
		})
	}
}

// One network holds most of the connections and speaks on them all the time; a
// single silent one of somebody else is older. The network with the most
// connections loses one.
func TestTheCrowdMakesRoom(t *testing.T) {
	s := newSite(t, Bounds{Total: 4})
	alone := s.come("198.51.100.1")
	crowd := []net.Conn{s.come("192.0.2.1"), s.come("192.0.2.1"), s.come("192.0.2.1")}
	s.open("one of the crowd", crowd[0])
	s.come("203.0.113.1")
	s.ended("the crowd's longest silent", crowd[1])
	s.open("the one alone", alone)
}

// Any number of strangers connect. Members, and clients that are being answered,
// keep their connections; where none can be closed, the new one is refused.
func TestWhoIsNeededStays(t *testing.T) {
	s := newSite(t, Bounds{Total: 3})
	member, busy := s.come("192.0.2.1"), s.come("192.0.2.2")
	if err := s.ask(member, "/member"); err != nil {
		t.Fatal(err)
	}
	answered := s.askSlowly(busy)
	for i := range 20 {
		s.come(fmt.Sprintf("198.51.100.%d", i))
	}
	s.open("the member's connection", member)
	close(s.slow)
	if err := <-answered; err != nil {
		t.Errorf("the one that was being answered was ended: %v", err)
	}
}

func TestNoPlaceIsLeft(t *testing.T) {
	s := newSite(t, Bounds{Total: 1})
	busy := s.come("192.0.2.1")
	answered := s.askSlowly(busy)
	s.ended("one too many", s.come("192.0.2.2"))
	close(s.slow)
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("in vain: " + what)
		}
	}
}

// One network opens more than its share, from one address, from one /64, and from
// many /64s of one /48: at the limit its own connections are closed. A trusted
// proxy counts as many networks, and without a network there is no limit.
func TestANetworkHasItsShare(t *testing.T) {
	trust := func(o *Options) { o.Trusted = func(a netip.Addr) bool { return a == netip.MustParseAddr("10.0.0.1") } }
	tests := []struct {
		name  string
		from  func(i int) string
		bound int
	}{
		{"an address", func(int) string { return "192.0.2.1" }, 3},
		{"an address, mapped", func(int) string { return "::ffff:192.0.2.1" }, 3},
		{"a /64", func(i int) string { return fmt.Sprintf("2001:db8:0:1::%x", i+1) }, 3},
		{"a /48", func(i int) string { return fmt.Sprintf("2001:db8:0:%x::1", i+1) }, 5},
		{"many /48s", func(i int) string { return fmt.Sprintf("2001:db8:%x::1", i+1) }, 8},
		{"a trusted proxy", func(int) string { return "10.0.0.1" }, 8},
	}
	for _, tt := range tests {
		s := newSite(t, Bounds{Total: 100, PerNetwork: 3, Wider: 5}, trust)
		other := s.come("203.0.113.9")
		for i := range 8 {
			s.come(tt.from(i))
			if want := min(i+1, tt.bound) + 1; s.l.Len() != want {
				t.Errorf("%s: %d connections after %d, want %d", tt.name, s.l.Len()-1, i+1, want-1)
			}
		}
		s.open("somebody else's", other)
	}
}

// The process has no file left, or the system no memory, when somebody connects:
// the server waits and goes on. It ends only when it is closed.
func TestAnAcceptThatFailsGoesOn(t *testing.T) {
	s := newSite(t, Bounds{Total: 10})
	silent := s.come("192.0.2.1")
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		s.net.came <- &net.OpError{Op: "accept", Net: "tcp", Err: &osError{e}}
	}
	s.ended("the silent one, whose file is needed", silent)
	s.open("a later one", s.come("192.0.2.2"))
	s.l.Close()
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	s.l.Cut()
	select {
	case <-done:
	case <-time.After(patience):
		t.Error("closed, it goes on")
	}
	if passes(errors.New("another")) || passes(&net.OpError{Err: syscall.EINVAL}) {
		t.Error("an error that stays is waited for")
	}
}

// osError wraps an error number as the system calls of package net do.
type osError struct{ err error }

func (e *osError) Error() string { return e.err.Error() }
func (e *osError) Unwrap() error { return e.err }
