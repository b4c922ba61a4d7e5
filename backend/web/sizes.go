package web

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/web/wire"
)

// batchPath is the one place where a body may be large.
const batchPath = "/api/v1/invitations/batch"

// wired are the bounds of a listener. The operator's own are no stranger's: only
// how requests are framed and how long they may take is the same.
func (s *Server) wired(local bool) wire.Options {
	o := wire.Options{Bounds: s.bounds, Within: s.limits.Reading, Trusted: s.trusts, Room: s.roomFor, Log: s.log,
		Refused: func(from netip.Addr) { s.traces.note(access.TraceConnectionRefused, from) }}
	if local {
		o.Bounds, o.Refused = wire.Bounds{Held: 1 << 30}, nil
		o.Room = func(wire.Request) (int, func(), error) { return bodyLimit, nil, nil }
	}
	return o
}

// roomFor is how large a body may be, by the head alone: none where there is
// nothing to send, a form's, the API's, or, for whoever may invite, a batch's.
func (s *Server) roomFor(r wire.Request) (most int, release func(), err error) {
	path, _, _ := strings.Cut(string(r.Target), "?")
	switch {
	case string(r.Method) == fiber.MethodGet, string(r.Method) == fiber.MethodHead:
		return 0, nil, nil
	case path == batchPath && s.mayBatch(r):
		return s.largeRoom()
	case strings.HasPrefix(path, "/api/"):
		return maxBody, nil, nil
	}
	return formLimit, nil, nil
}

// largeRoom is the room for one more large body; few are held at the same time.
func (s *Server) largeRoom() (most int, release func(), err error) {
	select {
	case s.large <- struct{}{}:
		return maxBatchBody, func() { <-s.large }, nil
	default:
		return 0, nil, busy()
	}
}

// mayBatch reports whether a request comes from somebody who may invite. The
// guard asks again once the body is here; this is only for how long it may be.
func (s *Server) mayBatch(r wire.Request) bool {
	var h fasthttp.RequestHeader
	if h.Read(bufio.NewReaderSize(bytes.NewReader(r.Head), len(r.Head)+1)) != nil {
		return false
	}
	p, err := s.whoseHead(&h)
	if access.SignedOut.Is(err) {
		s.countAttempt(r.Conn, &h)
	}
	if err != nil || p.Actor.Token == "" && p.Member.State == access.Pending ||
		p.May(access.May(access.DoInvite, access.ResMembers)) != nil {
		return false
	}
	r.Conn.Trust()
	return true
}

// countAttempt counts a secret that opened nothing, as the guard does.
func (s *Server) countAttempt(c net.Conn, h *fasthttp.RequestHeader) {
	tcp, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return
	}
	if from, err := clientAddr(tcp.AddrPort().Addr(), forwarded(h), s.trusts); err == nil {
		s.attempts.allow(from)
	}
}

// whoseHead is whom the token or the cookie in a header belongs to.
func (s *Server) whoseHead(h *fasthttp.RequestHeader) (*gate.Principal, error) {
	ctx := s.stopped
	if token, ok := strings.CutPrefix(string(h.Peek(fiber.HeaderAuthorization)), "Bearer "); ok {
		if strings.HasPrefix(token, access.DesktopSecretPrefix) {
			return s.service.Gate.Principal(ctx, access.Secret(token))
		}
		return s.service.Gate.TokenPrincipal(ctx, access.Secret(token))
	}
	if v := h.Cookie(s.names.session); len(v) == access.SecretLength {
		return s.service.Gate.Principal(ctx, access.Secret(v))
	}
	return nil, errors.New("nobody")
}

// answerRefused answers what could not be read: what the wire refused in its own
// words and on the face that it was for, the rest as Fiber does.
func (s *Server) answerRefused(app *fiber.App) func(*fasthttp.RequestCtx, error) {
	others := app.Server().ErrorHandler
	return func(ctx *fasthttp.RequestCtx, err error) {
		var r *wire.Refused
		if !errors.As(err, &r) {
			others(ctx, err)
			return
		}
		if strings.HasPrefix(r.Target, "/") {
			ctx.Request.SetRequestURI(r.Target)
		}
		c := app.AcquireCtx(ctx)
		defer app.ReleaseCtx(c)
		if err := s.fail(c, r.Reason); err != nil {
			s.log.Error("a refusal could not be answered", "err", err)
		}
	}
}

// trust notes that a member speaks on the request's connection.
func trust(c *fiber.Ctx) {
	if conn, ok := c.Context().Conn().(*wire.Conn); ok {
		conn.Trust()
	}
}
