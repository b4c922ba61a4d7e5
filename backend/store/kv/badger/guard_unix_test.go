//go:build linux || darwin || freebsd

package badger_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/build/need"
)

// An operator runs a command with sudo while the service is stopped. Files of root in the
// service's directory would keep the service from starting again.
func TestRootLeavesNothingInAnotherUsersDirectory(t *testing.T) {
	need.Root(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, 54321, 54321); err != nil {
		need.Impossible(t, "This root cannot give files away: %v.", err)
	}
	b, err := badger.Open(badger.Options{Config: kv.Config{Dir: dir}})
	if err == nil {
		b.Close()
		t.Fatal("it was opened")
	}
	var refused *kv.DirError
	if !errors.As(err, &refused) || refused.Problem != kv.DirOfOther ||
		!strings.Contains(err.Error(), "sudo -u '#54321'") {
		t.Errorf("Open = %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("root left %v (%v)", left, err)
	}
}
