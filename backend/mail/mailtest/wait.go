package mailtest

import (
	"runtime"
	"testing"
	"time"
)

// maxWait is generous: it bounds what must happen, however busy the machine is.
const maxWait = time.Minute

// NoLeak fails the test when, at its end, a connection or a goroutine is left of
// what it did from here on.
func (s *Server) NoLeak(tb testing.TB) {
	tb.Helper()
	before := runtime.NumGoroutine()
	tb.Cleanup(func() {
		Eventually(tb, "no connection is left", func() bool { return s.Open() == 0 })
		Eventually(tb, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
	})
}

// Eventually waits until ok says so, and fails the test, with the stacks of all
// goroutines, where it does not.
func Eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(maxWait); !ok(); <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			tb.Fatalf("not so after %v: %s\n%s", maxWait, what, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
