package web

import (
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
)

// Somebody adds a route and forgets to say who may use it: a way in that nobody
// decided on. The server does not start, and says which route it is. Neither the
// root nor what wraps other routes is excused.
func TestTheServerDoesNotStartWithAnUnclassifiedRoute(t *testing.T) {
	h := newHouse(t)
	s := h.web
	open := func(c *fiber.Ctx) error { return c.SendString("come in") }
	tests := []struct {
		name   string
		mount  Mount
		faults []string // empty: it starts
	}{
		{"nothing", func(*Face) {}, nil},
		{"a class", func(f *Face) { f.Add("GET", "/x", Member(), open) }, nil},
		{"no class", func(f *Face) { f.app.Get("/x", open) }, []string{"GET /x has no class", "HEAD /x has no class"}},
		{"the zero class", func(f *Face) { f.Add("GET", "/x", Class{}, open) }, []string{"GET /x has no class"}},
		{"another method", func(f *Face) { f.app.Post("/pending", open) }, []string{"POST /pending has no class"}},
		{"HEAD alone", func(f *Face) { f.app.Head("/api/v1/me", open) }, []string{"HEAD /api/v1/me has no class"}},
		{"all methods", func(f *Face) { f.app.All("/x", open) }, []string{"GET /x has no class", "TRACE /x has no class"}},
		{"the root", func(f *Face) { f.app.Post("/", open) }, []string{"POST / has no class"}},
		{"the root again", func(f *Face) { f.app.Get("/", open) }, []string{"GET / is mounted twice"}},
		{"everything", func(f *Face) { f.app.Get("/*", open) }, []string{"GET /* has no class"}},
		{"in a group", func(f *Face) { f.app.Group("/api/v1").Get("/x", open) }, []string{"GET /api/v1/x has no class"}},
		{"in front of one", func(f *Face) { f.app.Get("/login", open) }, []string{"GET /login is mounted twice"}},
		{"around all", func(f *Face) { f.app.Use(open) }, []string{"GET / is wrapped", "DELETE / is wrapped"}},
		{"around some", func(f *Face) { f.app.Use("/x", open) }, []string{"GET /x is wrapped"}},
		{"files", func(f *Face) { f.app.Static("/x", ".") }, []string{"HEAD /x is wrapped"}},
		{"a class for nothing", func(f *Face) { f.Classify("GET", "/x", Public()) }, []string{"GET /x has a class and is not"}},
	}
	for _, tt := range tests {
		for _, local := range []bool{false, true} {
			_, err := s.newFace(local, tt.mount, h.web.mountOwn, h.portal.Mount, h.api.Mount, h.events.Mount)
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

// New and Serve pass on what newFace refuses: both come by a face in one way.
func TestAFaceIsMadeOnce(t *testing.T) {
	h := newHouse(t)
	s := h.web
	if s.operator == nil || s.network == nil {
		t.Fatal("a face was not made by New, or by the first who asked for it")
	}
	for _, local := range []bool{false, true} {
		first, err := s.Face(local)
		second, again := s.Face(local)
		if err != nil || again != nil || first != second || len(first.classes) < 40 {
			t.Errorf("operator %v: %v, %v, %d routes", local, err, again, len(first.classes))
		}
	}
}

// A pending person tries every way in there is (Vaultwarden's CVE-2026-43913:
// a route that checked the role and not the state).
func TestPendingReachesNothingElse(t *testing.T) {
	h := newHouse(t)
	_, link := h.invite("ada@example.com", access.Admin)
	g := h.guest()
	g.enter(link)
	open := map[string]bool{"public": true, "waiting": true}
	tried := 0
	for route, n := range h.web.network.classes {
		method, path, _ := strings.Cut(route, " ")
		if open[n.String()] || n.who == operatorAudience {
			continue
		}
		tried++
		path = strings.NewReplacer(":id", access.NewID(), ":name", "Fleet", "*", "x").Replace(path)
		a := g.do(method, path, nil, func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			r.Header.Set("Content-Type", "application/json")
		})
		if a.StatusCode != http.StatusForbidden && !(a.StatusCode == http.StatusSeeOther && a.Header.Get("Location") == "/pending") {
			t.Errorf("%s (%s) answered a pending Admin with %d: %s", route, n, a.StatusCode, a.body)
		}
	}
	if tried < 30 {
		t.Errorf("only %d routes were tried", tried)
	}
}

// Every answer, errors too, says what browsers may do with it.
func TestSecurityHeaders(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/login", "/nowhere", "/", "/api/v1/me", "/api/v1/nowhere", "/login/x", "/healthz"} {
		a := h.guest().get(path)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Permissions-Policy": "camera=()", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Cache-Control": "no-store", "Strict-Transport-Security": "max-age=",
		} {
			if !strings.Contains(a.Header.Get(name), want) {
				t.Errorf("GET %s: %s is %q, want %q in it", path, name, a.Header.Get(name), want)
			}
		}
		if a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("Server") != "" {
			t.Errorf("GET %s says too much: %v", path, a.Header)
		}
	}
}

