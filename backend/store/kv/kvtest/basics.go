package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"doorward/backend/store/kv"
)

var errRefused = errors.New("refused by the test")

func getSetDelete(t *testing.T, open Open) {
	s := open(t)
	if got := get(t, s, "a"); got != "-" {
		t.Errorf("a key that was never set is %q", got)
	}
	set(t, s, "a", "1", "b", "2")
	set(t, s, "a", "3")
	update(t, s, func(tx kv.Tx) error { return tx.Delete([]byte("b")) })
	update(t, s, func(tx kv.Tx) error { return tx.Delete([]byte("never")) })
	for key, want := range map[string]string{"a": "3", "b": "-", "never": "-", "": "-"} {
		if key != "" && get(t, s, key) != want {
			t.Errorf("%s is %q, want %q", key, get(t, s, key), want)
		}
	}
	update(t, s, func(kv.Tx) error { return nil })
}

func valuesOfAllSizes(t *testing.T, open Open) {
	s := open(t)
	for _, size := range []int{0, 1, 100, 4096, 32 << 10, kv.MaxValue - 1, kv.MaxValue} {
		want := bytes.Repeat([]byte{byte(size), 0, 0xff}, size/3+1)[:size]
		update(t, s, func(tx kv.Tx) error { return tx.Set([]byte("big"), want) })
		view(t, s, func(tx kv.Tx) error {
			got, err := tx.Get([]byte("big"))
			if err != nil || !bytes.Equal(got, want) || got == nil {
				t.Errorf("a value of %d bytes came back with %d, nil is %v, %v", size, len(got), got == nil, err)
			}
			found, err := tx.Scan([]byte("big"), []byte("bih"), 5)
			if err != nil || len(found) != 1 || !bytes.Equal(found[0].Value, want) {
				t.Errorf("a value of %d bytes was not scanned as it is: %v", size, err)
			}
			return nil
		})
	}
}

func keysOfAllBytes(t *testing.T, open Open) {
	s := open(t)
	keys := []string{"\x00", "\x00\x00", "\x00a", "!badger!txn", "/", "a\x00b", "m", "d", "op/1", "\xff", "\xff\xff",
		string(bytes.Repeat([]byte{0xff}, kv.MaxKey))}
	for _, key := range keys {
		set(t, s, key, "of "+key)
	}
	for _, key := range keys {
		if got := get(t, s, key); got != "of "+key {
			t.Errorf("key %q has %q", key, got)
		}
	}
	view(t, s, func(tx kv.Tx) error {
		found, err := tx.Scan(nil, nil, kv.MaxViewScan)
		if err != nil || len(found) != len(keys) {
			t.Errorf("a scan of everything found %d keys, want %d: %v", len(found), len(keys), err)
		}
		return nil
	})
}

// slicesAreOurs: a caller may modify what it passed and what it got, and use it after the
// transaction.
func slicesAreOurs(t *testing.T, open Open) {
	s := open(t)
	key, value := []byte("key"), []byte("value")
	var got []byte
	var found []kv.KV
	update(t, s, func(tx kv.Tx) error {
		copy(key, "key")
		copy(value, "value")
		err := tx.Set(key, value)
		copy(value, "XXXXX")
		copy(key, "YYY")
		own, err2 := tx.Get([]byte("key"))
		copy(own, "ZZZZZ")
		return errors.Join(err, err2)
	})
	view(t, s, func(tx kv.Tx) (err error) {
		if got, err = tx.Get([]byte("key")); err != nil {
			return err
		}
		found, err = tx.Scan([]byte("k"), []byte("l"), 1)
		return err
	})
	for i := range 200 {
		set(t, s, fmt.Sprint("other", i), "noise")
	}
	if string(got) != "value" || list(found) != "key=value" {
		t.Errorf("kept slices are now %q and %q", got, list(found))
	}
	copy(got, "XXXXX")
	copy(found[0].Value, "XXXXX")
	if again := get(t, s, "key"); again != "value" {
		t.Errorf("a caller changed the store through a slice: %q", again)
	}
}

