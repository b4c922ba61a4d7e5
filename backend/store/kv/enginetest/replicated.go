package enginetest

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/replica"
)

// alone is the one machine of a cluster of one. Nobody ever connects to it.
var alone = replica.Peer{ID: "alone", Address: "alone"}

// A replicated engine is a cluster of one machine. One without a directory gets one until
// it is closed.
type replicated struct {
	*replica.Node
	of        kv.Config
	temporary string
	followers []func([]kv.Event)
	told      []func(leads bool)
}

// restoring is the directory in which a restore fills a store. That is always a server
// alone; a cluster can begin with what it has left.
const restoring = "doorward.restoring"

// openReplicated opens a cluster of one, and waits until it leads.
func openReplicated(c kv.Config) (_ kv.Store, err error) {
	if filepath.Base(filepath.Dir(c.Dir)) == restoring {
		return badger.Engine(c)
	}
	r := &replicated{of: c}
	if c.Dir == "" {
		if r.temporary, err = os.MkdirTemp("", "store"); err != nil {
			return nil, err
		}
		r.of.Dir = filepath.Join(r.temporary, "store")
	}
	if err := r.open(); err != nil {
		return nil, errors.Join(err, r.remove())
	}
	return r, nil
}

func (r *replicated) open() (err error) {
	r.Node, err = replica.Open(replica.Options{
		Config: r.of, Self: alone, First: []replica.Peer{alone}, Listener: newSilent(),
		Heartbeat: 20 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	leads := make(chan struct{})
	var once sync.Once
	cancel := r.Node.OnLead(func(bool) { once.Do(func() { close(leads) }) })
	<-leads
	cancel() // which waits until it serves
	for _, fn := range r.followers {
		r.Node.OnCommit(fn)
	}
	for _, fn := range r.told {
		r.Node.OnLead(fn)
	}
	return nil
}

// OnLead implements kv.Elected, also after a Load.
func (r *replicated) OnLead(fn func(leads bool)) (cancel func()) {
	r.told = append(r.told, fn)
	return r.Node.OnLead(fn)
}

// OnCommit implements kv.CommitFollower, also after a Load.
func (r *replicated) OnCommit(fn func([]kv.Event)) (cancel func()) {
	r.followers = append(r.followers, fn)
	return r.Node.OnCommit(fn)
}

// Load fills it as an operator would: a server alone is filled from the backup, and then
// becomes the first machine of a cluster.
func (r *replicated) Load(ctx context.Context, next func() (kv.KV, error)) error {
	err := r.Each(ctx, nil, func([]byte, []byte) error { return kv.ErrNotEmpty })
	if err != nil {
		return err
	}
	return r.asOne(true, func(b *badger.Store) error { return b.Load(ctx, next) })
}

// BumpEpoch implements kv.Loader, in the same way.
func (r *replicated) BumpEpoch(ctx context.Context) error {
	return r.asOne(false, func(b *badger.Store) error { return b.BumpEpoch(ctx) })
}

// asOne stops it, changes its store as that of a server alone, and starts it again.
func (r *replicated) asOne(anew bool, change func(b *badger.Store) error) error {
	err := r.Node.Close()
	if anew {
		err = errors.Join(err, os.RemoveAll(r.of.Dir), os.RemoveAll(r.of.Dir+".log"))
	}
	b, err2 := badger.Engine(r.of)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	err = change(b.(*badger.Store))
	return errors.Join(err, b.Close(), r.open())
}

// Close implements kv.Store.
func (r *replicated) Close() error { return errors.Join(r.Node.Close(), r.remove()) }

func (r *replicated) remove() error {
	if r.temporary == "" {
		return nil
	}
	return os.RemoveAll(r.temporary)
}

// A silent listener is one to which nobody connects.
type silent struct {
	ended chan struct{}
	once  sync.Once
}

func newSilent() *silent { return &silent{ended: make(chan struct{})} }

// Accept implements net.Listener.
func (s *silent) Accept() (net.Conn, error) {
	<-s.ended
	return nil, net.ErrClosed
}

// Close implements net.Listener.
func (s *silent) Close() error {
	s.once.Do(func() { close(s.ended) })
	return nil
}

// Addr implements net.Listener.
func (s *silent) Addr() net.Addr { return &net.TCPAddr{} }
