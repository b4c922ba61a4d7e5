package badger

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"doorward/backend/store/kv"
)

// A compaction loses how far a copy has applied the log, and all of it would be applied
// again; or which cluster the copy belongs to, and a command would write to this copy
// alone.
func TestAppliedAndClusterSurviveCompact(t *testing.T) {
	index := uint64(41)
	_, dir := openOnDisk(t)
	dir += "-of-several"
	open := func() *Store {
		t.Helper()
		b, err := Open(Options{
			Config: kv.Config{Dir: dir, MinFree: 1},
			Send: func(_ []kv.OpID, _ []byte, commit func(kv.Position) error) error {
				index++
				return commit(kv.Position{Index: index, Term: 3})
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		return b
	}
	b := open()
	want := func(when string, applied uint64, mark string) {
		t.Helper()
		got, err := b.Progress(t.Context())
		cluster, cerr := b.Cluster(t.Context())
		if err := errors.Join(err, cerr); err != nil || got.Applied.Index != applied || string(cluster) != mark {
			t.Errorf("%s: progress %+v, cluster %q, %v; want %d, %q", when, got, cluster, err, applied, mark)
		}
	}
	want("new", 0, "")
	setKey(t, b, "one")
	if err := b.SetCluster(t.Context(), []byte("three of us")); err != nil {
		t.Fatal(err)
	}
	want("after a commit", 42, "three of us")
	if err := b.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	want("compacted", 42, "three of us")
	setKey(t, b, "two")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open()
	want("opened again", 43, "three of us")
	if err := b.SetCluster(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	want("of its own again", 43, "")
	if err := b.SetCluster(t.Context(), make([]byte, maxClusterMark+1)); !errors.Is(err, kv.ErrTooLarge) {
		t.Errorf("a mark that is too long = %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := countAll(crashed(t, dir)); err != nil || n != 2 {
		t.Errorf("the store has %d keys, %v", n, err)
	}
}

// One Update is being committed, two others have run on it, one of them without success,
// and the send fails. What they read was never committed: both run again, and are answered
// by what is there.
func TestWhatRanOnADroppedBatchRunsAgain(t *testing.T) {
	for _, lost := range []error{kv.ErrUnavailable, kv.ErrUnknownOutcome} {
		t.Run(fmt.Sprint(lost), func(t *testing.T) {
			h := hold(t)
			decide := func(name string) func(kv.Tx) error {
				return func(tx kv.Tx) error {
					if _, err := tx.Get([]byte("decided")); err == nil {
						return errMine
					}
					return tx.Set([]byte("decided"), []byte(name))
				}
			}
			_, first := h.update(t, decide("first"))
			<-h.inFlight
			ran, second := h.update(t, decide("second"))
			<-ran
			ran, third := h.update(t, func(tx kv.Tx) error { return tx.Set([]byte("third"), nil) })
			<-ran
			h.release(fmt.Errorf("%w: no majority", lost))
			if err := <-first; !errors.Is(err, lost) {
				t.Errorf("the one that was lost: %v", err)
			}
			if err := errors.Join(<-second, <-third); err != nil {
				t.Errorf("those that ran on it: %v", err)
			}
			err := h.View(context.Background(), func(tx kv.Tx) error {
				got, err := tx.Get([]byte("decided"))
				if string(got) != "second" {
					t.Errorf("it was decided by %q", got)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// A Send function that neither commits nor returns an error would make everybody believe
// that their change was committed.
func TestASenderThatSendsNothingStopsTheStore(t *testing.T) {
	b, err := Open(Options{Send: func([]kv.OpID, []byte, func(kv.Position) error) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for range 2 {
		err := b.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error { return tx.Set([]byte("k"), nil) })
		if !errors.Is(err, kv.ErrUnavailable) {
			t.Errorf("Update = %v", err)
		}
	}
}
