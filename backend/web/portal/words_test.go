package portal

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"doorward/backend/access"
	"doorward/backend/messages"
)

// fixed are the words of pages that are in no catalogue, for they are the same in every
// language: names of languages, commands, examples, and days and months, which CLDR has.
var fixed = append([]string{"you@example.com", "K7PQ-3XMD", "doorward outbox list", "doorward outbox show",
	"doorward requests", "doorward approve", "doorward invite", "doorward help", "make build", "{time}", "{date}",
	"door.example.com", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "January",
	"February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	names()...)

func names() (all []string) {
	for _, l := range access.Languages {
		all = append(all, l.Name())
	}
	return all
}

// values are the texts of a model, which are no sentences of ours. Those of a message page
// are: of it, only what it shows beside its sentences.
func values(model any) (all []string) {
	if m, ok := model.(MessagePage); ok {
		return append(values(Leaf{Workspace: m.Workspace, SignedInAs: m.SignedInAs}), m.RequestNumber, "AILoop",
			"ada@example.com",
			// No refusal of ours, so the catalogue does not have it.
			"This invitation was meant for another address. Ask the person who invited you for a new one.")
	}
	var collect func(v reflect.Value)
	collect = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			all = append(all, v.String(), start(v.String()))
			all = append(all, strings.Fields(v.String())...) // a first name
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					collect(v.Field(i))
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				collect(v.Index(i))
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				collect(v.MapIndex(key))
			}
		}
	}
	collect(reflect.ValueOf(model))
	return all
}

var (
	markup = regexp.MustCompile(`<[^>]*>`)
	spoken = regexp.MustCompile(` (?:title|placeholder|aria-label|alt|content|data-(?:loading|busy|live|lost|today|` +
		`yesterday|tomorrow|day))="([^"]*)"`)
	technical = regexp.MustCompile(`<meta [^>]*>`)
	marked    = regexp.MustCompile(`[aceinosuyACEINOSUY]`) // the letters that the pseudo-language accents
	word      = regexp.MustCompile(`[\p{L}]{2,}`)
)

// unmarked returns the words that a page shows or has read aloud, except for the values, and
// that the pseudo-language did not mark: they do not come from the catalogue.
func unmarked(page string, values []string) (found []string) {
	page = technical.ReplaceAllString(page, "")
	var b strings.Builder
	for _, m := range spoken.FindAllStringSubmatch(page, -1) {
		b.WriteString(m[1] + "\n")
	}
	b.WriteString(markup.ReplaceAllString(page, "\n"))
	text := html.UnescapeString(b.String())
	slices.SortFunc(values, func(a, b string) int { return len(b) - len(a) })
	for _, v := range values {
		if v != "" {
			text = strings.ReplaceAll(text, v, " ")
		}
	}
	for _, w := range word.FindAllString(text, -1) {
		if marked.MatchString(w) {
			found = append(found, w)
		}
	}
	return found
}

// A sentence that stands in a template or in the code is shown in English to somebody who
// may not read it.
func TestEveryWordIsInTheCatalogue(t *testing.T) {
	p := openPages(t)
	for name, s := range samplesIn(p.words(access.Pseudo)) {
		page := draw(t, p, s)
		if words := unmarked(page, append(values(s.model), fixed...)); len(words) > 0 {
			t.Errorf("%s: no catalogue has %q", name, words)
		}
		if !strings.Contains(page, `<html lang="en-XA" dir="ltr">`) {
			t.Errorf("%s is not in the language of its reader", name)
		}
		if strings.Contains(page, "no value") || strings.Contains(page, ">portal.") {
			t.Errorf("%s: a sentence lacks a value, or its key is shown:\n%s", name, page)
		}
	}
	for name, s := range samples() { // this test can fail
		if words := unmarked(draw(t, p, s), append(values(s.model), fixed...)); len(words) < 2 {
			t.Errorf("%s in English: only %q are found", name, words)
		}
	}
}

// catalogue is the English one.
func catalogue(t *testing.T) (all map[string]any) {
	t.Helper()
	buf, err := os.ReadFile("../../../frontend/messages/en.json")
	if err == nil {
		err = json.Unmarshal(buf, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Code asks for a key that the catalogue does not have, or makes one up when it runs: the
// key is shown instead of a sentence. A sentence that nothing asks for is translated in vain.
func TestKeysOfTheCode(t *testing.T) {
	var keys []string
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !says(call.Fun) || len(call.Args) == 0 {
				return true
			}
			key, ok := call.Args[0].(*ast.BasicLit)
			at := set.Position(call.Pos())
			if ok {
				s, err := strconv.Unquote(key.Value)
				if err != nil {
					t.Fatal(err)
				}
				keys = append(keys, s)
			} else if file != "words.go" && file != "keys.go" {
				t.Errorf("%s: the key is not constant", at)
			}
			return true
		})
	}
	if len(keys) < 50 {
		t.Fatalf("only %d keys were found", len(keys))
	}
	p := openPages(t)
	for _, page := range p.parsed {
		if keys, err = appendKeys(keys, page); err != nil {
			t.Error(err)
		}
	}
	all := catalogue(t)
	for _, key := range keys {
		shared := slices.Contains(messages.OwnKeys, key)
		if _, ok := all[key]; !ok || !shared && !strings.HasPrefix(key, "portal.") {
			t.Errorf("the catalogue has no %q for the portal", key)
		}
	}
	for key := range all {
		if strings.HasPrefix(key, "portal.") && !slices.Contains(keys, key) {
			t.Errorf("nothing says %s", key)
		}
	}
}

