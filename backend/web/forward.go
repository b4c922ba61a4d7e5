package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/web/wire"
)

// parcelOf is the request, as another machine is to answer it.
func (s *Server) parcelOf(c *fiber.Ctx) *parcel {
	operator := ""
	if c.Locals(localKey) != nil {
		operator = s.cluster.Name()
	}
	p := pack(&c.Request().Header, operator, s.sources.from(c))
	uri := c.Context().URI()
	p.method, p.target = strings.Clone(c.Method()), targetOf(uri, p.host)
	p.body = bytes.Clone(body(c)) // the transport may still read it when the answer has begun
	return p
}

// elsewhere answers a request on a machine that does not lead. here says that it leads by now,
// and is to answer by itself. What came forwarded goes no further.
func (f *Face) elsewhere(c *fiber.Ctx) (here bool, err error) {
	if f.kind == forwardedFace {
		f.notDone(c)
		return false, errNoLeader
	}
	if strings.HasPrefix(c.Path(), forwardedPath) {
		return false, fiber.ErrNotFound // only machines ask that
	}
	return f.s.forward(c)
}

// notDone tells the machine that has forwarded a request, if one has, that nothing was done: it
// may try again, also with what changes something.
func (f *Face) notDone(c *fiber.Ctx) {
	if f.kind == forwardedFace {
		c.Set(elsewhereHeader, "1")
	}
}

// leaderReady says why the machine that leads does not serve what is forwarded to it from
// here; nil if it does. It does not wait: whoever asks this asks again.
func (s *Server) leaderReady(c *fiber.Ctx) error {
	answer, err := s.forwarder.send(s.forwards, s.parcelOf(c), 0)
	if errors.Is(err, errLeadsHere) {
		return s.Service.Ready(c.UserContext())
	}
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errNoLeader
	}
	return nil
}

// forward answers a request with what the machine that leads answers. here says that this
// machine has begun to lead, and is to answer by itself.
func (s *Server) forward(c *fiber.Ctx) (here bool, err error) {
	answer, err := s.forwarder.send(s.forwards, s.parcelOf(c), s.forwarder.within)
	if errors.Is(err, errLeadsHere) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if answer.Header.Get(memberHeader) != "" {
		trust(c)
	}
	return false, s.pass(c, answer)
}

// maxWhole is the size of the largest answer that is read as a whole before it is passed on.
const maxWhole = 256 << 10

// pass answers with another machine's answer. One without a known length, or a large one, is
// passed on as it comes.
func (s *Server) pass(c *fiber.Ctx, answer *http.Response) error {
	length := answer.ContentLength
	var whole []byte
	if length >= 0 && length <= maxWhole && c.Method() != fiber.MethodHead {
		whole = make([]byte, length)
		_, err := io.ReadFull(answer.Body, whole)
		answer.Body.Close()
		if err != nil {
			return lost(c)
		}
	}
	c.Status(answer.StatusCode)
	h := &c.Response().Header
	for name, values := range answer.Header {
		if notForwarded[name] || strings.HasPrefix(name, ownHeaders) && name != PositionHeader {
			continue
		}
		h.Del(name)
		for _, v := range values {
			h.Add(name, v)
		}
	}
	h.SetNoDefaultContentType(answer.Header.Get(fiber.HeaderContentType) == "")
	switch {
	case c.Method() == fiber.MethodHead:
		answer.Body.Close()
		h.SetContentLength(int(length))
	case whole != nil:
		c.Response().SetBodyRaw(whole)
	default:
		if length < 0 {
			c.Context().SetConnectionClose() // nobody reads a request meanwhile
		}
		c.Context().SetBodyStream(s.stream(c, answer), int(length))
	}
	return nil
}

// lost is the error for an answer that ended too early.
func lost(c *fiber.Ctx) error {
	if IsSafe(c) {
		return errNoLeader
	}
	return errUnknownOutcome
}

// A forwardedStream is an answer that is passed on as it comes. What is an event stream also
// ends when its client disconnects, and when this server stops.
type forwardedStream struct {
	io.ReadCloser
	conn   net.Conn
	forget func() bool // ends the wait for the stop; nil where there is none
}

func (s *Server) stream(c *fiber.Ctx, answer *http.Response) io.ReadCloser {
	st := &forwardedStream{ReadCloser: answer.Body, conn: c.Context().Conn()}
	if answer.Header.Get(fiber.HeaderContentType) != eventStream {
		return st
	}
	st.forget = context.AfterFunc(s.stopped, func() { answer.Body.Close() })
	if conn, ok := st.conn.(*wire.Conn); ok && conn.SetReadDeadline(time.Time{}) == nil {
		go func() {
			conn.AwaitEnd()
			answer.Body.Close()
		}()
	}
	return st
}

const eventStream = "text/event-stream"

// pieceWithin is how long a client may take to read one piece of an answer.
const pieceWithin = 20 * time.Second

// Read gives each piece a time of its own to be read.
func (st *forwardedStream) Read(p []byte) (int, error) {
	n, err := st.ReadCloser.Read(p)
	if n > 0 {
		if err := st.conn.SetWriteDeadline(time.Now().Add(pieceWithin)); err != nil {
			return 0, err
		}
	}
	return n, err
}

// Close ends the answer, complete or not.
func (st *forwardedStream) Close() error {
	if st.forget != nil {
		st.forget()
	}
	return st.ReadCloser.Close()
}

// readVisitor takes over what another machine says of a request that it forwarded, which is at
// least the visitor's address.
func (f *Face) readVisitor(c *fiber.Ctx) error {
	h := &c.Request().Header
	operator, visitor := string(h.Peek(operatorHeader)), string(h.Peek(visitorHeader))
	h.Del(operatorHeader)
	h.Del(visitorHeader)
	if operator != "" {
		c.Locals(localKey, true)
		c.Locals(machineKey, operator)
		return c.Next()
	}
	from, err := netip.ParseAddr(visitor)
	if err != nil {
		return f.Fail(c, fiber.ErrBadRequest)
	}
	c.Locals(visitorKey, from.Unmap())
	return c.Next()
}