// A page of another site opens one of ours in a window of its own, and keeps a
// hold on it: it could lead the visitor elsewhere while they type, or count what
// loads. Every answer there is, to every kind of visitor, lets go of its opener,
// and takes style and script from files of ours alone.
func TestNoPageIsHeldByItsOpener(t *testing.T) {
	c := newCast(t, withConsole)
	pages := 0
	for route := range c.web.network.classes {
		method, path, _ := strings.Cut(route, " ")
		if path == "/api/v1/events" { // its answer has no end
			continue
		}
		path = strings.NewReplacer(":id", access.NewID(), ":name", "x", ":session", access.NewID(), ":token", access.NewSecret().Reveal(), "*", "x").Replace(path)
		for name, g := range map[string]*guest{"a stranger": c.stranger, "pending": c.pending, "a member": c.fleet, "an Admin": c.admin} {
			a := g.do(method, path, nil)
			if got := a.Header.Get("Cross-Origin-Opener-Policy"); got != "same-origin" {
				t.Errorf("%s %s, to %s: Cross-Origin-Opener-Policy is %q", method, path, name, got)
			}
			if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
				continue
			}
			pages++
			if policy := a.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "style-src 'self'; script-src 'self';") {
				t.Errorf("%s %s, to %s: Content-Security-Policy is %q", method, path, name, policy)
			}
		}
	}
	if pages < 60 {
		t.Errorf("only %d pages were looked at", pages)
	}
}

func TestCookieFlags(t *testing.T) {
	h := newHouse(t)
	_, link := h.invite("ada@example.com", access.Fleet)
	g := h.guest()
	page := g.get(link)
	cookies := append(page.Cookies(), g.post(page, link).Cookies()...)
	if len(cookies) < 2 {
		t.Fatalf("cookies: %v", cookies)
	}
	for _, c := range cookies {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("the cookie %s is set as %q", c.Name, c.Raw)
		}
	}
}

// A request for another host would make links or caches that lead elsewhere.
func TestForeignHost(t *testing.T) {
	h := newHouse(t)
	_, link := h.invite("ada@example.com", access.Fleet)
	for _, host := range []string{"evil.example", "door.example.com.evil.example", "door.example.com.", "127.0.0.1:8080"} {
		a := h.guest().get(link, func(r *http.Request) { r.Host = host; r.Header.Set("X-Forwarded-Host", "door.example.com") })
		a.want(t, http.StatusMisdirectedRequest, "https://door.example.com")
		a.lacks(t, "evil.example", "ada@example.com")
	}
	h.guest().get("/login", func(r *http.Request) {
		r.Host = "DOOR.example.com:443"
		r.Header.Set("X-Forwarded-Host", "evil.example")
	}).want(t, 200)
	h.guest().get("/readyz", func(r *http.Request) { r.Host = "10.0.0.7:8080" }).want(t, 200, "ready")
}

// A session id that a stranger chose must not become one.
func TestUnknownSessionIsNotAdopted(t *testing.T) {
	h := newHouse(t)
	chosen := access.NewSecret().Reveal()
	_, link := h.invite("ada@example.com", access.Fleet)
	g := h.guest()
	fix := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: h.web.Cookies.names.session, Value: chosen}) }
	g.get("/pending", fix).want(t, http.StatusSeeOther, "/login")
	g.enter(link)
	if g.session().Reveal() == chosen {
		t.Error("the chosen id became the session's")
	}
	h.guest().get("/pending", fix).want(t, http.StatusSeeOther, "/login")
}

// Methods that change nothing must change nothing, and override headers are not
// listened to.
func TestMethodsAreWhatTheySay(t *testing.T) {
	h := newHouse(t)
	g, _ := h.arrived("ada@example.com", access.Fleet)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		g.do(method, "/logout", nil, func(r *http.Request) { r.Header.Set("X-HTTP-Method-Override", "POST") })
	}
	g.get("/").want(t, 200)
}

// A monitor or a link preview that asks with HEAD is led where GET is led.
func TestHeadAnswersAsGet(t *testing.T) {
	h := newHouse(t)
	_, link := h.invite("ada@example.com", access.Fleet)
	pending, stranger := h.guest(), h.guest()
	pending.enter(link)
	for _, g := range []*guest{pending, stranger} {
		for _, path := range []string{"/", "/fleet/flows", "/admin", "/pending", "/login", "/nowhere"} {
			get, head := g.get(path), g.do(http.MethodHead, path, nil)
			if get.StatusCode != head.StatusCode || get.Header.Get("Location") != head.Header.Get("Location") {
				t.Errorf("%s: GET %d %q, HEAD %d %q", path, get.StatusCode, get.Header.Get("Location"), head.StatusCode, head.Header.Get("Location"))
			}
		}
	}
}

