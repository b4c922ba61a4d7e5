package hostile

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

var _ = item("45", "markup in a name, a note or a user agent runs in the Admin's console or in an email", storedMarkup)

// A pending member types a note that the Admin reads, with a script in it. Whatever is
// typed is shown as text: in pages, in emails, in the API, in the export.
func storedMarkup(t *testing.T) {
	h := openWithAdmin(t)
	for i, evil := range []string{
		`<img src=x onerror=alert(1)>`, `"><script>alert(1)</script>`, `{{7*7}}${7*7}<%= 7*7 %>`, `'-alert(1)-'`,
		`</title><svg onload=alert(1)>`, `<a href="javascript:alert(1)">x</a>`, `&lt;script&gt;`, `<!--`, `]]><x>`,
	} {
		email := fmt.Sprintf("m%d@example.com", i)
		h.admin.api("POST", "/invitations", map[string]any{
			"email": email,
			"roles": []string{"Fleet"},
			"name":  evil,
			"note":  evil,
		}).want(201)
		l := h.mail(email, invited, 1)
		eve := h.browser(header("User-Agent", evil))
		page := eve.get(path(l.Link)).want(200)
		eve.press(path(l.Link), path(l.Link)).leads("/pending")
		eve.press("/pending", "/pending/note", "note", evil).want(303)
		if strings.ContainsAny(evil, "<>") && evil != "&lt;script&gt;" {
			page.lacks(evil)
			eve.get("/pending").want(200).lacks(evil)
			if strings.Contains(l.HTML, evil) {
				t.Errorf("the email holds %q", evil)
			}
		}
		eve.get("/pending").lacks("49${", "{{49")
		a := h.admin.api("GET", "/login-requests?limit=200", nil).want(200)
		if kind := a.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
			t.Errorf("the list is %q", kind)
		}
		found := false
		for _, m := range a.items() {
			found = found || m["note"] == evil && m["name"] == evil
		}
		if !found {
			t.Errorf("%q is not kept as typed", evil)
		}
	}
}

var _ = item("50", "text that reorders, hides, or is empty, shown to the Admin who decides", textTricks)

// The list of login requests is what an Admin decides by. A name that is
// invisible, runs backwards, or piles marks over the lines beside it makes them
// decide on somebody else.
func textTricks(t *testing.T) {
	h := openWithAdmin(t)
	for name, text := range map[string]string{
		"right to left":  "Ada\u202egnp.exe",
		"isolates":       "\u2066Ada\u2069",
		"zero byte":      "Ada\x00",
		"escape":         "Ada\x1b[31m",
		"a line":         "Ada\nBob",
		"201 characters": strings.Repeat("a", 201),
		"1 MB":           strings.Repeat("a", 1<<20),
		"Hangul filler":  "\u3164\u3164",
		"Braille blank":  "\u2800",
		"tag characters": "Ada\U000e0041\U000e0042",
		"soft hyphen":    "A\u00adda",
		"150 marks":      "A" + strings.Repeat("\u0301", 150),
		"zero width":     "A\u200bda",
		"not UTF-8":      "\xff\xfe",
	} {
		for _, field := range []string{"name", "note"} {
			body, err := json.Marshal(map[string]any{"email": "x@example.com", "roles": []string{"Fleet"}, field: text})
			if name == "not UTF-8" {
				body = []byte(`{"email":"x@example.com","roles":["Fleet"],"` + field + "\":\"\xff\xfe\"}")
			}
			if err != nil {
				t.Fatal(err)
			}
			if a := h.admin.api("POST", "/invitations", string(body)); a.code != 422 && a.code != 413 && a.code != 400 {
				t.Errorf("%s as %s = %d", name, field, a.code)
				h.admin.api("POST", "/members/"+str(a.object()["id"])+"/reject", nil)
			}
		}
	}
	for i, text := range []string{
		"Zoë Ångström", "王小明", "Ольга", "नमस्ते", "José\u0301", "👩‍🚀", strings.Repeat("é", 200),
	} {
		if a := h.admin.api("POST", "/invitations", map[string]any{
			"email": fmt.Sprintf("ok%d@example.com", i),
			"roles": []string{"Fleet"},
			"name":  text,
		}); a.code != 201 {
			t.Errorf("the good name %q = %d: %s", text, a.code, a.body)
		}
	}
}

var _ = item("92", "names that a spreadsheet runs as formulas, through the export", formulas)

// The auditor opens the export in a spreadsheet, and a cell that begins with an
// equals sign fetches something. Such a cell begins with an apostrophe.
func formulas(t *testing.T) {
	h := openWithAdmin(t)
	made := 0
	for _, name := range []string{
		"=HYPERLINK(\"http://evil.example\")", "+1+1", "-2+3", "@SUM(1)", "=cmd|' /C calc'!A0", "\t=1+1", "\"=1+1",
		"=1,2",
		"'=1",
	} {
		if s, err := h.Run("token", "add", name, "--role", "Fleet"); err == nil && s.Code == 0 {
			made++
		}
	}
	if made < 5 {
		t.Fatalf("only %d names were taken", made)
	}
	a := h.admin.api("GET", "/audit/export?format=csv", nil).want(200)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("a cell is a formula: %q", cell)
			}
		}
	}
}
