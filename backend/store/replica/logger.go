package replica

import (
	"context"
	"io"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// newLogger returns a logger for raft that writes into ours.
func newLogger(to *slog.Logger) hclog.Logger {
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Level: hclog.Off, Output: io.Discard})
	l.RegisterSink(forward{to})
	return l
}

type forward struct{ to *slog.Logger }

// Accept implements hclog.SinkAdapter. Raft warns of what is usual here: that a machine
// does not answer, or that an election begins.
func (f forward) Accept(_ string, level hclog.Level, msg string, args ...any) {
	at := slog.LevelDebug
	switch level {
	case hclog.Warn:
		at = slog.LevelInfo
	case hclog.Error:
		at = slog.LevelWarn
	}
	f.to.Log(context.Background(), at, "raft: "+msg, args...)
}
