// Package web is every way in over HTTP. It owns the server, the guard, the
// cookies of sessions, the proof that a form is ours, limits, the files of the
// console, and the one place (fail.go) where an error becomes a response. The
// packages below it have the content: portal the pages, api the operations for
// programs, events the streams. Each has its own types and mounts its own routes;
// web knows none of them. In the program, only these packages use Fiber.
//
// It decides nothing: the service answers who may do what, for each request, from
// the state at that time. Every route is classified where it is mounted
// (routes.go); a server with an unclassified route does not start. Links are
// never built from a request. Package wire ensures that requests arrive complete
// and within limits.
//
// Where several machines keep one store (cluster.go), the one that leads makes sure
// of that before it admits anybody, and the others forward requests to it
// (forward.go).
package web

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/messages"
	"doorward/backend/service"
	"doorward/backend/web/wire"
)

// Options are what a Server needs.
type Options struct {
	Service        *service.Service
	Frontend       fs.FS          // holds dist/, the console
	Listen         string         // its host:port, for the names it answers to on loopback
	TrustedProxies []netip.Prefix // whose X-Forwarded-For counts; none by default
	Logger         *slog.Logger
	Messages       *messages.Catalog // for what the API refuses; nil: in English
	Limits         Limits
	Bounds         wire.Bounds // of connections, and of what is held of requests; zero: for a small machine
	Cluster        Cluster     // nil: the server is alone
}

// Limits limit the requests of one source, and of all together.
type Limits struct {
	Attempts Rate          // of one network: sign-in emails, codes, links, bad tokens
	Requests Rate          // of one network: anything without a session
	InFlight int           // requests at the same time; beyond it the server answers that it is busy
	Reading  time.Duration // how long a client may take to send a request
}

// DefaultLimits suit a server for some thousands of people.
var DefaultLimits = Limits{
	Attempts: Rate{Burst: 60, Every: time.Second},
	Requests: Rate{Burst: 600, Every: 20 * time.Millisecond},
	InFlight: 2048,
	Reading:  15 * time.Second,
}

// A Server answers requests. It is safe for concurrent use.
type Server struct {
	Service *service.Service
	Log     *slog.Logger
	Cookies *Cookies
	Guard   *Guard

	listen    string
	siteKnown atomic.Pointer[site]
	limits    Limits
	sources   *sources
	traces    *traces
	inFlight  atomic.Int64
	atHand    atomic.Int64 // requests that are being answered from this machine's own data
	position  position
	console   *console
	messages  *messages.Catalog
	look      publicLook
	once      once
	stop      context.CancelFunc
	stopped   context.Context
	mounts    []Mount
	faces     [3]*Face // by kind; each but the operator's is built when it is first needed
	bounds    wire.Bounds
	cluster   Cluster // nil: alone
	forwarder *forwarder
	listeners []*wire.Listener
	large     chan struct{} // one for each large body
	mu        sync.Mutex
}

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

// Context ends when the server stops.
func (s *Server) Context() context.Context { return s.stopped }

// smallMemory is the memory that is assumed where it is unknown.
const smallMemory = 384 << 20

// BodyLimit is the size of the largest body that the server reads at all.
const BodyLimit = 1 << 20

// addressLimit is the longest path and query, in bytes.
const addressLimit = 8 << 10

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
// the operator: it must be a socket that only they can reach.
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

// publicLook caches the workspace's name and brand for public pages.
type publicLook struct {
	mu    sync.Mutex
	name  string
	brand access.Brand
	at    time.Time
}

// Workspace returns the workspace's name, at most a second old.
func (s *Server) Workspace(ctx context.Context) string {
	name, _ := s.Look(ctx)
	return name
}

// Look returns the workspace's name and brand, at most a second old.
func (s *Server) Look(ctx context.Context) (string, access.Brand) {
	w := &s.look
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.name == "" || time.Since(w.at) > time.Second {
		name, brand, err := s.Service.Settings.Public(ctx)
		if err != nil {
			s.Log.WarnContext(ctx, "the workspace's name could not be read", "err", err)
			return cmp.Or(w.name, access.DefaultWorkspace), w.brand
		}
		w.name, w.brand, w.at = name, brand, time.Now()
	}
	return w.name, w.brand
}
