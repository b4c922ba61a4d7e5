package mailtest

import (
	"runtime"
	"testing"
	"time"
)

// maxWait is generous: it limits the wait for what must happen, however busy the machine
// is.
const maxWait = time.Minute

// NoLeak fails the test if, at its end, a connection or a goroutine that was started after
// this call is left.
func (s *Server) NoLeak(tb testing.TB) {
	tb.Helper()
	before := runtime.NumGoroutine()
	tb.Cleanup(func() {
		Eventually(tb, "no connection is left", func() bool { return s.Open() == 0 })
		Eventually(tb, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
	})
}

// Eventually waits until ok is true. If that takes too long it fails the test and prints
// the stacks of all goroutines.
func Eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(maxWait); !ok(); <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			tb.Fatalf("not so after %v: %s\n%s", maxWait, what, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