func readYourWrites(t *testing.T, open Open) {
	s := open(t)
	set(t, s, "a", "old", "b", "old")
	update(t, s, func(tx kv.Tx) error {
		err := errors.Join(
			tx.Set([]byte("a"), []byte("new")),
			tx.Delete([]byte("b")),
			tx.Set([]byte("c"), []byte("1")),
			tx.Set([]byte("c"), []byte("2")),
			tx.Set([]byte("d"), []byte("1")),
			tx.Delete([]byte("d")))
		if err != nil {
			return err
		}
		for key, want := range map[string]string{"a": "new", "b": "-", "c": "2", "d": "-"} {
			if got, err := read(tx, key); got != want || err != nil {
				t.Errorf("inside, %s is %q, %v, want %q", key, got, err, want)
			}
		}
		found, err := tx.Scan([]byte("a"), []byte("z"), 10)
		if list(found) != "a=new c=2" {
			t.Errorf("inside, a scan found %q", list(found))
		}
		return err
	})
	view(t, s, func(tx kv.Tx) error {
		found, err := tx.Scan([]byte("a"), []byte("z"), 10)
		if list(found) != "a=new c=2" {
			t.Errorf("afterwards, a scan found %q", list(found))
		}
		return err
	})
}

func refusedLeavesNothing(t *testing.T, open Open) {
	s := open(t)
	set(t, s, "a", "1", "b", "1")
	err := s.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
		return errors.Join(tx.Set([]byte("a"), []byte("2")), tx.Delete([]byte("b")),
			tx.Set([]byte("c"), []byte("2")), errRefused)
	})
	if !errors.Is(err, errRefused) {
		t.Errorf("Update = %v, want the function's own error", err)
	}
	if a, b, c := get(t, s, "a"), get(t, s, "b"), get(t, s, "c"); a+b+c != "11-" {
		t.Errorf("a refused Update left a=%s b=%s c=%s", a, b, c)
	}
}

func panicLeavesNothing(t *testing.T, open Open) {
	s := open(t)
	err := s.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
		tx.Set([]byte("a"), []byte("1"))
		panic("on purpose")
	})
	if err == nil {
		t.Error("a panic in the function came back as nil")
	}
	set(t, s, "b", "1")
	if a, b := get(t, s, "a"), get(t, s, "b"); a != "-" || b != "1" {
		t.Errorf("after a panic a=%s b=%s", a, b)
	}
}

func viewIsOneMoment(t *testing.T, open Open) {
	s := open(t)
	set(t, s, "a", "1")
	view(t, s, func(tx kv.Tx) error {
		set(t, s, "a", "2", "b", "2")
		a, _ := read(tx, "a")
		found, err := tx.Scan(nil, nil, 10)
		if a != "1" || list(found) != "a=1" {
			t.Errorf("a View saw a=%s and %q, written after it began", a, list(found))
		}
		return err
	})
	if got := get(t, s, "a"); got != "2" {
		t.Errorf("a View after the Update saw %q", got)
	}
	if err := s.View(t.Context(), func(kv.Tx) error { return errRefused }); !errors.Is(err, errRefused) {
		t.Errorf("View = %v, want the function's own error", err)
	}
}

func viewTakesNoWrites(t *testing.T, open Open) {
	s := open(t)
	view(t, s, func(tx kv.Tx) error {
		if err := tx.Set([]byte("a"), []byte("1")); !errors.Is(err, kv.ErrReadOnly) {
			t.Errorf("Set in a View = %v", err)
		}
		if err := tx.Delete([]byte("a")); !errors.Is(err, kv.ErrReadOnly) {
			t.Errorf("Delete in a View = %v", err)
		}
		return nil
	})
}

func txEndsWithItsFunction(t *testing.T, open Open) {
	s := open(t)
	var inView, inUpdate kv.Tx
	view(t, s, func(tx kv.Tx) error { inView = tx; return nil })
	update(t, s, func(tx kv.Tx) error { inUpdate = tx; return tx.Set([]byte("a"), []byte("1")) })
	for _, tx := range []kv.Tx{inView, inUpdate} {
		if _, err := tx.Get([]byte("a")); err == nil || errors.Is(err, kv.ErrNotFound) {
			t.Errorf("Get after the function = %v", err)
		}
		if _, err := tx.Scan(nil, nil, 1); err == nil {
			t.Error("Scan works after the function")
		}
		if err := tx.Set([]byte("a"), []byte("2")); err == nil {
			t.Error("Set works after the function")
		}
	}
	if got := get(t, s, "a"); got != "1" {
		t.Errorf("a is %q", got)
	}
}

