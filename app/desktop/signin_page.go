package desktop

import (
	"html/template"
	"net/http"
)

var leaf = template.Must(template.New("leaf").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">` +
	`<meta name="viewport" content="width=device-width, initial-scale=1">` +
	`<meta name="color-scheme" content="light dark"><title>{{.Title}} · Doorward</title>
<style>body{font:16px/1.55 system-ui,sans-serif;max-width:28em;margin:18vh auto 0;padding:0 1.5rem}` +
	`h1{font-size:1.5rem;line-height:1.25}</style>
<main><h1>{{.Title}}</h1><p>{{.Text}}</p></main></html>`))

// tell answers the browser with a page that runs and loads nothing.
func tell(w http.ResponseWriter, status int, title, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close")
	w.WriteHeader(status)
	_ = leaf.Execute(w, struct{ Title, Text string }{title, text}) // if it cannot be written the browser is gone
}
