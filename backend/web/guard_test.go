package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

var bg = context.Background()

// Somebody adds a route and forgets to say who may use it: a way in that nobody
// decided on. The server does not start, and names the route. Neither the root
// nor what wraps other routes is exempt.
func TestTheServerDoesNotStartWithAnUnclassifiedRoute(t *testing.T) {
	srv := webtest.New(t)
	s := srv.Web
	open := func(c *fiber.Ctx) error { return c.SendString("come in") }
	tests := []struct {
		name   string
		mount  web.Mount
		faults []string // empty: it starts
	}{
		{"nothing", func(*web.Face) {}, nil},
		{"a class", func(f *web.Face) { f.Add("GET", "/x", web.Member(), open) }, nil},
		{"no class", func(f *web.Face) {
			f.App().Get("/x", open)
		}, []string{"GET /x has no class", "HEAD /x has no class"}},
		{"the zero class", func(f *web.Face) {
			f.Add("GET", "/x", web.Class{}, open)
		}, []string{"GET /x has no class"}},
		{"another method", func(f *web.Face) {
			f.App().Post("/pending", open)
		}, []string{"POST /pending has no class"}},
		{"HEAD alone", func(f *web.Face) {
			f.App().Head("/api/v1/me", open)
		}, []string{"HEAD /api/v1/me has no class"}},
		{"all methods", func(f *web.Face) {
			f.App().All("/x", open)
		}, []string{"GET /x has no class", "TRACE /x has no class"}},
		{"the root", func(f *web.Face) { f.App().Post("/", open) }, []string{"POST / has no class"}},
		{"the root again", func(f *web.Face) { f.App().Get("/", open) }, []string{"GET / is mounted twice"}},
		{"everything", func(f *web.Face) { f.App().Get("/*", open) }, []string{"GET /* has no class"}},
		{"in a group", func(f *web.Face) {
			f.App().Group("/api/v1").Get("/x", open)
		}, []string{"GET /api/v1/x has no class"}},
		{"in front of one", func(f *web.Face) { f.App().Get("/login", open) }, []string{"GET /login is mounted twice"}},
		{"around all", func(f *web.Face) { f.App().Use(open) }, []string{"GET / is wrapped", "DELETE / is wrapped"}},
		{"around some", func(f *web.Face) { f.App().Use("/x", open) }, []string{"GET /x is wrapped"}},
		{"files", func(f *web.Face) { f.App().Static("/x", ".") }, []string{"HEAD /x is wrapped"}},
		{"a class for nothing", func(f *web.Face) {
			f.Classify("GET", "/x", web.Public())
		}, []string{"GET /x has a class and is not"}},
	}
	for _, tt := range tests {
		for _, local := range []bool{false, true} {
			err := s.Remount(local, tt.mount)
			if (err == nil) != (tt.faults == nil) {
				t.Errorf("%s, operator %v: %v", tt.name, local, err)
			}
			for _, fault := range tt.faults {
				if err != nil && !strings.Contains(err.Error(), fault) {
					t.Errorf("%s, operator %v: %v does not say %q", tt.name, local, err, fault)
				}
			}
		}
	}
}

// Mount and Serve return newFace's error: both get a face in the same way.
func TestAFaceIsMadeOnce(t *testing.T) {
	srv := webtest.New(t)
	s := srv.Web
	if operator, network := s.Made(); !operator || !network {
		t.Fatal("a face was not made by Mount, or by the first who asked for it")
	}
	for _, local := range []bool{false, true} {
		first, err := s.Face(local)
		second, again := s.Face(local)
		if err != nil || again != nil || first != second || len(first.Classes()) < 40 {
			t.Errorf("operator %v: %v, %v, %d routes", local, err, again, len(first.Classes()))
		}
	}
}

// A pending person tries every way in (Vaultwarden's CVE-2026-43913: a route that
// checked the role and not the state).
func TestPendingReachesNothingElse(t *testing.T) {
	s := webtest.New(t)
	_, link := s.Invite("ada@example.com", access.Admin)
	b := s.Browser()
	b.RedeemLink(link)
	open := map[string]bool{"public": true, "pending": true}
	tried := 0
	for route, n := range network(t, s).Classes() {
		method, path, _ := strings.Cut(route, " ")
		if open[n.String()] || n == web.Operator() {
			continue
		}
		tried++
		path = strings.NewReplacer(":id", access.NewID(), ":name", "Fleet", "*", "x").Replace(path)
		a := b.Do(method, path, nil, func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			r.Header.Set("Content-Type", "application/json")
		})
		if a.StatusCode != http.StatusForbidden &&
			!(a.StatusCode == http.StatusSeeOther && a.Header.Get("Location") == "/pending") {
			t.Errorf("%s (%s) answered a pending Admin with %d: %s", route, n, a.StatusCode, a.Text)
		}
	}
	if tried < 30 {
		t.Errorf("only %d routes were tried", tried)
	}
}

