package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// linter is run by version, so that go.mod stays that of the program. What it
// looks for is in .golangci.yml.
const linter = "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0"

// quick is what make check runs: Go beside the console, whose tools mostly use one
// core. A step that lacks something says what, and is counted as skipped.
var quick = []step{beside("go and console",
	[]step{
		static("gofmt", gofmt),
		static("vet", command("go", "vet", "./...")),
		static("window", windowVet),
		{"golangci-lint", lint},
		{"test", shortTests},
	},
	[]step{
		withModules(static("console check", npm("check"))),
		withModules(step{"console unit", unit}),
		withModules(static("console types", npm("types:check"))),
	},
)}

func npm(script string) func(context.Context) (string, error) {
	return command("npm", "--prefix", console, "run", "--silent", script)
}

// beside makes one step of lanes of steps that run at once.
func beside(name string, lanes ...[]step) step {
	return step{name, func(ctx context.Context, w io.Writer) (all tally) {
		var mu sync.Mutex
		var running sync.WaitGroup
		for _, lane := range lanes {
			running.Go(func() {
				for _, s := range lane {
					began, said := time.Now(), &bytes.Buffer{}
					t := s.run(ctx, said)
					mu.Lock()
					fmt.Fprintf(w, "%s    %s: %s in %.1f s\n", said, s.name, t, time.Since(began).Seconds())
					all.add(t)
					mu.Unlock()
				}
			})
		}
		running.Wait()
		return all
	}}
}

// withModules is s where the console's node modules are installed.
func withModules(s step) step {
	return step{s.name, func(ctx context.Context, w io.Writer) tally {
		if _, err := os.Stat(filepath.Join(console, "node_modules")); err != nil {
			return lacks(s.name, "The console's node modules are not installed: `build/deps modules "+console+"` installs them.")
		}
		return s.run(ctx, w)
	}}
}

// lint runs golangci-lint. Where it is not in the module cache and cannot be
// fetched, it was not run.
func lint(ctx context.Context, _ io.Writer) tally {
	out, err := exec.CommandContext(ctx, "go", "run", linter, "version").CombinedOutput()
	if err != nil {
		return lacks("golangci-lint", "It could not be fetched or built:\n"+string(out))
	}
	said, err := command("go", "run", linter, "run", "./...")(ctx)
	return one("golangci-lint", said, err)
}

// lacks is the tally of a step that could not be run here, and why.
func lacks(name, why string) (t tally) {
	t.skip(name, why)
	return t
}

// shortTests runs the unit tests without the race detector. What was tested
// before and has not changed is not tested again.
func shortTests(ctx context.Context, w io.Writer) tally {
	pkgs, err := packages(ctx, walks, hostile)
	if err != nil {
		return one("go list", "", err)
	}
	return goTest(ctx, w, append([]string{"-short"}, pkgs...)...)
}
