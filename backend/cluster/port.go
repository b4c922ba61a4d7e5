package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// A Protocol is what a connection is for, by its name in TLS (ALPN).
type Protocol string

// The protocols of the port. The number is raised when the bytes change their meaning: two
// versions of the program then refuse each other instead of misreading each other.
const (
	Raft    Protocol = "doorward-raft/1"
	Forward Protocol = "doorward-forward/1"
	Command Protocol = "doorward-command/1"
	join    Protocol = "doorward-join/1"
	news    Protocol = "doorward-news/1"
)

// Options configure a Port.
type Options struct {
	Listener net.Listener // the Port closes it
	Identity *Identity

	// Members returns the members as they are now. It is asked for each connection, in and
	// out; call Prune when a member was removed.
	Members func() []Member

	// At is the place in the history of changes that Members is of; nil: always the beginning.
	At func() uint64

	Status func() Status // of this machine, for the others; nil: none is told

	// Unknown is called when a machine with a certificate of this cluster was refused that is
	// not among Members: there may be newer ones, which Ask returns. It must be quick.
	Unknown func()

	Joins  *Joins // nil: nobody can join through this machine
	Bounds Bounds
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: the default one
}

// A Port is where the machines of a cluster reach this one, and how it reaches them.
type Port struct {
	o        Options
	servers  map[Protocol]*tls.Config
	queues   map[Protocol]*queue
	failures *limiter
	tries    *limiter
	said     occasional
	ctx      context.Context // ends when it closes
	cancel   context.CancelFunc
	jobs     sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	pending []*arrival // the oldest first
	open    map[*Conn]struct{}
	known   map[NodeID]netip.Prefix // from where a member has connected last
	joining int
}

// Serve begins to accept connections.
func Serve(o Options) *Port {
	o.Bounds = o.Bounds.orDefault()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.At == nil {
		o.At = func() uint64 { return 0 }
	}
	p := &Port{
		o:        o,
		failures: newLimiter(o.Bounds.Failures, o.Now),
		tries:    newLimiter(o.Bounds.Tries, o.Now),
		open:     map[*Conn]struct{}{},
		known:    map[NodeID]netip.Prefix{},
	}
	p.said.log = o.Log
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.queues = map[Protocol]*queue{}
	for _, of := range []Protocol{Raft, Forward, Command} {
		p.queues[of] = newQueue(o.Listener.Addr())
	}
	p.servers = p.configs()
	p.jobs.Go(p.accept)
	return p
}

// Raft returns the connections of raft. Closing it closes none of the others.
func (p *Port) Raft() net.Listener { return p.queues[Raft] }

// Forward returns the connections with requests that other machines forward. Each is a *Conn.
func (p *Port) Forward() net.Listener { return p.queues[Forward] }

// Commands returns the connections with commands about the cluster that operators have given to
// other machines. Each is a *Conn.
func (p *Port) Commands() net.Listener { return p.queues[Command] }

// Addr returns the address of the port.
func (p *Port) Addr() net.Addr { return p.o.Listener.Addr() }

// Close closes the port and all connections.
func (p *Port) Close() error {
	p.mu.Lock()
	p.closed = true
	pending, open := p.pending, p.open
	p.pending, p.open = nil, map[*Conn]struct{}{}
	p.mu.Unlock()
	p.cancel()
	err := p.o.Listener.Close()
	for _, q := range p.queues {
		q.Close()
	}
	for _, a := range pending {
		a.raw.Close()
	}
	for c := range open {
		c.NetConn().Close()
	}
	p.jobs.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Prune closes the connections of machines that are no longer members.
func (p *Port) Prune() {
	members := p.o.Members()
	p.mu.Lock()
	var gone []*Conn
	for c := range p.open {
		if !among(members, c.Peer) {
			gone = append(gone, c)
			delete(p.open, c)
		}
	}
	for id := range p.known {
		if !slices.ContainsFunc(members, func(m Member) bool { return m.ID == id }) {
			delete(p.known, id)
		}
	}
	p.mu.Unlock()
	for _, c := range gone {
		c.NetConn().Close() // at once: the other end is not asked
		c.Close()
	}
}

func among(members []Member, peer Member) bool {
	return slices.ContainsFunc(members, func(m Member) bool { return m.ID == peer.ID && m.Key == peer.Key })
}

// A Conn is a connection to or from a member.
type Conn struct {
	*tls.Conn
	Peer  Member // the machine at the other end
	port  *Port
	obeys bool // what it says is done: it speaks for visitors, or for the operator
}

// Read returns nothing of what a machine says that is no member any more, also before Prune has
// closed its connections.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.obeys && !among(c.port.o.Members(), c.Peer) {
		clear(p[:n])
		return 0, notAMember(c.Peer.ID)
	}
	return n, err
}

// Close closes the connection.
func (c *Conn) Close() error {
	c.port.mu.Lock()
	delete(c.port.open, c)
	c.port.mu.Unlock()
	return c.Conn.Close()
}

// opened registers a connection and asks again whether its machine is a member: it may have
// been removed since, before Prune could see the connection.
func (p *Port) opened(c *Conn) error {
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.open[c] = struct{}{}
	}
	p.mu.Unlock()
	if closed {
		c.Close()
		return net.ErrClosed
	}
	if !among(p.o.Members(), c.Peer) {
		c.Close()
		return notAMember(c.Peer.ID)
	}
	return nil
}

// maxQueued is how many connections may wait for Accept.
const maxQueued = 64

// A queue is the listener of one protocol.
type queue struct {
	addr     net.Addr
	mu       sync.Mutex
	closed   bool
	conns    chan *Conn
	reserved int // places for connections that are being welcomed
}

func newQueue(addr net.Addr) *queue { return &queue{addr: addr, conns: make(chan *Conn, maxQueued)} }

// Accept implements net.Listener.
func (q *queue) Accept() (net.Conn, error) {
	c, ok := <-q.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

// Addr implements net.Listener.
func (q *queue) Addr() net.Addr { return q.addr }

// Close implements net.Listener.
func (q *queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return net.ErrClosed
	}
	q.closed = true
	close(q.conns)
	for c := range q.conns {
		c.Close()
	}
	return nil
}

// reserve keeps a place for a connection that is to be welcomed, or reports that there is
// none: a machine that was welcomed is not closed for want of one.
func (q *queue) reserve() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.conns)+q.reserved >= cap(q.conns) {
		return false
	}
	q.reserved++
	return true
}

// release gives the place back.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.reserved--
}

// put hands a connection to Accept and gives its place back. It reports whether Accept will
// have the connection: false if the queue is closed.
func (q *queue) put(c *Conn) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.reserved--
	if q.closed {
		return false
	}
	q.conns <- c
	return true
}

// occasional logs what strangers can cause as often as they like: one line a minute.
type occasional struct {
	log *slog.Logger
	mu  sync.Mutex
	at  time.Time
	n   int
}

func (o *occasional) say(now time.Time, what string, args ...any) {
	o.mu.Lock()
	o.n++
	n, quiet := o.n, !o.at.IsZero() && now.Sub(o.at) < time.Minute && !now.Before(o.at)
	if !quiet {
		o.at, o.n = now, 0
	}
	o.mu.Unlock()
	if !quiet {
		o.log.Warn(what, append(args, "times", n)...)
	}
}
