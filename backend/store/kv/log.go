package kv

import (
	"fmt"
	"log/slog"
	"strings"
)

// engineLog passes Badger's warnings and errors on. What Badger tells of its
// daily work is left out.
type engineLog struct{ log *slog.Logger }

func (l engineLog) Errorf(format string, args ...any) {
	l.log.Error("store engine", "said", line(format, args))
}

func (l engineLog) Warningf(format string, args ...any) {
	l.log.Warn("store engine", "said", line(format, args))
}

func (engineLog) Infof(string, ...any)  {}
func (engineLog) Debugf(string, ...any) {}

func line(format string, args []any) string {
	return strings.TrimSpace(fmt.Sprintf(format, args...))
}
