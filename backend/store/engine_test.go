package store

import (
	"errors"
	"strings"
	"testing"

	"doorward/backend/store/kv"
)

// A poor engine does not tell of commits, and fails to close.
type limitedEngine struct {
	kv.Store
	closed bool
}

var errClose = errors.New("it does not close")

func (e *limitedEngine) Close() error {
	e.closed = true
	return errClose
}

// An engine that cannot tell of commits is refused. Its files are open by then: they are
// closed, and if that fails, both errors are returned.
func TestARefusedEngineIsClosed(t *testing.T) {
	e := &limitedEngine{}
	_, err := openEngine(Options{Engine: func(kv.Config) (kv.Store, error) { return e, nil }}, kv.Config{})
	if !e.closed {
		t.Error("the engine is still open")
	}
	if !errors.Is(err, errClose) || !strings.Contains(err.Error(), "does not tell of commits") {
		t.Errorf("openEngine = %v", err)
	}
}
