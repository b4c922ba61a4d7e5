package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testNamed = regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)")
	pathNamed = regexp.MustCompile("`((?:app|backend|frontend|build)/[\\w./-]+)`")
	testMade  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
)

// The documentation names the test of each promise. A test that was removed or
// renamed proves nothing.
func TestTestsThatTheDocumentationNamesExist(t *testing.T) {
	made := map[string]bool{}
	everyFile(t, "../..", "_test.go", func(_, text string) {
		for _, m := range testMade.FindAllStringSubmatch(text, -1) {
			made[m[1]] = true
		}
	})
	named := 0
	everyFile(t, "../..", ".md", func(path, text string) {
		for _, m := range testNamed.FindAllStringSubmatch(text, -1) {
			if named++; !made[m[1]] {
				t.Errorf("%s names %s, and there is no such test", path, m[1])
			}
		}
	})
	if named == 0 {
		t.Error("the documentation names no test at all")
	}
}

// A newcomer opens the paths that the documentation names.
func TestPathsThatTheDocumentationNamesExist(t *testing.T) {
	named := 0
	everyFile(t, "../../docs", ".md", func(path, text string) {
		for _, m := range pathNamed.FindAllStringSubmatch(text, -1) {
			named++
			if _, err := os.Stat(filepath.Join("../..", m[1])); err != nil {
				t.Errorf("%s names %s, and there is no such file", path, m[1])
			}
		}
	})
	if named == 0 {
		t.Error("the documentation names no file at all")
	}
}

// everyFile reads the files below root whose name ends so.
func everyFile(t *testing.T, root, end string, read func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, end) {
			return nil
		}
		text, err := os.ReadFile(path)
		read(path, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
