package wire

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"doorward/backend/access"
)

// inline is how much of a request fits the connection's own buffer: most requests
// do.
const inline = 2 << 10

// A Conn is one connection. Its reader gets whole requests, one after another,
// each once its last byte has arrived and its framing is unambiguous. A request
// that is still arriving costs only the bytes that have arrived.
type Conn struct {
	net.Conn // what is read and written: raw, or TLS over it
	raw      net.Conn
	l        *Listener
	place    int // index in the listener's list
	near     *group
	wide     *group
	member   atomic.Bool
	state    atomic.Int64
	charged  atomic.Int64 // bytes of requests that it holds beyond inline
	once     sync.Once

	// The fields below belong to the goroutine that serves the connection.
	buf     []byte
	at, end int // buf[at:end] is the rest of the request being passed on
	frame   frame
	served  int
	hurried bool
	release func()
	failed  error
	reads   time.Time // the deadlines that are set
	writes  time.Time
	first   [inline]byte
}

// A connection's state is the time since which it is silent, or, negated, the
// time since which it is being answered. It is taken once the connection was
// closed to make room.
const taken = 0

func (c *Conn) turn(to int64) bool {
	for {
		s := c.state.Load()
		if s == taken {
			return false
		}
		if c.state.CompareAndSwap(s, to) {
			return true
		}
	}
}

// rest makes the connection silent from now on. One that has not spoken yet has been
// silent since it came, however late its first Read is.
func (c *Conn) rest() bool {
	for {
		s := c.state.Load()
		if s == taken {
			return false
		}
		if s > 0 || c.state.CompareAndSwap(s, time.Now().UnixNano()) {
			return true
		}
	}
}

// Trust marks the connection as a member's: strangers do not take its place.
func (c *Conn) Trust() { c.member.Store(true) }

// Read returns the next whole request. For a refused request it returns a byte
// that is no request, and then the reason as an error: so the reader answers with
// the reason and never sees what was refused.
func (c *Conn) Read(p []byte) (int, error) {
	if c.at == c.end {
		if c.failed != nil {
			return 0, c.failed
		}
		if err := c.take(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.buf[c.at:c.end])
	if c.at += n; c.at == len(c.buf) && cap(c.buf) > inline {
		c.buf, c.at, c.end = c.first[:0], 0, 0 // the memory; its charge is released with the response
	}
	return n, nil
}

// take waits until a whole request has arrived.
func (c *Conn) take() error {
	c.restart()
	if !c.rest() || c.l.closing.Load() {
		return io.EOF
	}
	for {
		n, err := c.step()
		if err == nil && n == 0 {
			err = c.more()
		}
		if err != nil {
			return c.refuse(err)
		}
		if n > 0 {
			c.end = n
			c.served++
			if !c.turn(-time.Now().UnixNano()) {
				return io.EOF
			}
			return nil
		}
	}
}

// restart releases what the last request held, and keeps the bytes after it.
func (c *Conn) restart() {
	c.giveBack()
	left := c.buf[c.end:]
	if len(left) <= inline {
		c.buf = append(c.first[:0], left...)
	} else {
		c.buf = append([]byte(nil), left...)
		c.charge(int64(cap(c.buf)))
	}
	c.at, c.end, c.frame, c.hurried = 0, 0, frame{}, false
}

func (c *Conn) giveBack() {
	c.l.held.Add(-c.charged.Swap(0))
	if c.release != nil {
		c.release()
		c.release = nil
	}
}

// step parses what has arrived; n is the length of the request once it is
// complete.
func (c *Conn) step() (n int, err error) {
	f := &c.frame
	if !f.ended {
		if len(c.buf) == 0 {
			return 0, nil
		}
		if err := f.readHead(c.buf); err != nil || !f.ended {
			return 0, err
		}
		if err := c.admitBody(); err != nil {
			return 0, err
		}
	}
	return f.whole(c.buf)
}

// admitBody asks how large the body may be, and tells a client that waits for
// 100-continue to go on. The server behind need not tell it again.
func (c *Conn) admitBody() (err error) {
	f := &c.frame
	if f.length == 0 && !f.chunked {
		return nil
	}
	f.limit, c.release, err = c.l.o.Room(Request{c.buf[:f.method], c.buf[f.method+1 : f.target], c.buf[:f.begin], c})
	if err == nil && f.length > f.limit {
		err = tooLarge(f.limit)
	}
	if err != nil || f.expect == 0 {
		return err
	}
	cut := f.expectEnd + 2 - f.expect
	c.buf = append(c.buf[:f.expect], c.buf[f.expectEnd+2:]...)
	f.at, f.begin = f.at-cut, f.begin-cut
	if f.old || len(c.buf) > f.begin {
		return nil
	}
	if err := c.SetWriteDeadline(time.Now().Add(c.l.o.Within)); err != nil {
		return err
	}
	_, err = c.Conn.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
	return err
}

// slack is by how much a deadline may be early. A busy connection moves its
// deadlines with each request; with slack most of them need not be set.
const slack = time.Second

// early reports whether the deadline that is set is close enough to t.
func early(set, t time.Time) bool {
	return !set.IsZero() && !t.Before(set) && t.Sub(set) < slack
}

// SetReadDeadline is net.Conn's, up to a second early. While a whole request is
// buffered there is nothing to wait for.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if c.at < c.end || early(c.reads, t) {
		return nil
	}
	c.reads = t
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline is net.Conn's, up to a second early.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if early(c.writes, t) {
		return nil
	}
	c.writes = t
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline is net.Conn's.
func (c *Conn) SetDeadline(t time.Time) error {
	c.reads, c.writes = t, t
	return c.Conn.SetDeadline(t)
}

