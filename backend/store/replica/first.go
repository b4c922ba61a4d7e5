package replica

import (
	"errors"
	"fmt"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
)

const firstTerm = 1 // of the list of the first machines; nobody leads in it

// bootstrap makes this one of the first machines, if it is to be one and never was any.
// Raft writes a term, and then the list of the machines: a start that was killed in between
// has left the term alone, for which raft takes the directory for used.
func (n *Node) bootstrap(c *raft.Config, log raft.LogStore) error {
	if len(n.o.First) > 0 {
		if err := n.beginAgain(log); err != nil {
			return err
		}
		used, err := raft.HasExistingState(log, n.log, &n.snapshots)
		if err != nil {
			return err
		}
		if !used {
			return n.found(c, log)
		}
	}
	return n.startsEmpty()
}

// beginAgain removes what a first start has left that was killed.
func (n *Node) beginAgain(log raft.LogStore) error {
	term, err := n.log.GetUint64(currentTerm)
	if err != nil {
		return err
	}
	last, err := log.LastIndex()
	if err != nil || term != firstTerm || last > 0 || n.engine.Applied() > 0 {
		return err
	}
	return n.log.SetUint64(currentTerm, 0)
}

// found begins the cluster. The log of several begins with the list of them, and all of
// them begin with nothing. A machine alone begins with what it has, of which the log knows
// nothing: so its log lacks the first entry, and whoever is added gets a copy.
func (n *Node) found(c *raft.Config, log raft.LogStore) error {
	first := voters(n.o.First)
	if len(n.o.First) > 1 {
		if err := n.startsEmpty(); err != nil {
			return err
		}
		return raft.BootstrapCluster(c, log, n.log, &n.snapshots, n.transport, first)
	}
	if err := n.log.SetUint64(currentTerm, firstTerm); err != nil {
		return err
	}
	return n.engine.Found(raft.EncodeConfiguration(first))
}

// startsEmpty refuses a store that has something and has applied nothing: nobody else would
// have it.
func (n *Node) startsEmpty() error {
	if n.engine.Applied() > 0 {
		return nil
	}
	err := n.engine.Each(n.ctx, nil, func([]byte, []byte) error { return kv.ErrNotEmpty })
	if errors.Is(err, kv.ErrNotEmpty) {
		return fmt.Errorf("open store in %q as one of several: %w", n.o.Dir, err)
	}
	return err
}
