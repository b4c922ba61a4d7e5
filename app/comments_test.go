package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// goFile is a Go file that a comment names, with the part of its path that it
// gives.
var goFile = regexp.MustCompile(`[\w./@-]*\w\.go\b`)

// foreign are files of other projects that comments name, with the project.
var foreign = map[string]string{"levels.go": "Badger"}

// A comment names a file that was renamed, or never existed. Every Go file that a
// comment names must exist: beside the comment, or under the given path.
func TestCommentsNameFilesThatExist(t *testing.T) {
	files := goFiles(t, "..")
	for _, path := range files {
		for _, c := range commentsOf(t, path) {
			for _, name := range goFile.FindAllString(c, -1) {
				if strings.HasPrefix(name, "_") || foreign[name] != "" {
					continue
				}
				if !exists(filepath.Dir(path), name, files) {
					t.Errorf("%s: a comment names %s, which does not exist:\n%s", path, name, c)
				}
			}
		}
	}
}

// exists reports whether a name is a file of the same folder or, if it has a
// path, the end of a path in the tree.
func exists(dir, name string, files []string) bool {
	if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
		return true
	}
	if !strings.Contains(name, "/") {
		return false
	}
	for _, f := range files {
		if strings.HasSuffix(f, "/"+name) {
			return true
		}
	}
	return false
}

func goFiles(t *testing.T, root string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "node_modules" || e.Name() == "testdata" || e.Name() == ".git"):
			return fs.SkipDir
		case !e.IsDir() && filepath.Ext(path) == ".go":
			files = append(files, filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("only %d Go files were found under %s", len(files), root)
	}
	return files
}

func commentsOf(t *testing.T, path string) (all []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range f.Comments {
		all = append(all, textOf(group))
	}
	return all
}

// textOf is a comment including its directives, which Text omits.
func textOf(group *ast.CommentGroup) string {
	var lines []string
	for _, c := range group.List {
		lines = append(lines, c.Text)
	}
	return strings.Join(lines, "\n")
}