func says(f ast.Expr) bool {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name == "say"
	case *ast.SelectorExpr:
		return f.Sel.Name == "say" || f.Sel.Name == "Say"
	}
	return false
}

// An overlay is one file tree in front of another.
type overlay struct{ front, back fs.FS }

func (o overlay) Open(name string) (fs.File, error) {
	if f, err := o.front.Open(name); err == nil {
		return f, nil
	}
	return o.back.Open(name)
}

// withPage is the frontend with another sign-in page, and with the German and Arabic of a
// few sentences.
func withPage(login string) overlay {
	front := fstest.MapFS{
		"messages/de.json": {Data: []byte(`{"portal.time.today_utc": "heute um {{.Time}} UTC",
			"portal.time.on_day_utc": "{{.Date}} um {{.Time}} UTC"}`)},
		"messages/ar.json": {Data: []byte(`{"portal.suspended.text_named":
			"علّق مسؤول {{.Workspace}} حساب {{.Email}}."}`)},
	}
	if login != "" {
		front["portal/login.html"] = &fstest.MapFile{Data: []byte(login)}
	}
	return overlay{front: front, back: os.DirFS("../../../frontend")}
}

// A page asks for a sentence that nobody wrote, or whose key is known only when it is
// rendered: the server does not start.
func TestStartNeedsEverySentence(t *testing.T) {
	for login, want := range map[string]string{
		`{{define "leaf"}}{{if .Error}}{{t "portal.login.nothing"}}{{end}}{{end}}`:               `"portal.login.nothing"`,
		`{{define "leaf"}}{{with .Next}}{{rich "portal.nothing" "A" .}}{{end}}{{end}}`:           `"portal.nothing"`,
		`{{define "leaf"}}{{range .Next}}{{else}}{{addr (t "portal.no")}}{{end}}{{end}}`:         `"portal.no"`,
		`{{define "leaf"}}{{template "csrf" (t "portal.none")}}{{end}}`:                          `"portal.none"`,
		`{{define "leaf"}}{{t .Error}}{{end}}`:                                                   "not constant",
		`{{define "leaf"}}{{t}}{{end}}`:                                                          "not constant",
		`{{define "leaf"}}{{t "portal.login.invitation_needed" "Workspace"}}{{end}}`:             "no name",
		`{{define "leaf"}}{{rich "portal.login.invitation_needed" .Workspace "A" 1 "B"}}{{end}}`: "no name",
	} {
		if _, err := readPages(withPage(login)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %s", login, err, want)
		}
	}
	if _, err := readPages(withPage("")); err != nil {
		t.Error(err)
	}
}

// A full stop, or the number of a name, changes sides where a sentence is written in the
// other direction than the name in it.
func TestNamesKeepTheirDirection(t *testing.T) {
	p, err := readPages(withPage(""))
	if err != nil {
		t.Fatal(err)
	}
	l := Leaf{Workspace: "Loop (1)", SignedInAs: "ada@example.com", words: p.words(access.Arabic)}
	want := "علّق مسؤول \u2068Loop (1)\u2069 حساب \u2068ada@example.com\u2069."
	if got := suspendedPage(l).Text; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	l.words = p.words(access.English)
	if got := suspendedPage(l).Text; strings.ContainsAny(got, "\u2068\u2069") {
		t.Errorf("%q has marks", got)
	}
	l.Workspace = "شركة 1"
	if got := suspendedPage(l).Text; !strings.Contains(got, "\u2068شركة 1\u2069") {
		t.Errorf("%q mixes", got)
	}
}

// Times are read as local custom has them.
func TestTimesInGerman(t *testing.T) {
	c, err := messages.Open(withPage(""))
	if err != nil {
		t.Fatal(err)
	}
	w := &words{c.In(access.German)}
	at := func(hours time.Duration) string { return w.moment(noon.Add(hours*time.Hour), noon).On }
	if got := at(2); got != "heute um 14:00 UTC" {
		t.Error(got)
	}
	if got := at(-72); got != "Sonntag, 5. Mai 2030 um 12:00 UTC" {
		t.Error(got)
	}
}
