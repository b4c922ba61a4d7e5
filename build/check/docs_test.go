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

var (
	testNamed = regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)")
	pathNamed = regexp.MustCompile("`((?:app|backend|frontend|build)/[\\w./-]+)`")
	testMade  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	linkTo    = regexp.MustCompile(`\]\(([^)#:]+)(?:#([^)]*))?\)`) // of this tree: without a scheme
	makeNamed = regexp.MustCompile("(?m)(?:`|^)make ([a-z-]+)")
	makeMade  = regexp.MustCompile(`(?m)^([a-z-]+):`)
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

// A newcomer opens the paths that the documentation names, and follows its links.
func TestPathsThatTheDocumentationNamesExist(t *testing.T) {
	paths, links := 0, 0
	everyFile(t, "../..", ".md", func(path, text string) {
		for _, m := range pathNamed.FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(filepath.Base(path), "CHANGELOG") {
				continue // of what was once
			}
			paths++
			if _, err := os.Stat(filepath.Join("../..", m[1])); err != nil {
				t.Errorf("%s names %s, and there is no such file", path, m[1])
			}
		}
		for _, m := range linkTo.FindAllStringSubmatch(text, -1) {
			links++
			to, err := os.ReadFile(filepath.Join(filepath.Dir(path), m[1]))
			if err != nil {
				t.Errorf("%s links to %s, and there is no such file", path, m[1])
			} else if m[2] != "" && !slices.Contains(anchorsOf(string(to)), m[2]) {
				t.Errorf("%s links to %s#%s, and there is no such heading", path, m[1], m[2])
			}
		}
	})
	if paths == 0 || links == 0 {
		t.Errorf("the documentation names %d files, and has %d links", paths, links)
	}
}

// anchorsOf are the names by which a page's headings are linked to.
func anchorsOf(page string) (anchors []string) {
	for line := range strings.Lines(page) {
		if heading := strings.TrimLeft(line, "#"); heading != line {
			words := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(heading)), " ", "-")
			anchors = append(anchors, regexp.MustCompile(`[^\w-]`).ReplaceAllString(words, ""))
		}
	}
	return anchors
}

// What the documentation says to type with make can be typed.
func TestTargetsThatTheDocumentationNamesExist(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for _, m := range makeMade.FindAllStringSubmatch(string(makefile), -1) {
		made[m[1]] = true
	}
	named := 0
	everyFile(t, "../..", ".md", func(path, text string) {
		for _, m := range makeNamed.FindAllStringSubmatch(text, -1) {
			if named++; !made[m[1]] {
				t.Errorf("%s names make %s, and there is no such target", path, m[1])
			}
		}
	})
	if named == 0 {
		t.Error("the documentation names no target at all")
	}
}

// The first thing that a newcomer types printed the compiler's command lines: what is built says
// so in words, and nothing else is between the command and the way in.
func TestWhatIsRunIsBuiltQuietly(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	target, found := "", map[string]int{}
	for line := range strings.Lines(string(makefile)) {
		if name, _, rule := strings.Cut(line, ":"); rule && !strings.HasPrefix(line, "\t") {
			target = name
		}
		if !slices.Contains([]string{"run", "dev", "build", "desktop", "frontend/dist/index.html"}, target) ||
			!strings.HasPrefix(line, "\t") {
			continue
		}
		if found[target]++; !strings.HasPrefix(line, "\t@") {
			t.Errorf("make %s prints %q", target, strings.TrimSpace(line))
		}
	}
	if len(found) != 5 {
		t.Errorf("only %v were found", found)
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
