package wire

import (
	"bufio"
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

// patience is the longest that a test waits for anything; no test waits for it to
// pass.
const patience = time.Minute

// A fakeNet is a listener whose connections come from the addresses that a test
// names, and whose accepts fail as it says.
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

// A site is a server behind a Listener: it answers each request with ok, but for
// the address /slow only when the test says so.
type site struct {
	t    *testing.T
	net  *fakeNet
	l    *Listener
	slow chan struct{} // answers /slow when closed
	busy chan struct{} // a request for /slow has arrived
	told chan string   // the whole requests that arrived
	wg   sync.WaitGroup
}

func newSite(t *testing.T, b Bounds, change ...func(*Options)) *site {
	o := Options{
		Bounds: b,
		Within: time.Minute,
		Room:   func(r Request) (int, func(), error) { return 64 << 10, nil, nil },
	}
	if o.Held == 0 {
		o.Held = 1 << 20
	}
	for _, c := range change {
		c(&o)
	}
	s := &site{
		t: t, net: newFakeNet(),
		slow: make(chan struct{}), busy: make(chan struct{}), told: make(chan string, 100),
	}
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
			s.busy <- struct{}{}
			<-s.slow
		}
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
			return
		}
		s.told <- req.URL.Path
	}
}

// come connects from an address; it returns once the connection was handled.
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

// askSlowly asks for what is answered once slow is closed, and returns when the
// request is being answered.
func (s *site) askSlowly(c net.Conn) <-chan error {
	answered := make(chan error, 1)
	go func() { answered <- s.ask(c, "/slow") }()
	select {
	case <-s.busy:
	case err := <-answered:
		s.t.Fatalf("the slow request was not answered slowly: %v", err)
	}
	return answered
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
