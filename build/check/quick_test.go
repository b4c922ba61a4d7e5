package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// Each of the first two waits for the other: run in sequence, they would never end. The
// third, which comes when a worker is free, never finds both of them running.
func TestStepsRunBesideEachOther(t *testing.T) {
	here, there := make(chan bool), make(chan bool)
	var running, most atomic.Int32
	meet := func(name string, tell, hear chan bool) step {
		return step{name, func(context.Context, io.Writer) tally {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			go func() { tell <- true }()
			<-hear
			return one(name, "it says why", errors.New("did not hold"))
		}}
	}
	good := static("good", func(context.Context) (string, error) {
		most.Store(max(most.Load(), running.Add(1)))
		return "", nil
	})
	var said strings.Builder
	got := beside("all", 2, meet("a", here, there), meet("b", there, here), good).run(t.Context(), &said)
	if most.Load() > 2 {
		t.Errorf("%d steps ran at a time, want 2", most.Load())
	}
	if failed := names(got.failed); got.passed != 1 || !slices.Equal(failed, []string{"a", "b"}) {
		t.Errorf("%d passed and %q failed, want 1, a and b", got.passed, failed)
	}
	for _, want := range []string{"a: 0 passed, 1 failed in", "b: 0 passed, 1 failed in",
		"good: 1 passed, 0 failed in"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("%q is not said:\n%s", want, &said)
		}
	}
}

// make check installs nothing. Without the console's modules it has to say so: a
// skipped check has not passed.
func TestWithoutModules(t *testing.T) {
	t.Chdir(t.TempDir())
	got := withModules(static("console check", npm("check"))).run(t.Context(), io.Discard)
	if skipped := names(got.skipped); got.passed != 0 || !slices.Equal(skipped, []string{"console check"}) {
		t.Fatalf("%d passed and %q skipped, want only console check skipped", got.passed, skipped)
	}
	if !strings.Contains(outputs(got.skipped), "build/deps modules") {
		t.Errorf("what installs them is not said: %+v", got.skipped)
	}
}
