package portal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"reflect"
	"strings"
	"sync"

	"doorward/backend/access"
	"doorward/backend/messages"
	"doorward/backend/web"
)

// pages renders the pages that invited people and members see. Everything is
// parsed and rendered once at start: a template with a mistake, or with a sentence
// that the catalogue does not have, stops the server before a visitor sees it. A page
// links to one style sheet (the tokens and the portal's own rules in one file) and,
// where it has times or somebody waits, to one script; both are named by a hash of their content, so
// that they can be cached for ever.
type pages struct {
	parsed   map[string]*template.Template // by name; never executed, so that they can be cloned
	editions map[access.Language]func() *edition
	assets   map[string]*web.File
	buffers  sync.Pool
}

// An edition is the pages in one language. It, and each of its pages, is made when a visitor
// first reads it: a language without readers costs no memory.
type edition struct {
	words  *words
	byName map[string]func() (*template.Template, error)
}

// newPages parses the templates, and reads the style sheets and the script under
// portal/, and tokens.css beside it. It fails where one is missing or cannot be rendered
// with the sentences of the catalogue.
func newPages(frontend fs.FS, catalog *messages.Catalog) (*pages, error) {
	p := &pages{
		parsed:   map[string]*template.Template{},
		editions: map[access.Language]func() *edition{},
		assets:   map[string]*web.File{},
	}
	p.buffers.New = func() any { return new(bytes.Buffer) }
	for _, l := range append([]access.Language{access.Pseudo}, access.Languages...) {
		p.editions[l] = sync.OnceValue(func() *edition { return p.edit(&words{catalog.In(l)}) })
	}
	if err := p.parse(frontend, catalog); err != nil {
		return nil, err
	}
	for name, model := range models {
		if err := p.render(io.Discard, name, model); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// parse parses all pages, and checks that the catalogue has their sentences.
func (p *pages) parse(frontend fs.FS, catalog *messages.Catalog) error {
	// Parsing needs the names of functions that only an edition has.
	stubs := (&words{catalog.In(access.English)}).funcs()
	layout, err := p.layout(frontend, stubs)
	if err != nil {
		return fmt.Errorf("read the portal's pages: %w", err)
	}
	var keys []string
	for name := range models {
		t, err := layout.Clone()
		if err == nil {
			t, err = t.ParseFS(frontend, "portal/"+name+".html")
		}
		if err == nil {
			keys, err = appendKeys(keys, t)
		}
		if err != nil {
			return fmt.Errorf("read the page %q: %w", name, err)
		}
		p.parsed[name] = t
	}
	return catalog.Require(keys...)
}

// edit returns the pages with these words.
func (p *pages) edit(w *words) *edition {
	e := &edition{words: w, byName: map[string]func() (*template.Template, error){}}
	for name, parsed := range p.parsed {
		e.byName[name] = sync.OnceValues(func() (*template.Template, error) {
			t, err := parsed.Clone()
			if err != nil {
				return nil, err
			}
			w.settle(t)
			return t.Funcs(w.funcs()).Lookup("page"), nil
		})
	}
	return e
}

// edition returns the pages in a language; in English for one that there is not.
func (p *pages) edition(l access.Language) *edition {
	if in, ok := p.editions[l]; ok {
		return in()
	}
	return p.editions[access.English]()
}

// words returns the sentences in a language.
func (p *pages) words(l access.Language) *words { return p.edition(l).words }

// layout parses what all pages share, and loads the files they link to.
func (p *pages) layout(frontend fs.FS, stubs template.FuncMap) (*template.Template, error) {
	read := func(names ...string) (all []byte, err error) {
		for _, name := range names {
			b, err := fs.ReadFile(frontend, name)
			if err != nil {
				return nil, err
			}
			all = append(all, b...)
		}
		return all, nil
	}
	css, err := read("tokens.css", "portal/portal.css")
	if err != nil {
		return nil, err
	}
	times, err := read("portal/times.js")
	if err != nil {
		return nil, err
	}
	waiting, err := read("portal/times.js", "portal/portal.js")
	if err != nil {
		return nil, err
	}
	icon, err := read("portal/favicon.svg")
	if err != nil {
		return nil, err
	}
	sign, err := read("portal/sign.svg")
	if err != nil {
		return nil, err
	}
	cssPath := p.keep("css", "text/css; charset=utf-8", css)
	const js = "text/javascript; charset=utf-8"
	timesPath, waitingPath := p.keep("js", js, times), p.keep("js", js, waiting)
	iconURL := template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(icon))
	t := template.New("portal").Option("missingkey=error").Funcs(templateFuncs).Funcs(stubs).Funcs(template.FuncMap{
		"css":  func() string { return cssPath },
		"icon": func() template.URL { return iconURL },

		"timesScript":   func() string { return timesPath },
		"waitingScript": func() string { return waitingPath },
	})
	if _, err := t.New("sign").Parse(strings.TrimSpace(string(sign))); err != nil {
		return nil, err
	}
	return t.ParseFS(frontend, "portal/layout.html")
}

// keep stores an asset under a path that names its content, and returns the path.
func (p *pages) keep(ext, contentType string, body []byte) string {
	sum := sha256.Sum256(body)
	path := "/assets/door." + hex.EncodeToString(sum[:6]) + "." + ext
	p.assets[path] = web.NewFile(contentType, body)
	return path
}

// A leafed is the model of a page.
type leafed interface{ leaf() Leaf }

// render writes the page of that name in its reader's language, completely or not at
// all: on failure nothing has been written. The model has to be of the page's own type.
func (p *pages) render(w io.Writer, name string, data any) error {
	want, ok := models[name]
	if !ok {
		return fmt.Errorf("there is no page %q", name)
	}
	model, ok := data.(leafed)
	if !ok || reflect.TypeOf(data) != reflect.TypeOf(want) {
		return fmt.Errorf("the page %q shows a %T, not a %T", name, want, data)
	}
	l := access.English
	if in := model.leaf().words; in != nil {
		l = in.Language()
	}
	t, err := p.edition(l).byName[name]()
	if err != nil {
		return fmt.Errorf("print the page %q in %s: %w", name, l, err)
	}
	buf := p.buffers.Get().(*bytes.Buffer)
	defer p.buffers.Put(buf)
	buf.Reset()
	if err := t.Execute(buf, data); err != nil {
		return fmt.Errorf("draw the page %q: %w", name, err)
	}
	_, err = w.Write(buf.Bytes())
	return err
}
