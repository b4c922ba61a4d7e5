package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// The question how to close the window, on a page of its own: what becomes of it when it is
// wanted twice at once, or while another dialog is open.
func TestClosingQuestion(t *testing.T) {
	pages := http.NewServeMux()
	pages.Handle("GET /desktop/", http.StripPrefix("/desktop", http.FileServer(http.Dir("../desktop/page"))))
	pages.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, `<!doctype html><html lang="en"><title>Doorward</title><body><h1>Doorward</h1>
			<script>
			const wants = {}
			window.runtime = { EventsOn: (event, act) => (wants[event] = act) }
			const heard = []
			for (const kind of ['keydown', 'pointerdown']) document.addEventListener(kind, () => heard.push(kind))
			</script><script src="/desktop/closing.js"></script>`)
	})
	pages.HandleFunc("GET /desktop/closing", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"text": ["It serves."], "back": true, "kept": "background", "words": {"title": "Keep it running?",
			"keep": "Keep", "quit": "Quit", "cancel": "Cancel", "remember": "Always", "settings_title": "When closing",
			"ask": "Ask", "quit_choice": "Just quit", "save": "Save"}}`)
	})
	pages.HandleFunc("POST /desktop/closing/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{}`)
	})
	srv := httptest.NewServer(pages)
	defer srv.Close()
	browse(t, "closing.spec.ts", newControl(t), "BASE_URL="+srv.URL)
}
