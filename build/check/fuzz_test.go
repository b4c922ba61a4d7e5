package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		pkg, err := filepath.Rel(root, filepath.Dir(path))
		for _, m := range fuzzTest.FindAllStringSubmatch(string(src), -1) {
			all = append(all, target{filepath.ToSlash(pkg), m[1]})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
