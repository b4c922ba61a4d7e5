package wire

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds what a test waits for; nothing waits for it to pass.
const patience = 20 * time.Second

// A fakeNet is a listener whose connections come from wherever a test says, and
// whose accepts fail as it says.
type fakeNet struct {
	came   chan any // net.Conn or error
	closed chan struct{}
	once   sync.Once
}

func newFakeNet() *fakeNet { return &fakeNet{came: make(chan any), closed: make(chan struct{})} }

func (f *fakeNet) Accept() (net.Conn, error) {
	select {
	case x := <-f.came:
		if err, ok := x.(error); ok {
			return nil, err
		}
		return x.(net.Conn), nil
	case <-f.closed:
		return nil, net.ErrClosed
	}
}

func (f *fakeNet) Close() error   { f.once.Do(func() { close(f.closed) }); return nil }
func (f *fakeNet) Addr() net.Addr { return &net.TCPAddr{} }

type fakeConn struct {
	net.Conn
	from net.Addr
}

func (c fakeConn) RemoteAddr() net.Addr { return c.from }

// A site is a server behind a Listener: it answers each request with ok, once it
// is told to where the address is /slow.
type site struct {
	t    *testing.T
	net  *fakeNet
	l    *Listener
	slow chan struct{}
	told chan string // what was read whole
	wg   sync.WaitGroup
}

func newSite(t *testing.T, b Bounds, change ...func(*Options)) *site {
	o := Options{Bounds: b, Within: time.Minute, Room: func(r Request) (int, func(), error) { return 64 << 10, nil, nil }}
	if o.Held == 0 {
		o.Held = 1 << 20
	}
	for _, c := range change {
		c(&o)
	}
	s := &site{t: t, net: newFakeNet(), slow: make(chan struct{}), told: make(chan string, 100)}
	s.l = Listen(s.net, o)
	s.wg.Go(s.serve)
	t.Cleanup(func() {
		s.l.Close()
		s.l.Cut()
		s.wg.Wait()
	})
	return s
}

func (s *site) serve() {
	for {
		c, err := s.l.Accept()
		if err != nil {
			return
		}
		s.wg.Go(func() { s.answer(c.(*Conn)) })
	}
}

func (s *site) answer(c *Conn) {
	defer c.Close()
	for r := bufio.NewReader(c); ; {
		req, err := http.ReadRequest(r)
		if err != nil {
			if c.failed != nil {
				fmt.Fprintf(c, "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")
			}
			return
		}
		io.Copy(io.Discard, req.Body)
		switch {
		case strings.HasPrefix(req.URL.Path, "/member"):
			c.Trust()
		case req.URL.Path == "/slow":
			<-s.slow
		}
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
			return
		}
		s.told <- req.URL.Path
	}
}

// come connects from an address; it returns once the connection was looked at.
func (s *site) come(from string) net.Conn {
	s.t.Helper()
	ours, theirs := net.Pipe()
	addr := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 4711))
	s.net.came <- fakeConn{theirs, addr}
	s.t.Cleanup(func() { ours.Close() })
	s.settle()
	return ours
}

// settle waits until the accept loop waits for the next connection.
func (s *site) settle() { s.net.came <- syscall.ECONNABORTED }

func (s *site) ask(c net.Conn, path string) error {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	if err == nil {
		<-s.told
	}
	return err
}

func (s *site) open(name string, c net.Conn) {
	s.t.Helper()
	if err := s.ask(c, "/"); err != nil {
		s.t.Errorf("%s was ended: %v", name, err)
	}
}

func (s *site) ended(name string, c net.Conn) {
	s.t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	if n, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, syscall.ETIMEDOUT) || n > 0 {
		s.t.Errorf("%s was not ended", name)
	}
}

// Strangers hold as many connections as there may be, silent. One more person
// comes: the one that has been silent the longest makes room, and no other.
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

