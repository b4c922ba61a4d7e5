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

// foreign are names of other projects, with the project.
var foreign = map[string]string{"levels.go": "Badger", "fsGroup": "Kubernetes", "vuln.go": "vuln.go.dev"}

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

// The documents name files and functions, too. A file or function that a document
// names must exist; in the table of survivors, the function in a file of that name.
func TestDocumentsNameFilesAndFunctionsThatExist(t *testing.T) {
	files := goFiles(t, "..")
	declared := map[string]bool{}
	for _, path := range files {
		for _, name := range declaredIn(t, path) {
			declared[name] = true
			declared[filepath.Base(path)+" "+name] = true
		}
		declared[filepath.Base(path)] = true
	}
	for path, text := range documents(t) {
		for _, name := range goFile.FindAllString(text, -1) {
			if foreign[name] != "" {
				continue
			}
			if !declared[filepath.Base(name)] || strings.Contains(name, "/") && !exists("..", name, files) {
				t.Errorf("%s names %s, which does not exist", path, name)
			}
		}
		for _, found := range goName.FindAllStringSubmatch(text, -1) {
			if name := found[1] + found[2]; !declared[name] && foreign[name] == "" {
				t.Errorf("%s names %s, which does not exist", path, name)
			}
		}
		for _, row := range survivor.FindAllStringSubmatch(text, -1) {
			for _, name := range strings.Split(row[2], ", ") {
				if !declared[row[1]+" "+strings.Trim(name, "`")] {
					t.Errorf("%s: %s has no %s", path, row[1], name)
				}
			}
		}
	}
}

// goName is a name in mixed case or with its package, as only Go has them here.
// survivor begins a row of build/mutants/survivors.md: a file and its functions.
var (
	goName   = regexp.MustCompile("`(?:(?:\\w+\\.)+([A-Z]\\w*)|(\\w*[a-z][A-Z]\\w*))`")
	survivor = regexp.MustCompile("(?m)^\\| (\\w+\\.go), (`.+?`) \\|")
)

func documents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"../docs/*.md", "../build/mutants/*.md", "../README.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: no documents: %v", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all[path] = string(text)
		}
	}
	return all
}

// declaredIn are the functions, methods, types, constants and variables of a file.
func declaredIn(t *testing.T, path string) (names []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, spec.Name.Name)
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
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