func TestPathsAreCanonical(t *testing.T) {
	h := newHouse(t)
	g, _ := h.arrived("ada@example.com", access.Fleet)
	for _, path := range []string{"//admin", "/Admin", "/admin/../fleet/../admin", "/AILOOP", "/ailoop/", "/%61dmin", "/assets/..%2f..%2fgo.mod", "/assets/%2e%2e%2ftokens.css", "/fleet/%00", "/fleet//datalake"} {
		if a := g.get(path); a.StatusCode == 200 {
			t.Errorf("GET %s = 200\n%s", path, a.body)
		}
	}
}

func TestLimiter(t *testing.T) {
	now := time.Unix(0, 0)
	l := newLimiter(Rate{Burst: 3, Every: time.Second})
	l.now = func() time.Time { return now }
	steps := []struct {
		from string
		ok   bool
	}{
		{"192.0.2.1", true}, {"192.0.2.1", true}, {"192.0.2.1", true}, {"192.0.2.1", false},
		{"192.0.2.2", true}, {"::ffff:192.0.2.1", false},
		{"2001:db8::1", true}, {"2001:db8::2", true}, {"2001:db8::3", true}, {"2001:db8::ffff", false}, {"2001:db8:0:1::1", true},
	}
	for i, s := range steps {
		if wait, ok := l.allow(addr(s.from)); ok != s.ok || !ok && (wait <= 0 || wait > time.Second) {
			t.Errorf("step %d, %s: %v, %v", i, s.from, wait, ok)
		}
	}
	now = now.Add(time.Second)
	if _, ok := l.allow(addr("192.0.2.1")); !ok {
		t.Error("a second later it is still refused")
	}
}

// A flood from a million addresses must not fill the memory.
func TestLimiterMemoryIsBounded(t *testing.T) {
	l := newLimiter(Rate{Burst: 3, Every: time.Second})
	before := heap()
	for i := range 1_000_000 {
		l.allow(netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 1}))
	}
	if grew := heap() - before; grew > 16<<20 {
		t.Errorf("a million addresses took %d MB", grew>>20)
	}
	runtime.KeepAlive(l)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Somebody tries links and codes by the thousand.
func TestTriesAreLimited(t *testing.T) {
	h := newHouse(t, func(o *houseOptions) { o.Limits = DefaultLimits; o.Limits.Attempts = Rate{Burst: 5, Every: time.Hour} })
	g := h.guest()
	page := g.get("/login")
	for range 5 {
		g.post(page, "/login/code", "code", "1234-5678").want(t, http.StatusUnprocessableEntity)
	}
	a := g.post(page, "/login/code", "code", "1234-5678")
	a.want(t, http.StatusTooManyRequests, "Too many tries")
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// A stranger without a proxy between writes every header that a proxy would:
// none of them makes another network, another scheme or another host of them.
func TestForwardedHeadersOfAStrangerCountForNothing(t *testing.T) {
	few := func(o *houseOptions) {
		o.Limits = DefaultLimits
		o.Limits.Attempts = Rate{Burst: 3, Every: time.Hour}
	}
	lie := func(i int) func(*http.Request) {
		return func(r *http.Request) {
			for name, value := range map[string]string{"X-Forwarded-For": "198.51.100." + strconv.Itoa(i), "X-Real-IP": "198.51.100." + strconv.Itoa(i), "Forwarded": "for=198.51.100." + strconv.Itoa(i) + ";proto=http;host=evil.example",
				"CF-Connecting-IP": "198.51.100.9", "True-Client-IP": "198.51.100.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "81", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Uri": "/admin"} {
				r.Header.Set(name, value)
			}
		}
	}
	tries := func(h *house) (last answer) {
		g := h.guest()
		page := g.get("/login", lie(0))
		for _, c := range page.Cookies() {
			if !c.Secure {
				t.Errorf("the cookie %s goes out in the clear", c.Name)
			}
		}
		if page.Header.Get("Strict-Transport-Security") == "" || strings.Contains(page.body+headerText(page.Header), "evil") {
			t.Errorf("the headers were believed: %v", page.Header)
		}
		token := csrfField.FindStringSubmatch(page.body)[1]
		for i := range 4 {
			last = g.do(http.MethodPost, "/login/code", url.Values{"csrf": {token}, "code": {"1234-5678"}}, lie(i))
		}
		return last
	}
	tries(newHouse(t, few)).want(t, http.StatusTooManyRequests)
	// The same from a proxy that is trusted is four networks' first try.
	trusting := newHouse(t, few, func(o *houseOptions) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32")} })
	tries(trusting).want(t, http.StatusUnprocessableEntity)
}
