package replica

import (
	"context"
	"errors"

	"doorward/backend/store/kv"
)

// View implements kv.Store, on the leading machine.
func (n *Node) View(ctx context.Context, fn func(kv.Tx) error) error {
	l, err := n.begin(ctx)
	if err != nil {
		return err
	}
	defer n.calls.done()
	if !kv.IsSure(ctx, l) {
		if err := n.confirm(ctx, l); err != nil {
			return err
		}
	}
	return n.noteHarm(n.engine.View(ctx, fn))
}

// Update implements kv.Store, on the leading machine.
func (n *Node) Update(ctx context.Context, op kv.OpID, fn func(kv.Tx) error) error {
	l, err := n.begin(ctx)
	if err != nil {
		return err
	}
	defer n.calls.done()
	var tx *noting
	err = n.engine.Update(ctx, op, func(t kv.Tx) error {
		tx = &noting{Tx: t}
		return fn(tx)
	})
	if n.noteHarm(err); tx == nil || ofEngine(err) || err == nil && tx.wrote {
		return err
	}
	// The answer rests on what was read here, and no entry of the log proves that it was
	// the newest. Nor does an earlier answer in the same request: an Update also reads what
	// others have written that is not committed yet.
	if unsure := n.confirm(context.WithoutCancel(ctx), l); unsure != nil {
		return unsure
	}
	return err
}

// ofEngine reports whether err tells nothing of what was read.
func ofEngine(err error) bool {
	for _, known := range []error{kv.ErrUnavailable, kv.ErrUnknownOutcome, kv.ErrBusy, kv.ErrCorrupt} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// A noting Tx notes whether something was written.
type noting struct {
	kv.Tx
	wrote bool
}

func (t *noting) Set(key, value []byte) error {
	t.wrote = true
	return t.Tx.Set(key, value)
}

func (t *noting) Delete(key []byte) error {
	t.wrote = true
	return t.Tx.Delete(key)
}

// begin begins a call of the leading machine. The caller ends it.
func (n *Node) begin(ctx context.Context) (*lead, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := n.failure(); err != nil {
		return nil, err
	}
	if err := n.calls.begin(); err != nil {
		return nil, err
	}
	l := n.lead.Load()
	if l == nil {
		n.calls.done()
		return nil, errNotLeading
	}
	return l, nil
}

// Watch implements kv.Store, on every machine.
func (n *Node) Watch(ctx context.Context, prefix []byte) (<-chan kv.Event, error) {
	return n.engine.Watch(ctx, prefix)
}

// OnCommit implements kv.CommitFollower, on every machine: on those that do not lead, fn is
// called when an entry of the log is applied.
func (n *Node) OnCommit(fn func([]kv.Event)) (cancel func()) { return n.engine.OnCommit(fn) }

// Each implements kv.Snapshotter, on every machine: of this machine's copy, which may lag.
func (n *Node) Each(ctx context.Context, prefix []byte, fn func(key, value []byte) error) error {
	return n.noteHarm(n.engine.Each(ctx, prefix, fn))
}

// Identity implements kv.Identified. It is the same on every machine, once this one has
// applied the first entry of a leading machine.
func (n *Node) Identity() kv.Identity { return n.engine.Identity() }

// Room returns how much disk is free here, and below how much writes are refused.
func (n *Node) Room() (free, floor uint64, err error) { return n.engine.Room() }