// One network holds most of the connections and speaks on them all the time; a
// single silent one of somebody else is older. The crowd makes room.
func TestTheCrowdMakesRoom(t *testing.T) {
	s := newSite(t, Bounds{Total: 4})
	alone := s.come("198.51.100.1")
	crowd := []net.Conn{s.come("192.0.2.1"), s.come("192.0.2.1"), s.come("192.0.2.1")}
	s.open("one of the crowd", crowd[0])
	s.come("203.0.113.1")
	s.ended("the crowd's longest silent", crowd[1])
	s.open("the one alone", alone)
}

// Members, and whoever is being answered, keep their connections however many
// strangers come; where nobody can be done without, the new one is not taken.
func TestWhoIsNeededStays(t *testing.T) {
	s := newSite(t, Bounds{Total: 3})
	member, busy := s.come("192.0.2.1"), s.come("192.0.2.2")
	if err := s.ask(member, "/member"); err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() { answered <- s.ask(busy, "/slow") }()
	waitFor(t, "a request is being answered", func() bool { return s.answering() == 1 })
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
	answered := make(chan error, 1)
	go func() { answered <- s.ask(busy, "/slow") }()
	waitFor(t, "a request is being answered", func() bool { return s.answering() == 1 })
	s.ended("one too many", s.come("192.0.2.2"))
	close(s.slow)
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

func (s *site) answering() (n int) {
	for _, c := range s.l.all() {
		if c.state.Load() < 0 {
			n++
		}
	}
	return n
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
// many /64s of one /48: at the bound it is its own that make room. A proxy that is
// trusted is many networks, and over no network there is no bound.
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

// osError wraps a number as the system calls of package net do.
type osError struct{ err error }

func (e *osError) Error() string { return e.err.Error() }
func (e *osError) Unwrap() error { return e.err }

// A stranger announces a large body and sends a byte of it, on many connections:
// nothing is reserved for what was announced.
func TestWhatIsAnnouncedIsNotReserved(t *testing.T) {
	s := newSite(t, Bounds{Total: 1000})
	for i := range 50 {
		c := s.come(fmt.Sprintf("192.0.2.%d", i))
		if _, err := fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\na"); err != nil {
			t.Fatal(err)
		}
	}
	if held := s.l.held.Load(); held != 0 {
		t.Errorf("%d bytes are held", held)
	}
}

// What strangers send is held until it is whole, and in all no more than a bound:
// at it the one that has been at it the longest makes room, and somebody who sends
// at once is answered.
func TestWhatIsHeldHasABound(t *testing.T) {
	s := newSite(t, Bounds{Total: 1000}, func(o *Options) { o.Held = 256 << 10 })
	body := strings.Repeat("a", 60<<10)
	var slow []net.Conn
	for i := range 10 {
		c := s.come(fmt.Sprintf("192.0.2.%d", i))
		slow = append(slow, c)
		fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65000\r\n\r\n%s", body)
		if held := s.l.held.Load(); held > 256<<10 {
			t.Errorf("%d bytes are held, at most %d", held, 256<<10)
		}
	}
	s.ended("the first", slow[0])
	quick := s.come("198.51.100.1")
	fmt.Fprintf(quick, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	if err := s.ask2(quick); err != nil {
		t.Error(err)
	}
	s.l.Cut()
	waitFor(t, "all is given back", func() bool { return s.l.held.Load() == 0 && s.l.Len() == 0 })
}

func (s *site) ask2(c net.Conn) error {
	c.SetDeadline(time.Now().Add(patience))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return err
}

// A client sends a byte now and then, to begin with and after an answer: what it
// has to send a request does not begin anew with each.
func TestAByteAtATimeBuysNoTime(t *testing.T) {
	for _, before := range []int{0, 1} {
		s := newSite(t, Bounds{}, func(o *Options) { o.Within = 150 * time.Millisecond })
		c := s.come("192.0.2.1")
		for range before {
			s.open("the connection", c)
		}
		c.SetDeadline(time.Now().Add(patience))
		began, ticks := time.Now(), 0
		for _, b := range []byte("GET /" + strings.Repeat("a", 4000)) {
			if _, err := c.Write([]byte{b}); err != nil {
				break
			}
			ticks++
			time.Sleep(10 * time.Millisecond)
		}
		if ticks > 3000 || time.Since(began) > patience {
			t.Errorf("after %d answers a request of %d bytes is still on its way", before, ticks)
		}
	}
}

// Somebody connects where TLS is spoken and says nothing, or the beginning of a
// greeting byte by byte: neither holds its place longer than a request may take.
func TestHalfOpenTLS(t *testing.T) {
	s := newSite(t, Bounds{}, func(o *Options) { o.Within, o.TLS = 150*time.Millisecond, &tls.Config{} })
	silent, slow := s.come("192.0.2.1"), s.come("192.0.2.2")
	slow.SetDeadline(time.Now().Add(patience))
	for _, b := range append([]byte{0x16, 3, 1, 1, 0}, make([]byte, 250)...) {
		if _, err := slow.Write([]byte{b}); err != nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.ended("a slow greeting", slow)
	s.ended("silence", silent)
	waitFor(t, "their places are free", func() bool { return s.l.Len() == 0 })
}

// A client that asks whether to go on is told to where the body may come, refused
// where it may not, and nobody behind is asked the same again.
func TestExpectations(t *testing.T) {
	s := newSite(t, Bounds{Total: 10})
	c := s.come("192.0.2.1")
	c.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
	r := bufio.NewReader(c)
	if line, _ := r.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("answered %q", line)
	}
	r.ReadString('\n')
	fmt.Fprint(c, "abc")
	if line, _ := r.ReadString('\n'); line != "HTTP/1.1 200 OK\r\n" {
		t.Errorf("answered %q", line)
	}
	c = s.come("192.0.2.1")
	c.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 65537\r\n\r\n")
	if line, _ := bufio.NewReader(c).ReadString('\n'); line != "HTTP/1.1 400 No\r\n" {
		t.Errorf("too large, answered %q", line)
	}
}

// The server stops while half a request is here, an idle connection is open, and
// one is being answered: the first two end at once, the third when it has been.
func TestQuiet(t *testing.T) {
	s := newSite(t, Bounds{})
	half, idle, busy := s.come("192.0.2.1"), s.come("192.0.2.2"), s.come("192.0.2.3")
	fmt.Fprint(half, "GET / HT")
	s.open("the idle one", idle)
	answered := make(chan error, 1)
	go func() { answered <- s.ask(busy, "/slow") }()
	waitFor(t, "a request is being answered", func() bool { return s.answering() == 1 })
	s.l.Quiet()
	s.ended("the half request", half)
	s.ended("the idle one", idle)
	close(s.slow)
	if err := <-answered; err != nil {
		t.Errorf("the one that was being answered: %v", err)
	}
	s.ended("the one that was answered", busy)
}

// Bounds follow from what the process may use, and leave the store its files.
func TestBoundsFor(t *testing.T) {
	for _, tt := range []struct {
		memory int64
		files  int
		total  int
	}{
		{384 << 20, 0, 2048}, {96 << 20, 0, 512}, {96 << 20, 20000, 512}, {384 << 20, 256, 192}, {384 << 20, 1024, 768}, {384 << 20, 64, 16},
		{1 << 20, 0, 64}, {64 << 30, 0, 8192}, {64 << 30, 1 << 20, 8192},
	} {
		b := BoundsFor(tt.memory, tt.files)
		if b.Total != tt.total || b.PerNetwork >= b.Total || b.Wider < b.PerNetwork || b.Wider > b.Total || b.Large < 1 || b.Held < 1<<20 {
			t.Errorf("%d MiB, %d files: %+v, want %d connections", tt.memory>>20, tt.files, b, tt.total)
		}
	}
}
