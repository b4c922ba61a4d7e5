package web

import (
	"net/netip"
	"strings"
	"testing"

	"doorward/backend/access"
)

// A stranger writes an X-Forwarded-For line of their own above the proxy's. Only
// a trusted proxy's lines count, and of all of them together the nearest hop that
// is not a trusted proxy. So the stranger still has the address that the proxy
// reports.
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
		{"127.0.0.1", "6.6.6.6|", ""}, // a list with an empty last entry
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
		{"127.0.0.1", "2001:db8::1]", ""},
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

// Any text is sent in X-Forwarded-For, on any number of lines. An untrusted peer
// counts as itself. A trusted one speaks for an address that is not trusted, or
// for itself, or is refused. Nothing before the proxy's own entry, on its line or
// on lines above, changes the result.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{
		"", "203.0.113.1", "1.2.3.4, 203.0.113.1", "203.0.113.1:4711", "[2001:db8::1]:55", "::ffff:10.0.0.1", "evil",
		",,",
		"fe80::1%eth0", "10.0.0.1, 10.0.0.2", "1.2.3.4 203.0.113.1", "[203.0.113.1]", strings.Repeat("10.0.0.1,", 40),
	} {
		f.Add(s, "1.2.3.4", true)
		f.Add("9.9.9.9", s, false)
	}
	inside := netip.MustParsePrefix("10.0.0.0/8")
	trusts := func(a netip.Addr) bool { return inside.Contains(a) }
	f.Fuzz(func(t *testing.T, first, second string, both bool) {
		lines := []string{first}
		if both {
			lines = append(lines, second)
		}
		if got, err := clientAddr(addr("192.0.2.1"), lines, trusts); err != nil || got != addr("192.0.2.1") {
			t.Errorf("an untrusted peer with %q is %v, %v", lines, got, err)
		}
		proxy := addr("10.9.9.9")
		got, err := clientAddr(proxy, lines, trusts)
		if err != nil {
			if got.IsValid() || access.Explain(err).Code != "bad_forwarded" {
				t.Errorf("%q is refused with %v, %v", lines, got, err)
			}
			return
		}
		if !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Errorf("%q is %v", lines, got)
		}
		if trusts(got) {
			return // every entry is a proxy
		}
		for _, lied := range [][]string{
			append([]string{"6.6.6.6"}, lines...),
			append([]string{"evil"}, lines...),
			{"6.6.6.6, " + strings.Join(lines, ", ")},
			{"[, " + strings.Join(lines, ",")},
		} {
			if again, err := clientAddr(proxy, lied, trusts); err != nil || again != got {
				t.Errorf("%q is %v, and with a lie in front, %q, it is %v, %v", lines, got, lied, again, err)
			}
		}
	})
}
