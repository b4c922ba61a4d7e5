package main

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"go/format"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// staticcheck is run at a fixed version, so that go.mod lists only what the program
	// needs.
	staticcheck = "honnef.co/go/tools/cmd/staticcheck@v0.8.0"

	binary    = "bin/doorward"
	maxBinary = 30_000_000 // bytes
	walks     = "doorward/app/e2e"
	hostile   = "doorward/app/e2e/hostile"
	shell     = "doorward/app/cli"
	console   = "frontend/console"
	testsTime = "3h" // per package: only to end a test that hangs
)

var steps = []step{
	static("gofmt", gofmt),
	static("vet", command("go", "vet", "./...")),
	static("window", windowVet),
	static("staticcheck", command("go", "run", staticcheck, "./...")),
	static("build", command("make", "--no-print-directory", "build")),
	static("binary", func(context.Context) (string, error) { return "", acceptBinary(binary) }),
	static("console types", command("npm", "--prefix", console, "run", "--silent", "types:check")),
	static("console check", command("npm", "--prefix", console, "run", "--silent", "check")),
	{"console unit", unit},
	{"test", tests},
	{"faulty engine", faultyTests},
	{"shell", runOf(shell, atOnce...)},
	{"hostile", runOf(hostile)},
	{"fuzz", fuzz},
	{"walk", runOf(walks, atOnce...)},
}

// windowVet vets the window's files on a machine without GTK.
var windowVet = command("env", "CGO_ENABLED=0", "go", "vet", "-tags", "bindings", "./app/...")

// static makes a step of a check that either passes or fails as a whole.
func static(name string, holds func(ctx context.Context) (output string, err error)) step {
	return step{name, func(ctx context.Context, _ io.Writer) tally {
		output, err := holds(ctx)
		return one(name, output, err)
	}}
}

func command(name string, args ...string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
		}
		return string(out), err
	}
}

// tests runs the tests under the race detector, except the command line's scripts,
// the hostile suite and the browser tests. The latter two test the built program. The
// scripts start the program hundreds of times, which is much slower under the
// detector; the packages they use are raced by their own tests. The browser tests run
// alone, since each starts browsers.
func tests(ctx context.Context, w io.Writer) tally {
	pkgs, err := packages(ctx, walks, shell, hostile)
	if err != nil {
		return one("go list", "", err)
	}
	return goTest(ctx, w, append([]string{"-race", "-timeout", testsTime}, pkgs...)...)
}

// faultyTests runs the tests that take their engine from package enginetest once more,
// on one that fails as a replicated engine does: sends that fail, outcomes that are
// unknown, the lead lost and won again.
func faultyTests(ctx context.Context, w io.Writer) tally {
	pkgs, err := testsOnEngines(ctx)
	if err != nil || len(pkgs) == 0 {
		return one("go list", "",
			errors.Join(err, fmt.Errorf("%d packages take their engine from %s", len(pkgs), engines)))
	}
	os.Setenv(testEngine, "faulty")
	defer os.Unsetenv(testEngine)
	return goTest(ctx, w, append([]string{"-count=1", "-timeout", testsTime}, pkgs...)...)
}

const (
	engines    = "doorward/backend/store/kv/enginetest"
	testEngine = "DOORWARD_TEST_ENGINE" // which that package reads
)

// testsOnEngines are the packages whose tests need enginetest.
func testsOnEngines(ctx context.Context) ([]string, error) {
	const each = `{{$p := .ForTest}}{{range .Deps}}{{if eq . "` + engines + `"}}{{$p}}{{"\n"}}{{end}}{{end}}`
	out, err := exec.CommandContext(ctx, "go", "list", "-test", "-f", each, "./backend/...").Output()
	all := strings.Fields(string(out))
	slices.Sort(all)
	return slices.Compact(all), err
}

// packages are the module's packages, except some.
func packages(ctx context.Context, without ...string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "./...").Output()
	return slices.DeleteFunc(strings.Fields(string(out)), func(pkg string) bool {
		return slices.Contains(without, pkg)
	}), err
}

// atOnce lets four parallel tests run at a time, also on two processors: those of several
// machines wait most of the time, for an election or for a machine that was killed.
var atOnce = []string{"-parallel", "4"}

// runOf makes a step of one package's tests. They run alone and without the race
// detector.
func runOf(pkg string, flags ...string) func(context.Context, io.Writer) tally {
	return func(ctx context.Context, w io.Writer) tally {
		return goTest(ctx, w, append(append([]string{"-count=1", "-timeout", testsTime}, flags...), pkg)...)
	}
}

// gofmt checks that every Go file is formatted.
func gofmt(context.Context) (string, error) {
	var unformatted []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want, err := format.Source(src)
		if err != nil || !bytes.Equal(src, want) {
			unformatted = append(unformatted, path)
		}
		return nil
	})
	if err == nil && len(unformatted) > 0 {
		err = errors.New("gofmt would change these files")
	}
	return strings.Join(unformatted, "\n"), err
}

// acceptBinary refuses a program that is not static, or is larger than
// docs/performance.md says.
func acceptBinary(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	libs, err := f.ImportedLibraries()
	if err != nil {
		return err
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || len(libs) > 0 {
			return fmt.Errorf("%s is not static: it needs a loader, and the libraries %q", path, libs)
		}
	}
	if info.Size() > maxBinary {
		return fmt.Errorf("%s has %d bytes; it may have %d", path, info.Size(), maxBinary)
	}
	return nil
}
