package web_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// An image on another site, a link preview, a prefetching browser: they send the
// safe methods, and may ask for another by header. Each route, called by an
// Admin, leaves every record as it was, and no cache on the way may keep the
// response.
func TestReadingChangesNothing(t *testing.T) {
	c := webtest.NewCallers(t, webtest.WithConsole)
	c.Admin.Get("/").Want(t, 200)
	before := c.Records()
	tried := 0
	for route, n := range network(t, c.Server).Classes() {
		method, path, _ := strings.Cut(route, " ")
		if n == web.Operator() || path == "/api/v1/events" {
			continue
		}
		path = strings.NewReplacer(":id", string(c.IDs["fleet"]), ":name", "Fleet", ":session", access.NewID(),
			":token", access.NewSecret().Reveal(), "*", "x").Replace(path)
		for _, ask := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
			tried++
			a := c.Admin.Do(ask, path, nil, func(r *http.Request) {
				for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
					r.Header.Set(name, method)
				}
				r.Header.Set("Sec-Fetch-Site", "cross-site")
			})
			if a.StatusCode >= 500 {
				t.Errorf("%s %s = %d", ask, path, a.StatusCode)
			}
			public := strings.HasPrefix(path, "/assets/") || strings.HasPrefix(path, "/admin/assets/")
			if kept := a.Header.Get("Cache-Control"); kept != "no-store" &&
				!(public && strings.HasPrefix(kept, "public")) {
				t.Errorf("%s %s may be kept: %q", ask, path, kept)
			}
		}
	}
	if tried < 150 {
		t.Errorf("only %d requests were made", tried)
	}
	if c.Records() != before {
		t.Error("asking changed something")
	}
}

// A page of another origin sends requests with the visitor's cookies, and wants
// to read the responses.
func TestNoOtherOriginReadsAnswers(t *testing.T) {
	c := webtest.NewCallers(t)
	for _, origin := range []string{"https://evil.example", "null", "https://door.example.com.evil.example",
		webtest.URL + ":8443"} {
		for _, method := range []string{http.MethodGet, http.MethodOptions, http.MethodPatch} {
			for _, path := range []string{"/api/v1/me", "/api/v1/members", "/", "/login", "/nowhere"} {
				a := c.Admin.Do(method, path, nil, func(r *http.Request) {
					r.Header.Set("Origin", origin)
					r.Header.Set("Access-Control-Request-Method", "PATCH")
					r.Header.Set("Access-Control-Request-Headers", "content-type")
				})
				for name := range a.Header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s %s for %s answers %s: %q", method, path, origin, name, a.Header.Get(name))
					}
				}
			}
		}
	}
}

// An unforeseen error occurs. The caller gets a number under which the log has
// the cause, and nothing else: no cause, no path, no stack trace.
func TestOurFaultTellsNothing(t *testing.T) {
	const cause = "open /var/lib/doorward/secret: goroutine 7 key 6d2f61646d"
	breaks := func(*fiber.Ctx) error { return fmt.Errorf("read: %s", cause) }
	panics := func(*fiber.Ctx) error { panic(cause) }
	faults := map[string]fiber.Handler{
		"/api/v1/broken": breaks,
		"/api/v1/panics": panics,
		"/broken":        breaks,
		"/panics":        panics,
	}
	s := webtest.New(t, func(o *webtest.Options) {
		o.More = func(f *web.Face) {
			for path, handler := range faults {
				f.Add(http.MethodGet, path, web.Public(), handler)
			}
		}
	})
	for path := range faults {
		a := s.Browser().Get(path)
		if a.StatusCode != http.StatusInternalServerError {
			t.Errorf("GET %s = %d: %s", path, a.StatusCode, a.Main())
		}
		a.Lacks(t, "secret", "goroutine", "/var/lib", "6d2f", ".go:")
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'",
			"Cache-Control":           "no-store",
			"X-Content-Type-Options":  "nosniff",
		} {
			if !strings.Contains(a.Header.Get(name), want) {
				t.Errorf("GET %s: %s is %q", path, name, a.Header.Get(name))
			}
		}
	}
	if !strings.Contains(s.Log.String(), "secret") {
		t.Error("the log does not hold the cause")
	}
}