// more waits for more bytes. From its first byte on, a request has a fixed time
// to arrive, however often a byte of it comes.
func (c *Conn) more() error {
	if len(c.buf) > 0 && !c.hurried {
		if c.hurried = true; c.served > 0 { // a new connection has had the deadline since it was accepted
			if err := c.SetReadDeadline(time.Now().Add(c.l.o.Within)); err != nil {
				return err
			}
		}
	}
	if len(c.buf) == cap(c.buf) {
		if err := c.grow(); err != nil {
			return err
		}
	}
	n, err := c.Conn.Read(c.buf[len(c.buf):cap(c.buf)])
	c.buf = c.buf[:len(c.buf)+n]
	if n > 0 {
		return nil
	}
	return err
}

// grow makes room for up to three times what has arrived, and no more than is
// known to come: memory is not reserved because a header announces a length.
func (c *Conn) grow() error {
	size := 4 * cap(c.buf)
	if w := c.frame.wanted(); w > cap(c.buf) {
		size = min(size, w+2)
	}
	if !c.frame.ended {
		size = min(size, MaxHead+1)
	}
	if c.release == nil && !c.charge(int64(size)-c.charged.Load()) {
		return errBusy
	}
	c.buf = append(make([]byte, 0, size), c.buf...)
	return nil
}

// charge counts n more bytes. When the total is too high, the strangers that have
// been sending the longest are closed.
func (c *Conn) charge(n int64) bool {
	c.charged.Add(n)
	c.l.held.Add(n)
	for c.l.held.Load() > c.l.o.Held {
		if !c.l.makeRoom(func(o *Conn) bool { return o.charged.Load() > 0 }) || c.state.Load() == taken {
			return false
		}
	}
	return true
}

// refuse returns what stands for a refused request. A silent connection, and one
// that ended early, get no response.
func (c *Conn) refuse(err error) error {
	if len(c.buf) == 0 || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || !c.turn(-time.Now().UnixNano()) {
		return err
	}
	var reason *access.Error
	if errors.As(err, &reason) {
		err = &Refused{string(c.buf[min(c.frame.method+1, c.frame.target):c.frame.target]), reason}
	}
	c.failed, c.buf = err, c.first[:1]
	c.first[0] = '?'
	c.at, c.end = 0, 1
	return nil
}

// AwaitEnd returns once the client has disconnected or has sent more. It is for a
// response without end, during which nobody reads requests.
func (c *Conn) AwaitEnd() {
	if len(c.buf) > c.end {
		return
	}
	var b [1]byte
	_, _ = c.Conn.Read(b[:])
}

// Close ends the connection. The unread rest of a refused request is read and
// dropped for a moment, since closing with unread data could keep the response
// from the client.
func (c *Conn) Close() (err error) {
	c.once.Do(func() {
		if c.failed != nil && c.state.Load() != taken {
			c.linger()
		}
		c.l.drop(c)
		c.giveBack()
		err = c.Conn.Close()
	})
	return err
}

// How much of a refused request is read and dropped, and for how long: more than
// the largest body that anybody may send, so that a client that sends too much in
// good faith can read why it was refused. Meanwhile the connection counts as
// silent, and may be closed to make room.
const (
	lingerFor   = 2 * time.Second
	lingerBytes = 2 << 20
)

func (c *Conn) linger() {
	c.turn(time.Now().UnixNano())
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if ok && half.CloseWrite() == nil && c.raw.SetReadDeadline(time.Now().Add(lingerFor)) == nil {
		_, _ = io.CopyN(io.Discard, c.raw, lingerBytes)
	}
}

// A Refused is why a request was refused, and what it was for, as far as that was
// readable.
type Refused struct {
	Target string
	Reason *access.Error
}

func (r *Refused) Error() string { return r.Reason.Error() }
func (r *Refused) Unwrap() error { return r.Reason }
