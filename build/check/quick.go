package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// linter is run by version, so that go.mod stays that of the program. What it
// looks for is in .golangci.yml.
const linter = "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0"

// quick is what make check runs. A step that lacks something says what, and is
// counted as skipped.
var quick = []step{
	static("gofmt", gofmt),
	static("vet", command("go", "vet", "./...")),
	static("window", windowVet),
	{"golangci-lint", lint},
	withModules("console types", static("console types", command("npm", "--prefix", console, "run", "--silent", "types:check"))),
	withModules("console check", static("console check", command("npm", "--prefix", console, "run", "--silent", "check"))),
	withModules("console unit", step{"console unit", unit}),
	{"test", shortTests},
}

// withModules is s where the console's node modules are installed.
func withModules(name string, s step) step {
	return step{name, func(ctx context.Context, w io.Writer) tally {
		if _, err := os.Stat(filepath.Join(console, "node_modules")); err != nil {
			return lacks(name, "The console's node modules are not installed: `build/deps modules "+console+"` installs them.")
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