// The store has found damage and stopped. The operator reads where and what;
// nobody else does.
func TestDamageIsForTheOperator(t *testing.T) {
	const where = "/srv/door/data"
	broken := access.Errorf(access.NoData, "The data in %s is damaged.", where).WithCode("data_dir_damaged")
	const program, page = "/api/v1/damaged", "/damaged"
	s := webtest.New(t, func(o *webtest.Options) {
		o.More = func(f *web.Face) {
			for _, path := range []string{program, page} {
				f.Add(http.MethodGet, path, web.Public(), func(*fiber.Ctx) error {
					return fmt.Errorf("read: %w", broken)
				})
			}
		}
	})
	for _, local := range []bool{false, true} {
		f, err := s.Web.Face(local)
		s.Must(err)
		s.App = f.App()
		for _, path := range []string{program, page} {
			a := s.Browser().Get(path)
			a.Want(t, http.StatusServiceUnavailable)
			if told := strings.Contains(a.Text, where); told != (local && path == program) {
				t.Errorf("GET %s, operator %v: %s", path, local, a.Main())
			}
		}
	}
	if !strings.Contains(s.Log.String(), where) {
		t.Error("the log does not say where")
	}
}

// A secret is used for another purpose. A link is no session, a session is no
// link, and neither is an API token or a setup link.
func TestSecretsOpenNothingElse(t *testing.T) {
	c := webtest.NewCallers(t)
	_, link := c.Invite("ada@example.com", access.Admin)
	secrets := map[string]string{
		"a login link":       strings.TrimPrefix(link, "/login/"),
		"a session":          c.Admin.Session().Reveal(),
		"a browser's cookie": "",
		"an API token":       c.Tokens["admin"].Reveal(),
	}
	u, _ := url.Parse(webtest.URL)
	for _, k := range c.Admin.Jar.Cookies(u) {
		if k.Name == webtest.BrowserCookie {
			secrets["a browser's cookie"] = k.Value
		}
	}
	for what, s := range secrets {
		if what == "a browser's cookie" && s == "" {
			continue // the browser has nothing but the Admin's session
		}
		b := c.Browser()
		if what != "a session" {
			as := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: webtest.SessionCookie, Value: s}) }
			b.Get("/", as).Want(t, http.StatusSeeOther, "/login")
			b.API("GET", "/me", "", as).Want(t, http.StatusUnauthorized)
		}
		if what != "an API token" {
			for _, bearing := range []string{s, "dw_" + s} {
				b.API("GET", "/me", "", webtest.Bearer(access.Secret(bearing))).Want(t, http.StatusUnauthorized)
			}
		}
		if what != "a login link" {
			b.Get("/login/"+s).Want(t, http.StatusGone)
			b.Post(b.Get("/login/"+s), "/login/"+s).Want(t, http.StatusGone)
		}
		b.Get("/setup/"+s).Want(t, http.StatusGone)
		if b.Session() != "" {
			t.Errorf("%s opened a session", what)
		}
	}
	c.Browser().RedeemLink(link).Want(t, http.StatusSeeOther, "/pending") // it was valid all the time
}

