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

// linter is run at a fixed version, so that go.mod lists only what the program needs.
// .golangci.yml configures it.
const linter = "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0"

// quick is what make check runs: Go's checks beside those of the console, whose tools
// mostly use one core. A step that lacks a tool says so and counts as skipped.
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

// beside makes one step of several lanes of steps that run in parallel.
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

// withModules is s if the console's node modules are installed, else a skipped step.
func withModules(s step) step {
	return step{s.name, func(ctx context.Context, w io.Writer) tally {
		if _, err := os.Stat(filepath.Join(console, "node_modules")); err != nil {
			return lacks(s.name, "The console's node modules are not installed: `build/deps modules "+console+
				"` installs them.")
		}
		return s.run(ctx, w)
	}}
}

// lint runs golangci-lint. If it is not in the module cache and cannot be fetched, the
// step counts as skipped.
func lint(ctx context.Context, _ io.Writer) tally {
	out, err := exec.CommandContext(ctx, "go", "run", linter, "version").CombinedOutput()
	if err != nil {
		return lacks("golangci-lint", "It could not be fetched or built:\n"+string(out))
	}
	said, err := command("go", "run", linter, "run", "./...")(ctx)
	return one("golangci-lint", said, err)
}

// lacks is the tally of a step that could not be run, with the reason.
func lacks(name, why string) (t tally) {
	t.skip(name, why)
	return t
}

// shortTests runs the unit tests without the race detector. Unchanged packages come
// from the test cache.
func shortTests(ctx context.Context, w io.Writer) tally {
	pkgs, err := packages(ctx, walks, hostile)
	if err != nil {
		return one("go list", "", err)
	}
	return goTest(ctx, w, append([]string{"-short"}, pkgs...)...)
}
