package email

import (
	"html"
	"strconv"
	"strings"

	"doorward/backend/access"
)

// A draft is the content of an email before it is rendered.
type draft struct {
	Language         string
	Direction        string // rtl, or empty
	Start, End       string // the sides at which a line starts and ends: left and right, or the reverse
	Subject, Preview string
	Workspace, Title string
	Lead             []string // one or two paragraphs
	Quote            string
	Code             string
	People           []person
	More             string // how many more people there are
	Button, Link     string
	Fallback         string // what to do if the button does not work
	Facts            []fact
	Why              []string // who sent it and why, and what to do if it was unexpected

	Accent, AccentInk    string // the colour of links and buttons, and of text on a button
	DarkAccent, DarkInk  string // both in a dark theme
	Logo                 string // the image's URL; empty: Doorward's sign
	LogoWidth            string
	LogoHeight           string
	Footer               string // the workspace's own sentence at the end
	Contact, ContactLink string // where its link leads, as it is shown and as it is followed
}

type fact struct{ Name, Value string }

type person struct{ Name, Email, About string }

// in lays the draft out for a language.
func (d *draft) in(l access.Language) {
	d.Language, d.Start, d.End = string(l), "left", "right"
	if l.Direction() == "rtl" {
		d.Direction, d.Start, d.End = "rtl", "right", "left"
	}
}

// as gives the draft its look.
func (d *draft) as(look Look) {
	light, dark := look.Accents()
	d.Accent, d.AccentInk = string(light.Color), string(light.Ink)
	d.DarkAccent, d.DarkInk = string(dark.Color), string(dark.Ink)
	if d.Logo = look.LogoURL; d.Logo != "" {
		w, h := look.Logo.Box()
		d.LogoWidth, d.LogoHeight = strconv.Itoa(w), strconv.Itoa(h)
	}
	d.Footer = unlinked(oneLine(look.Footer, access.MaxFooter))
	d.Contact, d.ContactLink = look.ContactLabel(), look.Contact
}

// asHTML returns the draft with every field escaped.
func (d *draft) asHTML() *draft {
	e := html.EscapeString
	h := draft{
		Language: e(d.Language), Direction: e(d.Direction), Start: e(d.Start), End: e(d.End), Fallback: e(d.Fallback),
		Subject: e(d.Subject), Preview: e(d.Preview), Workspace: e(d.Workspace), Title: e(d.Title),
		Lead: make([]string, len(d.Lead)), Quote: e(d.Quote), Code: e(d.Code),
		People: make([]person, len(d.People)), More: e(d.More), Button: e(d.Button), Link: e(d.Link),
		Facts: make([]fact, len(d.Facts)), Why: make([]string, len(d.Why)),
		Accent: e(d.Accent), AccentInk: e(d.AccentInk), DarkAccent: e(d.DarkAccent), DarkInk: e(d.DarkInk),
		Logo: e(d.Logo), LogoWidth: e(d.LogoWidth), LogoHeight: e(d.LogoHeight),
		Footer: e(d.Footer), Contact: e(d.Contact), ContactLink: e(d.ContactLink),
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

// asText returns the draft with paragraphs broken into lines and facts in columns. The
// function makes a name a label.
func (d *draft) asText(label func(string) string) *draft {
	t := *d
	t.Button = label(d.Button)
	t.Title = wrap("", d.Title)
	t.Lead, t.Why = make([]string, len(d.Lead)), make([]string, len(d.Why))
	t.People, t.Facts = make([]person, len(d.People)), make([]fact, len(d.Facts))
	for i, s := range d.Lead {
		t.Lead[i] = wrap("", s)
	}
	for i, s := range d.Why {
		t.Why[i] = wrap("", s)
	}
	if d.Footer != "" {
		t.Footer = wrap("", d.Footer)
	}
	if d.Quote != "" {
		t.Quote = wrap("> ", d.Quote)
	}
	for i, p := range d.People {
		if p.Email != "" {
			p.Name += " <" + p.Email + ">"
		}
		t.People[i] = person{Name: p.Name, About: wrap("  ", strings.ReplaceAll(p.About, "\u00a0", " "))}
	}
	column := factColumn
	for i, f := range d.Facts {
		t.Facts[i] = fact{label(f.Name), f.Value}
		column = max(column, width(t.Facts[i].Name)+1)
	}
	for i, f := range t.Facts {
		t.Facts[i].Name += strings.Repeat(" ", column-width(f.Name))
	}
	return &t
}

// factColumn is where values start in the text form, unless a label is longer.
const factColumn = 18