// Somebody tries to lock a colleague out by guessing wrong in their name, again
// and again: invalid links, wrong codes, requested emails. The colleague's
// session goes on, and they can still sign in.
func TestStrangersLockNobodyOut(t *testing.T) {
	s := webtest.New(t, func(o *webtest.Options) {
		o.Limits = web.DefaultLimits
		o.Limits.Attempts.Burst, o.Limits.Requests.Burst = 100_000, 100_000
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32")} // the test's own
	})
	from := func(network string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("X-Forwarded-For", network) }
	}
	form := func(b *webtest.Browser, path, network string, fields ...string) webtest.Answer {
		t.Helper()
		page := b.Get("/login", from(network))
		f := url.Values{"csrf": {webtest.CSRFField.FindStringSubmatch(page.Text)[1]}}
		for i := 0; i+1 < len(fields); i += 2 {
			f.Set(fields[i], fields[i+1])
		}
		return b.Do(http.MethodPost, path, f, from(network))
	}
	ada, _ := s.SignedIn("ada@example.com", access.Fleet)
	const theirs = "198.51.100.7"
	for n := range 60 {
		eve := s.Browser()
		form(eve, "/login", theirs, "email", "ada@example.com").Want(t, 200)
		_, err := s.Service.SignIn.AnswerRequests(bg)
		s.Must(err)
		for range 8 {
			form(eve, "/login/code", theirs, "code", fmt.Sprintf("%08d", n))
		}
		form(eve, "/login/"+access.NewSecret().Reveal(), theirs).Want(t, http.StatusGone)
	}
	ada.Get("/fleet").Want(t, 200)
	b := s.Browser()
	form(b, "/login", "192.0.2.1", "email", "ada@example.com").Want(t, 200)
	s.Advance(time.Millisecond) // the newest email is hers
	_, err := s.Service.SignIn.AnswerRequests(bg)
	s.Must(err)
	link, code := s.SignInEmail()
	if code != "" {
		t.Error("an email has a code after so many wrong ones")
	}
	form(b, link, "192.0.2.1").Want(t, http.StatusSeeOther)
	b.Get("/fleet").Want(t, 200)

	ada.Post(ada.Get("/"), "/logout").Want(t, 200)
	form(ada, "/login", "192.0.2.1", "email", "ada@example.com").Want(t, 200)
	s.Advance(time.Millisecond)
	_, err = s.Service.SignIn.AnswerRequests(bg)
	s.Must(err)
	_, code = s.SignInEmail()
	form(ada, "/login/code", "192.0.2.1", "code", code).Want(t, http.StatusSeeOther)
	ada.Get("/fleet").Want(t, 200)
}

// Somebody without access asks for an id that exists and for one that does not:
// the responses are the same, so that ids reveal nothing.
func TestMissingAndForeignReadAlike(t *testing.T) {
	c := webtest.NewCallers(t)
	message := c.As("admin", "GET", "/outbox?limit=1", "").Items(t)[0]["id"].(string)
	for _, who := range []string{"fleet", "pending", "stranger", "weak token"} {
		for _, path := range []string{"/members/", "/outbox/"} {
			there := string(c.IDs["admin"])
			if path == "/outbox/" {
				there = message
			}
			a, b := c.As(who, "GET", path+there, ""), c.As(who, "GET", path+access.NewID(), "")
			if a.StatusCode != b.StatusCode || a.Text != b.Text || a.StatusCode == 200 {
				t.Errorf("%s asks for %s: %d %s, and for nothing: %d %s", who, path, a.StatusCode, a.Text, b.StatusCode,
					b.Text)
			}
		}
	}
	for _, path := range []string{"/members/" + access.NewID(), "/members/short", "/members/..%2f..%2fadmin",
		"/outbox/" + access.NewID()} {
		c.As("admin", "GET", path, "").Want(t, http.StatusNotFound)
	}
}

// Somebody asks for longer pages than allowed, and sends made-up cursors.
func TestPagesOfListsAreBounded(t *testing.T) {
	c := webtest.NewCallers(t)
	for _, query := range []string{"limit=1000000000", "limit=201", "limit=-1", "limit=0x10", "limit=1e9",
		"limit=99999999999999999999", "limit=", "cursor=AAAA", "cursor=../../x", "cursor=" +
			strings.Repeat("A", 4000)} {
		for _, list := range []string{"/members", "/outbox", "/audit", "/login-requests"} {
			a := c.As("admin", "GET", list+"?"+query, "")
			if query == "limit=" && a.StatusCode == 200 {
				continue // nothing was requested
			}
			if a.StatusCode != http.StatusUnprocessableEntity && a.StatusCode != http.StatusBadRequest {
				t.Errorf("GET %s?%.40s = %d: %.200s", list, query, a.StatusCode, a.Text)
			}
		}
	}
}

