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

	"doorward/backend/web"
)

// pages renders the pages that invited people and members see. Everything is
// parsed and rendered once at start: a template with a mistake stops the server
// before anybody sees it. A page links to one style sheet (the tokens and the
// portal's own rules in one file) and, where somebody waits, to one script; both
// are named by a hash of their content, so that they can be cached for ever.
type pages struct {
	byName  map[string]*template.Template
	assets  map[string]*web.File
	buffers sync.Pool
}

// newPages parses the templates, and reads the style sheets and the script under
// portal/, and tokens.css beside it. It fails where one is missing or cannot be
// rendered.
func newPages(frontend fs.FS) (*pages, error) {
	p := &pages{byName: map[string]*template.Template{}, assets: map[string]*web.File{}}
	p.buffers.New = func() any { return new(bytes.Buffer) }
	layout, err := p.layout(frontend)
	if err != nil {
		return nil, fmt.Errorf("read the door's pages: %w", err)
	}
	for name, model := range models {
		t, err := layout.Clone()
		if err == nil {
			t, err = t.ParseFS(frontend, "portal/"+name+".html")
		}
		if err != nil {
			return nil, fmt.Errorf("read the page %q: %w", name, err)
		}
		p.byName[name] = t.Lookup("page")
		if err := p.render(io.Discard, name, model); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// layout parses what all pages share, and loads the files they link to.
func (p *pages) layout(frontend fs.FS) (*template.Template, error) {
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
	js, err := read("portal/portal.js")
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
	jsPath := p.keep("js", "text/javascript; charset=utf-8", js)
	iconURL := template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(icon))
	t := template.New("portal").Option("missingkey=error").Funcs(templateFuncs).Funcs(template.FuncMap{
		"css":  func() string { return cssPath },
		"js":   func() string { return jsPath },
		"icon": func() template.URL { return iconURL },
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

// render writes the page of that name, completely or not at all: on failure
// nothing has been written. The model has to be of the page's own type.
func (p *pages) render(w io.Writer, name string, data any) error {
	t, ok := p.byName[name]
	if !ok {
		return fmt.Errorf("there is no page %q", name)
	}
	if want := reflect.TypeOf(models[name]); reflect.TypeOf(data) != want {
		return fmt.Errorf("the page %q shows a %v, not a %T", name, want, data)
	}
	buf := p.buffers.Get().(*bytes.Buffer)
	defer p.buffers.Put(buf)
	buf.Reset()
	if err := t.Execute(buf, data); err != nil {
		return fmt.Errorf("draw the page %q: %w", name, err)
	}
	_, err := w.Write(buf.Bytes())
	return err
}
