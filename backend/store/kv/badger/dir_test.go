package badger_test

import (
	"path/filepath"
	"testing"
)

// storeDir returns a path for a store that does not exist yet.
func storeDir(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(tb.TempDir(), "store")
}
