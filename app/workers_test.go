package app

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"doorward/backend/mail/mailtest"
)

// A worker is started twice: two daily compactions at the same minute would write
// the whole store twice. Each runs once.
func TestEachWorkerRunsOnce(t *testing.T) {
	a, err := Open(t.Context(), testConfig(t, map[string]string{"listen": "127.0.0.1:0"}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); a.RunWorkers(ctx) }()
	defer func() {
		stop()
		<-ended
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, worker := range []string{"app.(*App).lead(", "app.(*App).compactDaily(", "web.(*Server).RunTraces("} {
		mailtest.Eventually(t, worker+" runs", func() bool { return strings.Contains(stacks(), worker) })
		if n := strings.Count(stacks(), worker); n != 1 {
			t.Errorf("%s runs %d times", worker, n)
		}
	}
	for one := range strings.SplitSeq(stacks(), "\n\n") {
		if strings.Contains(one, "RunTraces(") && strings.Contains(one, "app.(*App).lead") {
			t.Error("what strangers do is logged only while this machine leads")
		}
	}
}

func stacks() string {
	all := make([]byte, 1<<20)
	return string(all[:runtime.Stack(all, true)])
}
