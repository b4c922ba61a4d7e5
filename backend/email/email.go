// Package email writes Doorward's emails: it turns the facts of one into its subject, text
// and HTML.
//
// It owns every sentence of every email and the layout. It reads, stores and sends nothing:
// the service decides who gets an email and when, and package mail delivers it. It promises
// that text which people typed appears in an email as text, whatever it contains.
package email

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/template"

	"doorward/backend/access"
)

// Templates render emails. The content of an email is put together once, as a draft, and
// then rendered twice, as text and as HTML, so that both say the same. An email loads
// nothing from outside, and its subject contains nothing that an invited person typed.
//
// Both forms use text/template, which takes a quarter of the time of html/template: the
// whole draft is escaped for HTML before the template sees it, and the template puts values
// only into text and double-quoted attributes.
type Templates struct {
	html, text *template.Template
	buffers    sync.Pool
}

// A writer writes the draft of one email from its facts.
type writer struct{ access.MessageFacts }

// New reads the templates under emails/. It fails if one is missing or if any kind of email
// cannot be rendered with it.
func New(frontend fs.FS) (*Templates, error) {
	all, err := template.ParseFS(frontend, "emails/email.html", "emails/email.txt")
	if err != nil {
		return nil, fmt.Errorf("read the emails: %w", err)
	}
	l := &Templates{html: all.Lookup("email.html"), text: all.Lookup("email.txt")}
	l.buffers.New = func() any { return new(bytes.Buffer) }
	for kind := range drafts {
		f := access.MessageFacts{
			PublicURL: "https://door.example.com",
			Link:      "https://door.example.com/login/x",
			Pending:   make([]access.PendingPerson, 2),
		}
		if _, err := l.Render(kind, f); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Kinds returns all kinds of email.
func Kinds() []access.MessageKind { return slices.Collect(maps.Keys(drafts)) }

// Render renders an email of that kind. If an older version stored it already rendered, it
// is returned as it was. Render fails for an unknown kind and for a link that is not a web
// address.
func (l *Templates) Render(kind access.MessageKind, f access.MessageFacts) (access.MessageBody, error) {
	if f.Rendered != nil {
		return *f.Rendered, nil
	}
	d, err := draftOf(kind, f)
	if err != nil {
		return access.MessageBody{}, err
	}
	text, err := l.draw(l.text, d.asText())
	if err != nil {
		return access.MessageBody{}, fmt.Errorf("write an email of kind %q: %w", kind, err)
	}
	html, err := l.draw(l.html, d.asHTML())
	if err != nil {
		return access.MessageBody{}, fmt.Errorf("write an email of kind %q: %w", kind, err)
	}
	return access.MessageBody{Subject: d.Subject, Text: text, HTML: html}, nil
}

// Subject returns the subject of the email that Render would return, and fails if Render
// would.
func Subject(kind access.MessageKind, f access.MessageFacts) (string, error) {
	d, err := draftOf(kind, f)
	return d.Subject, err
}

func draftOf(kind access.MessageKind, f access.MessageFacts) (d draft, err error) {
	write, ok := drafts[kind]
	if !ok {
		return d, fmt.Errorf("there is no email of kind %q", kind)
	}
	w := writer{f}
	w.tidy()
	d = write(&w)
	d.Workspace = w.Workspace
	if d.Link != "" && !strings.HasPrefix(d.Link, "https://") && !strings.HasPrefix(d.Link, "http://") {
		return d, fmt.Errorf("the link of an email of kind %q is not a web address", kind)
	}
	return d, nil
}

func (l *Templates) draw(t *template.Template, d *draft) (string, error) {
	buf := l.buffers.Get().(*bytes.Buffer)
	defer l.buffers.Put(buf)
	buf.Reset()
	err := t.Execute(buf, d)
	return buf.String(), err
}

// tidy shortens what people typed to fit an email, puts it on one line, and prevents mail
// readers from turning it into links.
func (f *writer) tidy() {
	f.PublicURL = strings.TrimRight(f.PublicURL, "/")
	f.Workspace = oneLine(f.Workspace, access.MaxWorkspace)
	f.ToName = unlinked(oneLine(f.ToName, 80))
	f.Note, f.Reason = unlinked(oneLine(f.Note, access.MaxNote)), unlinked(oneLine(f.Reason, access.MaxNote))
	f.To, f.Code = oneLine(f.To, 254), oneLine(f.Code, 12)
	if f.Inviter == f.InviterEmail {
		f.InviterEmail = ""
		f.Inviter = oneLine(f.Inviter, 254)
		return
	}
	f.Inviter, f.InviterEmail = unlinked(oneLine(f.Inviter, 80)), oneLine(f.InviterEmail, 254)
}

// oneLine returns s on one line, without invisible characters, at most n runes long.
func oneLine(s string, n int) string {
	plain := len(s) <= n
	for i := 0; plain && i < len(s); i++ {
		plain = s[i] >= ' ' && s[i] < 0x7f
	}
	if plain {
		return s
	}
	return access.Shorten(strings.Join(strings.Fields(s), " "), n)
}

// unlinked puts a zero-width space where a mail reader would otherwise detect a web
// address: "evil.example" in somebody's name stays text.
func unlinked(s string) string {
	if !strings.ContainsAny(s, ".:") {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		if i+1 < len(s) && (s[i] == '.' && s[i+1] != ' ' && s[i+1] != '.' || s[i] == ':' && s[i+1] == '/') {
			b.WriteString("\u200b")
		}
	}
	return b.String()
}
