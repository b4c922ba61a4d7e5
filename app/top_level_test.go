package app_test

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// topLevel is all that the root of the repository may contain, besides dotfiles;
// bin is made by make build.
var topLevel = []string{
	"CHANGELOG.md", "LICENSE", "Makefile", "README.md", "app", "backend", "bin", "build", "docs",
	"frontend", "go.mod", "go.sum", "main.go", "wails.json",
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	for _, name := range strangers(names) {
		t.Errorf("%s has no place at the top of the repository", name)
	}
	if got := strangers([]string{"go.mod", ".ci", "notes.txt", "pkg"}); !slices.Equal(got,
		[]string{"notes.txt", "pkg"}) {
		t.Errorf("strangers = %q, want notes.txt and pkg", got)
	}
}

func strangers(names []string) (found []string) {
	for _, name := range names {
		if !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) {
			found = append(found, name)
		}
	}
	return found
}
