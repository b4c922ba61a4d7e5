package desktop

import (
	"net/http"
	"net/http/httputil"
	"net/url"
)

// viaHeader tells the operator's socket which face is asking; over any other
// way in it means nothing.
const viaHeader = "X-Doorward-Via"

// What an answer may do in the window: nothing; an email that the console shows
// in a frame has its own look.
const (
	inert  = "default-src 'none'; sandbox"
	styled = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
)

func (s *Shell) forward(w http.ResponseWriter, r *http.Request) { s.pass(w, r, r.URL, inert) }

func (s *Shell) emailPage(w http.ResponseWriter, r *http.Request) { s.pass(w, r, r.URL, styled) }

// pass hands a request to the Doorward that is open. The answer may do what
// policy lets it.
func (s *Shell) pass(w http.ResponseWriter, r *http.Request, to *url.URL, policy string) {
	o, ok := s.Opened()
	if !ok {
		refuse(w, unreachable(nil))
		return
	}
	proxy := &httputil.ReverseProxy{
		FlushInterval:  -1, // events go on as they come
		Transport:      o.Via,
		Rewrite:        func(p *httputil.ProxyRequest) { rewrite(p.Out, to) },
		ModifyResponse: func(res *http.Response) error { stripUnsafeHeaders(res.Header, policy); return nil },
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, err error) { refuse(w, unreachable(err)) },
	}
	proxy.ServeHTTP(w, r)
}

// rewrite makes the page's request one of the window's: what says who asks is
// ours to say, not the page's.
func rewrite(out *http.Request, to *url.URL) {
	out.URL = &url.URL{Scheme: "http", Host: "doorward", Path: to.Path, RawQuery: to.RawQuery}
	out.Host = "doorward"
	for _, name := range []string{"Cookie", "Authorization", "Origin", "Referer"} {
		out.Header.Del(name)
	}
	out.Header.Set("Sec-Fetch-Site", "same-origin")
	out.Header.Set(viaHeader, "window")
}

// stripUnsafeHeaders leaves nothing in an answer that the page could run, keep or follow.
func stripUnsafeHeaders(h http.Header, policy string) {
	h.Del("Set-Cookie")
	h.Del("Location")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
}
