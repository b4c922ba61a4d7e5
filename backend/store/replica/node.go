package replica

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
)

// A Peer is a machine that has a copy: its name, which never changes, and the address at
// which the others reach it.
type Peer struct{ ID, Address string }

// Options configure a Node.
type Options struct {
	kv.Config        // Dir must be set: what was acknowledged is on the disk
	LogDir    string // the log's own directory; empty: Dir with ".log" behind it

	Self Peer

	// First are the machines with which a new cluster begins, this one included, the same
	// on each. If it is alone, what its store has is what the cluster begins with; else all
	// their stores must be empty. A directory that was used before ignores them. A new
	// machine without them waits until it is added, also with an empty store.
	First []Peer

	Listener net.Listener // at Self.Address; the Node closes it
	Dial     Dialer       // nil: TCP

	// BeforeLead is called when this machine was elected, before it serves; nil: nothing is. It
	// may hand the lead over.
	BeforeLead func(ctx context.Context)

	// Heartbeat is how long a machine waits for the leading one before it stands for
	// election. Zero is half a second, below which elections chase each other on a busy
	// machine.
	Heartbeat time.Duration

	trailing  uint64        // entries kept in the log for machines that lag; zero is the default
	threshold uint64        // entries after which the log is cut; zero is the default
	cutEvery  time.Duration // how often it is looked whether it is to be cut; zero is the default
	copyIdle  time.Duration // for how long the sender of a copy may pause; zero is the default
}

const (
	defaultHeartbeat = 500 * time.Millisecond
	defaultTrailing  = 4096
	defaultThreshold = 1024
	defaultCutEvery  = 30 * time.Second // to twice that
	defaultCopyIdle  = 20 * time.Second
	networkTimeout   = 10 * time.Second
	cachedEntries    = 128
)

// A Node is one machine's copy of the store, and its part in the cluster.
type Node struct {
	o         Options
	engine    *badger.Store
	log       checkedLog
	entries   sparingLog  // log, with the latest in memory; raft uses it
	openedAt  kv.Position // the last entry that the engine included when it was opened
	cutting   sync.Mutex
	emptying  atomic.Bool   // the log is being cut up to its end
	spared    atomic.Uint64 // meanwhile, an entry that others have who may lack the next; zero: nobody
	transport *raft.NetworkTransport
	raft      *raft.Raft
	snapshots snapshots

	flights  flights
	outcomes *outcomes
	fence    fence

	elected   chan bool // raft says that this machine leads, or does not any more
	lead      atomic.Pointer[lead]
	followers leadFollowers

	short     atomic.Bool // an entry waits for room on the disk
	harmed    atomic.Pointer[error]
	opened    chan struct{} // closed when raft has been started
	broken    atomic.Pointer[error]
	calls     calls
	ctx       context.Context // ends when it closes
	cancel    context.CancelFunc
	stopped   chan struct{} // closed when it closes
	jobs      sync.WaitGroup
	closeOnce sync.Once
	closeErr  error
}

var _ interface {
	kv.Store
	kv.CommitFollower
	kv.Snapshotter
	kv.Compactor
	kv.Identified
	kv.OutcomeReader
	kv.Elected
	kv.Local
} = (*Node)(nil)

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.LogDir == "" {
		o.LogDir = o.Dir + ".log"
	}
	return o
}

func newNode(o Options) *Node {
	n := &Node{o: o.withDefaults(), outcomes: newOutcomes(), elected: make(chan bool, 64),
		opened: make(chan struct{}), stopped: make(chan struct{})}
	n.flights.outcomes = n.outcomes
	n.snapshots.n = n
	n.fence.rounds.ask = n.judge
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n
}

// Open opens this machine's copy and joins the others. It does not wait for them: OnLead
// tells when this machine leads.
func Open(o Options) (*Node, error) {
	n := newNode(o)
	if err := n.open(); err != nil {
		n.cancel()
		return nil, errors.Join(err, n.release())
	}
	n.jobs.Go(n.followLead)
	n.jobs.Go(n.mindFitness)
	return n, nil
}

