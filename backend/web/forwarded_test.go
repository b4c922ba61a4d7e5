package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// X-Forwarded-For is anybody's to write: only a trusted proxy's counts, and of
// all its lines together the nearest hop that is not one. A stranger who sends a
// line of their own before the proxy's is still whom the proxy says.
func TestForwardedAddresses(t *testing.T) {
	trusted := func(a netip.Addr) bool {
		return netip.MustParsePrefix("127.0.0.0/8").Contains(a) || netip.MustParsePrefix("10.0.0.0/8").Contains(a) ||
			a == addr("2001:db8:ffff::1")
	}
	long := strings.Repeat("10.0.0.2, ", maxHops-1)
	tests := []struct{ peer, lines, want string }{
		{"192.0.2.9", "198.51.100.1", "192.0.2.9"},
		{"192.0.2.9", "garbage", "192.0.2.9"},
		{"127.0.0.1", "198.51.100.1", "198.51.100.1"},
		{"::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"},
		{"127.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"},
		{"127.0.0.1", "6.6.6.6|198.51.100.1", "198.51.100.1"},
		{"127.0.0.1", "6.6.6.6|7.7.7.7, 198.51.100.1|10.0.0.2", "198.51.100.1"},
		{"127.0.0.1", "6.6.6.6|", ""}, // a list that ends in nothing
		{"127.0.0.1", "garbage, 198.51.100.1", "198.51.100.1"},
		{"127.0.0.1", "", "127.0.0.1"},
		{"127.0.0.1", " ", "127.0.0.1"},
		{"127.0.0.1", "10.0.0.2", "10.0.0.2"},
		{"127.0.0.1", "198.51.100.1:51234", "198.51.100.1"},
		{"127.0.0.1", "[2001:db8::1]:55", "2001:db8::1"},
		{"127.0.0.1", "[2001:db8::1]", "2001:db8::1"},
		{"127.0.0.1", "2001:db8::1", "2001:db8::1"},
		{"127.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"},
		{"127.0.0.1", "[::ffff:198.51.100.1]:1", "198.51.100.1"},
		{"2001:db8:ffff::1", "198.51.100.1", "198.51.100.1"},
		{"127.0.0.1", "6.6.6.6, garbage, 10.0.0.2", ""},
		{"127.0.0.1", "garbage", ""},
		{"127.0.0.1", "unknown", ""},
		{"127.0.0.1", "[198.51.100.1]", ""},
		{"127.0.0.1", "198.51.100.1:", ""},
		{"127.0.0.1", "198.51.100.1:65536", ""},
		{"127.0.0.1", "[2001:db8::1", ""},
		{"127.0.0.1", "fe80::1%eth0", ""},
		{"127.0.0.1", "198.51.100.1,", ""},
		{"127.0.0.1", "198.51.100.01", ""},
		{"127.0.0.1", long + "10.0.0.2", "10.0.0.2"},
		{"127.0.0.1", "198.51.100.1, " + long + "10.0.0.2", ""},
	}
	for _, tt := range tests {
		got, err := clientAddr(addr(tt.peer), strings.Split(tt.lines, "|"), trusted)
		if tt.want == "" {
			if err == nil {
				t.Errorf("peer %s, X-Forwarded-For %q: %s, want a refusal", tt.peer, tt.lines, got)
			}
			continue
		}
		if err != nil || got != addr(tt.want) {
			t.Errorf("peer %s, X-Forwarded-For %q: %s, %v, want %s", tt.peer, tt.lines, got, err, tt.want)
		}
	}
}

// A stranger behind a proxy that adds a line of its own sends one above it, with
// another address each time, to be another network each time: they stay one. One
// whose entry cannot be read is refused on every route, in words.
func TestOneMoreForwardedLineIsNoOtherNetwork(t *testing.T) {
	h := newHouse(t, func(o *houseOptions) {
		o.Limits = DefaultLimits
		o.Limits.Attempts = Rate{Burst: 3, Every: time.Hour}
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	at := h.serve()
	ask := func(own, proxys string) (int, string) {
		status, _, body := say(t, at, "GET /api/v1/me HTTP/1.1\r\nHost: door.example.com\r\nAuthorization: Bearer dw_x\r\n"+
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
		status, _, body := say(t, at, "GET "+path+" HTTP/1.1\r\nHost: door.example.com\r\nX-Forwarded-For: nobody\r\n\r\n")
		if status != http.StatusBadRequest || !strings.Contains(body, "X-Forwarded-For that cannot be read") {
			t.Errorf("%s with an entry that is no address = %d: %.300s", path, status, body)
		}
	}
}
