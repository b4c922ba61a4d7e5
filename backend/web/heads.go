package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/web/wire"
)

// maySendLarge reports whether a request comes from a caller with that permission. It only
// decides how long the body may be; the guard checks again once the body is here. A machine
// that does not lead asks the one that does. While that cannot be known it is an error: a body that
// may be sent is not refused as too large.
func (s *Server) maySendLarge(r wire.Request, path string, need access.Permission) (may bool, err error) {
	var h fasthttp.RequestHeader
	if h.Read(bufio.NewReaderSize(bytes.NewReader(r.Head), len(r.Head)+1)) != nil {
		return false, nil
	}
	if s.leads() {
		may, err = s.Guard.maySendLarge(s.stopped, r.Conn, &h, need)
	} else {
		may, err = s.leaderTakesLarge(r.Conn, &h, path)
	}
	if may {
		r.Conn.Trust()
	}
	return may, err
}

func (s *Server) leaderTakesLarge(c net.Conn, h *fasthttp.RequestHeader, path string) (bool, error) {
	from, err := s.sources.ofConn(c, h)
	if err != nil {
		return false, nil
	}
	p := pack(h, "", from)
	p.method, p.target = fiber.MethodGet, forwardedPath+path
	answer, err := s.forwarder.send(s.forwards, p, s.forwarder.within)
	if errors.Is(err, errLeadsHere) {
		err = errNoLeader // it has begun just now; who asks again is answered here
	}
	if err != nil {
		return false, err
	}
	answer.Body.Close()
	if answer.StatusCode == http.StatusServiceUnavailable {
		return false, errNoLeader
	}
	return answer.StatusCode == http.StatusNoContent, nil
}

func (g *Guard) maySendLarge(ctx context.Context, c net.Conn, h *fasthttp.RequestHeader, need access.Permission) (
	bool, error,
) {
	p, err := g.whoseHead(ctx, h)
	switch {
	case access.SignedOut.Is(err):
		g.countAttempt(c, h)
	case access.Unavailable.Is(err):
		return false, err
	}
	return err == nil && p.May(need) == nil, nil // a pending member, whose roles count for nothing yet, may not
}

// countAttempt counts a secret that was not valid, as the guard does.
func (g *Guard) countAttempt(c net.Conn, h *fasthttp.RequestHeader) {
	if from, err := g.sources.ofConn(c, h); err == nil {
		g.attempts.allow(from)
	}
}

// whoseHead returns the principal of the token or cookie in a header.
func (g *Guard) whoseHead(ctx context.Context, h *fasthttp.RequestHeader) (*gate.Principal, error) {
	if token, ok := BearerToken(string(h.Peek(fiber.HeaderAuthorization))); ok {
		if strings.HasPrefix(token, access.DesktopSecretPrefix) {
			return g.gate.Principal(ctx, access.Secret(token))
		}
		return g.gate.TokenPrincipal(ctx, access.Secret(token))
	}
	if v := h.Cookie(g.cookies.site().names.session); len(v) == access.SecretLength {
		return g.gate.Principal(ctx, access.Secret(v))
	}
	return nil, errors.New("nobody")
}