// A member sends data about themselves to gain rights (Zitadel's CVE-2026-27946:
// the body said that the address was verified).
func TestNobodyRaisesThemselves(t *testing.T) {
	c := webtest.NewCallers(t)
	for _, field := range []string{`"state":"active"`, `"roles":["Admin"]`, `"role":"Admin"`, `"id":"x"`,
		`"email":"a@example.com"`, `"verified":true`, `"email_verified_at":"2030-01-01T00:00:00Z"`, `"invited_by":"x"`,
		`"permissions":["*"]`} {
		for _, b := range []*webtest.Browser{c.Fleet, c.Admin} {
			a := b.API("PATCH", "/me", `{"notify_requests":true,`+field+`}`)
			if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, "unknown_field") {
				t.Errorf("%s was taken: %d %s", field, a.StatusCode, a.Text)
			}
		}
	}
	page := c.Pending.Get("/pending")
	c.Pending.Post(page, "/pending/note", "note", "hello", "state", "active", "roles", "Admin", "role", "Admin", "id",
		string(c.IDs["admin"]), "email", "x@example.com").Want(t, http.StatusSeeOther)
	for who, want := range map[string]string{"pending": `"state":"pending"`, "fleet": `"roles":["Fleet"]`} {
		c.As("admin", "GET", c.Fill("/members/{"+who+"}"), "").Want(t, 200, want)
	}
	_, link := c.Invite("ada@example.com", access.Fleet)
	b := c.Browser()
	b.Post(b.Get(link), link, "state", "active", "role", "Admin", "next", "/admin").
		Want(t, http.StatusSeeOther, "/pending")
}

// A form is sent after its session has ended: it is refused, also with another
// session of the same person.
func TestFormsEndWithTheirSession(t *testing.T) {
	s := webtest.New(t)
	b, _ := s.SignedIn("ada@example.com", access.Fleet)
	page := b.Get("/")
	old := b.Session()
	b.Post(page, "/logout").Want(t, 200)
	token := webtest.CSRFField.FindStringSubmatch(page.Text)[1]
	b.Do(http.MethodPost, "/logout", url.Values{"csrf": {token}}, func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: webtest.SessionCookie, Value: old.Reveal()})
	}).Want(t, http.StatusUnauthorized)

	again := s.Browser()
	again.Post(again.Get("/login"), "/login", "email", "ada@example.com")
	if _, err := s.Service.SignIn.AnswerRequests(bg); err != nil {
		t.Fatal(err)
	}
	_, code := s.SignInEmail()
	again.Post(again.Get("/login"), "/login/code", "code", code).Want(t, http.StatusSeeOther)
	again.Get("/").Want(t, 200)
	again.Do(http.MethodPost, "/logout", url.Values{"csrf": {token}}).Want(t, http.StatusForbidden)
	again.Get("/").Want(t, 200)
}

// A body without a length is sent without end: reading it stops.
func TestEndlessBodyIsCutOff(t *testing.T) {
	s := webtest.New(t)
	at := s.Serve()
	var b strings.Builder
	b.WriteString("POST /api/v1/invitations HTTP/1.1\r\nHost: door.example.com\r\nContent-Type: " +
		"application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
	for range 40 {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", 64<<10, strings.Repeat(" ", 64<<10))
	}
	status, _, _ := webtest.SendRaw(t, at, b.String()) // and no last chunk
	if status != http.StatusRequestEntityTooLarge && status != http.StatusBadRequest {
		t.Errorf("an endless body = %d", status)
	}
	if status, _, _ := webtest.SendRaw(t, at, "GET /login HTTP/1.1\r\nHost: door.example.com\r\n\r\n"); status != 200 {
		t.Errorf("afterwards = %d", status)
	}
}

// Whatever a stranger calls themselves, one log line stays one event.
func TestLogLinesAreOurs(t *testing.T) {
	s := webtest.New(t)
	evil := "x\n{\"level\":\"ERROR\"}\r\ntime=2030 level=ERROR msg=forged\x1b[31m"
	b := s.Browser()
	b.Post(b.Get("/login", func(r *http.Request) {
		r.Header["User-Agent"] = []string{"x level=ERROR msg=forged"}
	}), "/login", "email", evil+"@example.com")
	b.Get("/login/" + url.PathEscape(evil))
	b.Get("/api/v1/members?q=" + url.QueryEscape(evil))
	if _, err := s.Service.Invitations.Invite(bg, s.Admin, service.NewInvitation{
		Email: s.Address("ada@example.com"),
		Name:  evil,
		Roles: []access.RoleName{access.Fleet},
	}); !access.Invalid.Is(err) {
		t.Errorf("a name of several lines: %v", err)
	}
	for line := range strings.Lines(s.Log.String()) {
		if !strings.HasPrefix(line, "time=") || strings.HasPrefix(line, "time=2030 ") ||
			strings.Contains(line, "\x1b") {
			t.Errorf("a line of the log is not ours: %q", line)
		}
	}
}
