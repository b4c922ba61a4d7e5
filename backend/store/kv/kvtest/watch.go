package kvtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/backend/store/kv"
)

// next waits for an event; ok is false if the channel was closed.
func next(tb testing.TB, events <-chan kv.Event) (e kv.Event, ok bool) {
	tb.Helper()
	select {
	case e, ok = <-events:
		return e, ok
	case <-time.After(patience):
		tb.Fatal("no event came")
		return e, false
	}
}

// until collects events up to the one for key.
func until(tb testing.TB, events <-chan kv.Event, key string) (seen []kv.Event) {
	tb.Helper()
	for {
		e, ok := next(tb, events)
		if !ok {
			tb.Fatal("the channel was closed")
		}
		seen = append(seen, e)
		if string(e.Key) == key {
			return seen
		}
	}
}

func watchOrderAndPrefix(t *testing.T, open Open) {
	s := open(t)
	set(t, s, "m/before", "1")
	events, err := s.Watch(t.Context(), []byte("m/"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		set(t, s, "m/a", fmt.Sprint(i), "other", "x")
		update(t, s, func(tx kv.Tx) error { return tx.Delete([]byte("m/a")) })
	}
	set(t, s, "m/b", "1", "m", "outside", "n", "outside")
	set(t, s, "m/end", "1")
	deleted := true
	for _, e := range until(t, events, "m/end") {
		switch key := string(e.Key); {
		case e.Resync || !strings.HasPrefix(key, "m/") || key == "m/before":
			t.Errorf("unexpected event %q, %+v", key, e)
		case key == "m/a":
			if e.Deleted == deleted && deleted {
				t.Error("a deletion came before the change that it deletes")
			}
			deleted = e.Deleted
		case e.Deleted:
			t.Errorf("%s is said to be deleted", key)
		}
	}
	if !deleted {
		t.Error("the last event of m/a does not say that it was deleted")
	}
}

func watchSeesNothingRefused(t *testing.T, open Open) {
	s := open(t)
	events, err := s.Watch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
		return errors.Join(tx.Set([]byte("refused"), nil), errRefused)
	})
	set(t, s, "kept", "1")
	if seen := until(t, events, "kept"); len(seen) != 1 {
		t.Errorf("saw %d events, the first of %q", len(seen), seen[0].Key)
	}
}

// A reader that is slow, or that died silently, must not delay writers. It is told that it
// missed something, and continues from there.
func watchResync(t *testing.T, open Open) {
	s := open(t)
	events, err := s.Watch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	const writes = 100
	for i := range writes {
		update(t, s, func(tx kv.Tx) error {
			for j := range 80 {
				if err := tx.Set(fmt.Appendf(nil, "k%03d/%d", i, j), nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	seen, resyncs := 0, 0
	for resyncs == 0 {
		e, _ := next(t, events)
		seen++
		if e.Resync {
			resyncs++
		}
		if seen > writes*80 {
			t.Fatal("nothing was missed: the buffer is not bounded")
		}
	}
	// A gap that is still open when the reader continues may swallow this event, but then
	// the reader is told of a second gap, after which nothing is missing.
	set(t, s, "after", "1")
	for e, _ := next(t, events); !e.Resync && string(e.Key) != "after"; {
		e, _ = next(t, events)
	}
	set(t, s, "again", "1")
	for _, e := range until(t, events, "again") {
		if e.Resync {
			t.Error("a resync came, though the reader had caught up")
		}
	}
}

func watchEnds(t *testing.T, open Open) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	gone, err := s.Watch(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	stays, err := s.Watch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for ok := true; ok; _, ok = next(t, gone) {
	}
	set(t, s, "a", "1")
	until(t, stays, "a")
}

// follower returns s as a kv.CommitFollower.
func follower(t *testing.T, s kv.Store) kv.CommitFollower {
	t.Helper()
	f, ok := s.(kv.CommitFollower)
	if !ok {
		t.Fatalf("%T does not tell of commits, and every cache rests on that", s)
	}
	return f
}

// committedBeforeAnswer: a caller who has the answer can rely on caches that follow
// commits.
func committedBeforeAnswer(t *testing.T, open Open) {
	var mu sync.Mutex
	told := map[string]bool{}
	order := []string{}
	s := open(t)
	cancel := follower(t, s).OnCommit(func(events []kv.Event) {
		mu.Lock()
		defer mu.Unlock()
		for _, e := range events {
			told[string(e.Key)] = !e.Deleted
			order = append(order, string(e.Key))
		}
	})
	defer cancel()
	ctx := long(t)
	race(16, func(i int) error {
		for j := range 10 {
			key := fmt.Sprintf("%d/%d", i, j)
			if err := s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error { return tx.Set([]byte(key), nil) }); err != nil {
				t.Errorf("Update = %v", err)
			}
			mu.Lock()
			if !told[key] {
				t.Errorf("%s was answered before it was told", key)
			}
			mu.Unlock()
		}
		return nil
	})
	update(t, s, func(tx kv.Tx) error { return tx.Delete([]byte("0/0")) })
	s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error { return errors.Join(tx.Set([]byte("no"), nil), errRefused) })
	mu.Lock()
	defer mu.Unlock()
	if told["0/0"] || len(order) != 161 || order[160] != "0/0" {
		t.Errorf("told %d changes, 0/0 is %v", len(order), told["0/0"])
	}
	if _, ok := told["no"]; ok {
		t.Error("a refused change was told")
	}
}

// followersInOrder: several follow commits. Each is told of each commit, in the order in
// which they registered, before the answer; after cancel, a follower is told nothing more.
func followersInOrder(t *testing.T, open Open) {
	s := open(t)
	var mu sync.Mutex
	var told []string
	follow := func(name string) (cancel func()) {
		return follower(t, s).OnCommit(func(events []kv.Event) {
			mu.Lock()
			defer mu.Unlock()
			for _, e := range events {
				told = append(told, name+string(e.Key))
			}
		})
	}
	want := func(when, list string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if got := strings.Join(told, " "); got != list {
			t.Errorf("%s: told %q, want %q", when, got, list)
		}
		told = nil
	}
	first, second, third := follow("1"), follow("2"), follow("3")
	set(t, s, "a", "x")
	want("three follow", "1a 2a 3a")
	second()
	set(t, s, "b", "x")
	want("the second has cancelled", "1b 3b")
	first()
	third()
	set(t, s, "c", "x")
	want("nobody follows", "")
}
