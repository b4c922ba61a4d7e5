package badger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

// What follows is for an engine that keeps this store on several machines by a log. The
// leading machine's batches go through Options.Send; the others' come from the log, through
// Apply. Each is committed together with its place in the log, so that a restart neither
// skips an entry nor applies one twice.

// A Progress says how far a store has applied the log.
type Progress struct {
	// Applied is the last entry that the store includes.
	Applied kv.Position

	// Cut is an index up to which the log may have been cut: the store does not need the
	// entries up to there.
	Cut uint64

	// Copied is an entry up to which the log may have nothing at all: that up to which another
	// machine's Copy went, or PassAll; 1 if there was none and this was the first copy, zero if
	// it was not.
	Copied uint64

	// Members are those who have a copy, as of the entry MembersAt; only the caller
	// understands them.
	Members   []byte
	MembersAt uint64
}

// members are a caller's Members that wait for the next batch.
type members struct {
	at   uint64
	list []byte
}

// Progress returns how far the store is, as of one moment.
func (b *Store) Progress(ctx context.Context) (Progress, error) {
	if err := ctx.Err(); err != nil {
		return Progress{}, err
	}
	e, err := b.acquireCurrent()
	if err != nil {
		return Progress{}, err
	}
	defer e.release()
	snap := e.snapshot()
	defer snap.release()
	p, err := progressOf(snap.Txn)
	return p, b.logDamage(err)
}

func (b *Store) findApplied(e *generation) error {
	txn := e.latest()
	defer txn.Discard()
	p, err := progressOf(txn)
	b.applied.Store(p.Applied.Index)
	return err
}

func progressOf(txn *dgraph.Txn) (p Progress, err error) {
	applied, err := numbersOf(txn, appliedKey, 2)
	if err != nil {
		return p, err
	}
	cut, err := numbersOf(txn, cutKey, 1)
	if err != nil {
		return p, err
	}
	copied, err := numbersOf(txn, copiedKey, 1)
	if err != nil {
		return p, err
	}
	list, err := metaOf(txn, membersKey)
	if err != nil {
		return p, err
	}
	p = Progress{Applied: kv.Position{Index: applied[0], Term: applied[1]}, Cut: cut[0], Copied: copied[0]}
	if list == nil {
		return p, nil
	}
	if len(list) < 8 {
		return p, fmt.Errorf("%w: the list of the copies has %d bytes", kv.ErrCorrupt, len(list))
	}
	p.MembersAt, p.Members = binary.BigEndian.Uint64(list), list[8:]
	return p, nil
}

// numbersOf reads n numbers, which are zero if there is no such key.
func numbersOf(txn *dgraph.Txn, key []byte, n int) ([]uint64, error) {
	numbers := make([]uint64, n)
	value, err := metaOf(txn, key)
	if err != nil || value == nil {
		return numbers, err
	}
	if len(value) != 8*n {
		return nil, fmt.Errorf("%w: the key %s has %d bytes", kv.ErrCorrupt, key[1:], len(value))
	}
	for i := range numbers {
		numbers[i] = binary.BigEndian.Uint64(value[8*i:])
	}
	return numbers, nil
}

func setNumbers(txn *dgraph.Txn, key []byte, numbers ...uint64) error {
	var value []byte
	for _, n := range numbers {
		value = binary.BigEndian.AppendUint64(value, n)
	}
	return setMeta(txn, key, value)
}

// SetMembers says who has a copy as of the entry at. It is stored together with the next
// batch, so it never waits for the disk.
func (b *Store) SetMembers(at uint64, list []byte) {
	b.members.Store(&members{at, append([]byte{}, list...)})
}

// Applied returns the index of the last entry that the store includes.
func (b *Store) Applied() uint64 { return b.applied.Load() }

// commitAt commits a transaction that goes up to a place in the log, where it is on the disk;
// the zero Position: there is no log.
func (b *Store) commitAt(e *generation, txn *dgraph.Txn, at kv.Position) error {
	if was := b.Applied(); at.Index > 0 && at.Index < was {
		return fmt.Errorf("%w: entry %d of the log comes after entry %d", kv.ErrCorrupt, at.Index, was)
	}
	if at.Index > 0 {
		if err := setNumbers(txn, appliedKey, at.Index, at.Term); err != nil {
			return err
		}
	}
	if m := b.members.Load(); m != nil && m.at <= at.Index {
		b.members.CompareAndSwap(m, nil)
		if err := setMembers(txn, m.at, m.list); err != nil {
			return err
		}
	}
	commit := e.commit
	if at.Index > 0 {
		commit = e.commitLate // the log has it
	}
	err := commit(txn)
	if err == nil && at.Index > 0 {
		b.applied.Store(at.Index)
	}
	return err
}

