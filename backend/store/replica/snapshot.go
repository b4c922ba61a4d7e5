package replica

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
)

// snapshots is raft's store of snapshots. The engine is the only one, and always the
// newest: its own state includes the log up to the place that it names. So a snapshot of
// this machine copies nothing; it only allows raft to cut the log. One for another machine
// is streamed from a moment of the engine, and one from another machine goes into a new
// generation of the engine, which Restore makes the current one.
type snapshots struct {
	n *Node

	receiving atomic.Bool // a copy is on its way in

	mu       sync.Mutex
	received *incoming // complete, and not yet installed
}

// ownSnapshot is the id of the engine's own state.
const ownSnapshot = "own"

// List implements raft.SnapshotStore.
func (s *snapshots) List() ([]*raft.SnapshotMeta, error) {
	p, err := s.n.engine.Progress(s.n.ctx)
	if err != nil || p.Applied.Index == 0 || p.Members == nil {
		return nil, err
	}
	return []*raft.SnapshotMeta{metaOf(p)}, nil
}

func metaOf(p badger.Progress) *raft.SnapshotMeta {
	return &raft.SnapshotMeta{
		Version:            raft.SnapshotVersionMax,
		ID:                 ownSnapshot,
		Index:              p.Applied.Index,
		Term:               p.Applied.Term,
		Configuration:      raft.DecodeConfiguration(p.Members),
		ConfigurationIndex: p.MembersAt,
	}
}

