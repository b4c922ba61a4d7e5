package web_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// A stranger behind a proxy that adds a line of its own sends a line above it,
// with another address each time, to count as another network each time: they
// count as one. A request with an entry that cannot be parsed is refused on every
// route, with a sentence.
func TestOneMoreForwardedLineIsNoOtherNetwork(t *testing.T) {
	s := webtest.New(t, func(o *webtest.Options) {
		o.Limits = web.DefaultLimits
		o.Limits.Attempts = web.Rate{Burst: 3, Every: time.Hour}
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	at := s.Serve()
	ask := func(own, proxys string) (int, string) {
		status, _, body := webtest.SendRaw(t, at,
			"GET /api/v1/me HTTP/1.1\r\nHost: door.example.com\r\nAuthorization: Bearer dw_x\r\n"+
				"X-Forwarded-For: "+own+"\r\nX-Forwarded-For: "+proxys+"\r\n\r\n")
		return status, body
	}
	for i := range 6 {
		want := http.StatusUnauthorized
		if i >= 3 {
			want = http.StatusTooManyRequests
		}
		if status, body := ask(fmt.Sprintf("198.51.100.%d", i), "192.0.2.7:4711"); status != want {
			t.Errorf("try %d = %d, want %d: %s", i, status, want, body)
		}
	}
	if status, body := ask("198.51.100.1", "192.0.2.8"); status != http.StatusUnauthorized {
		t.Errorf("another network = %d: %s", status, body)
	}
	for _, path := range []string{"/login", "/api/v1/me", "/nothing", "/healthz"} {
		status, _, body := webtest.SendRaw(t, at, "GET "+path+
			" HTTP/1.1\r\nHost: door.example.com\r\nX-Forwarded-For: nobody\r\n\r\n")
		if status != http.StatusBadRequest || !strings.Contains(body, "X-Forwarded-For header that cannot be read") {
			t.Errorf("%s with an entry that is no address = %d: %.300s", path, status, body)
		}
	}
}

// What a proxy says was read by the machine that it came to. The one that leads is told the
// visitor's address, and reads nothing else, even if that machine is a trusted proxy.
func TestAForwardedRequestIsReadOnce(t *testing.T) {
	p := newPair(t, func(o *webtest.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	for visitor, want := range map[string]int{"192.0.2.1": 200, "nobody": 400, "": 400} {
		status, _, body := webtest.SendRaw(t, p.Forwarded, "GET /login HTTP/1.1\r\nHost: door.example.com\r\n"+
			"Doorward-Visitor: "+visitor+"\r\nX-Forwarded-For: nobody\r\n\r\n")
		if status != want {
			t.Errorf("for the visitor %q it is %d, want %d: %.300s", visitor, status, want, body)
		}
	}
}
