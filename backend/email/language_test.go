package email

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"doorward/backend/access"
	"doorward/backend/messages"
)

var key = regexp.MustCompile(`^email\.[a-z_.]+$`)

// A sentence that the catalogue lacks would reach somebody as its key: New requires the keys
// of this list, so it has to have all that the source uses. One that nothing uses is
// translated in vain.
func TestKeysAreThoseOfTheSource(t *testing.T) {
	used := map[string]bool{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := file.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || name == "keys.go" {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil && key.MatchString(s) && !isFile(s) {
					used[s] = true
				}
			}
			return true
		})
	}
	for k := range used {
		if !slices.Contains(keys, k) {
			t.Errorf("keys lacks %s", k)
		}
	}
	for _, k := range keys {
		if !used[k] {
			t.Errorf("keys has %s, which no email says", k)
		}
	}
	for k := range english(t) {
		if strings.HasPrefix(k, "email.") && !used[k] {
			t.Errorf("messages/en.json has %s, which no email says", k)
		}
	}
}

func isFile(s string) bool { return s == "email.html" || s == "email.txt" }

func english(t *testing.T) map[string]any {
	t.Helper()
	buf, err := os.ReadFile("../../frontend/messages/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(buf, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// openWith are the templates of a frontend, with its own sentences.
func openWith(frontend fs.FS) (*Templates, error) {
	catalog, err := messages.Open(frontend)
	if err != nil {
		return nil, err
	}
	return New(frontend, catalog)
}

func sentences(t *testing.T) *messages.Catalog {
	t.Helper()
	c, err := messages.Open(os.DirFS("../../frontend"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The first email in a language is slower than others, because its sentences are read for
// it: whoever asks for sign-in emails learns from the time that a member reads that language.
func TestWarmReadsEveryLanguage(t *testing.T) {
	buf, err := json.Marshal(english(t))
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"messages/en.json": {Data: buf}}
	for _, l := range access.Languages {
		if l != access.English {
			files["messages/"+string(l)+".json"] = &fstest.MapFile{
				Data: []byte(`{"email.test.subject": "` + string(l) + `"}`),
			}
		}
	}
	templates, err := openWith(withMessages{os.DirFS("../../frontend"), files})
	if err != nil {
		t.Fatal(err)
	}
	templates.Warm()
	clear(files) // what is read now is not there
	for _, l := range access.Languages {
		if l == access.English {
			continue
		}
		if s, err := templates.Subject(access.TestMessage, anyFacts(l)); s != string(l) || err != nil {
			t.Errorf("%s is read for its first email: %q, %v", l, s, err)
		}
	}
}

// withEmpty are the templates with catalogues of these languages that have no message: they
// write English sentences by the conventions of the language.
func withEmpty(t *testing.T, languages ...access.Language) *Templates {
	t.Helper()
	buf, err := json.Marshal(english(t))
	if err != nil {
		t.Fatal(err)
	}
	all := fstest.MapFS{"messages/en.json": {Data: buf}}
	for _, l := range languages {
		all["messages/"+string(l)+".json"] = &fstest.MapFile{Data: []byte("{}")}
	}
	templates, err := openWith(withMessages{os.DirFS("../../frontend"), all})
	if err != nil {
		t.Fatal(err)
	}
	return templates
}

// withMessages is the frontend with other files under messages/.
type withMessages struct {
	fs.FS
	messages fstest.MapFS
}

func (w withMessages) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, "messages/") {
		return w.messages.Open(name)
	}
	return w.FS.Open(name)
}

func (w withMessages) ReadFile(name string) ([]byte, error) {
	if strings.HasPrefix(name, "messages/") {
		return w.messages.ReadFile(name)
	}
	return fs.ReadFile(w.FS, name)
}

// A build without a sentence must not start and then send an email that says
// "email.sign_in.why".
func TestAMissingSentenceIsNoticedAtStart(t *testing.T) {
	for _, missing := range []string{"email.sign_in.why", "email.rejected.subject", "span.days", "list.and"} {
		all := english(t)
		delete(all, missing)
		buf, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		_, err = openWith(withMessages{os.DirFS("../../frontend"), fstest.MapFS{"messages/en.json": {Data: buf}}})
		if err == nil || !strings.Contains(err.Error(), strconv.Quote(missing)) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

// typed is what the samples' people typed, and what is no sentence: names, addresses, dates
// and numbers.
var typed = regexp.MustCompile(`https?://\S+|\S+@\S+|Welcome, Ada\. Charles told me you start on Monday\.|` +
	`This workspace is for the route planners only\.|A long word of welcome\.|Wolfeschlegelsteinhausenbergerdorff|` +
	`Observers of the long and winding road|Ada Lovelace|Grace Hopper|\bAda\b|Grace|AI Loop|AILoop|Fleet|Admin|` +
	`Firefox|Linux|door\.example\.com|127\.0\.0\.1:8080|` +
	`(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d+ \w+ \d+|\d+ May\b|\d+:\d+|\b[A-Z0-9]{4}-[A-Z0-9]{4}\b`)

var words = regexp.MustCompile(`\pL{3,}`)

// A sentence of an email that stands in the source is in English for everybody. The
// pseudo-language has no word without a mark that the catalogue has.
func TestEverySentenceIsInTheCatalogue(t *testing.T) {
	l := openTemplates(t)
	for name, s := range samples() {
		s.facts.Language = access.Pseudo
		if strings.HasSuffix(name, "-long") {
			continue // what is cut off is no name any more
		}
		w := write(t, l, s)
		text := strings.Join(strings.Fields(strings.ReplaceAll(w.Text, "\n> ", " ")), " ")
		for _, word := range words.FindAllString(typed.ReplaceAllString(w.Subject+" "+text, " "), -1) {
			if isASCII(word) {
				t.Errorf("%s: %q is in no catalogue:\n%s", name, word, w.Text)
			}
		}
		if !strings.Contains(w.HTML, `<html lang="en-XA">`) {
			t.Errorf("%s does not say its language", name)
		}
	}
}

// Arabic is read from right to left, also where a mail reader drops the outermost element.
func TestDirection(t *testing.T) {
	l := withEmpty(t, access.Arabic)
	for name, s := range samples() {
		s.facts.Language = access.Arabic
		w := write(t, l, s)
		for _, want := range []string{`<html lang="ar" dir="rtl">`, `class="p" dir="rtl"`} {
			if !strings.Contains(w.HTML, want) {
				t.Errorf("%s lacks %s", name, want)
			}
		}
		for _, bad := range []string{`align="right"`, "border-left:", "padding-left:1"} {
			if strings.Contains(w.HTML, bad) {
				t.Errorf("%s has %s", name, bad)
			}
		}
		if s.facts.Link != "" && s.kind.HoldsSecret() && !strings.Contains(w.Text, "\n"+s.facts.Link+"\n") {
			t.Errorf("%s: a mark stands beside the link:\n%s", name, w.Text)
		}
	}
}

// Japanese and Chinese have no spaces: a paragraph would be one line of any length.
func TestWrapWithoutSpaces(t *testing.T) {
	got := wrap("", strings.Repeat("管理者がリクエストを確認します。", 6))
	for _, line := range strings.Split(got, "\n") {
		if width(line) > maxLine {
			t.Errorf("a line of %d columns: %s", width(line), line)
		}
		if strings.HasPrefix(line, "。") {
			t.Errorf("a full stop begins the line %s", line)
		}
	}
	if strings.ReplaceAll(got, "\n", "") != strings.Repeat("管理者がリクエストを確認します。", 6) {
		t.Errorf("a character is lost: %s", got)
	}
	if got := wrap("", "Acceptez\u00a0! Oui\u202f?"); got != "Acceptez\u00a0! Oui\u202f?" {
		t.Errorf("%q", got)
	}
}
