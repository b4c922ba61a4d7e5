package store

import (
	"errors"
	"strings"
	"testing"

	"doorward/backend/store/kv"
)

// A poor engine tells of no commits, and fails to close.
type poor struct {
	kv.Store
	closed bool
}

var errClose = errors.New("it does not close")

func (e *poor) Close() error {
	e.closed = true
	return errClose
}

// An engine that cannot tell of commits is refused. It has files open by then: they
// are closed although it is refused, and a fault in that is said beside the refusal.
func TestARefusedEngineIsClosed(t *testing.T) {
	e := &poor{}
	_, err := openEngine(Options{Engine: func(kv.Config) (kv.Store, error) { return e, nil }}, kv.Config{})
	if !e.closed {
		t.Error("the engine is still open")
	}
	if !errors.Is(err, errClose) || !strings.Contains(err.Error(), "does not tell of commits") {
		t.Errorf("openEngine = %v", err)
	}
}
