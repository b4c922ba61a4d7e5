package desktop

import (
	"html/template"
	"net/http"

	"doorward/backend/access"
	"doorward/backend/messages"
)

// The pages that the browser shows are in the language of the window, and not in the browser's.
// They say what to do in the window, and name its buttons; their reader sits at both. The
// window's language was chosen; a browser's is often that of its maker.

var leaf = template.Must(template.New("leaf").Parse(`<!doctype html>` +
	`<html lang="{{.Language}}" dir="{{.Language.Direction}}"><meta charset="utf-8">` +
	`<meta name="viewport" content="width=device-width, initial-scale=1">` +
	`<meta name="color-scheme" content="light dark"><title>{{.Title}} · Doorward</title>
<style>body{font:16px/1.55 system-ui,sans-serif;max-width:28em;margin:18vh auto 0;padding:0 1.5rem;` +
	`overflow-wrap:break-word}h1{font-size:1.5rem;line-height:1.25}</style>
<main><h1>{{.Title}}</h1><p>{{.Text}}</p></main></html>`))

// maxEmail is the most characters of an address that a page shows: a longer one is none.
const maxEmail = 254

// tell answers the browser with one of the pages of the catalogue. let is whom it is about; nil:
// nobody.
func (s *signIn) tell(w http.ResponseWriter, status int, page string, let *signedIn) {
	s.writeLeaf(w, status, page, func(p *messages.Printer) string {
		v := messages.Values{
			"Browse": p.Say("window.start.browse_again", nil),
			"SignIn": p.Say("window.start.sign_in", nil),
		}
		if let != nil {
			v["Email"] = p.Isolate(access.Shorten(let.Email, maxEmail)) // the server's word, whoever runs it
		}
		return p.Say("window.browser."+page+"_text", v)
	})
}

// tellWhy answers the browser with the part of err that may be shown.
func (s *signIn) tellWhy(w http.ResponseWriter, status int, err error) {
	s.writeLeaf(w, status, "failed", func(p *messages.Printer) string { return p.Explain(access.Explain(err)) })
}

// writeLeaf writes a page that runs and loads nothing.
func (s *signIn) writeLeaf(w http.ResponseWriter, status int, page string, text func(*messages.Printer) string) {
	p := s.words()
	if p == nil {
		http.Error(w, errNoWords.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close")
	w.WriteHeader(status)
	_ = leaf.Execute(w, struct { // if it cannot be written the browser is gone
		Language    access.Language
		Title, Text string
	}{p.Language(), p.Say("window.browser."+page+"_title", nil), text(p)})
}
