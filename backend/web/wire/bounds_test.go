package wire

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A stranger announces a large body and sends one byte of it, on many
// connections: no memory is reserved for what was announced.
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

// Strangers send requests that never end. What is held of incomplete requests has
// a limit in all: at it, the connection that has been sending the longest is
// closed, and somebody who sends a whole request at once is answered.
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

// A client sends a byte now and then, at first and after a response: the time
// limit of a request does not start again with each byte.
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

// Somebody connects to a TLS port and sends nothing, or a greeting byte by byte:
// neither keeps its place longer than a request may take.
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

// A client with Expect: 100-continue is told to go on where the body is allowed
// and refused where it is not, and the server behind never handles the header a
// second time.
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

// The server stops while half a request has arrived, an idle connection is open,
// and a request is being answered: the first two end at once, the third after its
// response.
func TestQuiet(t *testing.T) {
	s := newSite(t, Bounds{})
	half, idle, busy := s.come("192.0.2.1"), s.come("192.0.2.2"), s.come("192.0.2.3")
	fmt.Fprint(half, "GET / HT")
	s.open("the idle one", idle)
	answered := s.askSlowly(busy)
	s.l.Quiet()
	s.ended("the half request", half)
	s.ended("the idle one", idle)
	close(s.slow)
	if err := <-answered; err != nil {
		t.Errorf("the one that was being answered: %v", err)
	}
	s.ended("the one that was answered", busy)
}

// Limits follow from the memory and files of the process, and leave the store its
// files.
func TestBoundsFor(t *testing.T) {
	for _, tt := range []struct {
		memory int64
		files  int
		total  int
	}{
		{384 << 20, 0, 2048},
		{96 << 20, 0, 512},
		{96 << 20, 20000, 512},
		{384 << 20, 256, 192},
		{384 << 20, 1024, 768},
		{384 << 20, 64, 16},
		{1 << 20, 0, 64}, {64 << 30, 0, 8192}, {64 << 30, 1 << 20, 8192},
	} {
		b := BoundsFor(tt.memory, tt.files)
		if b.Total != tt.total || b.PerNetwork >= b.Total || b.Wider < b.PerNetwork || b.Wider > b.Total ||
			b.Large < 1 ||
			b.Held < 1<<20 {
			t.Errorf("%d MiB, %d files: %+v, want %d connections", tt.memory>>20, tt.files, b, tt.total)
		}
	}
}
