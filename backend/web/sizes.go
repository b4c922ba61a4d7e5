package web

import (
	"errors"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"doorward/backend/access"
	"doorward/backend/web/wire"
)

// wired returns the limits of a listener. The operator's own has no limits for
// strangers: only the framing of requests and their duration are limited alike.
func (s *Server) wired(local bool) wire.Options {
	o := wire.Options{
		Bounds:  s.bounds,
		Within:  s.limits.Reading,
		Trusted: s.sources.trusts,
		Room:    s.roomFor,
		Log:     s.Log,
		Refused: func(from netip.Addr) { s.traces.note(access.TraceConnectionRefused, from) },
	}
	if local {
		o.Bounds, o.Refused = wire.Bounds{Held: 1 << 30}, nil
		o.Room = func(wire.Request) (int, func(), error) { return BodyLimit, nil, nil }
	}
	return o
}

// roomFor returns how large a body may be, judged by the head alone: none where
// nothing may be sent, a form's limit, the API's, or, for callers who may send
// one there, a large one's.
func (s *Server) roomFor(r wire.Request) (limit int, release func(), err error) {
	path, _, _ := strings.Cut(string(r.Target), "?")
	if string(r.Method) == fiber.MethodGet || string(r.Method) == fiber.MethodHead {
		return 0, nil, nil
	}
	if need, large := largeBodies[path]; large {
		may, err := s.maySendLarge(r, path, need)
		if err != nil {
			return 0, nil, err
		}
		if may {
			return s.largeRoom()
		}
	}
	switch {
	case strings.HasPrefix(path, "/api/"):
		return maxBody, nil, nil
	}
	return formLimit, nil, nil
}

// largeRoom reserves room for one more large body; only few are held at the same
// time.
func (s *Server) largeRoom() (limit int, release func(), err error) {
	select {
	case s.large <- struct{}{}:
		return maxBatchBody, func() { <-s.large }, nil
	default:
		return 0, nil, Busy()
	}
}

// answerRefused answers a request that could not be read: an error of the wire
// with its own sentence and on the right face, others as Fiber does.
func (f *Face) answerRefused() func(*fasthttp.RequestCtx, error) {
	others := f.app.Server().ErrorHandler
	return func(ctx *fasthttp.RequestCtx, err error) {
		var r *wire.Refused
		if !errors.As(err, &r) {
			others(ctx, err)
			return
		}
		if strings.HasPrefix(r.Target, "/") {
			ctx.Request.SetRequestURI(r.Target)
		}
		c := f.app.AcquireCtx(ctx)
		defer f.app.ReleaseCtx(c)
		if err := f.Fail(c, r.Reason); err != nil {
			f.s.Log.Error("a refusal could not be answered", "err", err)
		}
	}
}
