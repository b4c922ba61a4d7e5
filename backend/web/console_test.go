package web

import (
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/valyala/fasthttp"

	"doorward/backend/access"
)

// An overlay is one tree in front of another.
type overlay struct{ front, back fs.FS }

func (o overlay) Open(name string) (fs.File, error) {
	if f, err := o.front.Open(name); err == nil {
		return f, nil
	}
	return o.back.Open(name)
}

const (
	consoleHTML   = `<!doctype html><title>the console</title><script type="module" src="/admin/assets/index-BxY1.js"></script>`
	consoleScript = "export const words = 'a script, a script, a script, a script, a script, a script, a script'"
)

func withConsole(o *houseOptions) {
	o.Frontend = overlay{fstest.MapFS{
		"dist/index.html":           {Data: []byte(consoleHTML)},
		"dist/icon.svg":             {Data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")},
		"dist/assets/index-BxY1.js": {Data: []byte(strings.Repeat(consoleScript, 40))},
		"dist/.secret":              {Data: []byte("not for the web")},
	}, o.Frontend}
}

// The console's addresses are for those with something to do there; everybody
// else learns where to go, and nothing of what it holds.
func TestConsoleIsForThoseWhoManage(t *testing.T) {
	h := newHouse(t, withConsole)
	h.must(h.service.Roles.Put(bg, h.admin, access.Role{Name: "Auditor", Permissions: []access.Permission{access.May(access.Read, access.ResAudit)}}))
	admin, _ := h.arrived("admin@example.com", access.Admin)
	auditor, _ := h.arrived("auditor@example.com", "Auditor")
	fleet, _ := h.arrived("fleet@example.com", access.Fleet)
	_, link := h.invite("pending@example.com", access.Admin)
	pending := h.guest()
	pending.enter(link)

	tests := []struct {
		name   string
		as     *guest
		path   string
		status int
		holds  string // in the body or Location
	}{
		{"an Admin", admin, "/admin", 200, "the console"},
		{"an Admin, with a slash", admin, "/admin/", 200, "the console"},
		{"a deep link", admin, "/admin/members/mfrggzdfmztwq2lknnwg23tpoa?dialog=access", 200, "the console"},
		{"a deep link with a dot in it", admin, "/admin/members/ada.lovelace", 200, "the console"},
		{"a file beside it", admin, "/admin/icon.svg", 200, "<svg"},
		{"a file that is not there", admin, "/admin/missing.js", 404, "nothing here"},
		{"a hidden file", admin, "/admin/.secret", 404, "nothing here"},
		{"a way out of it", admin, "/admin/..%2f..%2ftokens.css", 404, "nothing here"},
		{"one with another permission of the console's", auditor, "/admin/audit", 200, "the console"},
		{"a member without any", fleet, "/admin/members", 403, "The console is not open to you"},
		{"one who waits, as an Admin to be", pending, "/admin", 303, "/pending"},
		{"a stranger", h.guest(), "/admin/members?q=ada", 303, "/login?next=%2Fadmin%2Fmembers"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := tt.as.get(tt.path)
			a.want(t, tt.status, tt.holds)
			if tt.status != 200 {
				a.lacks(t, "the console", "not for the web")
			}
			if got := a.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control is %q", got)
			}
		})
	}
}

// Assets are named by their content: compressed once, kept for good, and there
// also for a console whose session has just ended.
func TestConsoleAssets(t *testing.T) {
	h := newHouse(t, withConsole)
	whole := strings.Repeat(consoleScript, 40)
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
		a := h.guest().get("/admin/assets/index-BxY1.js", func(r *http.Request) { r.Header.Set("Accept-Encoding", tt.takes) })
		if a.StatusCode != 200 || a.Header.Get("Content-Encoding") != tt.encoding {
			t.Errorf("with %q: %d, encoded as %q", tt.takes, a.StatusCode, a.Header.Get("Content-Encoding"))
			continue
		}
		got, err := []byte(a.body), error(nil)
		if tt.read != nil {
			got, err = tt.read(nil, got)
		}
		if err != nil || string(got) != whole {
			t.Errorf("with %q: another file came (%d bytes, %v)", tt.takes, len(got), err)
		}
		for name, want := range map[string]string{"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding", "Content-Type": "text/javascript; charset=utf-8"} {
			if a.Header.Get(name) != want {
				t.Errorf("with %q: %s is %q", tt.takes, name, a.Header.Get(name))
			}
		}
	}
	for _, path := range []string{"/admin/assets/other.js", "/admin/assets/", "/admin/assets/../index.html", "/admin/assets/%2e%2e/index.html"} {
		if a := h.guest().get(path); a.StatusCode == 200 || strings.Contains(a.body, "the console") || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("GET %s = %d, %q", path, a.StatusCode, a.Header.Get("Cache-Control"))
		}
	}
}

// The policy that comes with the console lets it run its own files, and nothing
// that somebody slipped into a page.
func TestConsolePolicy(t *testing.T) {
	h := newHouse(t, withConsole)
	admin, _ := h.arrived("admin@example.com", access.Admin)
	policy := admin.get("/admin").Header.Get("Content-Security-Policy")
	for _, w := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "font-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "frame-src 'self'"} {
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

// A build that was made without the console says so, and what to do.
func TestNoConsoleInThisBuild(t *testing.T) {
	h := newHouse(t, func(o *houseOptions) {
		o.Frontend = overlay{fstest.MapFS{"dist/.gitkeep": {}}, withoutDist{o.Frontend}}
	})
	admin, _ := h.arrived("admin@example.com", access.Admin)
	for _, path := range []string{"/admin", "/admin/members"} {
		admin.get(path).want(t, 404, "The console is not part of this build", "doorward approve", "make build")
	}
	admin.get("/admin/assets/index.js").want(t, 404)
}

type withoutDist struct{ fs.FS }

func (w withoutDist) Open(name string) (fs.File, error) {
	if name == "dist" || strings.HasPrefix(name, "dist/") {
		return nil, fs.ErrNotExist
	}
	return w.FS.Open(name)
}
