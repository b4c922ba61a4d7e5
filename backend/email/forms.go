package email

import (
	"html"
	"strings"
	"unicode/utf8"
)

// A draft is the content of an email before it is rendered.
type draft struct {
	Subject, Preview string
	Workspace, Title string
	Lead             []string // one or two paragraphs
	Quote            string
	Code             string
	People           []person
	More             string // how many more people there are
	Button, Link     string
	Facts            []fact
	Why              []string // who sent it and why, and what to do if it was unexpected
}

type fact struct{ Name, Value string }

type person struct{ Name, Email, About string }

// asHTML returns the draft with every field escaped.
func (d *draft) asHTML() *draft {
	e := html.EscapeString
	h := draft{
		Subject: e(d.Subject), Preview: e(d.Preview), Workspace: e(d.Workspace), Title: e(d.Title),
		Lead: make([]string, len(d.Lead)), Quote: e(d.Quote), Code: e(d.Code),
		People: make([]person, len(d.People)), More: e(d.More), Button: e(d.Button), Link: e(d.Link),
		Facts: make([]fact, len(d.Facts)), Why: make([]string, len(d.Why)),
	}
	for i, s := range d.Lead {
		h.Lead[i] = e(s)
	}
	for i, p := range d.People {
		h.People[i] = person{e(p.Name), e(p.Email), e(p.About)}
	}
	for i, f := range d.Facts {
		// keeps a time and its zone on one line
		h.Facts[i] = fact{e(f.Name), strings.ReplaceAll(e(f.Value), " UTC", "\u00a0UTC")}
	}
	for i, s := range d.Why {
		h.Why[i] = e(s)
	}
	return &h
}

// asText returns the draft with paragraphs broken into lines and facts in columns.
func (d *draft) asText() *draft {
	t := *d
	t.Title = wrap("", d.Title)
	t.Lead, t.Why = make([]string, len(d.Lead)), make([]string, len(d.Why))
	t.People, t.Facts = make([]person, len(d.People)), make([]fact, len(d.Facts))
	for i, s := range d.Lead {
		t.Lead[i] = wrap("", s)
	}
	for i, s := range d.Why {
		t.Why[i] = wrap("", s)
	}
	if d.Quote != "" {
		t.Quote = wrap("> ", d.Quote)
	}
	for i, p := range d.People {
		if p.Email != "" {
			p.Name += " <" + p.Email + ">"
		}
		t.People[i] = person{Name: p.Name, About: wrap("  ", p.About)}
	}
	for i, f := range d.Facts {
		t.Facts[i] = fact{f.Name + ":" + columns[min(len(f.Name), len(columns)-1):], f.Value}
	}
	return &t
}

const columns = "                 "

// wrap breaks a paragraph into lines of at most 72 characters, each with the prefix; a
// longer word gets its own line.
func wrap(prefix, s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/8 + len(prefix))
	b.WriteString(prefix)
	width := len(prefix)
	for i, word := range strings.Fields(s) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case width+1+n > 72:
			b.WriteByte('\n')
			b.WriteString(prefix)
			width = len(prefix)
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += n
	}
	return b.String()
}
