package messages

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"doorward/backend/access"
)

// refusing are the packages whose refusals people read, members and invited people or whoever
// opens the window, and takes the functions of theirs that are given the sentence of one.
var (
	refusing = []string{
		"access", "address", "cluster", "gate", "mail", "messages", "picture", "policy", "service", "store", "text",
		"web", "web/api", "web/events", "web/portal", "private", "../app", "../app/desktop",
	}
	takes = []string{"Errorf", "Countedf", "refuse", "refuseURL", "badBody", "invalid", "counted",
		"auditBroken", "reportf", "CountedTextf"}

	// telling are the files that say why an email was not sent.
	telling = []string{
		"../mail/smtp/failure.go", "../mail/smtp/session.go", "../mail/record.go", "../access/message.go",
	}

	// ofOperator are files whose refusals only the command line shows, which is in English.
	ofOperator = []string{
		"../../app/cluster.go", "../cluster/elsewhere.go", "../cluster/files.go", "../cluster/identity.go",
		"../store/backup.go", "../store/cluster.go", "../store/engine.go", "../store/restore.go", "../store/verify.go",
	}

	// toOperator are sentences that only the operator's commands end with.
	toOperator = []string{
		"There is not enough room to compact the data in %s: ",
		"There is no display to open a window on. ",
		"This build of Doorward has no window. ",
	}

	// words are those that stand in sentences: names of fields, and the scripts that addresses
	// are disguised with.
	words = []string{
		"cyrillic", "description", "footer", "greek", "latin", "name", "note", "reason", "role", "workspace",
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
	for _, s := range append(refusalsInSource(t), repliesInSource(t)...) {
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

// The API explained unusual events in other words than the console.
func TestUnusualEventsAreInTheCatalogue(t *testing.T) {
	file, err := os.ReadFile("../../frontend/messages/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var english map[string]any
	if err := json.Unmarshal(file, &english); err != nil {
		t.Fatal(err)
	}
	for _, kind := range access.Traces {
		forms, _ := english[tracePrefix+string(kind)].(map[string]any)
		for key, pair := range map[string][2]any{
			"one":   {forms["one"], "{{.N}} " + kind.Name(1)},
			"other": {forms["other"], "{{.N}} " + kind.Name(2)},
			"means": {english["console.unusual.means."+string(kind)], kind.Means()},
			"to do": {english["console.unusual.to_do."+string(kind)], kind.ToDo()},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s, %s: the catalogue says %q, and the program %q", kind, key, pair[0], pair[1])
			}
		}
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
			if strings.HasSuffix(file, "_test.go") || slices.Contains(ofOperator, file) {
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

// told is what looks like a sentence about an email, and is more than the end of others.
var told = regexp.MustCompile(`^([A-Z]|%s )[^"]* .*\.$`)

func repliesInSource(t *testing.T) (all []found) {
	t.Helper()
	for _, file := range telling {
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && refuses(call) {
				return false
			}
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			s, ok := literal(e)
			if _, named := e.(*ast.Ident); ok && !named && told.MatchString(s) && !strings.HasPrefix(s,
				"No email or") {
				all = append(all, found{set.Position(e.Pos()).String(), s})
			}
			return !ok
		})
	}
	return all
}

func refuses(call *ast.CallExpr) bool {
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