// Every response, errors too, tells browsers what they may do with it.
func TestSecurityHeaders(t *testing.T) {
	s := webtest.New(t)
	for _, path := range []string{"/login", "/nowhere", "/", "/api/v1/me", "/api/v1/nowhere", "/login/x", "/healthz"} {
		a := s.Browser().Get(path)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy":    "no-referrer",
			"Permissions-Policy": "camera=()", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Cache-Control":                "no-store",
		} {
			if !strings.Contains(a.Header.Get(name), want) {
				t.Errorf("GET %s: %s is %q, want %q in it", path, name, a.Header.Get(name), want)
			}
		}
		// The whole value: includeSubDomains would force TLS on the company's other services.
		if got := a.Header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
			t.Errorf("GET %s: Strict-Transport-Security is %q", path, got)
		}
		if a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("Server") != "" {
			t.Errorf("GET %s says too much: %v", path, a.Header)
		}
	}
}

// A page of another site opens one of ours in a new window and keeps a reference
// to it: it could navigate it elsewhere while the visitor types, or count what
// loads. Every response, to every kind of visitor, cuts its opener off, and
// allows styles and scripts from our own files only.
func TestNoPageIsHeldByItsOpener(t *testing.T) {
	c := webtest.NewCallers(t, webtest.WithConsole)
	pages := 0
	for route := range network(t, c.Server).Classes() {
		method, path, _ := strings.Cut(route, " ")
		if path == "/api/v1/events" { // its response never ends
			continue
		}
		path = strings.NewReplacer(":id", access.NewID(), ":name", "x", ":session", access.NewID(), ":token",
			access.NewSecret().Reveal(), "*", "x").Replace(path)
		for name, b := range map[string]*webtest.Browser{
			"a stranger": c.Stranger,
			"pending":    c.Pending,
			"a member":   c.Fleet,
			"an Admin":   c.Admin,
		} {
			a := b.Do(method, path, nil)
			if got := a.Header.Get("Cross-Origin-Opener-Policy"); got != "same-origin" {
				t.Errorf("%s %s, to %s: Cross-Origin-Opener-Policy is %q", method, path, name, got)
			}
			if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
				continue
			}
			pages++
			if policy := a.Header.Get("Content-Security-Policy"); !strings.Contains(policy,
				"style-src 'self'; script-src 'self';") {
				t.Errorf("%s %s, to %s: Content-Security-Policy is %q", method, path, name, policy)
			}
		}
	}
	if pages < 60 {
		t.Errorf("only %d pages were looked at", pages)
	}
}

func TestCookieFlags(t *testing.T) {
	s := webtest.New(t)
	_, link := s.Invite("ada@example.com", access.Fleet)
	b := s.Browser()
	page := b.Get(link)
	cookies := append(page.Cookies(), b.Post(page, link).Cookies()...)
	if len(cookies) < 2 {
		t.Fatalf("cookies: %v", cookies)
	}
	for _, c := range cookies {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode ||
			c.Path != "/" || c.Domain != "" {
			t.Errorf("the cookie %s is set as %q", c.Name, c.Raw)
		}
	}
}

// A request for another host would cause links or cached pages that lead
// elsewhere.
func TestForeignHost(t *testing.T) {
	s := webtest.New(t)
	_, link := s.Invite("ada@example.com", access.Fleet)
	for _, host := range []string{"evil.example", "door.example.com.evil.example", "door.example.com.",
		"127.0.0.1:8080"} {
		a := s.Browser().Get(link, func(r *http.Request) {
			r.Host = host
			r.Header.Set("X-Forwarded-Host", "door.example.com")
		})
		a.Want(t, http.StatusMisdirectedRequest, "https://door.example.com")
		a.Lacks(t, "evil.example", "ada@example.com")
	}
	s.Browser().Get("/login", func(r *http.Request) {
		r.Host = "DOOR.example.com:443"
		r.Header.Set("X-Forwarded-Host", "evil.example")
	}).Want(t, 200)
	s.Browser().Get("/readyz", func(r *http.Request) { r.Host = "10.0.0.7:8080" }).Want(t, 200, "ready")
}

// A stranger chooses a session id: it must not become a session.
func TestUnknownSessionIsNotAdopted(t *testing.T) {
	s := webtest.New(t)
	chosen := access.NewSecret().Reveal()
	_, link := s.Invite("ada@example.com", access.Fleet)
	b := s.Browser()
	fix := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: webtest.SessionCookie, Value: chosen}) }
	b.Get("/pending", fix).Want(t, http.StatusSeeOther, "/login")
	b.RedeemLink(link)
	if b.Session().Reveal() == chosen {
		t.Error("the chosen id became the session's")
	}
	s.Browser().Get("/pending", fix).Want(t, http.StatusSeeOther, "/login")
}

