package web_test

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
	"doorward/backend/web/wire"
)

// A network opened more connections than allowed, or a proxy passed on an invalid
// address, and nobody could see it. Up to the limit nothing is noted, and each
// connection beyond it is.
func TestRefusedConnectionsLeaveTraces(t *testing.T) {
	const limit = 4
	srv := webtest.New(t, func(o *webtest.Options) {
		o.Bounds = wire.BoundsFor(384<<20, 0)
		o.Bounds.PerNetwork = limit
	})
	at := srv.Serve()
	open := func(n int) {
		t.Helper()
		for range n {
			c, err := net.Dial("tcp", at)
			srv.Must(err)
			t.Cleanup(func() { c.Close() })
		}
	}
	noted := func() int { return kept(srv)[access.TraceConnectionRefused] }
	steps := []struct{ open, want int }{{limit, 0}, {1, 1}, {3, 4}}
	for _, s := range steps {
		open(s.open)
		err := within(func() error {
			if n := noted(); n != s.want {
				return errors.New("not yet")
			}
			return nil
		})
		if err != nil {
			t.Errorf("%d more connections: %d noted, want %d", s.open, noted(), s.want)
		}
	}
}

// within retries until it succeeds, within the limit of any wait.
func within(try func() error) error {
	for end := time.Now().Add(webtest.Patience); ; {
		err := try()
		if err == nil || time.Now().After(end) {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// A trusted proxy that passes on an invalid address is logged under its own.
func TestUnreadableForwardedAddressesLeaveTraces(t *testing.T) {
	s := webtest.New(t, func(o *webtest.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	at := s.Serve()
	for _, header := range []string{"unknown", "_hidden", "203.0.113.9, x", "203.0.113.9"} {
		webtest.SendRaw(t, at, "GET /login HTTP/1.1\r\nHost: door.example.com\r\nX-Forwarded-For: "+header+"\r\n\r\n")
	}
	if n := kept(s); n[access.TraceForwardedRefused] != 3 || len(n) != 1 {
		t.Errorf("kept %v, want 3 unreadable ones alone", n)
	}
}