// Apply commits a batch of another machine, which must be in the log, on the disk. It returns
// after followers of commits and watchers have been told. Of an entry that the store includes
// already, nothing is applied again. An error other than kv.ErrUnavailable means that the
// batch or the disk is damaged; after any error the store must not be given later entries.
func (b *Store) Apply(at kv.Position, writes []byte) error {
	stage, err := decodeWrites(writes)
	if err != nil {
		return b.logDamage(err)
	}
	return b.onWriter(context.Background(), func() error {
		if at.Index <= b.Applied() {
			return nil
		}
		return b.writer.apply(at, stage, nil)
	})
}

// Adopt makes this store another copy of the one with that Identity.
func (b *Store) Adopt(at kv.Position, id kv.Identity) error {
	stored, err := sealSentinel(id)
	if err != nil {
		return err
	}
	return b.onWriter(context.Background(), func() error {
		if at.Index <= b.Applied() {
			return nil
		}
		err := b.writer.apply(at, newOverlay(), func(txn *dgraph.Txn) error { return txn.Set(sentinelKey, stored) })
		if err == nil {
			b.identity.Store(&id)
		}
		return err
	})
}

// Pass says that the log may be cut up to an entry, and puts everything up to there on the
// disk. Between the last batch and that entry
// there is none for the store. It is refused if the log was cut further meanwhile: another
// machine's Copy was installed; and if nothing was applied yet.
func (b *Store) Pass(at kv.Position) error { return b.pass(at, cutKey) }

// PassAll is Pass for a log of which nothing may be left up to that entry, as after a Copy.
func (b *Store) PassAll(at kv.Position) error { return b.pass(at, cutKey, copiedKey) }

func (b *Store) pass(at kv.Position, say ...[]byte) error {
	cut := at.Index
	return b.onWriter(context.Background(), func() error {
		txn := b.current.Load().latest()
		p, err := progressOf(txn)
		txn.Discard()
		if err != nil {
			return b.logDamage(err)
		}
		if p.Applied.Index == 0 {
			return fmt.Errorf("%w: there is nothing yet that a cut would leave", kv.ErrUnavailable)
		}
		if cut < p.Cut {
			return fmt.Errorf("%w: a copy has replaced what was up to entry %d", kv.ErrUnavailable, cut)
		}
		if p.Applied.Index > at.Index {
			at = p.Applied
		}
		return b.writer.keep(at, func(txn *dgraph.Txn) (err error) {
			for _, key := range say {
				err = errors.Join(err, setNumbers(txn, key, cut))
			}
			return err
		})
	})
}

// Found makes this store the first copy: what it has is entry 1, which no log has, so that
// whoever comes later must get a Copy. It does nothing if it is a copy already.
func (b *Store) Found(members []byte) error {
	return b.onWriter(context.Background(), func() error {
		if b.Applied() > 0 {
			return nil
		}
		return b.writer.found(kv.Position{Index: 1, Term: 1}, members)
	})
}

// FoundAnew makes a store the only copy, as of an entry of the log that is not before the
// last one that it includes. No log has what it has, so that whoever comes later must get a
// Copy.
func FoundAnew(b *Store, at kv.Position, members []byte) error {
	return b.onWriter(context.Background(), func() error { return b.writer.found(at, members) })
}

func (w *writer) found(at kv.Position, members []byte) error {
	return w.keep(at, func(txn *dgraph.Txn) error {
		return errors.Join(setMembers(txn, at.Index, members), setNumbers(txn, cutKey, at.Index),
			setNumbers(txn, copiedKey, at.Index))
	})
}

// Separate makes a store an independent one, which is no copy of any other. Nothing of a log
// is left in it.
func Separate(b *Store) error {
	return b.onWriter(context.Background(), func() error {
		err := b.writer.keep(kv.Position{}, func(txn *dgraph.Txn) error {
			for _, key := range [][]byte{appliedKey, clusterKey, copiedKey, cutKey, membersKey} {
				if err := setMeta(txn, key, nil); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			b.applied.Store(0)
		}
		return err
	})
}

// keep changes engine's keys, of which the log knows nothing, and puts them on the disk, with
// everything before.
func (w *writer) keep(at kv.Position, change func(*dgraph.Txn) error) error {
	err := w.apply(at, newOverlay(), change)
	if err != nil {
		return err
	}
	if err := w.b.current.Load().sync(); err != nil {
		return w.failStore(err)
	}
	return nil
}

// apply commits what is staged by another than the Updates of this store.
func (w *writer) apply(at kv.Position, stage *overlay, more func(*dgraph.Txn) error) error {
	if err := w.unbroken(); err != nil {
		return err
	}
	e := w.b.current.Load()
	if err := w.b.disk.before(true, e.spare); err != nil {
		return err
	}
	txn := e.begin()
	defer txn.Discard()
	err := stage.fill(txn)
	if err == nil && more != nil {
		err = more(txn)
	}
	if err != nil {
		return engineError(err)
	}
	if err := w.b.commitAt(e, txn, at); err != nil {
		return w.failStore(err)
	}
	if len(stage.writes) > 0 {
		w.announce(stage)
	}
	return nil
}
