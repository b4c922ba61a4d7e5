package portal

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"doorward/backend/messages"
)

var updatePages = flag.Bool("update", false, "write the golden pages anew")

func openPages(t testing.TB) *pages {
	t.Helper()
	p, err := readPages(os.DirFS("../../../frontend"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func sentences(t testing.TB) *messages.Catalog {
	t.Helper()
	c, err := messages.Open(os.DirFS("../../../frontend"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func draw(t testing.TB, p *pages, s sample) string {
	t.Helper()
	var b strings.Builder
	if err := p.render(&b, s.page, s.model); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var hashed = regexp.MustCompile(`/assets/door\.[0-9a-f]{12}\.`)

func TestPagesGolden(t *testing.T) {
	p := openPages(t)
	all := samples()
	for name, s := range all {
		got := hashed.ReplaceAllString(draw(t, p, s), "/assets/door.HASH.")
		file := filepath.Join("testdata", "pages", name+".html")
		if *updatePages {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("%v (write it with -update)", err)
		} else if got != string(want) {
			t.Errorf("%s is not what it was; look at it, then write it anew with -update", name)
		}
	}
	kept, _ := filepath.Glob("testdata/pages/*.html")
	for _, file := range kept {
		if _, ok := all[strings.TrimSuffix(filepath.Base(file), ".html")]; !ok {
			t.Errorf("%s belongs to no sample", file)
		}
	}
}

// A page has two buttons of the same name, and its reader cannot tell them apart.
func TestOneWayOut(t *testing.T) {
	p := openPages(t)
	for name, s := range samples() {
		if n := strings.Count(draw(t, p, s), ">Sign out<"); n > 1 {
			t.Errorf("%s offers to sign out %d times", name, n)
		}
	}
}

func TestEveryPageHasASample(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range samples() {
		seen[s.page] = true
	}
	for name := range models {
		if !seen[name] {
			t.Errorf("the page %q has no sample", name)
		}
	}
}

// element is one element of a page, with the text inside it.
type element struct {
	name string
	attr map[string]string
	text string
}

var void = []string{"meta", "link", "input", "path", "rect"}

// elements parses a page strictly: every element but the void ones is closed, in
// order, and no attribute occurs twice.
func elements(page string) (all []element, err error) {
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.Entity = false, xml.HTMLEntity
	var open []int
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if len(open) > 0 {
				return nil, fmt.Errorf("<%s> is never closed", all[open[len(open)-1]].name)
			}
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			e := element{name: tok.Name.Local, attr: map[string]string{}}
			for _, a := range tok.Attr {
				if _, twice := e.attr[a.Name.Local]; twice {
					return nil, fmt.Errorf("<%s> has %s twice", e.name, a.Name.Local)
				}
				e.attr[a.Name.Local] = a.Value
			}
			all = append(all, e)
			if !slices.Contains(void, e.name) {
				open = append(open, len(all)-1)
			}
		case xml.EndElement:
			if slices.Contains(void, tok.Name.Local) {
				continue
			}
			if len(open) == 0 || all[open[len(open)-1]].name != tok.Name.Local {
				return nil, fmt.Errorf("</%s> closes nothing that is open", tok.Name.Local)
			}
			open = open[:len(open)-1]
		case xml.CharData:
			for _, i := range open {
				all[i].text += string(tok)
			}
		}
	}
}

func named(all []element, name string) (found []element) {
	for _, e := range all {
		if e.name == name {
			found = append(found, e)
		}
	}
	return found
}

func TestPagesAreWellMade(t *testing.T) {
	p := openPages(t)
	for name, s := range samples() {
		t.Run(name, func(t *testing.T) {
			page := draw(t, p, s)
			all, err := elements(page)
			if err != nil {
				t.Fatal(err)
			}
			for one, n := range map[string]int{"html": 1, "main": 1, "h1": 1, "title": 1, "header": 1, "footer": 1} {
				if got := len(named(all, one)); got != n {
					t.Errorf("%d <%s>, want %d", got, one, n)
				}
			}
			if lang := named(all, "html")[0].attr["lang"]; lang != "en" {
				t.Errorf("lang is %q", lang)
			}
			title := named(all, "title")[0].text
			if before, _, ok := strings.Cut(title, " · "); !ok || strings.TrimSpace(before) == "" {
				t.Errorf("the title is %q", title)
			}
			checkLabels(t, all)
			checkForms(t, all)
		})
	}
}

// checkLabels checks that each field has a label, that every id that is referred
// to exists, and that every button and link has a text.
func checkLabels(t *testing.T, all []element) {
	t.Helper()
	ids, labelled := map[string]bool{}, map[string]bool{}
	for _, e := range all {
		if id := e.attr["id"]; id != "" {
			if ids[id] {
				t.Errorf("the id %q is given twice", id)
			}
			ids[id] = true
		}
		if e.name == "label" && strings.TrimSpace(e.text) != "" {
			labelled[e.attr["for"]] = true
		}
	}
	for _, e := range all {
		switch {
		case e.name == "textarea", e.name == "select", e.name == "input" && e.attr["type"] != "hidden":
			if !labelled[e.attr["id"]] {
				t.Errorf("the field %q has no label", e.attr["name"])
			}
		case e.name == "button", e.name == "a", e.name == "summary":
			if strings.TrimSpace(e.text) == "" {
				t.Errorf("a <%s> says nothing", e.name)
			}
		}
		for _, ref := range strings.Fields(e.attr["aria-describedby"] + " " + e.attr["aria-labelledby"]) {
			if !ids[ref] {
				t.Errorf("<%s> is described by %q, which is not there", e.name, ref)
			}
		}
		_, invalid := e.attr["aria-invalid"]
		if invalid && !strings.Contains(e.attr["aria-describedby"], "-error") {
			t.Errorf("the field %q is invalid and does not say why", e.attr["name"])
		}
	}
}

// checkForms checks that forms post to this server, each with the CSRF field.
func checkForms(t *testing.T, all []element) {
	t.Helper()
	tokens := 0
	for _, e := range all {
		if e.name == "input" && e.attr["name"] == "csrf" && e.attr["value"] == "csrf-of-the-session" {
			tokens++
		}
	}
	forms := named(all, "form")
	for _, f := range forms {
		if f.attr["method"] != "post" || !strings.HasPrefix(f.attr["action"], "/") ||
			strings.HasPrefix(f.attr["action"], "//") {
			t.Errorf("a form is %v", f.attr)
		}
	}
	if tokens != len(forms) {
		t.Errorf("%d forms, %d CSRF fields", len(forms), tokens)
	}
}

// An attacker who can get markup into a page, a member or a workspace name would
// use a style attribute, an inline script or an external picture. The policy
// forbids them all, so none of our pages may need one.
func TestPagesObeyTheContentPolicy(t *testing.T) {
	p := openPages(t)
	for name, s := range samples() {
		all, err := elements(draw(t, p, s))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			for key, value := range e.attr {
				switch {
				case key == "style" || strings.HasPrefix(key, "on"):
					t.Errorf("%s: <%s> has %s=", name, e.name, key)
				case key == "src" || key == "href" || key == "action" || key == "data-events":
					ours := strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "//") ||
						strings.HasPrefix(value, "#") ||
						strings.HasPrefix(value, "data:image/svg+xml;base64,") && e.attr["rel"] == "icon" ||
						value == "https://door.example.com" && name == "message-foreign-host" && e.name == "a"
					if !ours {
						t.Errorf("%s: <%s %s=%q> leads outside", name, e.name, key, value)
					}
				}
			}
			if e.name == "style" || e.name == "iframe" || e.name == "img" || e.name == "script" &&
				(e.attr["src"] == "" || e.text != "") {
				t.Errorf("%s: has an inline <%s>", name, e.name)
			}
			if e.name == "script" && s.page != pagePending && !showsTimes(p, e.attr["src"]) {
				t.Errorf("%s: only the waiting page has a script that does more than show times", name)
			}
		}
	}
	for path, a := range p.assets {
		if m := regexp.MustCompile(`https?:|//[a-z]|@import|url\(`).
			Find(regexp.MustCompile(`(?m)^\s*//.*$`).ReplaceAll(a.Plain(), nil)); m != nil {
			t.Errorf("%s loads something: %q", path, m)
		}
	}
}

// showsTimes reports whether that is the script that shows times.
func showsTimes(p *pages, src string) bool {
	a := p.assets[src]
	return a != nil && bytes.Contains(a.Plain(), []byte("time[data-say=on]")) && !acts.Match(a.Plain())
}

// acts finds what a script would act with for the reader of its page.
var acts = regexp.MustCompile(`submit|click|fetch|XMLHttp|sendBeacon|EventSource|location|history|open\(|cookie|` +
	`innerHTML|setInterval|setTimeout|eval|import`)

// hostile fills every string of a model with markup.
const hostile = `"><img src=x onerror=1>'{{7919*7907}}</title></textarea><script>alert(1)</script>`

// A person invites themselves by CSV or API with a name that is markup, which is
// meant to run in the page of whoever reads it.
func TestPagesEscape(t *testing.T) {
	p := openPages(t)
	l := Leaf{Workspace: hostile, CSRF: hostile, SignedInAs: hostile, Title: hostile, Here: hostile, words: english()}
	section := Section{hostile, "javascript:alert(1)", []Resource{{hostile, "javascript:alert(1)"}}}
	roles := []string{hostile}
	message := ourErrorPage(l, hostile)
	message.Text, message.Advice, message.Title = hostile, hostile, hostile
	message.Primary, message.Secondary = Action{hostile, "javascript:alert(1)", "", nil},
		Action{hostile, "", "javascript:alert(1)", []Field{{hostile, hostile}}}
	choice := Choice{hostile, hostile, "javascript:alert(1)"}
	for _, s := range []sample{
		{pageLogin, LoginPage{l, hostile, hostile, hostile}},
		{pageLoginCode, LoginCodePage{l, hostile, hostile, hostile, hostile, 15, choice}},
		{pageLink, LinkPage{l, "javascript:alert(1)", true, hostile, hostile, hostile, roles, hostile, noon, noon,
			choice}},
		{pageLink, LinkPage{Leaf: l, Action: hostile, Email: hostile}},
		{pageLinkDead, LinkDeadPage{l, hostile}},
		{pageLinkRenewed, LinkRenewedPage{l}},
		{pageWrongBrowser, WrongBrowserPage{l, hostile}},
		{pagePending,
			PendingPage{l, hostile, hostile, hostile, noon, roles, noon, true, noon, hostile, hostile, false, false,
				false}},
		{pageHome, HomePage{l, hostile, hostile, roles, []Section{section}, true, 1, 2, noon, noon, hostile,
			hostile, false}},
		{pageHome, HomePage{Leaf: l}},

		{pageSection, SectionPage{l, section}},
		{pageResource, ResourcePage{l, section, section.Resources[0]}},
		{pageSetup, SetupPage{l, hostile, hostile, hostile, hostile, map[string]string{
			"":          hostile,
			"name":      hostile,
			"email":     hostile,
			"workspace": hostile,
		}}},
		{pageMessage, message},
	} {
		page := draw(t, p, s)
		for _, bad := range []string{"<img", "<script>", "javascript:", "onerror=1>", "62615533"} {
			if i := strings.Index(page, bad); i >= 0 {
				t.Errorf("%s has %q in %q", s.page, bad, page[max(0, i-60):i+20])
			}
		}
		all, err := elements(page)
		if err != nil {
			t.Errorf("%s: %v", s.page, err)
		}
		if len(named(all, "h1")) != 1 {
			t.Errorf("%s: the markup of the page was broken", s.page)
		}
	}
}

func TestRenderIsWholeOrNothing(t *testing.T) {
	p := openPages(t)
	var b bytes.Buffer
	if err := p.render(&b, "nowhere", nil); err == nil || b.Len() > 0 {
		t.Errorf("a page that does not exist: %v, %d bytes", err, b.Len())
	}
	if err := p.render(&b, pageLogin, HomePage{}); err == nil || b.Len() > 0 {
		t.Errorf("the model of another page: %v, %d bytes", err, b.Len())
	}
	if _, err := newPages(os.DirFS(t.TempDir()), sentences(t)); err == nil {
		t.Error("no templates at all went unnoticed")
	}
}

// Without JavaScript the pending page reloads automatically, but never while
// something is being typed, and never by posting a form again.
func TestWaitingPageLooksAgain(t *testing.T) {
	p := openPages(t)
	for name, want := range map[string]bool{"pending": true, "pending-note": true, "pending-refused": false} {
		if got := strings.Contains(draw(t, p, samples()[name]),
			`<noscript><meta http-equiv="refresh" content="20; url=/pending"></noscript>`); got != want {
			t.Errorf("%s: looks again: %v", name, got)
		}
	}
	held := samples()["pending"].model.(PendingPage)
	held.Held = true
	if page := draw(t, p, sample{pagePending, held}); strings.Contains(page, "http-equiv") ||
		!strings.Contains(page, `href="/pending"`) {
		t.Error("a held page looks again, or cannot be let go")
	}
}

func BenchmarkSignInPage(b *testing.B) {
	p := openPages(b)
	model := LoginPage{Leaf: leaf()}
	b.ReportAllocs()
	for b.Loop() {
		if err := p.render(io.Discard, pageLogin, model); err != nil {
			b.Fatal(err)
		}
	}
}
