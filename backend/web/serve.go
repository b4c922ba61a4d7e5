package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/web/wire"
)

// New returns a server without content: Mount adds it. It fails where the console
// cannot be read.
func New(o Options) (*Server, error) {
	dist, err := fs.Sub(o.Frontend, "dist")
	if err != nil {
		return nil, err
	}
	console, err := newConsole(dist)
	if err != nil {
		return nil, fmt.Errorf("read the console: %w", err)
	}
	at, err := newSite(o.Service.PublicURL(), o.Listen)
	if err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits
	}
	if o.Limits.Reading == 0 {
		o.Limits.Reading = DefaultLimits.Reading
	}
	if o.Bounds == (wire.Bounds{}) {
		o.Bounds = wire.BoundsFor(smallMemory, 0)
	}
	s := &Server{
		bounds:  o.Bounds,
		large:   make(chan struct{}, o.Bounds.Large),
		Service: o.Service,
		Log:     o.Logger,
		listen:  o.Listen,
		limits:  o.Limits,
		sources: &sources{o.TrustedProxies},
		traces:  newTraces(o.Logger),
		console: console,
		cluster: o.Cluster,

		messages: o.Messages,
	}
	if s.cluster != nil {
		s.forwarder = newForwarder(s.cluster)
		s.forwarder.transport = throughTurnstile(s.forwarder.transport)
	}
	s.stopped, s.stop = context.WithCancel(context.Background())
	s.siteKnown.Store(at)
	s.position.follow(s.stopped, o.Service)
	s.Cookies = &Cookies{
		site:    s.site,
		formKey: o.Service.DeriveKey("forms"),
		sources: s.sources,
	}
	s.Guard = &Guard{
		gate:     o.Service.Gate,
		cookies:  s.Cookies,
		sources:  s.sources,
		attempts: newTryLimiter(o.Limits.Attempts),
		requests: newLimiter(o.Limits.Requests),
		traces:   s.traces,
		fenced:   s.fenced,
	}
	return s, nil
}

// Mount adds the packages' routes, once, before the server serves. It fails where
// a route has no class.
func (s *Server) Mount(rooms ...Mount) error {
	s.mounts = append([]Mount{s.mountOwn}, rooms...)
	_, err := s.Face(true)
	return err
}

