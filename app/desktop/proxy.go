package desktop

import (
	"context"
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// viaHeader tells the operator's socket which face is used; anywhere else it has
// no effect.
const viaHeader = "X-Doorward-Via"

// asHeader tells the operator's socket which Admin is at the window; anywhere else it
// has no effect.
const asHeader = "X-Doorward-As"

// What a response may do in the window: nothing; an email that the console shows
// in a frame has its own styles.
const (
	inert  = "default-src 'none'; sandbox"
	styled = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
)

func (s *Shell) forward(w http.ResponseWriter, r *http.Request) {
	s.reads(r.Header.Get("Accept-Language"))
	s.pass(w, r, r.URL, inert)
}

func (s *Shell) emailPage(w http.ResponseWriter, r *http.Request) { s.pass(w, r, r.URL, styled) }

// pass forwards a request to the open Doorward. policy is the
// Content-Security-Policy of the response.
func (s *Shell) pass(w http.ResponseWriter, r *http.Request, to *url.URL, policy string) {
	o, ok := s.Opened()
	if !ok {
		s.refuse(w, unreachable(nil))
		return
	}
	proxy := &httputil.ReverseProxy{
		FlushInterval:  -1, // events are forwarded at once
		Transport:      o.Via,
		Rewrite:        func(p *httputil.ProxyRequest) { rewrite(p.Out, to, o.As) },
		ModifyResponse: func(res *http.Response) error { stripUnsafeHeaders(res.Header, policy); return nil },
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, err error) { s.refuse(w, unreachable(err)) },
	}
	// Of a server the proxy aborts a response that broke off, which is a panic that servers
	// expect; elsewhere it takes itself for being tested, and prints that.
	defer func() {
		p := recover()
		if err, is := p.(error); p != nil && !(is && errors.Is(err, http.ErrAbortHandler)) {
			panic(p)
		}
	}()
	proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.ServerContextKey, (*http.Server)(nil))))
}

// rewrite makes the page's request one of the window's: the window sets the
// headers that say who asks, not the page.
func rewrite(out *http.Request, to *url.URL, as string) {
	out.URL = &url.URL{Scheme: "http", Host: "doorward", Path: to.Path, RawQuery: to.RawQuery}
	out.Host = "doorward"
	for _, name := range []string{"Cookie", "Authorization", "Origin", "Referer", asHeader} {
		out.Header.Del(name)
	}
	if as != "" {
		out.Header.Set(asHeader, as)
	}
	out.Header.Set("Sec-Fetch-Site", "same-origin")
	out.Header.Set(viaHeader, "window")
}

// stripUnsafeHeaders removes every header by which the page could run, store or
// follow something.
func stripUnsafeHeaders(h http.Header, policy string) {
	h.Del("Set-Cookie")
	h.Del("Location")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
}
