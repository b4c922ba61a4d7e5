package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/web/wire"
)

// largeBodies are the paths where a body may be large, and who may send one.
var largeBodies = map[string]access.Permission{
	batchPath: access.May(access.DoInvite, access.ResMembers),
	logoPath:  access.May(access.Change, access.ResSettings),
}

// maySendLarge reports whether a request comes from somebody with that permission. It only
// decides how long the body may be; the guard checks again once the body is here.
func (g *Guard) maySendLarge(ctx context.Context, r wire.Request, need access.Permission) bool {
	var h fasthttp.RequestHeader
	if h.Read(bufio.NewReaderSize(bytes.NewReader(r.Head), len(r.Head)+1)) != nil {
		return false
	}
	p, err := g.whoseHead(ctx, &h)
	if access.SignedOut.Is(err) {
		g.countAttempt(r.Conn, &h)
	}
	if err != nil || p.Actor.Token == "" && p.Member.State == access.Pending ||
		p.May(need) != nil {
		return false
	}
	r.Conn.Trust()
	return true
}

// countAttempt counts a secret that was not valid, as the guard does.
func (g *Guard) countAttempt(c net.Conn, h *fasthttp.RequestHeader) {
	tcp, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return
	}
	if from, err := clientAddr(tcp.AddrPort().Addr(), forwarded(h), g.sources.trusts); err == nil {
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
