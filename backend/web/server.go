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
// of that before it admits a caller, and the others forward requests to it
// (forward.go, forwarder.go).
package web

import (
	"cmp"
	"context"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/messages"
	"doorward/backend/service"
	"doorward/backend/web/wire"
)

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

	endForwards context.CancelFunc
	stopped     context.Context
	forwards    context.Context // of what other machines answer: until what was at hand is answered
	mounts      []Mount
	faces       [3]*Face // by kind; each but the operator's is built when it is first needed
	bounds      wire.Bounds
	cluster     Cluster // nil: alone
	forwarder   *forwarder
	listeners   []*wire.Listener
	large       chan struct{} // one for each large body
	mu          sync.Mutex
}

// Context ends when the server stops.
func (s *Server) Context() context.Context { return s.stopped }

// BodyLimit is the size of the largest body that the server reads at all.
const BodyLimit = 1 << 20

// addressLimit is the longest path and query, in bytes.
const addressLimit = 8 << 10

// A Face is everything that one kind of listener serves: the network's, the
// operator's socket, or what other machines of a cluster forward. Its routes are
// mounted through Add, AddPage and AddForm, or on App with Classify; all of these
// take the class. A route that Fiber knows and that has no class is a way in that
// was not decided on: check refuses it.
type Face struct {
	s        *Server
	app      *fiber.App
	kind     faceKind
	classes  map[string]Class                // by method and path
	wraps    int                             // how many handlers wrap every request
	refusals func(*fiber.Ctx, Refusal) error // shows refusals to people
}

type faceKind int

const (
	networkFace   faceKind = iota
	operatorFace           // whoever connects is the operator
	forwardedFace          // whoever connects is another machine, which says for whom it asks
)

// A Mount adds the routes of one package to a face. It is called once for each
// face.
type Mount func(*Face)

// Local reports whether the operator can come to the face.
func (f *Face) Local() bool { return f.kind != networkFace }

// App is for routes that Add cannot mount. Each has to be classified.
func (f *Face) App() *fiber.App { return f.app }

// Position returns how far this server is: "K3XQ9ZTA-41".
func (s *Server) Position() string {
	return s.position.run + "-" + strconv.FormatUint(s.position.n.Load(), 10)
}

// site returns what follows from the public URL in force.
func (s *Server) site() *site {
	now, in := s.Service.PublicURL(), s.siteKnown.Load()
	if in.publicURL == now {
		return in
	}
	if changed, err := newSite(now, s.listen); err == nil {
		s.siteKnown.Store(changed)
		return changed
	}
	return in
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
