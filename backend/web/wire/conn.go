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

// inline is how much of a request fits without memory of its own: most do.
const inline = 2 << 10

// A Conn is one connection. Whoever reads from it gets whole requests, one after
// another, each once its last byte is here and its framing is beyond doubt: a
// request that is still on its way costs the few bytes that came and nothing else.
type Conn struct {
	net.Conn // what is read and written: raw, or TLS over it
	raw      net.Conn
	l        *Listener
	place    int // among the listener's
	near     *group
	wide     *group
	member   atomic.Bool
	state    atomic.Int64
	charged  atomic.Int64 // bytes of requests that it holds beyond inline
	once     sync.Once

	// What follows belongs to whoever serves the connection.
	buf     []byte
	at, end int // buf[at:end] is what is left of the request being handed over
	frame   frame
	served  int
	hurried bool
	release func()
	failed  error
	reads   time.Time // the deadlines as they are
	writes  time.Time
	first   [inline]byte
}

// A connection's state is the moment since which it is silent, or, negative, the
// one since which it is being answered. Once it was closed to make room, taken.
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

// Trust marks the connection as one that a member speaks on: strangers do not
// take its place.
func (c *Conn) Trust() { c.member.Store(true) }

// Read hands over the next whole request. One that is refused is handed over as
// a byte that is no request, followed by the reason as an error, so that whoever
// reads answers with it and never sees what was refused.
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
		c.buf, c.at, c.end = c.first[:0], 0, 0 // the memory; what it counts for is given back with the answer
	}
	return n, nil
}

// take waits until a whole request is here.
func (c *Conn) take() error {
	c.restart()
	if !c.turn(time.Now().UnixNano()) || c.l.closing.Load() {
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

// restart gives back what the last request held, and keeps what came after it.
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

// step reads what is here; n is the length of the request once it is whole.
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
// that to go on. Nobody behind has to tell it again.
func (c *Conn) admitBody() (err error) {
	f := &c.frame
	if f.length == 0 && !f.chunked {
		return nil
	}
	f.most, c.release, err = c.l.o.Room(Request{c.buf[:f.method], c.buf[f.method+1 : f.target], c.buf[:f.begin], c})
	if err == nil && f.length > f.most {
		err = tooLarge(f.most)
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

// slack is by how much a deadline may be early. Of a busy connection's deadlines,
// which move with each request, most need not be set at all.
const slack = time.Second

// early reports whether the deadline that is set does for another.
func early(set, t time.Time) bool {
	return !set.IsZero() && !t.Before(set) && t.Sub(set) < slack
}

// SetReadDeadline is net.Conn's, up to a second early. While a whole request is
// here there is nothing to wait for.
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

// more waits for some more bytes. From the first one on, a request has a certain
// time to arrive, however often a byte of it comes.
func (c *Conn) more() error {
	if len(c.buf) > 0 && !c.hurried {
		if c.hurried = true; c.served > 0 { // a new connection has it since it was taken
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

// grow makes room for three times as much again as came so far, and no more than
// is known to come: what a header announces is not reserved.
func (c *Conn) grow() error {
	size := 4 * cap(c.buf)
	if w := c.frame.wanted(); w > cap(c.buf) {
		size = min(size, w+2)
	}
	if !c.frame.ended {
		size = min(size, maxHead+1)
	}
	if c.release == nil && !c.charge(int64(size)-c.charged.Load()) {
		return errBusy
	}
	c.buf = append(make([]byte, 0, size), c.buf...)
	return nil
}

// charge counts n more bytes. Where that is too much for all together, strangers
// that have been sending the longest make room.
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

// refuse hands over what stands for a request that is not taken. Silence, and an
// end before the end, are not worth an answer.
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

// AwaitEnd returns once the other end has gone or has sent something more. It is
// for an answer that goes on and on, while nobody reads requests.
func (c *Conn) AwaitEnd() {
	if len(c.buf) > c.end {
		return
	}
	var b [1]byte
	_, _ = c.Conn.Read(b[:])
}

// Close ends the connection. What was refused before it was read is read away for
// a moment, since closing over it could take the answer from the other end.
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

// What is read away of a refused request, and how long: more than the largest
// body that anybody may send, so that whoever sends too much in good faith reads
// why it was refused. Meanwhile the connection is silent, and makes room for others.
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

// A Refused is why a request was not taken, and what it was for, as far as that
// could be read.
type Refused struct {
	Target string
	Reason *access.Error
}

func (r *Refused) Error() string { return r.Reason.Error() }
func (r *Refused) Unwrap() error { return r.Reason }