// Safe methods must change nothing, and override headers are ignored.
func TestMethodsAreWhatTheySay(t *testing.T) {
	s := webtest.New(t)
	b, _ := s.SignedIn("ada@example.com", access.Fleet)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		b.Do(method, "/logout", nil, func(r *http.Request) { r.Header.Set("X-HTTP-Method-Override", "POST") })
	}
	b.Get("/").Want(t, 200)
}

// A monitor or a link preview sends HEAD: it is redirected as GET is.
func TestHeadAnswersAsGet(t *testing.T) {
	s := webtest.New(t)
	_, link := s.Invite("ada@example.com", access.Fleet)
	pending, stranger := s.Browser(), s.Browser()
	pending.RedeemLink(link)
	for _, b := range []*webtest.Browser{pending, stranger} {
		for _, path := range []string{"/", "/fleet/flows", "/admin", "/pending", "/login", "/nowhere"} {
			get, head := b.Get(path), b.Do(http.MethodHead, path, nil)
			if get.StatusCode != head.StatusCode || get.Header.Get("Location") != head.Header.Get("Location") {
				t.Errorf("%s: GET %d %q, HEAD %d %q", path, get.StatusCode, get.Header.Get("Location"), head.StatusCode,
					head.Header.Get("Location"))
			}
		}
	}
}

func TestPathsAreCanonical(t *testing.T) {
	s := webtest.New(t)
	b, _ := s.SignedIn("ada@example.com", access.Fleet)
	for _, path := range []string{"//admin", "/Admin", "/admin/../fleet/../admin", "/AILOOP", "/ailoop/", "/%61dmin",
		"/assets/..%2f..%2fgo.mod", "/assets/%2e%2e%2ftokens.css", "/fleet/%00", "/fleet//datalake"} {
		if a := b.Get(path); a.StatusCode == 200 {
			t.Errorf("GET %s = 200\n%s", path, a.Text)
		}
	}
}

// Somebody tries links and codes by the thousand.
func TestTriesAreLimited(t *testing.T) {
	s := webtest.New(t, func(o *webtest.Options) {
		o.Limits = web.DefaultLimits
		o.Limits.Attempts = web.Rate{Burst: 5, Every: time.Hour}
	})
	b := s.Browser()
	page := b.Get("/login")
	for i := range 5 { // each is another try: the same one again would get the first one's answer
		b.Post(page, "/login/code", "code", fmt.Sprintf("1234-567%d", i)).Want(t, http.StatusUnprocessableEntity)
	}
	a := b.Post(page, "/login/code", "code", "1234-5678")
	a.Want(t, http.StatusTooManyRequests, "Too many attempts")
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// A stranger without a proxy sends every header that a proxy would: none of them
// changes their network, scheme or host.
func TestForwardedHeadersOfAStrangerCountForNothing(t *testing.T) {
	few := func(o *webtest.Options) {
		o.Limits = web.DefaultLimits
		o.Limits.Attempts = web.Rate{Burst: 3, Every: time.Hour}
	}
	lie := func(i int) func(*http.Request) {
		return func(r *http.Request) {
			for name, value := range map[string]string{
				"X-Forwarded-For":    "198.51.100." + strconv.Itoa(i),
				"X-Real-IP":          "198.51.100." + strconv.Itoa(i),
				"Forwarded":          "for=198.51.100." + strconv.Itoa(i) + ";proto=http;host=evil.example",
				"CF-Connecting-IP":   "198.51.100.9",
				"True-Client-IP":     "198.51.100.9",
				"X-Forwarded-Proto":  "http",
				"X-Forwarded-Host":   "evil.example",
				"X-Forwarded-Port":   "81",
				"X-Forwarded-Prefix": "/evil",
				"X-Forwarded-Uri":    "/admin",
			} {
				r.Header.Set(name, value)
			}
		}
	}
	tries := func(s *webtest.Server) (last webtest.Answer) {
		b := s.Browser()
		page := b.Get("/login", lie(0))
		for _, c := range page.Cookies() {
			if !c.Secure {
				t.Errorf("the cookie %s goes out in the clear", c.Name)
			}
		}
		if page.Header.Get("Strict-Transport-Security") == "" || strings.Contains(page.Text+page.HeaderText(), "evil") {
			t.Errorf("the headers were believed: %v", page.Header)
		}
		token := webtest.CSRFField.FindStringSubmatch(page.Text)[1]
		for i := range 4 {
			form := url.Values{"csrf": {token}, "code": {fmt.Sprintf("1234-567%d", i)}}
			last = b.Do(http.MethodPost, "/login/code", form, lie(i))
		}
		return last
	}
	tries(webtest.New(t, few)).Want(t, http.StatusTooManyRequests)
	// The same headers from a trusted proxy count as the first try of four
	// networks.
	trusting := webtest.New(t, few, func(o *webtest.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32")}
	})
	tries(trusting).Want(t, http.StatusUnprocessableEntity)
}

// network is the face that strangers reach.
func network(t *testing.T, s *webtest.Server) *web.Face {
	t.Helper()
	f, err := s.Web.Face(false)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