// mountOwn mounts the routes that belong to no other package.
func (s *Server) mountOwn(f *Face) {
	f.AddPage("/healthz", Static(), func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	f.AddPage("/readyz", Static(), f.ready)
	f.AddPage("/favicon.ico", Static(), func(c *fiber.Ctx) error { return c.SendStatus(http.StatusNoContent) })
	f.AddPage("/robots.txt", Static(), func(c *fiber.Ctx) error { return c.SendString("User-agent: *\nDisallow: /\n") })

	f.AddPage("/admin/assets/*", Static(), s.consoleAsset)
	f.AddPage("/admin", Manager(), s.consolePage)
	f.AddPage("/admin/*", Manager(), s.consolePage)

	if f.kind == forwardedFace {
		for path, need := range largeBodies {
			f.Add(fiber.MethodGet, forwardedPath+path, Permission(need), func(c *fiber.Ctx) error {
				return c.SendStatus(http.StatusNoContent)
			})
		}
	}
}

// ready answers whether requests can be served here: by this machine, or by the one that leads.
func (f *Face) ready(c *fiber.Ctx) error {
	err := f.whyNotReady(c)
	if err != nil {
		return c.Status(http.StatusServiceUnavailable).SendString(shown(c, err).Message + "\n")
	}
	return c.SendString("ready\n")
}

func (f *Face) whyNotReady(c *fiber.Ctx) error {
	if f.s.leads() {
		if err := f.s.fenced(c); err != nil {
			return err
		}
		return f.s.Service.Ready(c.UserContext())
	}
	if f.kind == forwardedFace {
		return errNoLeader
	}
	return f.s.leaderReady(c)
}

// smallMemory is the memory that is assumed where it is unknown.
const smallMemory = 384 << 20

func (s *Server) fiberConfig(fail fiber.ErrorHandler) fiber.Config {
	return fiber.Config{
		DisableStartupMessage:        true,
		StrictRouting:                true,
		CaseSensitive:                true,
		BodyLimit:                    BodyLimit,
		ReadBufferSize:               20 << 10, // the wire accepts at most 16 KiB for a head
		ReduceMemoryUsage:            true,     // between requests a connection holds almost no memory
		ReadTimeout:                  s.limits.Reading,
		WriteTimeout:                 30 * time.Second,
		IdleTimeout:                  75 * time.Second,
		ErrorHandler:                 fail,
		DisablePreParseMultipartForm: true,
	}
}

// Face returns the operator's or the network's face, built on first use. The
// operator's has all of the network's routes, and more: Mount builds it, so that
// a mistake in any route is found before a port is opened.
func (s *Server) Face(local bool) (*Face, error) {
	if local {
		return s.face(operatorFace)
	}
	return s.face(networkFace)
}

func (s *Server) face(kind faceKind) (*Face, error) {
	s.mu.Lock() // listeners are served from goroutines of their own
	defer s.mu.Unlock()
	at := &s.faces[kind]
	if *at != nil {
		return *at, nil
	}
	f, err := s.newFace(kind, s.mounts...)
	if err == nil {
		*at = f
	}
	return f, err
}

// Serve answers requests from l until Close. With local, whoever connects to l is
// the operator: it must be a socket that only they can reach. Where a route has no class it
// fails before it accepts a connection.
func (s *Server) Serve(l net.Listener, local bool) error {
	if local {
		return s.serve(l, s.wired(local), operatorFace)
	}
	return s.serve(l, s.wired(local), networkFace)
}

// ServeTLS is Serve over TLS 1.2 or newer, with suites that encrypt and
// authenticate in one step.
func (s *Server) ServeTLS(l net.Listener, c *tls.Config) error {
	harden(c)
	o := s.wired(false)
	o.TLS = c
	return s.serve(l, o, networkFace)
}

func (s *Server) serve(l net.Listener, o wire.Options, kind faceKind) error {
	f, err := s.face(kind)
	if err != nil {
		return err
	}
	in := wire.Listen(l, o)
	defer context.AfterFunc(s.stopped, func() { in.Close() })() // also a listener that came after Close
	s.mu.Lock()
	s.listeners = append(s.listeners, in)
	s.mu.Unlock()
	return f.app.Listener(in)
}

// closeWithin is how long running requests may take once the server stops.
const closeWithin = 5 * time.Second

// Close ends event streams and connections without a complete request, waits a
// while for running requests, and stops. If some took longer, the log says so;
// that is not an error, since the stop was requested.
func (s *Server) Close() error {
	s.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		l.Quiet()
	}
	end := time.Now().Add(closeWithin)
	var first error
	for _, f := range s.faces {
		if f == nil {
			continue
		}
		err := f.app.ShutdownWithTimeout(time.Until(end))
		if errors.Is(err, context.DeadlineExceeded) {
			err = s.cut(f.app)
		}
		if err != nil && !errors.Is(err, net.ErrClosed) && first == nil {
			first = err
		}
	}
	s.traces.beat(s.traces.now().Add(logInterval)) // log now what waits for its minute
	s.keepTraces(context.Background())
	return first
}

// cut ends what is still being answered.
func (s *Server) cut(a *fiber.App) error {
	n := 0
	for _, l := range s.listeners {
		n += l.Cut()
	}
	s.Log.Warn("requests were still being answered when the server stopped", "requests", n)
	if err := a.ShutdownWithTimeout(time.Second); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// newFace builds a face with its routes, or names the routes that have no class.
func (s *Server) newFace(kind faceKind, mounts ...Mount) (*Face, error) {
	f := &Face{
		s:        s,
		kind:     kind,
		classes:  map[string]Class{},
		refusals: sentence,
	}
	f.app = fiber.New(s.fiberConfig(f.Fail))
	f.app.Server().ErrorHandler = f.answerRefused()
	switch kind {
	case operatorFace:
		f.wrap(func(c *fiber.Ctx) error { c.Locals(localKey, true); return c.Next() })
	case forwardedFace:
		f.wrap(f.readVisitor)
	}
	f.wrap(f.outer)
	for _, mount := range mounts {
		mount(f)
	}
	f.wrap(func(*fiber.Ctx) error { return fiber.ErrNotFound })
	return f, f.check()
}

// ServeForwarded answers requests that other machines of the cluster have forwarded, until
// Close. A client of l can act as any caller: only machines of the cluster may reach it.
func (s *Server) ServeForwarded(l net.Listener) error {
	o := s.wired(true) // the other machine has limited what strangers can send
	return s.serve(l, o, forwardedFace)
}
