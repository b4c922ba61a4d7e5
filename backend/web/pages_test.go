package web

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
	"time"
)

var updatePages = flag.Bool("update", false, "write the golden pages anew")

var noon = time.Date(2030, 5, 8, 12, 0, 0, 0, time.UTC)

func leaf(signedIn ...string) Leaf {
	l := Leaf{Workspace: "AI Loop", CSRF: "csrf-of-the-session"}
	if len(signedIn) > 0 {
		l.SignedInAs = signedIn[0]
	}
	return l
}

const (
	longName    = "Wolfeschlegelsteinhausenbergerdorff Featherstonehaugh-Cholmondeley the Third of Llanfairpwllgwyngyll"
	longAddress = "a.very.long.local.part.that.goes.on.and.on.and.on.for.sixty.four@a-department-with-a-long-name.research.institute.example.com"
)

type sample struct {
	page  string
	model any
}

// samples is every page in every state that somebody can meet.
func samples() map[string]sample {
	here := leaf("ada@example.com")
	ailoop := Section{"AILoop", "/ailoop", []Resource{{"Data Lake", "/ailoop/datalake"}, {"Flows", "/ailoop/flows"}}}
	fleet := Section{"Fleet", "/fleet", []Resource{{"Data Lake", "/fleet/datalake"}, {"Flows", "/fleet/flows"}}}
	pending := PendingPage{Leaf: here, Verified: true, Name: "Ada Lovelace", Email: "ada@example.com", Inviter: "Grace Hopper",
		InvitedAt: noon.Add(-26 * time.Hour), Roles: []string{"Fleet"}, Since: noon.Add(-12 * time.Minute), Now: noon}
	noted := pending
	noted.Note, noted.NoteSaved = "I am taking over route planning from Charles this week.", true
	refused := pending
	refused.Note, refused.NoteError, refused.Held = strings.Repeat("Because. ", 24), "A note has at most 200 characters; this one has 216.", true
	home := HomePage{Leaf: here, Name: "Ada Lovelace", Email: "ada@example.com", Roles: []string{"Fleet"},
		Sections: []Section{fleet}, LastSignIn: noon.Add(-3 * time.Hour), Now: noon}
	admin := home
	admin.Name, admin.Email, admin.Roles = "Grace Hopper", "grace@example.org", []string{"Admin"}
	admin.Sections, admin.Admin, admin.Pending = []Section{ailoop, fleet}, true, 3
	quiet := admin
	quiet.Pending = 0
	tokens := quiet
	tokens.Tokens = 2
	invitation := LinkPage{Leaf: leaf(), Action: "/login/TOKEN", Invitation: true, Email: "ada@example.com", Inviter: "Grace Hopper",
		InviterEmail: "grace@example.org", Roles: []string{"Fleet"}, Note: "Welcome, Ada. Charles told me you start on Monday.",
		Until: noon.Add(7 * 24 * time.Hour), Now: noon}
	long := leaf()
	long.Workspace = longName
	inside := leaf(longAddress)
	inside.Workspace = longName
	return map[string]sample{
		"login":            {pageLogin, LoginPage{Leaf: leaf()}},
		"login-error":      {pageLogin, LoginPage{Leaf: leaf(), Email: "ada@", Error: "Something is missing after the @. Write the whole address, such as ada@example.com.", Next: "/fleet/flows"}},
		"login-code":       {pageLoginCode, LoginCodePage{Leaf: leaf(), Email: "Ada@Example.com", Minutes: 15}},
		"login-code-error": {pageLoginCode, LoginCodePage{Leaf: leaf(), Email: "Ada@Example.com", Minutes: 15, Next: "/fleet", Code: "K7PQ-3XM", Error: "This code is not the one in the newest letter. Look at the newest letter, or send it again."}},
		"link-sign-in":     {pageLink, LinkPage{Leaf: leaf(), Action: "/login/TOKEN", Email: "ada@example.com", Now: noon}},
		"link-invitation":  {pageLink, invitation},
		"link-invitation-bare": {pageLink, LinkPage{Leaf: leaf(), Action: "/login/TOKEN", Invitation: true, Email: "ada@example.com", Inviter: "the operator", Roles: []string{"AILoop", "Fleet"},
			Until: noon.Add(time.Hour), Now: noon}},
		"link-long": {pageLink, LinkPage{Leaf: long, Action: "/login/TOKEN", Invitation: true, Email: longAddress, Inviter: longName, InviterEmail: longAddress,
			Roles: []string{"Admin", "AILoop", "Fleet", "Observers of the long and winding road"}, Note: strings.Repeat("A long word of welcome. ", 10), Until: noon.Add(30 * 24 * time.Hour), Now: noon}},
		"link-sign-in-long": {pageLink, LinkPage{Leaf: long, Action: "/login/TOKEN", Email: longAddress, Now: noon}},
		"link-dead":         {pageLinkDead, LinkDeadPage{Leaf: leaf(), Action: "/login/TOKEN/renew"}},
		"link-renewed":      {pageLinkRenewed, LinkRenewedPage{Leaf: leaf()}},
		"wrong-browser":     {pageWrongBrowser, WrongBrowserPage{Leaf: leaf(), Action: "/login/TOKEN/renew"}},
		"pending":           {pagePending, pending},
		"pending-note":      {pagePending, noted},
		"pending-refused":   {pagePending, refused},
		"pending-bare":      {pagePending, PendingPage{Leaf: here, Email: "ada@example.com", Now: noon}},
		"pending-long": {pagePending, PendingPage{Leaf: inside, Name: longName, Email: longAddress, Inviter: longName, InvitedAt: noon.Add(-400 * 24 * time.Hour),
			Roles: []string{"Admin", "AILoop", "Fleet"}, Since: noon.Add(-29 * 24 * time.Hour), Now: noon}},
		"home-member":                   {pageHome, home},
		"home-admin":                    {pageHome, admin},
		"home-admin-quiet":              {pageHome, quiet},
		"home-tokens":                   {pageHome, tokens},
		"home-empty":                    {pageHome, HomePage{Leaf: here, Email: "ada@example.com", Now: noon}},
		"home-long":                     {pageHome, HomePage{Leaf: inside, Name: longName, Email: longAddress, Roles: []string{"AILoop", "Fleet"}, Sections: []Section{ailoop, fleet}, Now: noon}},
		"section":                       {pageSection, SectionPage{Leaf: here, Section: ailoop}},
		"section-empty":                 {pageSection, SectionPage{Leaf: here, Section: Section{"AILoop", "/ailoop", nil}}},
		"resource":                      {pageResource, ResourcePage{Leaf: here, Section: ailoop, Resource: ailoop.Resources[0]}},
		"resource-admin":                {pageResource, ResourcePage{Leaf: here, Section: ailoop, Resource: ailoop.Resources[0], Admin: true}},
		"setup":                         {pageSetup, SetupPage{Leaf: leaf(), Action: "/setup/TOKEN", WorkspaceName: "AI Loop"}},
		"setup-errors":                  {pageSetup, SetupPage{Leaf: leaf(), Action: "/setup/TOKEN", Email: "grace@", Errors: map[string]string{"": "Somebody else was faster. Sign in instead.", "workspace": "Give the workspace a name.", "name": "Write your name, so that people know who invites them.", "email": "Something is missing after the @."}}},
		"message-suspended":             {pageMessage, suspendedPage(here)},
		"message-rejected":              {pageMessage, rejectedPage(leaf())},
		"message-withdrawn":             {pageMessage, withdrawnPage(leaf())},
		"message-signed-out":            {pageMessage, signedOutPage(leaf(), false, false)},
		"message-signed-out-everywhere": {pageMessage, signedOutPage(leaf(), true, false)},
		"message-not-allowed":           {pageMessage, notAllowedPage(here, "AILoop")},
		"message-not-found":             {pageMessage, notFoundPage(leaf())},
		"message-disk-full":             {pageMessage, diskFullPage(leaf(), "The server's disk is nearly full, so nothing can be changed just now. Please tell its administrator.", "/login")},
		"message-busy":                  {pageMessage, busyPage(leaf(), "/login", 5*time.Second)},
		"message-too-many":              {pageMessage, tooManyPage(leaf(), "/login", 4*time.Minute)},
		"message-refused":               {pageMessage, refusedPage(here, "This invitation was meant for another address. Ask the person who invited you for a new one.")},
		"message-stale-form":            {pageMessage, staleFormPage(leaf(), "/login")},
		"message-our-error":             {pageMessage, ourErrorPage(leaf(), "k3v7q2m9")},
		"message-foreign-host":          {pageMessage, foreignHostPage(leaf(), "https://door.example.com")},
		"window-code": {
			pageDesktop,
			DesktopPage{
				Leaf:          here,
				Authorization: DesktopAuthorization{Challenge: "CHALLENGE", State: "STATE", Port: 40123},
				Days:          7,
				Most:          30,
				Sent:          true,
				Email:         "grace@example.org",
				Minutes:       10,
			},
		},
		"window-wrong": {
			pageDesktop,
			DesktopPage{
				Leaf:          here,
				Authorization: DesktopAuthorization{Challenge: "CHALLENGE", State: "STATE", Port: 40123},
				Days:          7,
				Most:          30,
				Sent:          true,
				Held:          true,
				Email:         "grace@example.org",
				Minutes:       10,
				Error:         "That code is not right, or has expired. Check the newest email, or send another code.",
			},
		},
		"desktop": {
			pageDesktop,
			DesktopPage{Leaf: here, Authorization: DesktopAuthorization{Challenge: "CHALLENGE", State: "STATE", Port: 40123}, Days: 7, Most: 30},
		},
		"message-setup-closed": {pageMessage, setupClosedPage(leaf())},
	}
}

