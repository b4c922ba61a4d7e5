package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// If the browser did not work, the browser tests would prove nothing: it must render,
// axe must find problems, and the specs must reach the Go test.
func TestHarness(t *testing.T) {
	pages := http.NewServeMux()
	serve := func(path, html string) {
		pages.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'none'")
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, html)
		})
	}
	serve("/good", `<!doctype html><html lang="en"><title>Good</title>
		<style>h1 { color: red }</style><main><h1>Good evening</h1><p>Nothing is wrong here.</p></main></html>`)
	serve("/bad", `<!doctype html><html lang="en"><title>Bad</title>
		<main><h1>Bad</h1><img src="/x.png"><input type="text"></main></html>`)
	srv := httptest.NewServer(pages)
	defer srv.Close()

	c := newControl(t)
	on(c, "double", func(n int) (int, error) { return 2 * n, nil })

	browse(t, "harness.spec.ts", c, "BASE_URL="+srv.URL)
}
