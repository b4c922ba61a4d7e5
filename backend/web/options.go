package web

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"time"

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

// A Cluster is the machines that keep one store together, as far as a server has to know
// them (Options.Cluster). A server alone has none.
type Cluster interface {
	// Confirm returns nil if this machine still led after the call began: most of the machines
	// must have said so since. It returns when ctx ends.
	Confirm(ctx context.Context) error

	// Request returns a context for one request. What was confirmed with it once need not be
	// confirmed again when the store is read with it.
	Request(ctx context.Context) context.Context

	// Name is what this machine is called.
	Name() string

	// Leader returns the name of the machine that leads, as far as this one knows, and whether
	// it is this one, ready to serve. The name is empty while nobody leads.
	Leader() (machine string, here bool)

	// Dial connects to another machine, which serves the connection with ServeForwarded.
	Dial(ctx context.Context, machine string) (net.Conn, error)
}