func openPages(t testing.TB) *pages {
	t.Helper()
	p, err := newPages(os.DirFS("../../frontend"))
	if err != nil {
		t.Fatal(err)
	}
	return p
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

// Two buttons of one name on a page are one too many.
func TestOneWayOut(t *testing.T) {
	p := openPages(t)
	for name, s := range samples() {
		if n := strings.Count(draw(t, p, s), ">Log out<"); n > 1 {
			t.Errorf("%s offers to log out %d times", name, n)
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

// elements reads a page strictly: every element but the void ones is closed,
// in order, and no attribute is given twice.
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

// checkLabels holds that each field has a label, that what is named by id is
// there, and that every button and link says something.
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
		case e.name == "textarea", e.name == "input" && e.attr["type"] != "hidden":
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

// checkForms holds that forms post to this server, each with the CSRF field.
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
		if f.attr["method"] != "post" || !strings.HasPrefix(f.attr["action"], "/") || strings.HasPrefix(f.attr["action"], "//") {
			t.Errorf("a form is %v", f.attr)
		}
	}
	if tokens != len(forms) {
		t.Errorf("%d forms, %d CSRF fields", len(forms), tokens)
	}
}

// An attacker who can get markup into a page, a member or a workspace name would
// use a style attribute, an inline script or a picture from outside. The policy
// forbids them all; so no page of ours may need one.
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
					ours := strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "//") || strings.HasPrefix(value, "#") ||
						strings.HasPrefix(value, "data:image/svg+xml;base64,") && e.attr["rel"] == "icon" ||
						value == "https://door.example.com" && name == "message-foreign-host" && e.name == "a"
					if !ours {
						t.Errorf("%s: <%s %s=%q> leads outside", name, e.name, key, value)
					}
				}
			}
			if e.name == "style" || e.name == "iframe" || e.name == "img" || e.name == "script" && (e.attr["src"] == "" || e.text != "") {
				t.Errorf("%s: has an inline <%s>", name, e.name)
			}
			if e.name == "script" && s.page != pagePending {
				t.Errorf("%s: only the waiting page has a script", name)
			}
		}
	}
	for path, a := range p.assets {
		if m := regexp.MustCompile(`https?:|//[a-z]|@import|url\(`).Find(regexp.MustCompile(`(?m)^\s*//.*$`).ReplaceAll(a.plain, nil)); m != nil {
			t.Errorf("%s loads something: %q", path, m)
		}
	}
}

