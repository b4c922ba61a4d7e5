package kvtest

import (
	"errors"
	"fmt"
	"testing"

	"doorward/backend/store/kv"
)

// A Fault is what can happen to an Update on its way to the disk of a replicated engine.
type Fault int

const (
	// Refused: nothing is written, and the caller is told so (kv.ErrUnavailable).
	Refused Fault = iota + 1
	// LostAnswer: it is committed, but the caller is told that the outcome is unknown.
	LostAnswer
	// LostUpdate: it is not committed, and the caller is told that the outcome is unknown.
	LostUpdate
)

// An Injector makes the next Updates fail, in this order.
type Injector interface{ Next(faults ...Fault) }

// An OpenFaulty opens an empty store whose faults the test chooses, and closes it when the
// test ends. The store is a kv.OutcomeReader.
type OpenFaulty func(tb testing.TB) (kv.Store, Injector)

func runFaults(t *testing.T, open OpenFaulty) {
	for name, run := range map[string]func(*testing.T, OpenFaulty){
		"UnknownOutcome":   unknownOutcome,
		"FailsThenWorks":   failsThenWorks,
		"RefusedOnNothing": refusedOnNothing,
	} {
		t.Run(name, func(t *testing.T) { run(t, open) })
	}
}

// unknownOutcome: an answer is lost. The outcome can be asked for by the Update's own name,
// and the answer is true.
func unknownOutcome(t *testing.T, open OpenFaulty) {
	tests := []struct {
		name  string
		fault Fault
		kept  bool
		want  string
	}{
		{"kept", LostAnswer, true, "new"},
		{"not kept", LostUpdate, false, "old"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, faults := open(t)
			set(t, s, "k", "old")
			faults.Next(tt.fault)
			op := kv.NewOp()
			err := s.Update(t.Context(), op, func(tx kv.Tx) error { return tx.Set([]byte("k"), []byte("new")) })
			if !errors.Is(err, kv.ErrUnknownOutcome) {
				t.Fatalf("Update = %v, want ErrUnknownOutcome", err)
			}
			kept, err := s.(kv.OutcomeReader).Outcome(t.Context(), op)
			if kept != tt.kept || err != nil {
				t.Errorf("Outcome = %v, %v", kept, err)
			}
			if got := get(t, s, "k"); got != tt.want {
				t.Errorf("the value is %q, want %q", got, tt.want)
			}
			set(t, s, "k", "later")
			if got := get(t, s, "k"); got != "later" {
				t.Errorf("after the next Update the value is %q", got)
			}
		})
	}
}

// failsThenWorks: a send fails. Its Update is refused with nothing written, no follower or
// watcher hears of it, and the next Update is committed.
func failsThenWorks(t *testing.T, open OpenFaulty) {
	s, faults := open(t)
	set(t, s, "counter", "1")
	events, err := s.Watch(t.Context(), []byte("refused"))
	if err != nil {
		t.Fatal(err)
	}
	faults.Next(Refused, Refused)
	for range 2 {
		err := s.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
			return errors.Join(add(tx, "counter", 1), tx.Set([]byte("refused"), []byte("x")))
		})
		if !errors.Is(err, kv.ErrUnavailable) || errors.Is(err, kv.ErrUnknownOutcome) {
			t.Fatalf("Update = %v, want ErrUnavailable", err)
		}
		if got := get(t, s, "counter") + get(t, s, "refused"); got != "1-" {
			t.Fatalf("a refused Update left %q", got)
		}
	}
	update(t, s, func(tx kv.Tx) error {
		return errors.Join(add(tx, "counter", 1), tx.Set([]byte("refused-not"), nil))
	})
	if got := get(t, s, "counter"); got != "2" {
		t.Errorf("the counter is %s, want 2", got)
	}
	if seen := until(t, events, "refused-not"); len(seen) != 1 {
		t.Errorf("saw %d events, the first of %q", len(seen), seen[0].Key)
	}
}

// refusedOnNothing: many decide one request at the same time, and every decision but the
// last few fails on its way to the disk. "already decided" may only be answered because of
// a decision that was committed.
func refusedOnNothing(t *testing.T, open OpenFaulty) {
	s, faults := open(t)
	ctx := long(t)
	for round := range 30 {
		key := fmt.Sprint("request/", round)
		set(t, s, key, "pending")
		faults.Next(Refused, Refused, Refused, Refused)
		errs := race(4, func(i int) error {
			return s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error {
				state, err := read(tx, key)
				if err != nil {
					return err
				}
				if state != "pending" {
					return errRefused
				}
				return tx.Set([]byte(key), []byte("decided"))
			})
		})
		state := get(t, s, key)
		for _, err := range errs {
			if errors.Is(err, errRefused) && state == "pending" {
				t.Fatalf("round %d: somebody was told that it is decided, and it is not", round)
			}
			if err == nil && state != "decided" {
				t.Fatalf("round %d: a decision was answered and is not there", round)
			}
		}
		drain(t, s, faults)
	}
}

// drain uses up the remaining faults.
func drain(t *testing.T, s kv.Store, faults Injector) {
	t.Helper()
	faults.Next()
	set(t, s, "drained", "x")
}
