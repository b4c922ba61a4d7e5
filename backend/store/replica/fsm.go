package replica

import (
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
)

// A machine applies the log to the engine. Raft calls it on one goroutine, in the order of
// the log.
type machine struct{ n *Node }

var (
	_ raft.FSM                = machine{}
	_ raft.ConfigurationStore = machine{}
)

// Apply implements raft.FSM. An entry that cannot be applied stops this machine: whoever
// skips an entry is no copy any more.
func (m machine) Apply(l *raft.Log) any {
	n := m.n
	at := kv.Position{Index: l.Index, Term: l.Term}
	if err := n.failure(); err != nil {
		return applied{at.Term, err}
	}
	e, err := decodeEntry(l.Data)
	if err == nil {
		err = n.withRoom(func() error { return n.apply(at, e) })
	}
	if err != nil && n.ctx.Err() != nil {
		return applied{at.Term, err} // it closes, and the entry comes again
	}
	if err != nil && !errors.Is(err, errOutdated) {
		err = fmt.Errorf("entry %d of the log cannot be applied: %w", at.Index, err)
		n.fail(err)
		return applied{at.Term, err}
	}
	n.outcomes.reached(at.Term)
	return applied{at.Term, err}
}

func (n *Node) apply(at kv.Position, e *entry) error {
	switch e.kind {
	case kindBegin:
		id, err := e.identity()
		if err != nil {
			return err
		}
		n.flights.overtaken(at.Term)
		if n.engine.Applied() > 0 || id == n.engine.Identity() {
			return n.engine.Apply(at, nil)
		}
		return n.engine.Adopt(at, id) // the first machine that ever led gives all its name
	case kindBatch:
		return n.applyBatch(at, e)
	}
	return fmt.Errorf("%w: an entry of the log has kind %d", kv.ErrNewer, e.kind)
}

// applyBatch drops a batch whose Updates ran during an earlier lead than the one that wrote
// it into the log: others may have written in between. Every machine decides alike.
func (n *Node) applyBatch(at kv.Position, e *entry) (err error) {
	if e.term != at.Term {
		return errOutdated
	}
	if f := n.flights.claim(e); f != nil {
		if err = f.commit(at); err == nil {
			n.outcomes.kept(e.ops)
		}
		n.flights.finish(f, err)
		return err
	}
	n.flights.overtaken(at.Term)
	if err = n.engine.Apply(at, e.body); err == nil {
		n.outcomes.kept(e.ops)
	}
	return err
}

// StoreConfiguration implements raft.ConfigurationStore.
func (m machine) StoreConfiguration(index uint64, c raft.Configuration) {
	m.n.engine.SetMembers(index, raft.EncodeConfiguration(c))
}

// Snapshot implements raft.FSM. The engine itself is the snapshot, so nothing is copied.
func (m machine) Snapshot() (raft.FSMSnapshot, error) { return nothingToCopy{}, m.n.failure() }

type nothingToCopy struct{}

// Persist implements raft.FSMSnapshot.
func (nothingToCopy) Persist(s raft.SnapshotSink) error {
	own := s.(*sink)
	own.own = true
	own.of.receiving.Store(false)
	return nil
}

// Release implements raft.FSMSnapshot.
func (nothingToCopy) Release() {}

// Restore implements raft.FSM: it installs what a sink has received.
func (m machine) Restore(r io.ReadCloser) error {
	if w, ok := r.(raft.ReadCloserWrapper); ok {
		r = w.WrappedReadCloser()
	}
	in, ok := r.(*incoming)
	if !ok {
		return fmt.Errorf("%T is no copy that was received", r)
	}
	n := m.n
	n.flights.skipped(in.head.Applied.Term)
	if err := in.received.Install(n.ctx, in.head.progress(), in.head.Identity); err != nil {
		return err
	}
	n.outcomes.skipped(in.head.Applied.Term)
	return nil
}
