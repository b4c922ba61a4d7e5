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

// quick is what make check runs. Two steps run at a time, the longest first: the
// console's tools mostly use one core. A step that lacks a tool says so and counts as
// skipped.
var quick = []step{beside("go and console", 2,
	withModules(step{"console unit", unit}),
	step{"test", shortTests},
	step{"golangci-lint", lint},
	withModules(static("console check", npm("check"))),
	withModules(static("console types", npm("types:check"))),
	static("window", windowVet),
	static("gofmt", gofmt),
)}

func npm(script string) func(context.Context) (string, error) {
	return command("npm", "--prefix", console, "run", "--silent", script)
}

// beside makes one step of several, of which as many as there are workers run at a time,
// in this order.
func beside(name string, workers int, steps ...step) step {
	return step{name, func(ctx context.Context, w io.Writer) (all tally) {
		var mu sync.Mutex
		var running sync.WaitGroup
		free := make(chan struct{}, workers)
		for _, s := range steps {
			free <- struct{}{}
			running.Go(func() {
				defer func() { <-free }()
				began, said := time.Now(), &bytes.Buffer{}
				t := s.run(ctx, said)
				mu.Lock()
				defer mu.Unlock()
				fmt.Fprintf(w, "%s    %s: %s in %.1f s\n", said, s.name, t, time.Since(began).Seconds())
				all.add(t)
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

// lint runs golangci-lint, which contains go vet and staticcheck. If it is not in the
// module cache and cannot be fetched, go vet runs, and the linter counts as skipped.
func lint(ctx context.Context, _ io.Writer) tally {
	out, err := exec.CommandContext(ctx, "go", "run", linter, "version").CombinedOutput()
	if err != nil {
		said, err := command("go", "vet", "./...")(ctx)
		t := one("vet", said, err)
		t.skip("golangci-lint", "It could not be fetched or built:\n"+string(out))
		return t
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
