package faulty_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/kv/faulty"
	"doorward/backend/store/kv/kvtest"
)

func open(tb testing.TB, c kv.Config, o faulty.Options) *faulty.Store {
	tb.Helper()
	c.Logger = slog.New(slog.DiscardHandler)
	b, err := badger.Open(badger.Options{Config: c, Send: faulty.Send(o)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { b.Close() })
	return faulty.New(b, o)
}

// Faults happen to a caller who follows the errors' meaning: every promise of an engine
// still holds, and each fault that the suite chooses gets its own error.
func TestSuiteBehindFaults(t *testing.T) {
	o := faulty.Options{Seed: 1, Rate: 0.2, Lead: 0.02}
	dirs := map[kv.Store]string{}
	in := func(tb testing.TB, dir string) kv.Store {
		s := faulty.Caller{Store: open(tb, kv.Config{Dir: dir}, o)}
		dirs[s] = dir
		return s
	}
	kvtest.Run(t,
		func(tb testing.TB) kv.Store { return in(tb, filepath.Join(tb.TempDir(), "store")) },
		kvtest.WithReopen(func(tb testing.TB, s kv.Store) kv.Store {
			if err := s.Close(); err != nil {
				tb.Fatal(err)
			}
			return in(tb, dirs[s])
		}),
		kvtest.WithFaults(func(tb testing.TB) (kv.Store, kvtest.Injector) {
			s := open(tb, kv.Config{}, faulty.Options{})
			return s, s
		}))
}

// The way to the disk fails at random under sixteen clients that write as fast as they can,
// until a hundred sends have failed. Every acknowledged change is there and no refused one,
// also after the store was closed, and it accepts changes to the end.
func TestHundredSendsFail(t *testing.T) {
	const clients, sends = 16, 100
	dir := filepath.Join(t.TempDir(), "store")
	random := rand.New(rand.NewPCG(kvtest.Seed(t), 3))
	failed := 0
	done := make(chan struct{})
	send := func(_ []kv.OpID, _ []byte, commit func(kv.Position) error) error { // one batch at a time
		switch random.IntN(6) {
		case 0:
			if failed++; failed == sends {
				close(done)
			}
			return fmt.Errorf("%w: the log has no majority", kv.ErrUnavailable)
		case 1:
			if err := commit(kv.Position{}); err != nil {
				return err
			}
			return fmt.Errorf("%w: the answer was lost", kv.ErrUnknownOutcome)
		}
		return commit(kv.Position{})
	}
	c := kv.Config{Dir: dir, MinFree: 1, Logger: slog.New(slog.DiscardHandler)}
	b, err := badger.Open(badger.Options{Config: c, Send: send})
	if err != nil {
		t.Fatal(err)
	}
	var told [clients]answers
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() { told[i] = writeUntil(t, b, i, done) })
	}
	all.Wait()
	if err := b.Update(t.Context(), kv.NewOp(), func(kv.Tx) error { return nil }); err != nil {
		t.Errorf("the store does not go on: %v", err)
	}
	check := func(when string, s kv.Store) {
		t.Helper()
		kept := keys(t, s)
		for i := range told {
			told[i].check(t, when, kept)
		}
	}
	check("while it runs", b)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := badger.Open(badger.Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	check("after a start", again)
}

// answers are the results that one client got for the keys that it wrote.
type answers struct{ kept, refused []string }

// writeUntil writes one new key at a time, and increments a counter that all clients share.
func writeUntil(t *testing.T, s kv.Store, client int, done <-chan struct{}) (told answers) {
	for n := 0; ; n++ {
		select {
		case <-done:
			return told
		default:
		}
		key := fmt.Sprintf("%02d/%06d", client, n)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		err := s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error {
			if _, err := tx.Get([]byte("shared")); err != nil && !errors.Is(err, kv.ErrNotFound) {
				return err
			}
			return errors.Join(tx.Set([]byte("shared"), []byte(key)), tx.Set([]byte(key), nil))
		})
		cancel()
		switch {
		case err == nil:
			told.kept = append(told.kept, key)
		case errors.Is(err, kv.ErrUnknownOutcome):
		case errors.Is(err, kv.ErrUnavailable):
			told.refused = append(told.refused, key)
		default:
			t.Errorf("client %d: %v", client, err)
			return told
		}
	}
}

func (a answers) check(t *testing.T, when string, kept map[string]bool) {
	t.Helper()
	for _, key := range a.kept {
		if !kept[key] {
			t.Errorf("%s: %s was acknowledged and is missing", when, key)
		}
	}
	for _, key := range a.refused {
		if kept[key] {
			t.Errorf("%s: %s was refused and is there", when, key)
		}
	}
}

func keys(t *testing.T, s kv.Store) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := s.(kv.Snapshotter).Each(t.Context(), nil, func(key, _ []byte) error {
		found[string(key)] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The lead is lost: the node serves nothing. It is won again: followers are told before the
// node serves, and reads see what others wrote meanwhile.
func TestLeadIsLostAndWon(t *testing.T) {
	s := open(t, kv.Config{}, faulty.Options{})
	set := func(value string) error {
		return s.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
			if _, err := tx.Get([]byte("k")); err != nil && !errors.Is(err, kv.ErrNotFound) {
				return err
			}
			return tx.Set([]byte("k"), []byte(value))
		})
	}
	var told []bool
	cancel := s.OnLead(func(leads bool) { told = append(told, leads) })
	if err := set("1"); err != nil {
		t.Fatal(err)
	}
	s.Lead(false)
	if err := set("2"); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("Update without the lead = %v", err)
	}
	if err := s.View(t.Context(), func(kv.Tx) error { return nil }); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("View without the lead = %v", err)
	}
	s.Lead(true)
	s.Lead(true)
	if err := set("3"); err != nil {
		t.Errorf("Update with the lead again = %v", err)
	}
	cancel()
	s.Lead(false)
	if want := []bool{true, false, true}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

// The same seed causes the same faults.
func TestSeedsRepeat(t *testing.T) {
	run := func(seed int64) map[int]string {
		s := open(t, kv.Config{}, faulty.Options{Seed: seed, Rate: 0.3})
		met := map[int]string{}
		for i := range 50 {
			err := s.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error { return tx.Set([]byte("k"), nil) })
			if err != nil {
				met[i] = err.Error()
			}
		}
		return met
	}
	if one, two := run(7), run(7); len(one) == 0 || !maps.Equal(one, two) {
		t.Errorf("a seed made %v and then %v", one, two)
	}
}
