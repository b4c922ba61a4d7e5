package messages

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// refusing are the packages whose refusals members and invited people read, and takes the
// functions of theirs that are given the sentence of one.
var (
	refusing = []string{
		"access", "address", "gate", "mail", "messages", "policy", "service", "store", "text",
		"web", "web/api", "web/events", "web/portal",
	}
	takes = []string{"Errorf", "Countedf", "refuse", "refuseURL", "badBody", "invalid", "counted", "auditBroken"}

	// ofOperator are files whose refusals only the command line shows, which is in English.
	ofOperator = []string{"backup.go", "engine.go", "instance_key.go", "restore.go", "store.go", "verify.go"}

	// toOperator are sentences that only the operator's commands end with.
	toOperator = []string{
		"The disk of the data directory %s is nearly full: ",
		"There is not enough room to compact the data in %s: ",
	}

	// words are those that stand in sentences: names of fields, and the scripts that addresses
	// are disguised with.
	words = []string{
		"cyrillic", "description", "greek", "latin", "name", "note", "reason", "role", "workspace",
	}
)

// A refusal that is not in the catalogue is shown in English to somebody who may not read
// it; a message that nothing says is translated ten times for nobody.
func TestRefusalsAreInTheCatalogue(t *testing.T) {
	file, err := os.ReadFile("../../frontend/messages/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var english map[string]any
	if err := json.Unmarshal(file, &english); err != nil {
		t.Fatal(err)
	}
	keys, used := refusalsOf(english), map[string]bool{}
	for _, s := range refusalsInSource(t) {
		if slices.ContainsFunc(toOperator, func(begin string) bool { return strings.HasPrefix(s.text, begin) }) {
			continue
		}
		p := pattern(s.text)
		used[keys[p].key] = true
		if keys[p].key == "" {
			t.Errorf("%s: the catalogue has no %q", s.at, p)
		}
	}
	for sentence, r := range keys {
		if !used[r.key] {
			t.Errorf("nothing refuses with %s: %q", r.key, sentence)
		}
	}
	for key := range english {
		if word, ok := strings.CutPrefix(key, wordPrefix); ok && !slices.Contains(words, word) {
			t.Errorf("no sentence of refusal has the word of %s", key)
		}
	}
	if len(used) < 100 {
		t.Errorf("only %d sentences were found", len(used))
	}
}

// A found is a sentence of refusal, and where in the source it stands.
type found struct{ at, text string }

func refusalsInSource(t *testing.T) (all []found) {
	t.Helper()
	for _, dir := range refusing {
		files, err := filepath.Glob("../" + dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || dir == "store" && slices.Contains(ofOperator, filepath.Base(file)) {
				continue
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && refuses(call) {
					for _, arg := range call.Args {
						if s, ok := literal(arg); ok && strings.Contains(s, " ") {
							all = append(all, found{set.Position(call.Pos()).String(), s})
						}
					}
				}
				return true
			})
		}
	}
	return all
}

func refuses(call *ast.CallExpr) bool {
	if len(call.Args) > 0 {
		if kind, ok := call.Args[0].(*ast.SelectorExpr); ok && kind.Sel.Name == "NoData" {
			return false // nobody but the operator is shown it
		}
	}
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return slices.Contains(takes, f.Name)
	case *ast.SelectorExpr:
		from, ok := f.X.(*ast.Ident)
		return ok && from.Name == "access" && slices.Contains(takes, f.Sel.Name)
	}
	return false
}

// literal is the text of string literals with + between them, or of a constant of the file
// that is one.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		a, okA := literal(e.X)
		b, okB := literal(e.Y)
		return a + b, okA && okB
	case *ast.Ident:
		if e.Obj != nil && e.Obj.Kind == ast.Con {
			if spec, ok := e.Obj.Decl.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
				return literal(spec.Values[0])
			}
		}
	}
	return "", false
}
