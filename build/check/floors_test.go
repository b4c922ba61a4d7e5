package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// onFloors are the packages whose files use only the files below them: a file that uses
// another is not used by it, however long the way round.
var onFloors = []string{"backend/web/api", "backend/web/portal"}

// A package whose files all use each other is read from no end: there was no file that one
// could understand alone.
func TestFilesUseOnlyFilesBelowThem(t *testing.T) {
	for _, dir := range onFloors {
		uses := usesOf(t, filepath.Join("../..", dir))
		if len(uses) < 10 {
			t.Errorf("%s: of %d files it is known what they use", dir, len(uses))
		}
		if round := circle(uses); round != nil {
			t.Errorf("%s: the files use each other: %s", dir, strings.Join(round, " uses "))
		}
	}
}

func TestCirclesAreFound(t *testing.T) {
	for _, tt := range []struct {
		uses map[string][]string
		want string
	}{
		{map[string][]string{"a": {"b", "c"}, "b": {"c"}}, ""},
		{map[string][]string{"a": {"b"}, "b": {"a"}}, "a b a"},
		{map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": {"b"}}, "b c d b"},
	} {
		if got := strings.Join(circle(tt.uses), " "); got != tt.want {
			t.Errorf("circle(%v) = %q, want %q", tt.uses, got, tt.want)
		}
	}
}

// nothing stands for every package that is imported: what its names mean is not looked at.
type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, filepath.Base(path))
	p.MarkComplete()
	return p, nil
}

// usesOf returns, for each file of a package, the files that define what it names.
func usesOf(t *testing.T, dir string) map[string][]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	var parsed []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	unknown := types.Config{Importer: nothing{}, Error: func(error) {}}
	pkg, _ := unknown.Check(dir, files, parsed, info) // what comes from other packages stays unknown
	uses := map[string][]string{}
	for name, is := range info.Uses {
		from, to := files.File(name.Pos()), files.File(is.Pos())
		if is.Pkg() != pkg || to == nil || from == to || slices.Contains(uses[from.Name()], to.Name()) {
			continue
		}
		uses[from.Name()] = append(uses[from.Name()], to.Name())
	}
	return uses
}

// circle returns a way from a file back to it, or nil.
func circle(uses map[string][]string) []string {
	done := map[string]bool{}
	var way []string
	var walk func(file string) []string
	walk = func(file string) []string {
		if i := slices.Index(way, file); i >= 0 {
			return append(slices.Clone(way[i:]), file)
		}
		if done[file] {
			return nil
		}
		way = append(way, file)
		for _, next := range uses[file] {
			if round := walk(next); round != nil {
				return round
			}
		}
		way = way[:len(way)-1]
		done[file] = true
		return nil
	}
	files := make([]string, 0, len(uses))
	for file := range uses {
		files = append(files, file)
	}
	slices.Sort(files)
	for _, file := range files {
		if round := walk(file); round != nil {
			return round
		}
	}
	return nil
}