func (n *Node) open() (err error) {
	if n.o.Dir == "" {
		return errors.New("a store on several machines needs a directory")
	}
	n.engine, err = badger.Open(badger.Options{Config: n.o.Config, Send: n.send})
	if err != nil {
		return err
	}
	p, err := n.engine.Progress(n.ctx)
	if err != nil {
		return err
	}
	logger := newLogger(n.o.Logger)
	if n.log, err = openLog(n.o.LogDir, p, logger); err != nil {
		return err
	}
	n.openedAt = p.Applied
	n.log.harm = n.noteHarm
	cache, err := raft.NewLogCache(cachedEntries, n.log)
	if err != nil {
		return err
	}
	n.entries = sparingLog{cachedLog{cache, n.log.segments}, n}
	n.transport = raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream:  newLayer(n.o, &n.snapshots.receiving),
		MaxPool: 3,
		Timeout: networkTimeout,
		Logger:  logger,
	})
	c := n.config()
	c.Logger = logger
	if err := n.bootstrap(c, n.entries); err != nil {
		return err
	}
	n.raft, err = raft.NewRaft(c, machine{n}, n.entries, n.log, &n.snapshots, n.transport)
	close(n.opened)
	return err
}

func (n *Node) config() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(n.o.Self.ID)
	c.HeartbeatTimeout = cmp.Or(n.o.Heartbeat, defaultHeartbeat)
	c.ElectionTimeout = c.HeartbeatTimeout
	c.LeaderLeaseTimeout = c.HeartbeatTimeout
	c.SnapshotInterval = cmp.Or(n.o.cutEvery, defaultCutEvery)
	c.SnapshotThreshold = cmp.Or(n.o.threshold, defaultThreshold)
	c.TrailingLogs = cmp.Or(n.o.trailing, defaultTrailing)
	c.NoSnapshotRestoreOnStart = true // the engine has it
	c.NoLegacyTelemetry = true
	c.NotifyCh = n.elected
	return c
}

func voters(peers []Peer) (c raft.Configuration) {
	for _, p := range peers {
		c.Servers = append(c.Servers, raft.Server{ID: raft.ServerID(p.ID), Address: raft.ServerAddress(p.Address)})
	}
	return c
}

// Add gives a machine a copy, and a vote if it is to have one. It returns when the others
// know; the copy comes later. Only the leading machine can do this.
func (n *Node) Add(p Peer, votes bool) error {
	add := n.raft.AddNonvoter
	if votes {
		add = n.raft.AddVoter
	}
	err := add(raft.ServerID(p.ID), raft.ServerAddress(p.Address), 0, networkTimeout).Error()
	return unavailable(err)
}

// unavailable turns an error of raft into one of package kv.
func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", kv.ErrUnavailable, err)
}

// fail stops this machine, which must not go on as a copy.
func (n *Node) fail(err error) {
	if n.broken.CompareAndSwap(nil, &err) {
		n.o.Logger.Error("this machine has stopped keeping a copy of the store", "err", err)
		n.jobs.Go(func() {
			<-n.opened // raft applies entries as soon as it starts
			if n.raft != nil {
				n.stopRaft()
			}
		})
	}
}

// failure returns why this machine has stopped, if it has.
func (n *Node) failure() error {
	if err := n.broken.Load(); err != nil {
		return fmt.Errorf("%w: %w", kv.ErrUnavailable, *err)
	}
	return nil
}

// Close implements kv.Store. A machine that leads finishes the commits in progress and
// hands over.
func (n *Node) Close() error {
	n.closeOnce.Do(func() {
		n.calls.end()
		n.calls.wait()
		n.handOver()
		n.closeErr = n.shut()
	})
	return n.closeErr
}

// crash stops without handing over, as a process that is killed.
func (n *Node) crash() error {
	n.closeOnce.Do(func() {
		n.calls.end()
		n.closeErr = n.shut()
	})
	return n.closeErr
}

// stopRaft stops raft. A commit in progress that it has forgotten about ends.
func (n *Node) stopRaft() error {
	err := n.raft.Shutdown().Error()
	n.flights.stopped()
	return err
}

func (n *Node) shut() error {
	n.cancel() // raft must not wait for readers of what a copy has replaced
	err := n.stopRaft()
	close(n.stopped)
	n.calls.wait()
	n.jobs.Wait()
	return errors.Join(err, n.release())
}

// release releases what open has opened.
func (n *Node) release() (err error) {
	if n.transport != nil {
		err = n.transport.Close()
	} else if n.o.Listener != nil {
		err = n.o.Listener.Close()
	}
	if n.engine != nil {
		err = errors.Join(err, n.snapshots.abandon(), n.engine.Close())
	}
	if n.log.WAL != nil {
		err = errors.Join(err, n.log.Close())
	}
	return err
}

// calls counts the Views and Updates in progress.
type calls struct {
	mu    sync.Mutex
	ended bool
	all   sync.WaitGroup
}

var errClosed = fmt.Errorf("%w: it is closed", kv.ErrUnavailable)

func (c *calls) begin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return errClosed
	}
	c.all.Add(1)
	return nil
}

func (c *calls) done() { c.all.Done() }
func (c *calls) wait() { c.all.Wait() }

func (c *calls) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
}
