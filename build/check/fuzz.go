package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// A target is a fuzz test and its package. A test checks that the list is complete.
type target struct{ pkg, name string }

var targets = []target{
	{"app/config", "FuzzSettings"},
	{"app/config", "FuzzSettingsFile"},
	{"app/cli", "FuzzCSV"},
	{"backend/access", "FuzzCode"},
	{"backend/access", "FuzzTokens"},
	{"backend/address", "FuzzParse"},
	{"backend/cluster", "FuzzJoinRequest"},
	{"backend/cluster", "FuzzJoinToken"},
	{"backend/email", "FuzzEmails"},
	{"backend/mail/smtp", "FuzzMessage"},
	{"backend/picture", "FuzzLogo"},
	{"backend/store", "FuzzBackup"},
	{"backend/store", "FuzzCursor"},
	{"backend/store/kv", "FuzzValue"},
	{"backend/web", "FuzzForwarded"},
	{"backend/web", "FuzzRawHTTP"},
	{"backend/web", "FuzzReadJSON"},
	{"backend/web/wire", "FuzzFraming"},
}

// fuzzFor is how long each target looks for new inputs, unless FUZZTIME is set, as
// make fuzz does. Inputs found earlier are files that every run tries first.
const fuzzFor = "5s"

// buildFuzz is how long building one target may take on a slow machine. It is built
// again, with coverage.
const buildFuzz = time.Hour

// fuzz runs every target for fuzzFor. Each counts as one check.
func fuzz(ctx context.Context, w io.Writer) (all tally) {
	long := fuzzFor
	if v := os.Getenv("FUZZTIME"); v != "" {
		long = v
	}
	d, err := time.ParseDuration(long)
	if err != nil {
		return one("FUZZTIME", "", err)
	}
	for _, t := range targets {
		result := t.run(ctx, d)
		fmt.Fprintf(w, "%s.%s: %s\n", t.pkg, t.name, result)
		all.add(result)
	}
	return all
}

func (t target) run(ctx context.Context, long time.Duration) tally {
	ctx, cancel := context.WithTimeout(ctx, long+buildFuzz)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+long.String(), "./"+
		t.pkg)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil && ranOut(string(out)) {
		err = nil
	}
	return one(t.pkg+"."+t.name, string(out), err)
}

// outOfTime is all that go test prints when it reports the end of the fuzzing time
// as a failure, as it sometimes does up to Go 1.26 (go.dev/issue/75804). A target
// that fails prints more, above all its failing input.
var outOfTime = regexp.MustCompile(`(?m)^\s*--- FAIL: Fuzz\w+ \(.*\)\n\s+context deadline exceeded\n\s*FAIL\n`)

func ranOut(out string) bool {
	return outOfTime.MatchString(out) && !strings.Contains(out, "Failing input")
}
