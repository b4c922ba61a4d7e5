package app_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	drawn = regexp.MustCompile(`^(\w+)(?:\["([^"]*)"\])? (?:-->|-\. \w+ \.->) (\w+)(?:\["([^"]*)"\])?$`)
	alone = regexp.MustCompile(`^(\w+)\["([^"]*)"\]$`)
)

// A picture of the packages that is not what they import misleads whoever reads it first.
// Each arrow is an import; each import of one drawn package by another is an arrow, but for
// those of access, which all import, and of app, which puts all together.
func TestArchitectureIsDrawnAsItIs(t *testing.T) {
	page, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, picture, _ := strings.Cut(string(page), "```mermaid\nflowchart TD\n")
	picture, _, _ = strings.Cut(picture, "```")
	names := map[string]string{} // of the packages, by their node
	arrows := map[string]bool{}
	name := func(node, label string) {
		if label, _, _ = strings.Cut(label, "<br/>"); label != "" {
			names[node] = label
		}
	}
	for line := range strings.Lines(picture) {
		line = strings.TrimSpace(line)
		if m := drawn.FindStringSubmatch(line); m != nil {
			name(m[1], m[2])
			name(m[3], m[4])
			arrows[m[1]+" "+m[3]] = true
		} else if m := alone.FindStringSubmatch(line); m != nil {
			name(m[1], m[2])
		} else {
			t.Errorf("%q is read by nobody", line)
		}
	}
	imports := arrowsFrom(t)
	for arrow := range arrows {
		from, to, _ := strings.Cut(arrow, " ")
		if !slices.Contains(imports[pathOf(names[from])], pathOf(names[to])) {
			t.Errorf("%s does not import %s", names[from], names[to])
		}
	}
	for from, a := range names {
		for to, b := range names {
			if a != "app" && b != "access" && slices.Contains(imports[pathOf(a)], pathOf(b)) && !arrows[from+" "+to] {
				t.Errorf("%s imports %s, and there is no arrow", a, b)
			}
		}
	}
	if len(names) < 10 || len(arrows) < 20 {
		t.Errorf("it draws %d packages and %d arrows", len(names), len(arrows))
	}
}

// pathOf is the path in the module of a package that the picture calls by its name.
func pathOf(name string) string {
	switch name {
	case "main.go":
		return ""
	case "app":
		return "app"
	}
	return "backend/" + name
}

// arrowsFrom are the imports of this module's packages in each of them. The picture draws the
// rooms of app and of web as one.
func arrowsFrom(t *testing.T) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	for _, p := range list(t) {
		if strings.HasSuffix(p.ImportPath, "test") {
			continue // what only tests use
		}
		from := houseOf(p.ImportPath)
		for _, path := range p.Imports {
			if to := houseOf(path); to != from && strings.HasPrefix(path, module+"/") {
				imports[from] = append(imports[from], to)
			}
		}
	}
	return imports
}

func houseOf(path string) string {
	path = strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
	for _, house := range []string{"app", "backend/web"} {
		if strings.HasPrefix(path, house+"/") {
			return house
		}
	}
	return path
}
