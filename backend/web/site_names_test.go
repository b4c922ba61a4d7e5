package web

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// A server answers to the host of its public URL, as browsers and proxies write it, and if that
// is this machine, to the machine's other names. From each of them come pages of its own, but
// for the form with the usual port, which no browser puts in an origin.
func TestTheNamesOfAServer(t *testing.T) {
	for _, tt := range []struct{ public, listen, hosts, origins string }{
		{"https://door.example.com", "127.0.0.1:8080",
			"door.example.com door.example.com:443", "https://door.example.com"},
		{"http://Door.example.com", "127.0.0.1:8080",
			"door.example.com door.example.com:80", "http://door.example.com"},
		{"https://door.example.com:8443", "127.0.0.1:8080",
			"door.example.com:8443", "https://door.example.com:8443"},
		{"http://localhost:8080", "127.0.0.1:9000",
			"127.0.0.1:8080 [::1]:8080 localhost:8080",
			"http://127.0.0.1:8080 http://[::1]:8080 http://localhost:8080"},
		{"http://localhost", "127.0.0.1:9000",
			"127.0.0.1:9000 [::1]:9000 localhost localhost:80 localhost:9000",
			"http://127.0.0.1:9000 http://[::1]:9000 http://localhost http://localhost:9000"},
		{"http://localhost", "",
			"127.0.0.1 [::1] localhost localhost:80", "http://127.0.0.1 http://[::1] http://localhost"},
	} {
		public, err := url.Parse(tt.public)
		if err != nil {
			t.Fatal(err)
		}
		hosts, origins := ours(public, tt.listen)
		if got := strings.Join(slices.Sorted(maps.Keys(hosts)), " "); got != tt.hosts {
			t.Errorf("%s, which listens on %q, has the hosts %s", tt.public, tt.listen, got)
		}
		if got := strings.Join(slices.Sorted(maps.Keys(origins)), " "); got != tt.origins {
			t.Errorf("%s, which listens on %q, has the origins %s", tt.public, tt.listen, got)
		}
	}
	if in, err := newSite("https://door.example.com:port", ""); err == nil {
		t.Errorf("a URL that cannot be read is %+v", in)
	}
}
