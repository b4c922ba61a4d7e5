package replica

import (
	"errors"
	"fmt"
	"os"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
)

// Recover makes the copy in o.Dir, which no process uses, the only one of its cluster: o.Self
// alone has a vote from then on, and whoever is added gets a copy of it. What this machine has
// in its log is applied first, also where it is not known whether a majority had it: what was
// acknowledged and is here is kept. What only others have is lost.
//
// It can be called again after a crash.
func Recover(o Options) error {
	return offline(o, func(n *Node) error {
		at, err := n.replay()
		if err != nil {
			return err
		}
		if err := badger.FoundAnew(n.engine, at, raft.EncodeConfiguration(voters([]Peer{o.Self}))); err != nil {
			return err
		}
		return n.emptyLog()
	})
}

// Separate makes the copy in o.Dir, which no process uses, the store of a server alone, which
// package badger can open by itself: with what is in its log, as with Recover, and without the
// log. It can be called again after a crash.
func Separate(o Options) error {
	o = o.withDefaults()
	var applied uint64
	err := withEngine(o, func(b *badger.Store) error { applied = b.Applied(); return nil })
	if err != nil || applied == 0 {
		return errors.Join(err, os.RemoveAll(o.LogDir)) // an earlier call has come that far
	}
	err = offline(o, func(n *Node) error {
		if _, err := n.replay(); err != nil {
			return err
		}
		return badger.Separate(n.engine)
	})
	if err != nil {
		return err
	}
	return os.RemoveAll(o.LogDir)
}

func withEngine(o Options, do func(*badger.Store) error) error {
	b, err := badger.Open(badger.Options{Config: o.Config, Send: sendNothing})
	if err != nil {
		return err
	}
	return errors.Join(do(b), b.Close())
}

func sendNothing([]kv.OpID, []byte, func(kv.Position) error) error { return errNotLeading }

// offline opens the engine and the log, and nothing that others could reach.
func offline(o Options, do func(*Node) error) (err error) {
	n := newNode(o)
	defer n.cancel()
	defer func() { err = errors.Join(err, n.release()) }()
	if n.engine, err = badger.Open(badger.Options{Config: n.o.Config, Send: n.send}); err != nil {
		return err
	}
	p, err := n.engine.Progress(n.ctx)
	if err != nil {
		return err
	}
	if p.Applied.Index == 0 {
		return fmt.Errorf("%w: it has no copy yet", kv.ErrUnavailable)
	}
	if n.log, err = openLog(n.o.LogDir, p, newLogger(n.o.Logger)); err != nil {
		return err
	}
	return do(n)
}

// replay applies what the log has and the engine has not, and returns the last entry.
func (n *Node) replay() (at kv.Position, err error) {
	p, err := n.engine.Progress(n.ctx)
	if err != nil {
		return at, err
	}
	last, err := n.log.LastIndex()
	if err != nil {
		return at, err
	}
	at = p.Applied
	for i := at.Index + 1; i <= last; i++ {
		var l raft.Log
		if err := n.log.GetLog(i, &l); err != nil {
			return at, err
		}
		at = kv.Position{Index: l.Index, Term: l.Term}
		if l.Type != raft.LogCommand {
			continue
		}
		e, err := decodeEntry(l.Data)
		if err == nil {
			err = n.apply(at, e)
		}
		if err != nil && !errors.Is(err, errOutdated) {
			return at, fmt.Errorf("entry %d of the log cannot be applied: %w", i, err)
		}
	}
	return at, nil
}

func (n *Node) emptyLog() error {
	first, err := n.log.FirstIndex()
	if err != nil || first == 0 {
		return err
	}
	last, err := n.log.LastIndex()
	if err != nil {
		return err
	}
	return n.log.DeleteRange(first, last)
}