// hostile fills every string of a model with markup.
const hostile = `"><img src=x onerror=1>'{{7*7}}</title></textarea><script>alert(1)</script>`

// A person invites themselves by CSV or API with a name that is markup, and
// waits for it to run in the page of whoever looks.
func TestPagesEscape(t *testing.T) {
	p := openPages(t)
	l := Leaf{Workspace: hostile, CSRF: hostile, SignedInAs: hostile, Title: hostile}
	section := Section{hostile, "javascript:alert(1)", []Resource{{hostile, "javascript:alert(1)"}}}
	roles := []string{hostile}
	message := ourErrorPage(l, hostile)
	message.Text, message.Advice, message.Title = hostile, hostile, hostile
	message.Primary, message.Secondary = Action{hostile, "javascript:alert(1)", ""}, Action{hostile, "", "javascript:alert(1)"}
	for _, s := range []sample{
		{pageLogin, LoginPage{l, hostile, hostile, hostile}},
		{pageLoginCode, LoginCodePage{l, hostile, hostile, hostile, hostile, 15}},
		{pageLink, LinkPage{l, "javascript:alert(1)", true, hostile, hostile, hostile, roles, hostile, noon, noon}},
		{pageLink, LinkPage{Leaf: l, Action: hostile, Email: hostile}},
		{pageLinkDead, LinkDeadPage{l, hostile}},
		{pageLinkRenewed, LinkRenewedPage{l}},
		{pageWrongBrowser, WrongBrowserPage{l, hostile}},
		{pagePending, PendingPage{l, hostile, hostile, hostile, noon, roles, noon, true, noon, hostile, hostile, false, false}},
		{pageHome, HomePage{l, hostile, hostile, roles, []Section{section}, true, 1, 2, noon, noon}},
		{pageHome, HomePage{Leaf: l}},

		{pageSection, SectionPage{l, section}},
		{pageResource, ResourcePage{l, section, section.Resources[0], true}},
		{pageSetup, SetupPage{l, hostile, hostile, hostile, hostile, map[string]string{"": hostile, "name": hostile, "email": hostile, "workspace": hostile}}},
		{pageMessage, message},
	} {
		page := draw(t, p, s)
		for _, bad := range []string{"<img", "<script>", "javascript:", "onerror=1>", "49"} {
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

func TestFirstVisitIsSmall(t *testing.T) {
	p := openPages(t)
	var css, js int
	for path, a := range p.assets {
		if len(a.gzip()) >= len(a.plain) || len(a.brotli()) >= len(a.plain) {
			t.Errorf("%s grew by compression", path)
		}
		if strings.HasSuffix(path, ".css") {
			css = len(a.plain)
		} else {
			js = len(a.plain)
		}
	}
	for name, s := range samples() {
		page := draw(t, p, s)
		requests, size := 2, len(page)+css
		if strings.Contains(page, "<script") {
			requests, size = requests+1, size+js
		}
		const headers = 3 * 900
		if size+headers > 30_000 || requests > 3 {
			t.Errorf("%s: %d bytes uncompressed in %d requests", name, size+headers, requests)
		}
	}
	t.Logf("style sheet %d bytes, script %d, sign-in page %d", css, js, len(draw(t, p, sample{pageLogin, LoginPage{Leaf: leaf()}})))
}

func TestAssetsAreNamedByTheirContent(t *testing.T) {
	p := openPages(t)
	page := draw(t, p, samples()["pending"])
	paths := regexp.MustCompile(`/assets/[a-z0-9.]+`).FindAllString(page, -1)
	if len(paths) != 2 {
		t.Fatalf("the waiting page links to %q", paths)
	}
	for _, path := range paths {
		a, ok := p.assets[path]
		if !ok || len(a.plain) == 0 || a.kind == "" || !hashed.MatchString(path) {
			t.Errorf("%s: %+v", path, a)
		}
	}
	if _, ok := p.assets["/assets/door.000000000000.css"]; ok {
		t.Error("an asset that never was is served")
	}
	if body := p.assets[paths[0]].plain; !bytes.Contains(body, []byte("--paper")) || !bytes.Contains(body, []byte(".leaf")) {
		t.Error("the style sheet does not hold both the tokens and the door")
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
	if _, err := newPages(os.DirFS(t.TempDir())); err == nil {
		t.Error("no templates at all went unnoticed")
	}
}

func TestMomentInWords(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tt := range []struct{ t, on, ago string }{
		{"2030-05-08T12:00:00Z", "today at 12:00 UTC", "just now"},
		{"2030-05-08T11:58:59Z", "today at 11:58 UTC", "1 minute ago"},
		{"2030-05-08T13:48:00+02:00", "today at 11:48 UTC", "12 minutes ago"},
		{"2030-05-08T00:00:00Z", "today at 00:00 UTC", "12 hours ago"},
		{"2030-05-07T23:59:59Z", "yesterday at 23:59 UTC", "12 hours ago"},
		{"2030-05-06T09:05:00Z", "Monday 6 May at 09:05 UTC", "2 days ago"},
		{"2029-12-31T09:05:00Z", "Monday 31 December 2029 at 09:05 UTC", "on 31 December 2029"},
		{"2030-05-09T01:00:00Z", "tomorrow at 01:00 UTC", "just now"},
		{"2030-05-15T12:00:00Z", "Wednesday 15 May at 12:00 UTC", "just now"},
	} {
		m := moment(at(tt.t), noon)
		if m.On != tt.on || m.Ago != tt.ago || m.Machine != at(tt.t).UTC().Format(time.RFC3339) {
			t.Errorf("%s: %+v, want %q, %q", tt.t, m, tt.on, tt.ago)
		}
	}
	for after, want := range map[time.Duration]string{-time.Second: "", 0: "", time.Second: "for 1 more minute", 59*time.Minute + time.Second: "for 60 more minutes",
		time.Hour: "for 1 more hour", 90 * time.Minute: "for 2 more hours", 35 * time.Hour: "for 35 more hours", 36 * time.Hour: "for 2 more days",
		7*24*time.Hour - time.Minute: "for 7 more days", 6*24*time.Hour + 11*time.Hour: "for 6 more days"} {
		if got := moment(noon.Add(after), noon).Left; got != want {
			t.Errorf("%s before its end: %q, want %q", after, got, want)
		}
	}
	if moment(time.Time{}, noon) != nil {
		t.Error("a time that never was is told")
	}
}

func TestNamesBeginSentences(t *testing.T) {
	for s, want := range map[string]string{"the operator": "The operator", "éva": "Éva", "ada@example.com": "ada@example.com", "": "", "\xff": "\uFFFD"} {
		if got := start(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// Without JavaScript the waiting page looks again by itself, but never while
// something is being written, and never by posting a form again.
func TestWaitingPageLooksAgain(t *testing.T) {
	p := openPages(t)
	for name, want := range map[string]bool{"pending": true, "pending-note": true, "pending-refused": false} {
		if got := strings.Contains(draw(t, p, samples()[name]), `<noscript><meta http-equiv="refresh" content="20; url=/pending"></noscript>`); got != want {
			t.Errorf("%s: looks again: %v", name, got)
		}
	}
	held := samples()["pending"].model.(PendingPage)
	held.Held = true
	if page := draw(t, p, sample{pagePending, held}); strings.Contains(page, "http-equiv") || !strings.Contains(page, `href="/pending"`) {
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