func contexts(t *testing.T, open Open) {
	s := open(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	ran := false
	fn := func(kv.Tx) error { ran = true; return nil }
	if err := s.Update(gone, kv.NewOp(), fn); !errors.Is(err, context.Canceled) || ran {
		t.Errorf("Update with an ended context = %v, ran: %v", err, ran)
	}
	if err := s.View(gone, fn); !errors.Is(err, context.Canceled) || ran {
		t.Errorf("View with an ended context = %v, ran: %v", err, ran)
	}
	if _, err := s.Watch(gone, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Watch with an ended context = %v", err)
	}
	during, cancel := context.WithCancel(t.Context())
	err := s.Update(during, kv.NewOp(), func(tx kv.Tx) error {
		cancel()
		_, err := tx.Get([]byte("a"))
		tx.Set([]byte("a"), []byte("1"))
		return err
	})
	if !errors.Is(err, context.Canceled) || get(t, s, "a") != "-" {
		t.Errorf("a context that ended during Update gave %v, a is %s", err, get(t, s, "a"))
	}
}

// waitingEndsWithContext: while one Update runs, another that waits for it ends with its
// context. It either never runs, or runs and returns its true outcome.
func waitingEndsWithContext(t *testing.T, open Open) {
	s := open(t)
	entered, leave, first := make(chan struct{}, 8), make(chan struct{}), make(chan error, 1)
	go func() {
		first <- s.Update(long(t), kv.NewOp(), func(tx kv.Tx) error {
			entered <- struct{}{}
			<-leave
			return tx.Set([]byte("first"), []byte("1"))
		})
	}()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() {
		second <- s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error { return tx.Set([]byte("second"), []byte("1")) })
	}()
	cancel()
	err := <-second
	close(leave)
	if err := <-first; err != nil {
		t.Errorf("the busy Update = %v", err)
	}
	set(t, s, "third", "1")
	want := "1"
	if err != nil {
		want = "-"
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the waiting Update = %v", err)
		}
	}
	if got := get(t, s, "second"); got != want {
		t.Errorf("the waiting Update answered %v and left %q", err, got)
	}
}

func closedStore(t *testing.T, open Open) {
	s := open(t)
	set(t, s, "a", "1")
	events, err := s.Watch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	for range events {
	}
	fn := func(kv.Tx) error { t.Error("a function was run on a closed store"); return nil }
	if err := s.Update(t.Context(), kv.NewOp(), fn); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("Update on a closed store = %v", err)
	}
	if err := s.View(t.Context(), fn); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("View on a closed store = %v", err)
	}
	if _, err := s.Watch(t.Context(), nil); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("Watch on a closed store = %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("a second Close = %v", err)
	}
}

func reopenKeepsAll(t *testing.T, open Open, reopen Reopen) {
	s := open(t)
	for round := range 3 {
		for i := range 50 {
			set(t, s, fmt.Sprintf("r%d/%03d", round, i), fmt.Sprint("v", i))
		}
		update(t, s, func(tx kv.Tx) error { return tx.Delete(fmt.Appendf(nil, "r%d/%03d", round, 7)) })
		s = reopen(t, s)
		for old := range round + 1 {
			view(t, s, func(tx kv.Tx) error {
				found, err := tx.Scan(fmt.Appendf(nil, "r%d/", old), fmt.Appendf(nil, "r%d0", old), 100)
				if err != nil || len(found) != 49 || string(found[7].Value) != "v8" {
					t.Errorf("after reopening %d times, round %d has %d keys: %v", round+1, old, len(found), err)
				}
				return nil
			})
		}
	}
}

// deleteOfNothing: deleting a missing key is an Update like any other. It is answered,
// changes nothing, and does not block the ones behind it.
func deleteOfNothing(t *testing.T, open Open) {
	s := open(t)
	events, err := s.Watch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx kv.Tx) error { return tx.Delete([]byte("nothing")) })
	if got := get(t, s, "nothing"); got != "-" {
		t.Errorf("what was never there is %q", got)
	}
	set(t, s, "after", "1")
	for _, e := range until(t, events, "after") {
		if string(e.Key) == "nothing" && !e.Deleted {
			t.Error("the deletion of nothing is said to have set it")
		}
	}
}
