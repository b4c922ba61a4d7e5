package machines

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"doorward/app"
	"doorward/backend/access"
	"doorward/backend/cluster"
	"doorward/backend/store"
	"doorward/backend/store/kv"
	"doorward/backend/store/replica"
)

// Cluster implements app.Cluster.
type Cluster struct{}

var _ app.Cluster = Cluster{}

// A machine is this machine's part in the cluster.
type machine struct {
	o        app.ClusterOptions
	log      *slog.Logger
	identity *cluster.Identity
	listener net.Listener
	port     *cluster.Port
	node     *replica.Node
	store    atomic.Pointer[store.Store] // nil until it is attached
	socket   net.Listener
	joining  atomic.Int32 // how many wait for the token with which they would join

	list    atomic.Pointer[[]cluster.Member] // who is a member, as of this machine's copy
	changed chan struct{}                    // has a token when the list has to be read again
	kick    chan struct{}                    // likewise, when the leading machine has to look
	unknown chan struct{}                    // likewise, when a machine came that is not on the list
	handing handing
	told    atomic.Pointer[cluster.NodeID] // the machine that is about to be told that it is removed
	clocks  clocks
	raising raising

	newer  atomic.Pointer[cluster.News] // what another one has told
	ctx    context.Context
	cancel context.CancelFunc
	jobs   sync.WaitGroup
}

// Open implements app.Cluster.
func (Cluster) Open(o app.ClusterOptions) (app.Machine, error) {
	m, err := open(o)
	if err != nil {
		return nil, err // not a nil *machine
	}
	return m, nil
}

func open(o app.ClusterOptions) (*machine, error) {
	o.Logger = cmp.Or(o.Logger, slog.Default())
	if o.Now == nil {
		o.Now = time.Now
	}
	if _, err := os.Lstat(within(o.Data, aloneFile)); err == nil {
		return nil, access.Errorf(access.NoData,
			"This machine was about to go on without the others, and was stopped before that was done. Run again: "+
				"doorward cluster recover").WithCode("cluster_recovering")
	}
	id, err := cluster.Open(within(o.Data, app.ClusterDir))
	if err != nil {
		return nil, err
	}
	l, err := listen(cmp.Or(o.Listen, id.Member("", time.Time{}).Address))
	if err != nil {
		return nil, err
	}
	m := &machine{o: o, log: o.Logger, identity: id, listener: l, changed: make(chan struct{}, 1),
		kick: make(chan struct{}, 1), unknown: make(chan struct{}, 1), raising: raising{unfit: make(chan error, 1)}}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	return m, nil
}

func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, access.Errorf(access.Unavailable,
			"Listening on %s for the other machines of the cluster is not possible: %v. Choose another address with "+
				"--cluster-listen.", address, errors.Unwrap(err)).On("cluster_listen").WithCode("cannot_listen").
			Because(err)
	}
	return l, nil
}

// self is this machine as raft knows it.
func (m *machine) self() replica.Peer {
	me := m.identity.Member("", time.Time{})
	return replica.Peer{ID: string(me.ID), Address: me.Address}
}

// Engine implements app.Machine.
func (m *machine) Engine(c kv.Config) (kv.Store, error) {
	begins, err := readBeginning(m.o.Data)
	if err != nil {
		return nil, err
	}
	m.list.Store(&[]cluster.Member{})
	o := replica.Options{Config: c, Self: m.self(), BeforeLead: m.yield}
	if begins != nil {
		m.list.Store(&begins.Members)
		if begins.First {
			o.First = []replica.Peer{o.Self}
		}
	}
	m.port = cluster.Serve(cluster.Options{
		Listener: m.listener,
		Identity: m.identity,
		Members:  m.members,
		At:       m.place,
		Status:   m.status,
		Unknown:  func() { wake(m.unknown) },
		Joins:    m.joins(),
		Log:      m.log,
		Now:      m.o.Now,
	})
	o.Listener, o.Dial = m.port.Raft(), m.port.DialRaft
	if m.node, err = replica.Open(o); err != nil {
		return nil, m.damaged(c.Dir, err)
	}
	if begins == nil && m.node.Applied() == 0 {
		return nil, errors.Join(copyMissing(c.Dir), m.node.Close())
	}
	return m.node, nil
}

// damaged says of a damaged copy what mends it here: not a backup, as that of a server alone.
func (m *machine) damaged(dir string, err error) error {
	var d *kv.DirError
	if !errors.As(err, &d) || d.Problem != kv.DirDamaged {
		return err
	}
	m.log.Error("this machine's copy of the store is damaged", "err", err)
	return app.CopyDamaged(dir)
}

// copyMissing refuses a machine that has lost what it had acknowledged: with its vote it could
// help to elect one that never had it.
func copyMissing(dir string) error {
	return access.Errorf(access.NoData,
		"The copy of the store in %s is missing, which this machine had. Put it back; or remove the machine from the "+
			"cluster, then run here: doorward cluster rejoin", dir).WithCode("cluster_copy_missing")
}

// Attach implements app.Machine.
func (m *machine) Attach(s *store.Store) (err error) {
	m.store.Store(s)
	s.OnCommit(m.committed)
	if err := m.reload(); err != nil {
		return err
	}
	if m.socket, err = bindSocket(m.o.Data); err != nil {
		return err
	}
	m.jobs.Go(func() { m.serveCommands(m.socket, false) })
	m.jobs.Go(func() { m.serveCommands(m.port.Commands(), true) })
	m.jobs.Go(m.follow)
	m.jobs.Go(m.hear)
	m.jobs.Go(m.watchClock)
	m.jobs.Go(func() { s.WhileLeading(m.ctx, m.lead) })
	m.jobs.Go(func() { s.WhileLeading(m.ctx, m.mindRoom) })
	return nil
}

// AwaitLeader implements app.Machine.
func (m *machine) AwaitLeader(ctx context.Context) { m.node.AwaitLeader(ctx) }

// AwaitCopy implements app.Machine.
func (m *machine) AwaitCopy(ctx context.Context) {
	leader := m.node.LeaderAt().ID
	if leader == "" || leader == m.self().ID {
		return
	}
	its, err := m.port.Ask(ctx, cluster.NodeID(leader))
	if err != nil {
		return
	}
	_ = m.awaitApplied(ctx, its.At)
}

// Confirm implements web.Cluster.
func (m *machine) Confirm(ctx context.Context) error { return m.node.Confirm(ctx) }

// Name implements web.Cluster.
func (m *machine) Name() string { return m.identity.Member("", time.Time{}).Name }

// Request implements web.Cluster.
func (m *machine) Request(ctx context.Context) context.Context { return kv.InRequest(ctx) }

// Leader implements web.Cluster.
func (m *machine) Leader() (id string, here bool) {
	if id, here = m.node.Leader(); here && m.handing.now.Load() {
		return "", false
	}
	return id, here
}

// Dial implements web.Cluster.
func (m *machine) Dial(ctx context.Context, id string) (net.Conn, error) {
	return m.port.DialForward(ctx, cluster.NodeID(id))
}

// Forwarded implements app.Machine.
func (m *machine) Forwarded() net.Listener { return m.port.Forward() }

// Close implements app.Machine.
func (m *machine) Close() error {
	m.cancel()
	var errs []error
	if m.socket != nil {
		if err := m.socket.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	m.jobs.Wait()
	if m.port != nil {
		errs = append(errs, m.port.Close())
	} else if err := m.listener.Close(); !errors.Is(err, net.ErrClosed) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
