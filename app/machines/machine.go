package machines

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"doorward/app"
	"doorward/backend/access"
	"doorward/backend/cluster"
	"doorward/backend/private"
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
	newer   atomic.Pointer[cluster.News] // what another one has told
	ctx     context.Context
	cancel  context.CancelFunc
	jobs    sync.WaitGroup
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
	if o.Logger == nil {
		o.Logger = slog.Default()
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
		kick: make(chan struct{}, 1), unknown: make(chan struct{}, 1)}
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
	o := replica.Options{Config: c, Self: m.self()}
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
	})
	o.Listener, o.Dial = m.port.Raft(), m.port.DialRaft
	if m.node, err = replica.Open(o); err != nil {
		return nil, err
	}
	if begins == nil && m.node.Applied() == 0 {
		return nil, errors.Join(copyMissing(c.Dir), m.node.Close())
	}
	return m.node, nil
}

// copyMissing refuses a machine that has lost what it had acknowledged: with its vote it could
// help to elect one that never had it.
func copyMissing(dir string) error {
	return access.Errorf(access.NoData,
		"The copy of the store in %s is missing, which this machine had. Put it back; or remove the machine from the "+
			"cluster, then run here: doorward cluster rejoin", dir).WithCode("cluster_copy_missing")
}

// members is the newest list that this machine knows of.
func (m *machine) members() []cluster.Member {
	if n := m.newer.Load(); n != nil && n.At > m.applied() {
		return n.Members
	}
	return *m.list.Load()
}

// place says how new members is.
func (m *machine) place() uint64 {
	at := m.applied()
	if n := m.newer.Load(); n != nil {
		at = max(at, n.At)
	}
	return at
}

// applied is how many entries of the log this machine's copy has.
func (m *machine) applied() uint64 {
	if m.store.Load() == nil {
		return 0
	}
	return m.node.Applied()
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
	m.jobs.Go(func() { s.WhileLeading(m.ctx, m.lead) })
	m.jobs.Go(func() { s.WhileLeading(m.ctx, m.mindRoom) })
	return nil
}

// committed is told of each commit, on every machine.
func (m *machine) committed(changes []store.Change) {
	for _, c := range changes {
		if c.Topic == store.MachinesChanged || c.Topic == store.ChangesMissed {
			wake(m.changed)
			wake(m.kick)
			return
		}
	}
}

// wake puts a token where somebody waits for one, if there is none.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// look is how often a machine looks whether its certificate is to be renewed, and tries again
// what has failed.
const (
	look      = time.Hour
	tryAgain  = time.Second
	tendEvery = time.Second // as long as something is left to do
)

// follow reads the list of members when it changes, closes the connections of those that are
// gone, and renews the certificate.
func (m *machine) follow() {
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		select {
		case <-m.changed:
		case <-wait.C:
		case <-m.ctx.Done():
			return
		}
		next := look
		if err := errors.Join(m.reload(), m.renew(time.Now())); err != nil && m.ctx.Err() == nil {
			m.log.Error("the machines of the cluster cannot be read from the store", "err", err)
			next = tryAgain
		}
		wait.Reset(next)
	}
}

// reload reads the list of members from this machine's copy. A copy that has not come yet has
// none: then it is the list with which this machine has joined.
func (m *machine) reload() error {
	var all []cluster.Member
	err := m.store.Load().View(store.Here(m.ctx), func(tx *store.Tx) (err error) {
		all, err = store.MachinesIn(tx).List()
		return err
	})
	if err != nil || len(all) == 0 {
		return err
	}
	was := m.members()
	m.list.Store(&all)
	m.port.Prune()
	self := func(o cluster.Member) bool { return o.ID == m.identity.Node() }
	if slices.ContainsFunc(was, self) && !slices.ContainsFunc(all, self) {
		m.log.Error("this machine was removed from the cluster: its copy is not kept up to date any more")
	}
	return endBeginning(m.o.Data)
}

// hear asks the other machines who is a member, at the start and whenever one comes that this
// machine does not know: its copy may be older than that one, which perhaps leads.
func (m *machine) hear() {
	pause := time.NewTicker(tryAgain)
	defer pause.Stop()
	for {
		m.ask()
		select {
		case <-m.unknown:
		case <-m.ctx.Done():
			return
		}
		select {
		case <-pause.C:
		case <-m.ctx.Done():
			return
		}
	}
}

// ask takes the newest list that any machine has which this one knows.
func (m *machine) ask() {
	for _, k := range m.members() {
		if k.ID == m.identity.Node() {
			continue
		}
		n, err := m.port.Ask(m.ctx, k.ID)
		if err != nil || n.At <= m.place() || len(n.Members) == 0 {
			continue
		}
		m.newer.Store(&n)
		m.port.Prune()
	}
}

// renew makes this machine's next certificate when it is time. Its copy has the authority.
func (m *machine) renew(now time.Time) error {
	if !m.identity.RenewalDue(now) {
		return nil
	}
	authority, err := m.authority(store.Here(m.ctx))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(m.members(), func(o cluster.Member) bool { return o.ID == m.identity.Node() })
	if i < 0 {
		return nil
	}
	csr, err := m.identity.Request()
	if err != nil {
		return err
	}
	request, err := cluster.ParseRequest(csr)
	if err != nil {
		return err
	}
	next, err := authority.Renew(m.members()[i], request, now)
	if err != nil {
		return err
	}
	if err := m.identity.Renew(next, now); err != nil {
		return err
	}
	m.log.Info("this machine's certificate for the cluster was renewed", "until", next.NotAfter.Format(time.RFC3339))
	return nil
}

func (m *machine) authority(ctx context.Context) (a *cluster.Authority, err error) {
	var text []byte
	err = m.store.Load().View(ctx, func(tx *store.Tx) (err error) {
		text, err = store.MachinesIn(tx).Authority()
		return err
	})
	if err != nil {
		return nil, err
	}
	return cluster.ParseAuthority(text)
}

// AwaitLeader implements app.Machine.
func (m *machine) AwaitLeader(ctx context.Context) { m.node.AwaitLeader(ctx) }

// Confirm implements web.Cluster.
func (m *machine) Confirm(ctx context.Context) error { return m.node.Confirm(ctx) }

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

// The files beside the store; see the package's comment.
const (
	newFile    = app.ClusterDir + ".new"
	aloneFile  = app.ClusterDir + ".alone"
	socketName = app.ClusterDir + ".sock"
	storeDir   = "store"
)

func within(data, name string) string { return filepath.Join(data, name) }

// A beginning says how this machine's copy begins.
type beginning struct {
	First   bool             `json:"first,omitempty"`   // with what its store has, as the first of the cluster
	Members []cluster.Member `json:"members,omitempty"` // with what one of these sends
}

func (b beginning) write(data string) error {
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return private.Replace(within(data, newFile), text)
}

// readBeginning returns nil if the copy has begun.
func readBeginning(data string) (*beginning, error) {
	text, err := os.ReadFile(within(data, newFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var b beginning
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, fmt.Errorf("read %s: %w", newFile, err)
	}
	return &b, nil
}

// endBeginning says that the copy has begun.
func endBeginning(data string) error {
	err := os.Remove(within(data, newFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return private.SyncDir(data)
}
