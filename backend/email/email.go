// Package email writes Doorward's emails: it turns the facts of one into its subject, text
// and HTML.
//
// It owns the layout of every email and knows which sentences of the catalogue each is made
// of, in the language of its recipient. It stores and sends nothing: the service decides who
// gets an email and when, and package mail delivers it. It promises
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
	"doorward/backend/messages"
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
	catalog    *messages.Catalog
	buffers    sync.Pool
}

// New reads the templates under emails/. It fails if one is missing, if the catalogue lacks a
// sentence, or if any kind of email cannot be rendered with them.
func New(frontend fs.FS, catalog *messages.Catalog) (*Templates, error) {
	if err := catalog.Require(slices.Concat(keys, messages.OwnKeys)...); err != nil {
		return nil, err
	}
	all, err := template.ParseFS(frontend, "emails/email.html", "emails/email.txt")
	if err != nil {
		return nil, fmt.Errorf("read the emails: %w", err)
	}
	l := &Templates{html: all.Lookup("email.html"), text: all.Lookup("email.txt"), catalog: catalog}
	l.buffers.New = func() any { return new(bytes.Buffer) }
	for kind := range drafts {
		if _, err := l.Render(kind, anyFacts(access.English)); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// anyFacts are facts that every kind of email can be written from.
func anyFacts(l access.Language) access.MessageFacts {
	return access.MessageFacts{
		PublicURL: "https://door.example.com",
		Link:      "https://door.example.com/login/x",
		Language:  l,
		Pending:   make([]access.PendingPerson, 2),
	}
}

// Warm reads the sentences of every email in every language, which are otherwise read for
// the first email that needs them. That one takes longer, and the server says to strangers
// by its time that a member reads that language: so this comes before the first answer to
// a visitor who asks to sign in. All ten languages take 2 MiB and 20 milliseconds.
func (l *Templates) Warm() {
	for _, in := range access.Languages {
		for kind := range drafts {
			_, _ = l.Subject(kind, anyFacts(in)) // New has seen the error, if there is one
		}
	}
}

// Kinds returns all kinds of email.
func Kinds() []access.MessageKind { return slices.Collect(maps.Keys(drafts)) }

// A Look is how an email looks: the workspace's own colours, logo and footer. The zero Look
// is Doorward's.
type Look struct {
	access.Brand
	LogoURL string // where the email finds the logo; empty: it has none
}

// Render is RenderIn with Doorward's own look.
func (l *Templates) Render(kind access.MessageKind, f access.MessageFacts) (access.MessageBody, error) {
	return l.RenderIn(Look{}, kind, f)
}

// RenderIn renders an email of that kind. If an older version stored it already rendered, it
// is returned as it was. RenderIn fails for an unknown kind and for a link that is not a web
// address.
func (l *Templates) RenderIn(look Look, kind access.MessageKind, f access.MessageFacts) (access.MessageBody, error) {
	if f.Rendered != nil {
		return *f.Rendered, nil
	}
	w, d, err := l.draft(kind, f)
	if err != nil {
		return access.MessageBody{}, err
	}
	d.as(look)
	text, err := l.draw(l.text, d.asText(w.label))
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
func (l *Templates) Subject(kind access.MessageKind, f access.MessageFacts) (string, error) {
	_, d, err := l.draft(kind, f)
	return d.Subject, err
}

func (l *Templates) draft(kind access.MessageKind, f access.MessageFacts) (w *writer, d draft, err error) {
	write, ok := drafts[kind]
	if !ok {
		return nil, d, fmt.Errorf("there is no email of kind %q", kind)
	}
	w = newWriter(f, l.catalog.In(f.Language))
	d = write(w)
	d.Workspace, d.Fallback = w.Workspace, w.say("email.fallback")
	d.in(w.print.Language())
	if d.Link != "" && !strings.HasPrefix(d.Link, "https://") && !strings.HasPrefix(d.Link, "http://") {
		return w, d, fmt.Errorf("the link of an email of kind %q is not a web address", kind)
	}
	return w, d, nil
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
