package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"doorward/backend/store/kv"
)

func add(tx kv.Tx, key string, n int) error {
	text, err := read(tx, key)
	if err != nil {
		return err
	}
	have, _ := strconv.Atoi(text)
	return tx.Set([]byte(key), []byte(strconv.Itoa(have+n)))
}

func lostUpdate(t *testing.T, open Open) {
	s, ctx := open(t), long(t)
	const racers, each = 32, 25
	errs := race(racers, func(int) error {
		for range each {
			if err := s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error { return add(tx, "counter", 1) }); err != nil {
				return err
			}
		}
		return nil
	})
	if good := count(t, errs, nil); good != racers {
		t.Errorf("%d of %d racers got through", good, racers)
	}
	if got := get(t, s, "counter"); got != strconv.Itoa(racers*each) {
		t.Errorf("the counter is %s, want %d", got, racers*each)
	}
}

// The last two Admins step down at the same moment. Each sees in a scan that the other is
// still there. If both succeed, nobody can ever let anybody in again.
func writeSkewThroughScan(t *testing.T, open Open) {
	s, ctx := open(t), long(t)
	for round := range 40 {
		set(t, s, "admin/ann", "1", "admin/bob", "1")
		errs := race(2, func(i int) error {
			return s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error {
				found, err := tx.Scan([]byte("admin/"), []byte("admin0"), 100)
				if err != nil {
					return err
				}
				if len(found) < 2 {
					return errRefused
				}
				return tx.Delete([]byte([]string{"admin/ann", "admin/bob"}[i]))
			})
		})
		if good := count(t, errs, errRefused); good != 1 {
			t.Fatalf("round %d: %d of the last two Admins stepped down", round, good)
		}
	}
}

// Many look into an empty range, see that it is empty, and add themselves to it, each under
// another key.
func phantomInsert(t *testing.T, open Open) {
	s, ctx := open(t), long(t)
	for round := range 20 {
		from, to := fmt.Appendf(nil, "seat%d/", round), fmt.Appendf(nil, "seat%d0", round)
		errs := race(8, func(i int) error {
			return s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error {
				found, err := tx.Scan(from, to, 1)
				if err != nil {
					return err
				}
				if len(found) > 0 {
					return errRefused
				}
				return tx.Set(fmt.Appendf(bytes.Clone(from), "%d", i), nil)
			})
		})
		if good := count(t, errs, errRefused); good != 1 {
			t.Fatalf("round %d: %d found the range empty", round, good)
		}
	}
}

// Two invitations for one address: each sees that it is free.
func uniqueByAbsence(t *testing.T, open Open) {
	s, ctx := open(t), long(t)
	for round := range 20 {
		key := fmt.Appendf(nil, "address/%d", round)
		errs := race(8, func(i int) error {
			return s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error {
				_, err := tx.Get(key)
				if err == nil {
					return errRefused
				}
				if !errors.Is(err, kv.ErrNotFound) {
					return err
				}
				return errors.Join(tx.Set(key, fmt.Append(nil, i)),
					tx.Set(fmt.Appendf(nil, "member/%d/%d", round, i), nil))
			})
		})
		if good := count(t, errs, errRefused); good != 1 {
			t.Fatalf("round %d: %d took the same address", round, good)
		}
	}
}

// Sixteen decide the same request. One decision wins, with one entry in the audit chain and
// one email.
func approveOnce(t *testing.T, open Open) {
	s, ctx := open(t), long(t)
	const rounds = 25
	for round := range rounds {
		key := fmt.Sprint("request/", round)
		set(t, s, key, "pending")
		errs := race(16, func(i int) error {
			return s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error {
				state, err := read(tx, key)
				if err != nil {
					return err
				}
				if state != "pending" {
					return errRefused
				}
				return errors.Join(tx.Set([]byte(key), fmt.Append(nil, "decided by ", i)),
					add(tx, "audit", 1), add(tx, "emails", 1))
			})
		})
		if good := count(t, errs, errRefused); good != 1 {
			t.Fatalf("round %d: %d decisions went through", round, good)
		}
	}
	if audit, messages := get(t, s, "audit"), get(t, s, "emails"); audit != strconv.Itoa(rounds) || messages != audit {
		t.Errorf("%d decisions left %s audit entries and %s emails", rounds, audit, messages)
	}
}

// manyWritersOneGroup: Updates that an engine commits together must not affect each other.
// One third fails, one third panics; the rest is complete.
func manyWritersOneGroup(t *testing.T, open Open) {
	s, ctx := open(t), long(t)
	const racers = 48
	errs := race(racers, func(i int) error {
		return s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error {
			err := errors.Join(add(tx, "sum", 1), tx.Set(fmt.Appendf(nil, "one/%d", i), nil),
				tx.Set(fmt.Appendf(nil, "two/%d", i), nil))
			switch i % 3 {
			case 1:
				return errRefused
			case 2:
				panic("on purpose")
			}
			return err
		})
	})
	for i, err := range errs {
		if (err == nil) != (i%3 == 0) || (i%3 == 1 && !errors.Is(err, errRefused)) {
			t.Errorf("racer %d got %v", i, err)
		}
		want := "-"
		if i%3 == 0 {
			want = ""
		}
		if one, two := get(t, s, fmt.Sprint("one/", i)), get(t, s, fmt.Sprint("two/", i)); one != want || two != want {
			t.Errorf("racer %d left %q and %q, want %q", i, one, two, want)
		}
	}
	if got := get(t, s, "sum"); got != strconv.Itoa(racers/3) {
		t.Errorf("the sum is %s, want %d", got, racers/3)
	}
}

// functionsMayRunTwice: every function runs twice, as after a lost first run, and the
// outcome is that of one run.
func functionsMayRunTwice(t *testing.T, open Open) {
	s := twice{open(t)}
	runs := 0
	for range 5 {
		update(t, s, func(tx kv.Tx) error {
			runs++
			if err := tx.Set(fmt.Appendf(nil, "run/%d", runs), nil); err != nil {
				return err
			}
			return add(tx, "counter", 1)
		})
	}
	if got := get(t, s, "counter"); runs < 10 || got != "5" {
		t.Errorf("five Updates ran %d times and counted %s", runs, got)
	}
	view(t, s, func(tx kv.Tx) error {
		found, err := tx.Scan([]byte("run/"), []byte("run0"), 100)
		if len(found) != 5 {
			t.Errorf("%d runs left writes, want 5", len(found))
		}
		return err
	})
}

// twice runs every function in an Update that is refused, and then in the one that counts.
type twice struct{ kv.Store }

var errFirstRun = errors.New("the first run is thrown away")

func (s twice) Update(ctx context.Context, op kv.OpID, fn func(kv.Tx) error) error {
	var failed error
	err := s.Store.Update(ctx, kv.NewOp(), func(tx kv.Tx) error {
		failed = fn(tx)
		return errFirstRun
	})
	if !errors.Is(err, errFirstRun) {
		return err
	}
	if failed != nil {
		return failed
	}
	return s.Store.Update(ctx, op, fn)
}
