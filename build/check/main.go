// Command check is what make test runs: every check and every test of the tree,
// one after the other. It continues after a failure, shows the output of what failed,
// and ends with each failure in a line or two and the sum, "412 passed, 0 failed". It
// exits with 1 when anything failed, and when a step ran no test at all, because a check
// of nothing must not pass.
//
// A static check counts as one. A Go test counts once per leaf: a test, or each
// of its subtests. Browser tests are subtests of app/e2e and count likewise.
//
// With names of steps as arguments it runs only those, and with "quick" what make
// check runs: the steps that take seconds and install nothing.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"doorward/build/need"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := toRoot(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	names := os.Args[1:]
	from, all := steps, "1"
	if slices.Equal(names, []string{"quick"}) {
		from, all, names = quick, "", nil
	}
	os.Setenv(need.Variable, all)
	chosen, err := choose(from, names)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !run(ctx, os.Stdout, chosen) {
		os.Exit(1)
	}
}

// A step is one check. It writes its progress to w and returns the outcome.
type step struct {
	name string
	run  func(ctx context.Context, w io.Writer) tally
}

// run runs the steps in order and writes the outcome of each and the sum to w. It
// reports whether everything passed.
func run(ctx context.Context, w io.Writer, steps []step) bool {
	var all tally
	for _, s := range steps {
		if ctx.Err() != nil {
			all.fail("interrupted before "+s.name, "")
			break
		}
		began := time.Now()
		fmt.Fprintf(w, "=== %s\n", s.name)
		t := s.run(ctx, w)
		if t.passed+len(t.failed)+len(t.skipped) == 0 {
			t.fail(s.name+" ran no test", "")
		}
		t.show(w)
		fmt.Fprintf(w, "--- %s: %s in %.1f s\n", s.name, t, time.Since(began).Seconds())
		all.add(t)
	}
	for _, f := range all.failed {
		fmt.Fprintf(w, "failed: %s\n%s", f.name, indent(f.reason()))
	}
	fmt.Fprintln(w, all)
	return len(all.failed) == 0 && all.passed > 0
}

func choose(from []step, names []string) (chosen []step, err error) {
	if len(names) == 0 {
		return from, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(from, func(s step) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no step %q; the steps are %s", name, stepNames(from))
		}
		chosen = append(chosen, from[i])
	}
	return chosen, nil
}

func stepNames(steps []step) string {
	var names []string
	for _, s := range steps {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}

// toRoot changes to the module's folder from any folder below it.
func toRoot() error {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	mod := string(bytes.TrimSpace(out))
	if filepath.Base(mod) != "go.mod" {
		return errors.New("run this inside the repository")
	}
	return os.Chdir(filepath.Dir(mod))
}
