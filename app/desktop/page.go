package desktop

import (
	"bytes"
	"io/fs"
	"net/http"
	"strings"
)

// contentPolicy lets pages in the window run what is in this program, and connect
// to it only.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src " +
	"'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-src 'self'"

// The toolkit adds its own scripts to a page whose address ends in a slash, and
// to no other.
const (
	toolkit = `<script src="/wails/ipc.js"></script><script src="/wails/runtime.js"></script>`
	bridge  = `<script src="/desktop/bridge.js"></script><script src="/desktop/closing.js" defer></script>`
)

// pageOf answers with one of the pages in files, connected to the window.
func pageOf(files fs.FS, name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		html, err := fs.ReadFile(files, name)
		if err != nil {
			http.Error(w, "The console is not part of this build. Build it with: make desktop",
				http.StatusInternalServerError)
			return
		}
		writePage(w, html, r.URL.Path)
	})
}

func writePage(w http.ResponseWriter, html []byte, path string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", contentPolicy)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(joined(html, path))
}

// look is the portal's style sheet, which the window's first page uses too.
func (s *Shell) look(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	for _, name := range []string{"tokens.css", "portal/portal.css"} {
		css, err := fs.ReadFile(s.Frontend, name)
		if err != nil {
			return // the page is usable without it
		}
		_, _ = w.Write(css)
	}
}

func joined(html []byte, path string) []byte {
	scripts := bridge
	if !strings.HasSuffix(path, "/") {
		scripts = toolkit + bridge
	}
	return bytes.Replace(html, []byte("</head>"), []byte(scripts+"</head>"), 1)
}
