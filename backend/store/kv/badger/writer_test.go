package badger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"doorward/backend/store/kv"
)

// A held store keeps the first commit in flight until the test releases it.
type held struct {
	*Store
	inFlight chan struct{}
	ends     chan error
	down     atomic.Bool
}

func hold(t *testing.T) *held {
	t.Helper()
	b, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := &held{Store: b, inFlight: make(chan struct{}), ends: make(chan error, 1)}
	first := true
	err = b.onWriter(context.Background(), func() error {
		b.writer.send = func(_ []kv.OpID, _ []byte, commit func(kv.Position) error) error {
			if !first {
				return commit(kv.Position{})
			}
			first = false
			close(h.inFlight)
			if err := <-h.ends; err != nil {
				return err
			}
			return commit(kv.Position{})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return h
}

// release ends the commit in flight.
func (h *held) release(err error) {
	h.down.Store(true)
	h.ends <- err
}

// update starts an Update, and fails the test if it is answered while the commit is in
// flight.
func (h *held) update(t *testing.T, fn func(kv.Tx) error) (ran chan struct{}, answer chan error) {
	ran, answer = make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		err := h.Update(context.Background(), kv.NewOp(), func(tx kv.Tx) error {
			defer once.Do(func() { close(ran) })
			return fn(tx)
		})
		if !h.down.Load() {
			t.Error("answered while what it rests on was not on the disk")
		}
		answer <- err
	}()
	return ran, answer
}

var errMine = errors.New("refused by the function")

// threeUpdates starts three Updates: one in flight, one that reads and writes on top of it,
// and one that fails on it.
func threeUpdates(t *testing.T, h *held) (answers []chan error) {
	set := func(tx kv.Tx, keys ...string) error {
		for _, key := range keys {
			if err := tx.Set([]byte(key), []byte("of "+key)); err != nil {
				return err
			}
		}
		return nil
	}
	_, first := h.update(t, func(tx kv.Tx) error { return set(tx, "a", "b", "c") })
	<-h.inFlight
	ran, second := h.update(t, func(tx kv.Tx) error {
		if got, err := tx.Get([]byte("a")); err != nil || string(got) != "of a" {
			return fmt.Errorf("read %q (%w)", got, err)
		}
		if err := errors.Join(tx.Delete([]byte("b")), tx.Set([]byte("c"), []byte("new")), set(tx, "d")); err != nil {
			return err
		}
		found, err := tx.Scan(nil, nil, 100)
		if got := fmt.Sprintf("%s", found); err != nil || got != "[{a of a} {c new} {d of d}]" {
			return fmt.Errorf("scanned %s (%w)", got, err)
		}
		return nil
	})
	<-ran
	ran, third := h.update(t, func(tx kv.Tx) error {
		if _, err := tx.Get([]byte("b")); !errors.Is(err, kv.ErrNotFound) {
			return fmt.Errorf("what was deleted is read: %w", err)
		}
		return errors.Join(set(tx, "e"), errMine)
	})
	<-ran
	return []chan error{first, second, third}
}

// A commit fails after other Updates have read what it was to write. They must not be told
// that they succeeded, nor be refused for a reason that never existed.
func TestNoAnswerRestsOnALostCommit(t *testing.T) {
	h := hold(t)
	answers := threeUpdates(t, h)
	h.release(errors.New("the disk is gone"))
	for i, answer := range answers {
		if err := <-answer; !errors.Is(err, kv.ErrUnavailable) || errors.Is(err, errMine) {
			t.Errorf("Update %d: %v", i+1, err)
		}
	}
	if err := h.Update(context.Background(), kv.NewOp(), func(kv.Tx) error {
		return nil
	}); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("an Update after the loss: %v", err)
	}
}

func TestUpdatesRunOnWhatIsInFlight(t *testing.T) {
	h := hold(t)
	answers := threeUpdates(t, h)
	h.release(nil)
	for i, want := range []error{nil, nil, errMine} {
		if err := <-answers[i]; !errors.Is(err, want) || (want == nil && err != nil) {
			t.Errorf("Update %d: %v, want %v", i+1, err, want)
		}
	}
	err := h.View(context.Background(), func(tx kv.Tx) error {
		found, err := tx.Scan(nil, nil, 100)
		if got := fmt.Sprintf("%s", found); got != "[{a of a} {c new} {d of d}]" {
			t.Errorf("kept %s", got)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// The writer's own work replaces the database: it must not run while a commit is in flight.
func TestOwnWorkWaitsForTheCommit(t *testing.T) {
	h := hold(t)
	_, first := h.update(t, func(tx kv.Tx) error { return tx.Set([]byte("a"), []byte("1")) })
	<-h.inFlight
	own := make(chan error, 1)
	go func() {
		own <- h.onWriter(context.Background(), func() error {
			if h.writer.inFlight != nil || !h.down.Load() {
				return errors.New("something is in the air")
			}
			return nil
		})
	}()
	for len(h.writer.queue) > 0 { // until the writer has taken it
		continue
	}
	h.release(nil)
	if err := errors.Join(<-first, <-own); err != nil {
		t.Error(err)
	}
}

// Close is called while clients keep sending Updates: it must still end.
func TestCloseEndsUnderLoad(t *testing.T) {
	b, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	begun := make(chan struct{}, 16)
	for i := range 16 {
		all.Go(func() {
			for n := 0; ; n++ {
				err := b.Update(context.Background(), kv.NewOp(), func(tx kv.Tx) error {
					return tx.Set(fmt.Appendf(nil, "%d/%d", i, n), nil)
				})
				if n == 10 {
					begun <- struct{}{}
				}
				if err != nil {
					if !errors.Is(err, kv.ErrUnavailable) {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	for range 16 {
		<-begun
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	all.Wait()
}

// A refused function leaves the writer with a view of the database, and then Compact
// replaces the database. The next function read the old one, which was closed: it panicked,
// and so did every one after it, until one committed that had read nothing.
func TestReadsAfterCompactAreOfTheNewDatabase(t *testing.T) {
	b, _ := openOnDisk(t)
	setKey(t, b, "a")
	refuse := func(tx kv.Tx) error {
		_, err := tx.Scan(nil, nil, 10)
		return errors.Join(err, errMine)
	}
	if err := b.Update(t.Context(), kv.NewOp(), refuse); !errors.Is(err, errMine) {
		t.Fatal(err)
	}
	if err := b.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Update(t.Context(), kv.NewOp(), refuse); !errors.Is(err, errMine) || errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("after Compact: %v", err)
	}
}
