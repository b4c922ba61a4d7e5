// Package email is what Doorward's emails say: the facts of one go in, its
// subject, text and HTML come out.
//
// It owns every sentence of every email and how it is drawn. It reads nothing,
// keeps nothing and sends nothing: who gets an email and when is the service's,
// how it travels is package mail's. It promises that what people typed stands in
// an email as text, whatever it is.
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
	"time"

	"doorward/backend/access"
)

// Templates write what Doorward sends. What an email says is put together once,
// as a draft, and then drawn twice, as text and as HTML, so that both say the
// same. An email loads nothing from outside and its subject holds nothing that
// an invited person typed.
//
// Thousands are written in a second of a large import, inside the transaction
// that causes them. So both forms are text/template, which takes a quarter of
// the time of html/template: the draft for HTML is escaped as a whole before
// the template sees it, and the template puts nothing outside of text and
// double-quoted attributes.
type Templates struct {
	html, text *template.Template
	buffers    sync.Pool
}

// Facts is what emails tell of. Each kind takes what it needs of it.
type Facts struct {
	Workspace string // its name
	PublicURL string // where links lead
	To        string // the recipient's address, as typed
	ToName    string // may be empty

	Inviter      string // name, or address, or what it was
	InviterEmail string // empty for the operator and for programs
	Roles        []string
	Note         string // the inviting Admin's
	Reason       string // the rejecting Admin's

	Link   string // the login link, in emails that hold one
	Code   string // eight letters and digits in two groups, in emails that hold one
	Device string // what the browser that asked for a sign-in calls itself

	At    time.Time // now
	Until time.Time // how long the link is good, and the code

	CodeUntil time.Time // how long the code is good, where that is shorter
	CodesOff  time.Time // no code opens before then: wrong ones were tried
	NextAt    time.Time // no other sign-in email can be asked for before then

	Pending []PendingPerson // whom an email to Admins is about
}

// A PendingPerson waits for a decision, or did so until nobody had decided.
type PendingPerson struct {
	Name, Email string
	Roles       []string
	Since       time.Time
}

// New reads the templates under emails/. It fails when one is missing
// or an email of any kind cannot be drawn with it.
func New(frontend fs.FS) (*Templates, error) {
	all, err := template.ParseFS(frontend, "emails/email.html", "emails/email.txt")
	if err != nil {
		return nil, fmt.Errorf("read the emails: %w", err)
	}
	l := &Templates{html: all.Lookup("email.html"), text: all.Lookup("email.txt")}
	l.buffers.New = func() any { return new(bytes.Buffer) }
	for kind := range drafts {
		f := Facts{PublicURL: "https://door.example.com", Link: "https://door.example.com/login/x", Pending: make([]PendingPerson, 2)}
		if _, err := l.Render(kind, f); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Kinds are the kinds of emails that there are.
func Kinds() []access.MessageKind { return slices.Collect(maps.Keys(drafts)) }

// Render writes the email of that kind. It fails for a kind there is none of,
// and for a link that is not a web address.
func (l *Templates) Render(kind access.MessageKind, f Facts) (access.MessageBody, error) {
	write, ok := drafts[kind]
	if !ok {
		return access.MessageBody{}, fmt.Errorf("there is no email of kind %q", kind)
	}
	f.tidy()
	d := write(&f)
	d.Workspace = f.Workspace
	if d.Link != "" && !strings.HasPrefix(d.Link, "https://") && !strings.HasPrefix(d.Link, "http://") {
		return access.MessageBody{}, fmt.Errorf("the link of an email of kind %q is not a web address", kind)
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

func (l *Templates) draw(t *template.Template, d *draft) (string, error) {
	buf := l.buffers.Get().(*bytes.Buffer)
	defer l.buffers.Put(buf)
	buf.Reset()
	err := t.Execute(buf, d)
	return buf.String(), err
}

// tidy cuts what people typed to a length that fits an email, on one line, and
// keeps a mail reader from making links of it.
func (f *Facts) tidy() {
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

// oneLine is s on one line, without what cannot be seen, at most n runes long.
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

// unlinked puts a space of no width where a mail reader would otherwise see the
// address of a web page: "evil.example" in somebody's name stays text.
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
