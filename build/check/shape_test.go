package main

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// What a page shows at once, by docs/contributing.md.
const (
	maxColumns = 120
	maxMethods = 25 // exported ones of one type
)

// A line that runs out of the window is read by nobody. What Go cannot break, a struct
// tag or text between backticks, may.
func TestLinesFitTheWindow(t *testing.T) {
	everyFile(t, "../..", ".go", func(path, text string) {
		raw := rawLines(text)
		for i, line := range strings.Split(text, "\n") {
			if n := columnsOf(line); n > maxColumns && !raw[i+1] {
				t.Errorf("%s:%d has %d columns, and %d fit", path, i+1, n, maxColumns)
			}
		}
	})
	for line, want := range map[string]int{"": 0, "\tab": 6, "ä€": 2, strings.Repeat("x", 121): 121} {
		if got := columnsOf(line); got != want {
			t.Errorf("%q has %d columns, want %d", line, got, want)
		}
	}
	if raw := rawLines("package x\nvar a = `1\n2`\nvar b = \"`\"\n"); !raw[2] || !raw[3] || raw[1] || raw[4] {
		t.Errorf("the lines between backticks are %v", raw)
	}
}

func columnsOf(line string) int {
	return utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    "))
}

// rawLines are the lines that hold a part of a text between backticks.
func rawLines(text string) map[int]bool {
	raw := map[int]bool{}
	file := token.NewFileSet().AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), nil, 0)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return raw
		}
		if tok == token.STRING && literal[0] == '`' {
			for i := range strings.Count(literal, "\n") + 1 {
				raw[file.Line(pos)+i] = true
			}
		}
	}
}

// A rule of the linter holds everywhere: where it is wrong, .golangci.yml says so, with the
// reason. (golangci-lint does not report a comment that silences a linter it does not run.)
func TestNoCommentSilencesTheLinter(t *testing.T) {
	silences := regexp.MustCompile(`(?m)//\s*(nolint|lint:ignore|#nosec)\b.*$`)
	everyFile(t, "../..", ".go", func(path, text string) {
		if found := silences.FindString(text); found != "" {
			t.Errorf("%s: %s", path, found)
		}
	})
}

// An object that does everything is where nobody finds anything.
func TestTypesAreShort(t *testing.T) {
	methods := map[string]int{}
	everyFile(t, "../..", ".go", func(path, text string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.IsExported() {
				methods[filepath.Dir(path)+"."+receiverOf(fn)]++
			}
		}
	})
	if methods["../../backend/store.Members"] == 0 {
		t.Errorf("of store.Members no methods were found among %d types", len(methods))
	}
	for name, n := range methods {
		if n > maxMethods {
			t.Errorf("%s has %d exported methods, and %d are many: make several of it", name, n, maxMethods)
		}
	}
}

func receiverOf(fn *ast.FuncDecl) string {
	at := fn.Recv.List[0].Type
	for {
		switch x := at.(type) {
		case *ast.StarExpr:
			at = x.X
		case *ast.IndexExpr:
			at = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}
