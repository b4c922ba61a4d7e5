// Package kvtest checks that an engine keeps the promises of package kv. It is independent
// of any engine: an engine that passes can carry the store.
//
// The tests are: one caller alone (basics, scan, limits), many at once (races), watchers
// (watch), what remains after the store was closed (basics), and the answers of an engine
// whose way to the disk fails (faults). Each opens its own store.
package kvtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"doorward/backend/store/kv"
)

// An Open opens an empty store and closes it when the test ends.
type Open func(tb testing.TB) kv.Store

// A Reopen closes s and opens the same data again.
type Reopen func(tb testing.TB, s kv.Store) kv.Store

// An Option adds cases that not every engine supports.
type Option func(*suite)

type suite struct {
	reopen Reopen
	faults OpenFaulty
}

// WithReopen adds the cases of an engine that stores its data on the disk.
func WithReopen(reopen Reopen) Option { return func(s *suite) { s.reopen = reopen } }

// WithFaults adds the cases of an engine whose faults the test chooses.
func WithFaults(open OpenFaulty) Option { return func(s *suite) { s.faults = open } }

// patience is how long a test waits for what must happen before it fails.
const patience = 60 * time.Second

// Run runs the whole suite.
func Run(t *testing.T, open Open, options ...Option) {
	var more suite
	for _, add := range options {
		add(&more)
	}
	tests := []struct {
		name string
		run  func(*testing.T, Open)
	}{
		{"GetSetDelete", getSetDelete},
		{"ValuesOfAllSizes", valuesOfAllSizes},
		{"KeysOfAllBytes", keysOfAllBytes},
		{"SlicesAreOurs", slicesAreOurs},
		{"ReadYourWrites", readYourWrites},
		{"RefusedLeavesNothing", refusedLeavesNothing},
		{"PanicLeavesNothing", panicLeavesNothing},
		{"ViewIsOneMoment", viewIsOneMoment},
		{"ViewTakesNoWrites", viewTakesNoWrites},
		{"TxEndsWithItsFunction", txEndsWithItsFunction},
		{"Contexts", contexts},
		{"WaitingEndsWithContext", waitingEndsWithContext},
		{"ClosedStore", closedStore},
		{"ScanOrderAndBounds", scanOrderAndBounds},
		{"ScanOverOwnWrites", scanOverOwnWrites},
		{"ScanAgainstModel", scanAgainstModel},
		{"Limits", limits},
		{"LimitsStick", limitsStick},
		{"AtTheLimits", atTheLimits},
		{"LostUpdate", lostUpdate},
		{"WriteSkewThroughScan", writeSkewThroughScan},
		{"PhantomInsert", phantomInsert},
		{"UniqueByAbsence", uniqueByAbsence},
		{"ApproveOnce", approveOnce},
		{"ManyWritersOneGroup", manyWritersOneGroup},
		{"FunctionsMayRunTwice", functionsMayRunTwice},
		{"WatchOrderAndPrefix", watchOrderAndPrefix},
		{"WatchSeesNothingRefused", watchSeesNothingRefused},
		{"WatchResync", watchResync},
		{"WatchEnds", watchEnds},
		{"CommittedBeforeAnswer", committedBeforeAnswer},
		{"FollowersInOrder", followersInOrder},
		{"DeleteOfNothing", deleteOfNothing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, open) })
	}
	if more.reopen != nil {
		t.Run("ReopenKeepsAll", func(t *testing.T) { reopenKeepsAll(t, open, more.reopen) })
	}
	if more.faults != nil {
		runFaults(t, more.faults)
	}
}

func update(tb testing.TB, s kv.Store, fn func(kv.Tx) error) {
	tb.Helper()
	if err := s.Update(tb.Context(), kv.NewOp(), fn); err != nil {
		tb.Fatalf("Update = %v", err)
	}
}

func view(tb testing.TB, s kv.Store, fn func(kv.Tx) error) {
	tb.Helper()
	if err := s.View(tb.Context(), fn); err != nil {
		tb.Fatalf("View = %v", err)
	}
}

func set(tb testing.TB, s kv.Store, pairs ...string) {
	tb.Helper()
	update(tb, s, func(tx kv.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Set([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
}

// get returns the value of key, or "-" if there is none.
func get(tb testing.TB, s kv.Store, key string) (value string) {
	tb.Helper()
	view(tb, s, func(tx kv.Tx) (err error) {
		value, err = read(tx, key)
		return err
	})
	return value
}

func read(tx kv.Tx, key string) (string, error) {
	v, err := tx.Get([]byte(key))
	if errors.Is(err, kv.ErrNotFound) {
		return "-", nil
	}
	return string(v), err
}

// list formats the result of a scan as "a=1 b=2".
func list(found []kv.KV) string {
	text := ""
	for i, pair := range found {
		if i > 0 {
			text += " "
		}
		text += fmt.Sprintf("%s=%s", pair.Key, pair.Value)
	}
	return text
}

// race runs fn n times at once, numbered, and returns the errors.
func race(n int, fn func(i int) error) []error {
	var all sync.WaitGroup
	errs := make([]error, n)
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// count returns the number of nil errors, and fails the test for errors that are neither
// nil nor want.
func count(tb testing.TB, errs []error, want error) (good int) {
	tb.Helper()
	for _, err := range errs {
		switch {
		case err == nil:
			good++
		case !errors.Is(err, want):
			tb.Errorf("a racer got %v, want nil or %v", err, want)
		}
	}
	return good
}

// long returns a context with more time than one Update normally gets, for racers on a busy
// machine.
func long(tb testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	tb.Cleanup(cancel)
	return ctx
}
