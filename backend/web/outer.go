package web

import (
	"bytes"
	"net"
	"strings"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/text"
)

// outer wraps every request: it recovers from panics, answers only for the
// server's own names, and sets the security headers of every response.
func (f *Face) outer(c *fiber.Ctx) (err error) {
	s := f.s
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("a request panicked", "route", c.Route().Path, "panic", p)
			err = f.Fail(c, access.Errorf(access.Internal, "panic"))
		}
	}()
	s.secureHeaders(c)
	c.Locals(messagesKey, s.messages)
	leads, done := s.take() // only who leads knows the names in force
	defer done()
	local := c.Locals(localKey) != nil
	if !local {
		if s.inFlight.Add(1) > int64(s.limits.InFlight) {
			s.inFlight.Add(-1)
			return f.Fail(c, Busy())
		}
		defer s.inFlight.Add(-1)
		if !isProbe(c) && (!hasOneHost(c) || leads && !s.isOurs(c) || !leads && !namesHost(c)) {
			return f.Fail(c, errForeignHost)
		}
	}
	if len(c.Request().Header.RequestURI()) > addressLimit {
		return f.Fail(c, fiber.ErrRequestURITooLong)
	}
	if err := s.sources.check(c); err != nil {
		return f.Fail(c, err)
	}
	if err := checkKind(c); err != nil {
		return f.Fail(c, err)
	}
	if !leads && !f.answersHere(c) {
		here, err := f.elsewhere(c)
		if here && !local && !s.isOurs(c) {
			err = errForeignHost
		}
		if err != nil {
			return f.Fail(c, err)
		}
		if !here {
			return nil
		}
	}
	c.Request().RequestURI() // makes c.OriginalURL the normalised path and query, without a host
	if isAPI(c) {
		if err := readBody(c); err != nil {
			return f.Fail(c, err)
		}
	}
	s.begin(c)
	if err := c.Next(); err != nil {
		return f.Fail(c, err)
	}
	if isAPI(c) {
		compressResponse(c)
	}
	return nil
}

// begin gives a request the context that goes with it to the store.
func (s *Server) begin(c *fiber.Ctx) {
	if s.cluster != nil {
		c.SetUserContext(s.cluster.Request(c.UserContext()))
	}
	if !IsSafe(c) {
		c.SetUserContext(service.WithOperation(c.UserContext(), access.NewID()))
	}
}

// isOurs reports whether a request names this server.
func (s *Server) isOurs(c *fiber.Ctx) bool {
	return s.site().hosts[strings.ToLower(string(c.Context().Host()))]
}

// namesHost reports whether a request names what can be a host at all. What cannot would reach the
// machine that leads as another one, or cost the connection to it.
func namesHost(c *fiber.Ctx) bool {
	host := string(c.Context().Host())
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return text.IsHost(strings.Trim(host, "[]"))
}

// hasOneHost reports whether a request names one host: in its address and in the raw header,
// since the address omits whatever precedes an @.
func hasOneHost(c *fiber.Ctx) bool {
	h := &c.Request().Header
	return bytes.EqualFold(c.Context().Host(), h.Host()) && !twoHosts(h.RawHeaders())
}

// twoHosts reports whether a request names its host more than once: a proxy on
// the way may have used another of them than we do.
func twoHosts(head []byte) bool {
	n := 0
	for line := range bytes.Lines(head) {
		if name, _, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("host")) {
			n++
		}
	}
	return n > 1
}

func isProbe(c *fiber.Ctx) bool { return c.Path() == "/healthz" || c.Path() == "/readyz" }
