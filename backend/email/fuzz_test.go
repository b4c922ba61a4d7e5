package email

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"doorward/backend/access"
)

var (
	markup = regexp.MustCompile(`<[^>]*>`)
	hrefs  = regexp.MustCompile(`(?:href|src|action|background)="([^"]*)"`)
)

// Whatever people typed appears in an email as text: its HTML has the tags, links and
// attributes of the same email with harmless text, its subject is one line, and nothing in
// it is too long for an email.
func FuzzEmails(f *testing.F) {
	l := openTemplates(f)
	for _, s := range []string{
		"Ada Lovelace", "<img src=x onerror=alert(1)>", "\"><script>", "{{.Link}}{{7}}", "x\r\nBcc: eve@example.com",
		"https://evil.example", "\u202eevil", "&lt;b&gt;", strings.Repeat("long ", 300), "\xff\xfe", "' onmouseover='x",
		"javascript:alert(1)", "\u2028x",
	} {
		f.Add(s, "Grace", "note", "AI Loop")
		f.Add("Ada", s, s, s)
	}
	plain := tagsOf(f, l, "Ada", "Grace", "note", "AI Loop")
	f.Fuzz(func(t *testing.T, name, inviter, note, workspace string) {
		for kind, tags := range tagsOf(t, l, name, inviter, note, workspace) {
			if strings.TrimSpace(name) == "" || strings.TrimSpace(inviter) == "" || strings.TrimSpace(note) == "" ||
				strings.TrimSpace(workspace) == "" {
				continue // a missing email has no tags either
			}
			for tag := range tags {
				if !plain[kind][tag] {
					t.Errorf("%s has the tag %q", kind, tag)
				}
			}
		}
	})
}

// tagsOf renders each kind of email and returns the tags of each.
func tagsOf(t testing.TB, l *Templates, name, inviter, note, workspace string) map[access.MessageKind]map[string]bool {
	t.Helper()
	all := map[access.MessageKind]map[string]bool{}
	for kind := range drafts {
		f := sampleFacts()
		f.ToName, f.Inviter, f.Workspace = name, inviter, workspace
		f.Note, f.Reason, f.Device, f.Code = note, note, name, "482913"
		f.Pending = []access.PendingPerson{
			waits(name, "ada@example.com", written.Add(-time.Minute), "Fleet"),
			waits(note, "bob@example.com", written, "Fleet"),
		}
		w, err := l.Render(kind, f)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		whole := w.Subject + w.Text + w.HTML
		if strings.ContainsFunc(w.Subject, unicode.IsControl) || utf8.RuneCountInString(w.Subject) > 400 ||
			strings.ContainsAny(whole, "\r\x00\u202e\u2028") || !utf8.ValidString(whole) || len(whole) > 64<<10 {
			t.Errorf("%s: %d bytes, subject %q", kind, len(whole), w.Subject)
		}
		for _, m := range hrefs.FindAllStringSubmatch(w.HTML, -1) {
			if !strings.HasPrefix(m[1], "https://door.example.com") {
				t.Errorf("%s leads to %q", kind, m[1])
			}
		}
		all[kind] = map[string]bool{}
		for _, tag := range markup.FindAllString(w.HTML, -1) {
			all[kind][tag] = true
		}
	}
	return all
}
