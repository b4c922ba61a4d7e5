package replica

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// newLogger returns a logger for raft that writes into ours.
func newLogger(to *slog.Logger) hclog.Logger {
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Level: hclog.Off, Output: io.Discard})
	l.RegisterSink(&forward{to: to, now: time.Now, said: map[string]said{}})
	return l
}

// A forward writes what raft logs. Raft tries a machine that does not answer several times a
// second, for as long as it is gone, and logs each try, as it does each election that nobody wins:
// a day of it would fill a disk. So the same about the same machine is written once in a while,
// with how often it was.
type forward struct {
	to  *slog.Logger
	now func() time.Time

	mu   sync.Mutex
	said map[string]said
}

type said struct {
	at    time.Time
	since int // times it was left out since then
}

const (
	sayAgain = time.Minute
	maxSaid  = 256 // lines that are remembered; with more, all are forgotten

	inVain = "Election timeout reached, restarting election"
)

// Accept implements hclog.SinkAdapter. Raft warns of what is usual here: that a machine
// does not answer, or that an election begins.
func (f *forward) Accept(_ string, level hclog.Level, msg string, args ...any) {
	at := slog.LevelDebug
	switch level {
	case hclog.Warn:
		at = slog.LevelInfo
	case hclog.Error:
		at = slog.LevelWarn
	}
	times, say := f.times(msg, args)
	if !say {
		return
	}
	if times > 1 {
		args = append(args[:len(args):len(args)], "times", times)
	}
	f.to.Log(context.Background(), at, "raft: "+msg, args...)
}

// times reports whether this is to be written now, and how often it was since it was last.
func (f *forward) times(msg string, args []any) (times int, say bool) {
	about := ""
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == "peer" || args[i] == "target" {
			about = fmt.Sprint(args[i+1])
		}
	}
	if about == "" && msg != inVain {
		return 1, true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key, now := msg+about, f.now()
	last, before := f.said[key]
	if before && now.Sub(last.at) < sayAgain {
		last.since++
		f.said[key] = last
		return 0, false
	}
	if len(f.said) >= maxSaid {
		clear(f.said)
	}
	f.said[key] = said{at: now}
	return last.since + 1, true
}