// Open implements raft.SnapshotStore.
func (s *snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	if id == ownSnapshot {
		return s.openOwn()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.received
	if in == nil || in.id != id {
		return nil, nil, fmt.Errorf("there is no copy %s", id)
	}
	s.received = nil
	meta := metaOf(in.head.progress())
	meta.ID = id
	return meta, in, nil
}

// openOwn streams the present moment. Raft must know the size beforehand, so everything is
// read twice.
func (s *snapshots) openOwn() (*raft.SnapshotMeta, io.ReadCloser, error) {
	c, err := s.n.engine.Copy()
	if err != nil {
		return nil, nil, s.n.noteHarm(err)
	}
	var size counter
	if err := writeCopy(s.n.ctx, &size, c); err != nil {
		c.Close()
		return nil, nil, s.n.noteHarm(err)
	}
	meta := metaOf(c.Progress)
	meta.Size = int64(size)
	return meta, stream(s.n.ctx, c), nil
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// An outgoing copy is written by a goroutine of its own.
type outgoing struct {
	*io.PipeReader
	ended chan struct{}
}

func stream(ctx context.Context, c *badger.Copy) *outgoing {
	r, w := io.Pipe()
	out := &outgoing{r, make(chan struct{})}
	go func() {
		defer close(out.ended)
		defer c.Close()
		w.CloseWithError(writeCopy(ctx, w, c))
	}()
	return out
}

// Close implements io.Closer.
func (o *outgoing) Close() error {
	err := o.PipeReader.Close()
	<-o.ended
	return err
}

// Create implements raft.SnapshotStore.
func (s *snapshots) Create(_ raft.SnapshotVersion, index, term uint64, _ raft.Configuration, _ uint64,
	_ raft.Transport) (raft.SnapshotSink, error) {
	at := kv.Position{Index: index, Term: term}
	s.receiving.Store(true) // or it is this machine's own, which says so at once
	return &sink{of: s, at: at, id: fmt.Sprintf("received-%d-%d", term, index)}, nil
}

// A sink takes a snapshot: of this machine, or from another.
type sink struct {
	of  *snapshots
	at  kv.Position
	id  string
	own bool
	in  *incoming
	w   *io.PipeWriter
}

// ID implements raft.SnapshotSink.
func (s *sink) ID() string {
	if s.own {
		return ownSnapshot
	}
	return s.id
}

// Write implements raft.SnapshotSink.
func (s *sink) Write(p []byte) (int, error) {
	if s.in == nil {
		if err := s.of.n.needs(s.at); err != nil {
			return 0, err
		}
		in, w, err := s.of.receive(s.id)
		if err != nil {
			return 0, err
		}
		s.in, s.w = in, w
	}
	return s.w.Write(p)
}

// needs refuses a copy up to an entry if this machine has that entry, and later ones. Such a
// copy was sent before it had them, and came late. Raft would take it, and throw away the
// whole log: also what this machine has acknowledged, and others may count on.
//
// It also refuses one that does not lead beyond the end of a log that nobody else has in this form.
// Raft would remember that end in place of the copy's: it could take no entries, and would vote as
// if it had not got the copy. The leading machine sends newer ones, and soon one that does (cut.go).
func (n *Node) needs(at kv.Position) error {
	p, err := n.engine.Progress(n.ctx)
	if err != nil {
		return err
	}
	last, err := n.log.LastIndex()
	if err != nil {
		return err
	}
	term := uint64(0)
	if p.Applied.Index == at.Index {
		term = p.Applied.Term
	} else if term, err = termAt(n.log, at.Index); err != nil {
		return err
	}
	switch {
	case at.Index < p.Applied.Index || at.Index < last && term == at.Term:
		return fmt.Errorf("a copy up to entry %d comes too late: this machine has entry %d", at.Index,
			max(last, p.Applied.Index))
	case at.Index <= last && term != at.Term:
		return fmt.Errorf("a copy up to entry %d ends before this machine's log, which has %d", at.Index, last)
	}
	return nil
}

// Close implements raft.SnapshotSink. After it, raft cuts the log or installs what came.
func (s *sink) Close() error {
	s.of.receiving.Store(false)
	if s.own {
		return s.of.n.pass(s.at)
	}
	if s.in == nil {
		return fmt.Errorf("%w has nothing in it", errStream)
	}
	s.w.Close()
	<-s.in.ended
	err := s.in.err
	if err == nil && s.in.head.Applied != s.at {
		err = fmt.Errorf("%w is of entry %d in place of %d", errStream, s.in.head.Applied.Index, s.at.Index)
	}
	if err != nil {
		return errors.Join(err, s.in.Abandon())
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.of.received = s.in
	return nil
}

// Cancel implements raft.SnapshotSink.
func (s *sink) Cancel() error {
	s.of.receiving.Store(false)
	if s.in == nil {
		return nil
	}
	s.w.CloseWithError(errors.New("the copy was cancelled"))
	<-s.in.ended
	return s.in.Abandon()
}

// An incoming copy is read by a goroutine of its own, into a generation of the engine.
type incoming struct {
	id       string
	received *badger.Received
	head     head
	err      error
	ended    chan struct{}
}

// receive begins to take a copy. One that is not installed yet is given up: raft sends a
// newer one only then.
func (s *snapshots) receive(id string) (*incoming, *io.PipeWriter, error) {
	if err := s.abandon(); err != nil {
		return nil, nil, err
	}
	received, err := s.n.engine.Receive(s.n.ctx)
	if err != nil {
		return nil, nil, err
	}
	r, w := io.Pipe()
	in := &incoming{id: id, received: received, ended: make(chan struct{})}
	go func() {
		defer close(in.ended)
		in.head, in.err = readCopy(r, received.Add)
		r.CloseWithError(in.err)
	}()
	return in, w, nil
}

// abandon gives up a copy that was received and not installed.
func (s *snapshots) abandon() error {
	s.mu.Lock()
	in := s.received
	s.received = nil
	s.mu.Unlock()
	if in == nil {
		return nil
	}
	return in.Abandon()
}

// Abandon deletes what was received.
func (in *incoming) Abandon() error { return in.received.Abandon() }

// Read and Close implement io.ReadCloser, as which raft hands it on. Nobody reads it:
// Restore takes it as it is.
func (in *incoming) Read([]byte) (int, error) { return 0, io.EOF }
func (in *incoming) Close() error             { return nil }
