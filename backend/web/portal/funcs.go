package portal

import (
	"html/template"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"doorward/backend/access"
	"doorward/backend/text"
)

// templateFuncs are the functions of the templates that are the same in every language.
var templateFuncs = template.FuncMap{
	"cap":   capped,
	"first": text.FirstName,
	"start": start,
	"act":   func(a Action, csrf string, strong bool) act { return act{a, csrf, strong} },

	// markup around values of sentences
	"addr":     func(s string) template.HTML { return around(`<b class="addr"><bdi>`, s, "</bdi></b>") },
	"bold":     func(s string) template.HTML { return around("<b><bdi>", s, "</bdi></b>") },
	"code":     func(s string) template.HTML { return around("<code>", s, "</code>") },
	"nowrap":   func(s string) template.HTML { return around(`<span class="nowrap" dir="ltr">`, s, "</span>") },
	"press":    func(s string) template.HTML { return around(`<button class="link">`, s, "</button>") },
	"link":     func(to, s string) template.HTML { return around(`<a href="`, to, `">`) + around("", s, "</a>") },
	"signedIn": signedIn,
	"soft":     soft,
	"when":     when,
}

type act struct {
	Action
	CSRF   string
	Strong bool
}

// around escapes s and puts it between two pieces of markup.
func around(before, s, after string) template.HTML {
	return template.HTML(before + template.HTMLEscapeString(s) + after)
}

// signedIn is a sentence that names who is signed in, with their address beside it.
func signedIn(sentence, email string) template.HTML {
	if email == "" {
		return around("<b>", sentence, "</b>")
	}
	return around("<b>", sentence, "</b> ") + soft(email)
}

// soft is what stands beside a name.
func soft(s string) template.HTML { return around(`<span class="soft"><bdi>`, s, "</bdi></span>") }

// when shows a time, which the script shows in the reader's time zone.
func when(m *Moment) template.HTML {
	return around(`<time datetime="`, m.Machine, `"`) + around(` title="`, m.Exact, `" data-say="on">`) +
		around("", m.On, "</time>")
}

func capped(n int) string {
	if n > 99 {
		return "99+"
	}
	return strconv.Itoa(n)
}

// start capitalizes s, unless it is an address.
func start(s string) string {
	if r, n := utf8.DecodeRuneInString(s); n > 0 && !strings.Contains(s, "@") {
		return string(unicode.ToUpper(r)) + s[n:]
	}
	return s
}

// funcs are the functions of the templates that depend on the language.
func (w *words) funcs() template.FuncMap {
	return template.FuncMap{
		"t":      w.text,
		"rich":   w.rich,
		"moment": w.moment,
		"list":   w.List,
		"lang":   w.Language,
		"dir":    func() string { return w.Language().Direction() },

		"languages": w.options,
	}
}

// options are the languages to choose from, each by its own name.
func (w *words) options() (all template.HTML) {
	for _, l := range access.Languages {
		selected := ""
		if l == w.Language() {
			selected = " selected"
		}
		all += around("\n"+`<option value="`, string(l), `"`) + around(` lang="`, string(l), `"`+selected+`>`) +
			around("", l.Name(), "</option>")
	}
	return all
}
