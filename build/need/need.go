// Package need is the only place where a test is skipped. A test declares here what
// it needs that a plain machine may lack.
//
// `go test ./...` in a fresh clone skips such a test, with a sentence that says
// what provides it. `make test` installs what can be installed and sets
// DOORWARD_ALL_TESTS=1; then the same test fails instead, so that a green run has
// run everything. What no installation provides (root, another system, control
// groups) is skipped in both, and counted.
//
// It also has what a test needs of every machine: an address at which nobody listens.
package need

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Variable is the environment variable that turns skips into failures.
const Variable = "DOORWARD_ALL_TESTS"

// NotHere begins the sentence of a skip that no installation prevents. Package
// build/check takes every other skip for a failure.
const NotHere = "Not possible here: "

// All reports whether everything that can be installed must be there.
func All() bool { return os.Getenv(Variable) == "1" }

// Missing ends a test that lacks what can be installed or built.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if All() {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// Impossible skips a test that this machine, system or user does not allow.
func Impossible(t testing.TB, format string, args ...any) {
	t.Helper()
	t.Skipf(NotHere+format, args...)
}

// Time skips a test that takes too long for a plain `go test ./...`. It runs when it
// is named with -run.
func Time(t testing.TB) {
	t.Helper()
	if !All() && chosen() == "" {
		t.Skipf("This takes too long for every run. `make test` runs it; so does -run, or %s=1.", Variable)
	}
}

// Unhurried skips a test that takes too long for -short, which make check uses.
func Unhurried(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skipf("This takes too long for -short: `go test` without it runs it.")
	}
}

// chosen is the value of -run.
var chosen = func() string {
	if f := flag.Lookup("test.run"); f != nil {
		return f.Value.String()
	}
	return ""
}

// Root skips a test that only root can prepare.
func Root(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		Impossible(t, "Only root can make what belongs to another user.")
	}
}

// Program returns the path of the first of names that is installed. Debian installs
// servers into the PATH of root only, so /usr/sbin is searched, too.
func Program(t testing.TB, debian string, names ...string) (path string) {
	t.Helper()
	for _, name := range names {
		for _, place := range []string{name, filepath.Join("/usr/sbin", name)} {
			if path, err := exec.LookPath(place); err == nil {
				return path
			}
		}
	}
	Missing(t, "%s is not installed: `make test` installs it, or `apt install %s`.", names[0], debian)
	return ""
}
