package replica

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"doorward/backend/store/kv"
)

const (
	cutLook    = 50 * time.Millisecond // how often it is tried whether the log can be cut further
	cutWaits   = time.Minute           // for a machine that answers and needs what is to be cut
	cutWithin  = 3 * time.Minute
	segmentEnd = ".wal"
	ahead      = 64 // entries that are written before the log is emptied
)

// Compact implements kv.Compactor, for this machine's copy and its log: what was deleted or
// overwritten in the entries that this machine had applied before the call is in no file of
// either afterwards.
func (n *Node) Compact(ctx context.Context) error {
	n.getAhead(ctx)
	// The log comes first: so a store that was compacted has a log that was cut.
	if err := n.cutLog(ctx, n.engine.Applied()); err != nil {
		return err
	}
	return n.noteHarm(n.engine.Compact(ctx))
}

// getAhead writes some entries if this machine leads. Who was cut off while it led has a few entries
// that nobody else has. It will get a copy, if the log begins behind what it shares with the others,
// and that must lead beyond them (needs).
func (n *Node) getAhead(ctx context.Context) {
	for range ahead {
		if _, err := n.Mark(ctx); err != nil {
			return
		}
	}
}

// nobodysKey is a key that is never set.
var nobodysKey = []byte{0}

// Mark writes an entry that changes nothing, and returns a place in the log: whoever has applied
// that (Applied) has everything that was acknowledged before the call. Only the leading machine can
// do this. The entry comes from the writer as others do, since one of another kind would be applied
// while the writer waits for one behind it.
func (n *Node) Mark(ctx context.Context) (uint64, error) {
	err := n.Update(ctx, kv.NewOp(), func(tx kv.Tx) error { return tx.Delete(nobodysKey) })
	return n.engine.Applied(), err
}

// cutLog cuts this machine's log until no file of it has an entry up to this one, which must be
// applied.
//
// Raft-wal deletes whole files, and the one that is written to only if it loses all its entries.
// So while this machine gets new entries, it takes until a moment without one, or until that file
// is full. A machine that answers and needs an entry is waited for, but not for ever: it can get
// a copy of everything.
func (n *Node) cutLog(ctx context.Context, upTo uint64) error {
	n.cutting.Lock()
	defer n.cutting.Unlock()
	ctx, cancel := context.WithTimeout(ctx, cutWithin)
	defer cancel()
	look := time.NewTicker(cutLook)
	defer look.Stop()
	for patient := time.Now().Add(cutWaits); ; {
		cutErr := n.cut(ctx, time.Now().Before(patient))
		if err := n.failure(); err != nil {
			return err
		}
		gone, err := n.log.hasNone(upTo)
		if err != nil || gone {
			return err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("the log cannot be cut up to entry %d: %w", upTo, ctx.Err()), cutErr)
		case <-n.stopped:
			return errClosed
		}
	}
}

// cut cuts what is applied here, or if patient, what every machine that answers has.
func (n *Node) cut(ctx context.Context, patient bool) error {
	n.emptying.Store(true)
	defer n.emptying.Store(false)
	if patient {
		n.spared.Store(n.shared(ctx))
		defer n.spared.Store(0)
	}
	was := n.raft.ReloadableConfig()
	brief := was
	brief.TrailingLogs = 0
	if err := n.raft.ReloadConfig(brief); err != nil {
		return err
	}
	err := n.raft.Snapshot().Error()
	if errors.Is(err, raft.ErrNothingNewToSnapshot) {
		err = n.cutOpened()
	}
	return errors.Join(err, n.raft.ReloadConfig(was))
}

// shared returns an entry that every machine has which answers to this one; zero if this one does
// not lead.
func (n *Node) shared(ctx context.Context) uint64 {
	last := n.raft.LastIndex()
	standings, err := n.Standings(ctx)
	if err != nil {
		return 0
	}
	behind := uint64(0)
	for _, s := range standings {
		if s.Answers {
			behind = max(behind, s.Behind)
		}
	}
	return last - min(last-1, behind)
}

// A sparingLog does not lose on the leading machine what others still need, as long as it is cut
// shorter than usual.
type sparingLog struct {
	cachedLog
	n *Node
}

// DeleteRange implements raft.LogStore. Whoever has the last entry that is cut needs it no more if
// it is also the last that is applied: raft then knows its term.
func (s sparingLog) DeleteRange(first, last uint64) error {
	spared := s.n.spared.Load()
	if spared > 0 && last > spared && s.n.raft.State() == raft.Leader {
		last = spared - 1
	}
	if last < first {
		return nil
	}
	return s.cachedLog.DeleteRange(first, last)
}

// pass lets the log be cut up to an entry, which is applied.
func (n *Node) pass(at kv.Position) error {
	if n.emptying.Load() {
		return n.engine.PassAll(at)
	}
	return n.engine.Pass(at)
}

// cutOpened cuts what the engine included when it was opened. Raft, which has applied nothing
// since, sees nothing to cut.
func (n *Node) cutOpened() error {
	if n.openedAt.Index == 0 {
		return nil
	}
	if err := n.pass(n.openedAt); err != nil {
		return err
	}
	first, err := n.log.FirstIndex()
	if err != nil || first == 0 {
		return err
	}
	return n.entries.DeleteRange(first, n.openedAt.Index)
}

// hasNone reports whether no file of the log has, or had, an entry up to this one.
func (c checkedLog) hasNone(upTo uint64) (bool, error) {
	last, err := c.LastIndex()
	if err != nil {
		return false, err
	}
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return false, err
	}
	files, old := 0, 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), segmentEnd) {
			continue
		}
		var first, id uint64 // its name has its first entry
		if _, err := fmt.Sscanf(e.Name(), "%020d-%016x"+segmentEnd, &first, &id); err != nil {
			return false, fmt.Errorf("%w has a file %s: %w", errLog, e.Name(), err)
		}
		if files++; first <= upTo {
			old++
		}
	}
	return old == 0 || last == 0 && files == 1, nil
}
