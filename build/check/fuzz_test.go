package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// A fuzz test that is not in the list is never run.
func TestEveryFuzzTestIsRun(t *testing.T) {
	found := fuzzTests(t, "../..")
	for _, f := range found {
		if !slices.Contains(targets, f) {
			t.Errorf("%s in %s is not among the targets of build/check/fuzz.go", f.name, f.pkg)
		}
	}
	for _, want := range targets {
		if !slices.Contains(found, want) {
			t.Errorf("there is no %s in %s", want.name, want.pkg)
		}
	}
	if len(found) == 0 {
		t.Error("no fuzz test was found")
	}
}

var fuzzTest = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

func fuzzTests(t *testing.T, root string) (all []target) {
	t.Helper()
	everyFile(t, root, "_test.go", func(path, text string) {
		pkg, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fuzzTest.FindAllStringSubmatch(text, -1) {
			all = append(all, target{filepath.ToSlash(pkg), m[1]})
		}
	})
	return all
}

// Only the end of the fuzzing time is ignored, never an input that fails.
func TestWhatFuzzingForgives(t *testing.T) {
	const end = "fuzz: elapsed: 5s, execs: 183499 (42179/sec), new interesting: 0 (total: 48)\n"
	const fail = end + "--- FAIL: FuzzX (5.11s)\n"
	if out := fail + "    context deadline exceeded\nFAIL\nexit status 1\n"; !ranOut(out) {
		t.Errorf("not forgiven: %v", out)
	}
	for _, out := range []string{
		fail + "    --- FAIL: FuzzX (0.00s)\n        x_test.go:9: context deadline exceeded\n" +
			"    \n    Failing input written to testdata/fuzz/FuzzX/0f\nFAIL\n",
		fail + "    context deadline exceeded\n    Failing input written to testdata/fuzz/FuzzX/0f\nFAIL\n",
		fail + "    x_test.go:9: wrong\nFAIL\n",
		fail + "    fuzzing process hung or terminated unexpectedly: exit status 2\nFAIL\n",
		"x.go:1: undefined: context deadline exceeded\nFAIL\tdoorward/backend/x [build failed]\nFAIL\n",
	} {
		if ranOut(out) {
			t.Errorf("forgiven: %v", out)
		}
	}
}
