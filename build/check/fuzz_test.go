package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// A fuzz test that is in no list is one that nobody runs.
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
