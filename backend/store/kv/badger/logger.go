package badger

import (
	"fmt"
	"log/slog"
	"strings"
)

// dgraphLog passes on Badger's warnings and errors, and drops the rest.
type dgraphLog struct{ log *slog.Logger }

func (l dgraphLog) Errorf(format string, args ...any) {
	l.log.Error("store engine", "said", line(format, args))
}

func (l dgraphLog) Warningf(format string, args ...any) {
	l.log.Warn("store engine", "said", line(format, args))
}

func (dgraphLog) Infof(string, ...any)  {}
func (dgraphLog) Debugf(string, ...any) {}

func line(format string, args []any) string {
	return strings.TrimSpace(fmt.Sprintf(format, args...))
}
