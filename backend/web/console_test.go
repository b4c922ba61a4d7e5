package web_test

import (
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/valyala/fasthttp"

	"doorward/app/packed"
	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

// Somebody without console permissions opens its addresses: they are redirected,
// and see nothing of its content.
func TestConsoleIsForThoseWhoManage(t *testing.T) {
	s := webtest.New(t, webtest.WithConsole)
	s.Must(s.Service.Roles.Put(bg, s.Admin, access.Role{
		Name:        "Auditor",
		Permissions: []access.Permission{access.May(access.Read, access.ResAudit)},
	}))
	admin, _ := s.SignedIn("admin@example.com", access.Admin)
	auditor, _ := s.SignedIn("auditor@example.com", "Auditor")
	fleet, _ := s.SignedIn("fleet@example.com", access.Fleet)
	_, link := s.Invite("pending@example.com", access.Admin)
	pending := s.Browser()
	pending.RedeemLink(link)

	tests := []struct {
		name   string
		as     *webtest.Browser
		path   string
		status int
		holds  string // in the body or Location
	}{
		{"an Admin", admin, "/admin", 200, "the console"},
		{"an Admin, with a slash", admin, "/admin/", 200, "the console"},
		{"a deep link", admin, "/admin/members/mfrggzdfmztwq2lknnwg23tpoa?dialog=access", 200, "the console"},
		{"a deep link with a dot in it", admin, "/admin/members/ada.lovelace", 200, "the console"},
		{"a file beside it", admin, "/admin/icon.svg", 200, "<svg"},
		{"a file that is not there", admin, "/admin/missing.js", 404, "Page not found"},
		{"a hidden file", admin, "/admin/.secret", 404, "Page not found"},
		{"a way out of it", admin, "/admin/..%2f..%2ftokens.css", 404, "Page not found"},
		{"one with another permission of the console's", auditor, "/admin/audit", 200, "the console"},
		{"a member without any", fleet, "/admin/members", 403, "You don’t have access to the console"},
		{"one who waits, as an Admin to be", pending, "/admin", 303, "/pending"},
		{"a stranger", s.Browser(), "/admin/members?q=ada", 303, "/login?next=%2Fadmin%2Fmembers"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := tt.as.Get(tt.path)
			a.Want(t, tt.status, tt.holds)
			if tt.status != 200 {
				a.Lacks(t, "<title>the console", "not for the web")
			}
			if got := a.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control is %q", got)
			}
		})
	}
}

// Assets are named by their content, compressed once, cached for ever, and also
// served to a console whose session has just ended.
func TestConsoleAssets(t *testing.T) {
	s := webtest.New(t, webtest.WithConsole)
	assetIsServed(t, s, "/admin/assets/index-BxY1.js")
	for _, path := range []string{"/admin/assets/other.js", "/admin/assets/", "/admin/assets/../index.html",
		"/admin/assets/%2e%2e/index.html"} {
		if a := s.Browser().
			Get(path); a.StatusCode == 200 || strings.Contains(a.Text, "the console") ||
			a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("GET %s = %d, %q", path, a.StatusCode, a.Header.Get("Cache-Control"))
		}
	}
}

// A released program embeds assets compressed: each client gets them as from any other build.
func TestPackedConsoleAssets(t *testing.T) {
	compressed, err := packed.Compress([]byte(strings.Repeat(webtest.ConsoleScript, 40)))
	if err != nil {
		t.Fatal(err)
	}
	s := webtest.New(t, func(o *webtest.Options) {
		dist := fstest.MapFS{"dist/assets/index-BxY2.js.br": {Data: compressed}}
		o.Frontend = packed.FS(webtest.Overlay{Front: dist, Back: o.Frontend})
	})
	assetIsServed(t, s, "/admin/assets/index-BxY2.js")
	s.Browser().Get("/admin/assets/index-BxY2.js.br").Want(t, 404)
	a := s.Browser().Get("/admin/assets/index-BxY2.js", func(r *http.Request) { r.Header.Set("Accept-Encoding", "br") })
	if a.Text != string(compressed) {
		t.Errorf("%d bytes are sent, want the %d that are embedded", len(a.Text), len(compressed))
	}
}

// assetIsServed checks that the script of WithConsole is there in every encoding.
func assetIsServed(t *testing.T, s *webtest.Server, path string) {
	t.Helper()
	whole := strings.Repeat(webtest.ConsoleScript, 40)
	tests := []struct {
		takes, encoding string
		read            func(dst, src []byte) ([]byte, error)
	}{
		{"", "", nil},
		{"identity", "", nil},
		{"gzip;q=0, br;q=0.0", "", nil},
		{"GZIP, deflate", "gzip", fasthttp.AppendGunzipBytes},
		{"gzip, deflate, br, zstd", "br", fasthttp.AppendUnbrotliBytes},
		{"gzip, br;q=0", "gzip", fasthttp.AppendGunzipBytes},
		{"brotli, abr", "", nil},
	}
	for _, tt := range tests {
		a := s.Browser().Get(path, func(r *http.Request) {
			r.Header.Set("Accept-Encoding", tt.takes)
		})
		if a.StatusCode != 200 || a.Header.Get("Content-Encoding") != tt.encoding {
			t.Errorf("with %q: %d, encoded as %q", tt.takes, a.StatusCode, a.Header.Get("Content-Encoding"))
			continue
		}
		got, err := []byte(a.Text), error(nil)
		if tt.read != nil {
			got, err = tt.read(nil, got)
		}
		if err != nil || string(got) != whole {
			t.Errorf("with %q: another file came (%d bytes, %v)", tt.takes, len(got), err)
		}
		for name, want := range map[string]string{
			"Cache-Control": "public, max-age=31536000, immutable",
			"Vary":          "Accept-Encoding",
			"Content-Type":  "text/javascript; charset=utf-8",
		} {
			if a.Header.Get(name) != want {
				t.Errorf("with %q: %s is %q", tt.takes, name, a.Header.Get(name))
			}
		}
	}
}

// Somebody injects markup into a page of the console: its policy lets it run its
// own files, and nothing else.
func TestConsolePolicy(t *testing.T) {
	s := webtest.New(t, webtest.WithConsole)
	admin, _ := s.SignedIn("admin@example.com", access.Admin)
	policy := admin.Get("/admin").Header.Get("Content-Security-Policy")
	for _, w := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
		"font-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "frame-src 'self'"} {
		if !strings.Contains(policy, w) {
			t.Errorf("the policy lacks %s: %s", w, policy)
		}
	}
	for _, w := range []string{"unsafe", "http:", "https:", "*", "blob:"} {
		if strings.Contains(policy, w) {
			t.Errorf("the policy has %s: %s", w, policy)
		}
	}
}

// A build without the console says so, and what to do.
func TestNoConsoleInThisBuild(t *testing.T) {
	s := webtest.New(t, func(o *webtest.Options) {
		o.Frontend = webtest.Overlay{Front: fstest.MapFS{"dist/.gitkeep": {}}, Back: withoutDist{o.Frontend}}
	})
	admin, _ := s.SignedIn("admin@example.com", access.Admin)
	for _, path := range []string{"/admin", "/admin/members"} {
		admin.Get(path).Want(t, 404, "The console is not part of this build", "doorward approve", "make build")
	}
	admin.Get("/admin/assets/index.js").Want(t, 404)
}

type withoutDist struct{ fs.FS }

func (w withoutDist) Open(name string) (fs.File, error) {
	if name == "dist" || strings.HasPrefix(name, "dist/") {
		return nil, fs.ErrNotExist
	}
	return w.FS.Open(name)
}
