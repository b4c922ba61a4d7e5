package messages

import (
	"encoding/json"
	"html/template"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"doorward/backend/access"
)

const few = `{"count": {"one": "{{.N}} member of {{.Workspace}}", "other": "{{.N}} members of {{.Workspace}}"},
	"list.and": "{{.First}} and {{.Last}}", "list.comma": ", ", "plain": "Sign in"}`

func open(t *testing.T) *Catalog {
	t.Helper()
	c, err := Open(fstest.MapFS{
		"messages/en.json": {Data: []byte(few)},
		"messages/pl.json": {Data: []byte(`{"count": {"one": "{{.N}} osoba", "few": "{{.N}} osoby",
			"many": "{{.N}} osób", "other": "{{.N}} osoby"}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSay(t *testing.T) {
	c := open(t)
	for _, row := range []struct {
		in   access.Language
		key  string
		v    Values
		want string
	}{
		{access.English, "plain", nil, "Sign in"},
		{access.English, "count", Values{"N": 1, "Workspace": "AI <Loop>"}, "1 member of AI <Loop>"},
		{access.English, "count", Values{"N": 1200, "Workspace": "X"}, "1,200 members of X"},
		{access.Polish, "count", Values{"N": 1}, "1 osoba"},
		{access.Polish, "count", Values{"N": 3}, "3 osoby"},
		{access.Polish, "count", Values{"N": 5}, "5 osób"},
		{access.Polish, "plain", nil, "Sign in"}, // it lacks that one
		{access.German, "plain", nil, "Sign in"}, // there is no file
		{"xx", "plain", nil, "Sign in"},
		{access.Pseudo, "count", Values{"N": 2, "Workspace": "Loop"}, "[2 mémbérš öf Loop~~~~~~~~~~]"},
		{access.English, "nowhere", nil, "nowhere"},
	} {
		if got := c.In(row.in).Say(row.key, row.v); got != row.want {
			t.Errorf("%s in %s: %q, not %q", row.key, row.in, got, row.want)
		}
	}
}

// A name that somebody typed is no markup, whatever stands around it.
func TestHTML(t *testing.T) {
	p := open(t).In(access.English)
	got := p.HTML("count", Values{"N": 2, "Workspace": template.HTML("<b>A &amp; B</b>")})
	if want := template.HTML("2 members of <b>A &amp; B</b>"); got != want {
		t.Errorf("%q, not %q", got, want)
	}
	got = p.HTML("count", Values{"N": 2, "Workspace": "<script>"})
	if want := template.HTML("2 members of &lt;script&gt;"); got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestRequire(t *testing.T) {
	c := open(t)
	if err := c.Require("plain", "count"); err != nil {
		t.Error(err)
	}
	if err := c.Require("plain", "nowhere"); err == nil || !strings.Contains(err.Error(), `"nowhere"`) {
		t.Errorf("a key without a message: %v", err)
	}
}

// A list reads alike on pages, in emails and in the console: lists.test.ts there reads the
// same table.
func TestLists(t *testing.T) {
	c, err := Open(os.DirFS("../../frontend"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/lists.json")
	if err != nil {
		t.Fatal(err)
	}
	var table map[access.Language][]string
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	names := []string{"A", "B", "C"}
	for _, language := range access.Languages {
		for n := range len(names) + 1 {
			if want, got := table[language][n], c.In(language).List(names[:n]); got != want {
				t.Errorf("%d names in %s: %q, want %q", n, language, got, want)
			}
		}
	}
}

func TestChoose(t *testing.T) {
	for header, want := range map[string]access.Language{
		"": "en", "de": "de", "de-CH, fr;q=0.9": "de", "nl, fr;q=0.5": "fr", "pt-PT": "pt-BR", "pt": "pt-BR",
		"zh-CN": "zh-Hans", "zh": "zh-Hans", "ar-EG": "ar", "sv": "en", "en-GB,de;q=0.9": "en",
		"*": "en", "]": "en", "de;q=x": "en", "en-XA": "en", "en, de": "en",
		strings.Repeat("x", 300) + ", de": "en", strings.Repeat("de,", 200): "en",
	} {
		if got := Choose(header); got != want {
			t.Errorf("%.40q: %s, not %s", header, got, want)
		}
	}
}

// forms are the plural forms that each language needs, by the Unicode CLDR.
var forms = map[access.Language][]string{
	access.English: {"one", "other"}, access.German: {"one", "other"}, access.French: {"many", "one", "other"},
	access.Spanish: {"many", "one", "other"}, access.Italian: {"many", "one", "other"},
	access.Portuguese: {"many", "one", "other"}, access.Polish: {"few", "many", "one", "other"},
	access.Japanese: {"other"}, access.SimplifiedChinese: {"other"},
	access.Arabic: {"few", "many", "one", "other", "two", "zero"},
}

// A catalogue that lacks a message, a plural form or a placeholder shows English words, "1
// members" or "<no value>" to somebody. This says what a language lacks.
func TestCataloguesAreComplete(t *testing.T) {
	english := catalogue(t, access.English)
	for _, l := range access.Languages {
		all := catalogue(t, l)
		for key, want := range english {
			got, ok := all[key]
			if !ok {
				t.Errorf("%s lacks %s", l, key)
				continue
			}
			compare(t, string(l)+": "+key, forms[l], want, got)
		}
		for key, forms := range all {
			if _, ok := english[key]; !ok {
				t.Errorf("%s has %s, which English lacks", l, key)
			}
			delete(forms, "description")
			for _, s := range forms { // the time after which a request is removed is a value
				if strings.HasPrefix(key, "email.abandoned.") && strings.ContainsAny(s, "0123456789") {
					t.Errorf("%s: %s has a number of its own: %q", l, key, s)
				}
			}
		}
	}
}

func compare(t *testing.T, what string, forms []string, english, other map[string]string) {
	t.Helper()
	_, plural := english["one"]
	var has []string
	for form, s := range other {
		if form == "description" {
			continue
		}
		has = append(has, form)
		lacks, more := difference(placeholders(english["other"]), placeholders(s))
		lacks = slices.DeleteFunc(lacks, func(p string) bool { return p == "{{.N}}" && form != "other" })
		if len(lacks)+len(more) > 0 {
			t.Errorf("%s (%s): lacks %q, has %q too many", what, form, lacks, more)
		}
		if strings.TrimSpace(s) == "" {
			t.Errorf("%s (%s) is empty", what, form)
		}
	}
	slices.Sort(has)
	want := []string{"other"}
	if plural {
		want = forms
	}
	if !slices.Equal(has, want) {
		t.Errorf("%s has the forms %q, not %q", what, has, want)
	}
}

func placeholders(s string) []string { return placeholder.FindAllString(s, -1) }

func difference(a, b []string) (onlyA, onlyB []string) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			onlyA = append(onlyA, x)
		}
	}
	for _, x := range b {
		if !slices.Contains(a, x) {
			onlyB = append(onlyB, x)
		}
	}
	return onlyA, onlyB
}

var simple = regexp.MustCompile(`^\{\{\.[A-Z][A-Za-z]*\}\}$`)

// mailbox is an address after a name, such as <door@example.com>, which is no markup.
var mailbox = regexp.MustCompile(`<[a-z]+@[a-z.]+>`)

// catalogue reads a file as the console's build does, and holds its keys to one grammar.
func catalogue(t *testing.T, l access.Language) map[string]map[string]string {
	t.Helper()
	buf, err := os.ReadFile("../../frontend/messages/" + string(l) + ".json")
	if err != nil {
		t.Error(err)
		return nil
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(buf, &raw); err != nil {
		t.Fatalf("%s: %v", l, err)
	}
	all := map[string]map[string]string{}
	for key, value := range raw {
		m := map[string]string{}
		if json.Unmarshal(value, &m) != nil {
			m = map[string]string{"other": ""}
			var s string
			if err := json.Unmarshal(value, &s); err != nil {
				t.Errorf("%s: %s is neither a sentence nor its plural forms: %v", l, key, err)
			}
			m["other"] = s
		}
		for _, s := range m {
			for _, p := range placeholders(s) {
				if !simple.MatchString(p) {
					t.Errorf("%s: %s has %s: only {{.Name}} is understood by both sides", l, key, p)
				}
			}
			if strings.ContainsAny(mailbox.ReplaceAllString(s, ""), "<>") {
				t.Errorf("%s: %s has a character of HTML", l, key)
			}
		}
		all[key] = m
	}
	return all
}

// Japanese and Chinese put no space between sentences. A catalogue copied from English does,
// and so does a program that joins sentences itself.
func TestSentencesAreJoinedAsTheLanguageDoes(t *testing.T) {
	for _, l := range []access.Language{access.Japanese, access.SimplifiedChinese} {
		all := catalogue(t, l)
		for key, first := range map[string]string{
			"console.text.sentences": "{{.First}}", "console.problem.with_number": "{{.Problem}}",
		} {
			if s := all[key]["other"]; !strings.HasPrefix(s, first) || strings.HasPrefix(s, first+" ") {
				t.Errorf("%s: %s is %q", l, key, s)
			}
		}
	}
}

// What people type stood in Arabic with its signs at the other end: "listen--", "//:smtps",
// "1d6b57#". A left-to-right mark (U+200E) between it and the Arabic text keeps them.
func TestSignsStayAtTheirEnd(t *testing.T) {
	before := regexp.MustCompile(`\p{Arabic}[\s«(:]*[#/<-]+[A-Za-z0-9]+`)
	after := regexp.MustCompile(`[a-z0-9]+(://|[>/#])[\s،.,)»:؛]*(\p{Arabic}|$)`)
	kept := 0
	for key, forms := range catalogue(t, access.Arabic) {
		for _, s := range forms {
			kept += strings.Count(s, "\u200e")
			for _, found := range append(before.FindAllString(s, -1), after.FindAllString(s, -1)...) {
				t.Errorf("%s: %q needs a left-to-right mark (U+200E) beside its sign", key, found)
			}
		}
	}
	if kept == 0 {
		t.Error("no such sign is in the catalogue")
	}
}
