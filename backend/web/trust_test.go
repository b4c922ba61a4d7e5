package web

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
)

// everything is each record there is, to see that nothing changed.
func (h *house) everything() string {
	h.t.Helper()
	var b strings.Builder
	h.must(h.store.Each(bg, func(key, value []byte) error {
		fmt.Fprintf(&b, "%q=%q\n", key, value)
		return nil
	}))
	return b.String()
}

// An image on another site, a link preview, a prefetching browser: they ask with
// the methods that change nothing, and may say that they mean another. Each
// route there is, asked by an Admin, leaves every record as it was, and tells
// nobody on the way to keep the answer.
func TestReadingChangesNothing(t *testing.T) {
	c := newCast(t, withConsole)
	c.admin.get("/").want(t, 200)
	before := c.everything()
	tried := 0
	for route, n := range c.web.network.classes {
		method, path, _ := strings.Cut(route, " ")
		if n.who == operatorAudience || path == "/api/v1/events" {
			continue
		}
		path = strings.NewReplacer(":id", string(c.ids["fleet"]), ":name", "Fleet", ":session", access.NewID(), ":token", access.NewSecret().Reveal(), "*", "x").Replace(path)
		for _, ask := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
			tried++
			a := c.admin.do(ask, path, nil, func(r *http.Request) {
				for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
					r.Header.Set(name, method)
				}
				r.Header.Set("Sec-Fetch-Site", "cross-site")
			})
			if a.StatusCode >= 500 {
				t.Errorf("%s %s = %d", ask, path, a.StatusCode)
			}
			public := strings.HasPrefix(path, "/assets/") || strings.HasPrefix(path, "/admin/assets/")
			if kept := a.Header.Get("Cache-Control"); kept != "no-store" && !(public && strings.HasPrefix(kept, "public")) {
				t.Errorf("%s %s may be kept: %q", ask, path, kept)
			}
		}
	}
	if tried < 150 {
		t.Errorf("only %d requests were made", tried)
	}
	if c.everything() != before {
		t.Error("asking changed something")
	}
}

// A page of another origin asks with the visitor's cookies, and wants to read
// the answer.
func TestNoOtherOriginReadsAnswers(t *testing.T) {
	c := newCast(t)
	for _, origin := range []string{"https://evil.example", "null", "https://door.example.com.evil.example", houseURL + ":8443"} {
		for _, method := range []string{http.MethodGet, http.MethodOptions, http.MethodPatch} {
			for _, path := range []string{"/api/v1/me", "/api/v1/members", "/", "/login", "/nowhere"} {
				a := c.admin.do(method, path, nil, func(r *http.Request) {
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

// Something breaks that nobody foresaw. Whoever asked gets a number under which
// the log has the cause, and nothing else: no cause, no path, no trace.
func TestOurFaultTellsNothing(t *testing.T) {
	h := newHouse(t)
	const cause = "open /var/lib/doorward/secret: goroutine 7 key 6d2f61646d"
	breaks := func(*fiber.Ctx) error { return fmt.Errorf("read: %s", cause) }
	panics := func(*fiber.Ctx) error { panic(cause) }
	h.app = fiber.New(fiber.Config{ErrorHandler: h.web.network.Fail})
	h.app.Use(h.web.network.outer)
	for path, handler := range map[string]fiber.Handler{"/api/v1/broken": breaks, "/api/v1/panics": panics, "/broken": breaks, "/panics": panics} {
		h.app.Get(path, handler)
		a := h.guest().get(path)
		if a.StatusCode != http.StatusInternalServerError {
			t.Errorf("GET %s = %d: %s", path, a.StatusCode, a.main())
		}
		a.lacks(t, "secret", "goroutine", "/var/lib", "6d2f", ".go:")
		for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
			if !strings.Contains(a.Header.Get(name), want) {
				t.Errorf("GET %s: %s is %q", path, name, a.Header.Get(name))
			}
		}
	}
	if !strings.Contains(h.log.String(), "secret") {
		t.Error("the log does not hold the cause")
	}
}

// The store has found damage and stopped. The operator reads where and what;
// whoever else asks does not.
func TestDamageIsForTheOperator(t *testing.T) {
	h := newHouse(t)
	const where = "/srv/door/data"
	broken := access.Errorf(access.NoData, "The data in %s is damaged.", where).WithCode("data_dir_damaged")
	for _, local := range []bool{false, true} {
		h.app = fiber.New(fiber.Config{ErrorHandler: h.web.network.Fail})
		if local {
			h.app.Use(func(c *fiber.Ctx) error { c.Locals(localKey, true); return c.Next() })
		}
		h.app.Use(h.web.network.outer)
		for _, path := range []string{"/api/v1/members", "/login"} {
			h.app.Get(path, func(*fiber.Ctx) error { return fmt.Errorf("read: %w", broken) })
			a := h.guest().get(path)
			a.want(t, http.StatusServiceUnavailable)
			if told := strings.Contains(a.body, where); told != (local && path != "/login") {
				t.Errorf("GET %s, operator %v: %s", path, local, a.main())
			}
		}
	}
	if !strings.Contains(h.log.String(), where) {
		t.Error("the log does not say where")
	}
}

// A secret is good for what it was made for. A link is no session, a session is
// no link, and neither is an API token or the way to the first Admin.
func TestSecretsOpenNothingElse(t *testing.T) {
	c := newCast(t)
	_, link := c.invite("ada@example.com", access.Admin)
	secrets := map[string]string{
		"a login link":       strings.TrimPrefix(link, "/login/"),
		"a session":          c.admin.session().Reveal(),
		"a browser's cookie": "",
		"an API token":       c.tokens["admin"].Reveal(),
	}
	u, _ := url.Parse(houseURL)
	for _, k := range c.admin.jar.Cookies(u) {
		if k.Name == c.web.Cookies.names.browser {
			secrets["a browser's cookie"] = k.Value
		}
	}
	for what, s := range secrets {
		if what == "a browser's cookie" && s == "" {
			continue // the Admin's session is all that the browser has
		}
		g := c.guest()
		if what != "a session" {
			as := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: c.web.Cookies.names.session, Value: s}) }
			g.get("/", as).want(t, http.StatusSeeOther, "/login")
			g.api("GET", "/me", "", as).want(t, http.StatusUnauthorized)
		}
		if what != "an API token" {
			for _, bearing := range []string{s, "dw_" + s} {
				g.api("GET", "/me", "", bearer(access.Secret(bearing))).want(t, http.StatusUnauthorized)
			}
		}
		if what != "a login link" {
			g.get("/login/"+s).want(t, http.StatusGone)
			g.post(g.get("/login/"+s), "/login/"+s).want(t, http.StatusGone)
		}
		g.get("/setup/"+s).want(t, http.StatusGone)
		if g.session() != "" {
			t.Errorf("%s opened a session", what)
		}
	}
	c.guest().enter(link).want(t, http.StatusSeeOther, "/pending") // it was good all the while
}

// Somebody tries to keep a colleague out by guessing wrong in their name, again
// and again: links that are none, codes that are wrong, emails asked for. The
// colleague's session goes on, and so does their way in.
func TestStrangersLockNobodyOut(t *testing.T) {
	h := newHouse(t, func(o *houseOptions) {
		o.Limits = DefaultLimits
		o.Limits.Attempts.Burst, o.Limits.Requests.Burst = 100_000, 100_000
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32")} // the test's own
	})
	from := func(network string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("X-Forwarded-For", network) }
	}
	form := func(g *guest, path, network string, fields ...string) answer {
		t.Helper()
		page := g.get("/login", from(network))
		f := url.Values{"csrf": {csrfField.FindStringSubmatch(page.body)[1]}}
		for i := 0; i+1 < len(fields); i += 2 {
			f.Set(fields[i], fields[i+1])
		}
		return g.do(http.MethodPost, path, f, from(network))
	}
	ada, _ := h.arrived("ada@example.com", access.Fleet)
	const theirs = "198.51.100.7"
	for n := range 60 {
		eve := h.guest()
		form(eve, "/login", theirs, "email", "ada@example.com").want(t, 200)
		_, err := h.service.SignIn.AnswerRequests(bg)
		h.must(err)
		for range 8 {
			form(eve, "/login/code", theirs, "code", fmt.Sprintf("%08d", n))
		}
		form(eve, "/login/"+access.NewSecret().Reveal(), theirs).want(t, http.StatusGone)
	}
	ada.get("/fleet").want(t, 200)
	g := h.guest()
	form(g, "/login", "192.0.2.1", "email", "ada@example.com").want(t, 200)
	h.wait(time.Millisecond) // the newest email is hers
	_, err := h.service.SignIn.AnswerRequests(bg)
	h.must(err)
	link, code := h.signInLetter()
	if code != "" {
		t.Error("a letter has a code after so many wrong ones")
	}
	form(g, link, "192.0.2.1").want(t, http.StatusSeeOther)
	g.get("/fleet").want(t, 200)

	ada.post(ada.get("/"), "/logout").want(t, 200)
	form(ada, "/login", "192.0.2.1", "email", "ada@example.com").want(t, 200)
	h.wait(time.Millisecond)
	_, err = h.service.SignIn.AnswerRequests(bg)
	h.must(err)
	_, code = h.signInLetter()
	form(ada, "/login/code", "192.0.2.1", "code", code).want(t, http.StatusSeeOther)
	ada.get("/fleet").want(t, 200)
}

// Somebody who may not look asks for an id that is there and for one that is
// not: the answers are the same, so that ids tell nothing.
func TestMissingAndForeignReadAlike(t *testing.T) {
	c := newCast(t)
	letter := c.as("admin", "GET", "/outbox?limit=1", "").items(t)[0]["id"].(string)
	for _, who := range []string{"fleet", "pending", "stranger", "weak token"} {
		for _, path := range []string{"/members/", "/outbox/"} {
			there := string(c.ids["admin"])
			if path == "/outbox/" {
				there = letter
			}
			a, b := c.as(who, "GET", path+there, ""), c.as(who, "GET", path+access.NewID(), "")
			if a.StatusCode != b.StatusCode || a.body != b.body || a.StatusCode == 200 {
				t.Errorf("%s asks for %s: %d %s, and for nothing: %d %s", who, path, a.StatusCode, a.body, b.StatusCode, b.body)
			}
		}
	}
	for _, path := range []string{"/members/" + access.NewID(), "/members/short", "/members/..%2f..%2fadmin", "/outbox/" + access.NewID()} {
		c.as("admin", "GET", path, "").want(t, http.StatusNotFound)
	}
}

// Pages are as long as they may be, and cursors are ours.
func TestPagesOfListsAreBounded(t *testing.T) {
	c := newCast(t)
	for _, query := range []string{"limit=1000000000", "limit=201", "limit=-1", "limit=0x10", "limit=1e9", "limit=99999999999999999999", "limit=", "cursor=AAAA", "cursor=../../x", "cursor=" + strings.Repeat("A", 4000)} {
		for _, list := range []string{"/members", "/outbox", "/audit", "/login-requests"} {
			a := c.as("admin", "GET", list+"?"+query, "")
			if query == "limit=" && a.StatusCode == 200 {
				continue // nothing was asked for
			}
			if a.StatusCode != http.StatusUnprocessableEntity && a.StatusCode != http.StatusBadRequest {
				t.Errorf("GET %s?%.40s = %d: %.200s", list, query, a.StatusCode, a.body)
			}
		}
	}
}

// What a member sends about themselves cannot make more of them (Zitadel's
// CVE-2026-27946: the body said that the address was verified).
func TestNobodyRaisesThemselves(t *testing.T) {
	c := newCast(t)
	for _, field := range []string{`"state":"active"`, `"roles":["Admin"]`, `"role":"Admin"`, `"id":"x"`, `"email":"a@example.com"`, `"verified":true`, `"email_verified_at":"2030-01-01T00:00:00Z"`, `"invited_by":"x"`, `"permissions":["*"]`} {
		for _, g := range []*guest{c.fleet, c.admin} {
			a := g.api("PATCH", "/me", `{"notify_requests":true,`+field+`}`)
			if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "unknown_field") {
				t.Errorf("%s was taken: %d %s", field, a.StatusCode, a.body)
			}
		}
	}
	page := c.pending.get("/pending")
	c.pending.post(page, "/pending/note", "note", "hello", "state", "active", "roles", "Admin", "role", "Admin", "id", string(c.ids["admin"]), "email", "x@example.com").want(t, http.StatusSeeOther)
	for who, want := range map[string]string{"pending": `"state":"pending"`, "fleet": `"roles":["Fleet"]`} {
		c.as("admin", "GET", c.fill("/members/{"+who+"}"), "").want(t, 200, want)
	}
	_, link := c.invite("ada@example.com", access.Fleet)
	g := c.guest()
	g.post(g.get(link), link, "state", "active", "role", "Admin", "next", "/admin").want(t, http.StatusSeeOther, "/pending")
}

// The form of a session that is over is nobody's form, also with another
// session of the same person.
func TestFormsEndWithTheirSession(t *testing.T) {
	h := newHouse(t)
	g, _ := h.arrived("ada@example.com", access.Fleet)
	page := g.get("/")
	old := g.session()
	g.post(page, "/logout").want(t, 200)
	token := csrfField.FindStringSubmatch(page.body)[1]
	g.do(http.MethodPost, "/logout", url.Values{"csrf": {token}}, func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: h.web.Cookies.names.session, Value: old.Reveal()})
	}).want(t, http.StatusUnauthorized)

	again := h.guest()
	again.post(again.get("/login"), "/login", "email", "ada@example.com")
	if _, err := h.service.SignIn.AnswerRequests(bg); err != nil {
		t.Fatal(err)
	}
	_, code := h.signInLetter()
	again.post(again.get("/login"), "/login/code", "code", code).want(t, http.StatusSeeOther)
	again.get("/").want(t, 200)
	again.do(http.MethodPost, "/logout", url.Values{"csrf": {token}}).want(t, http.StatusForbidden)
	again.get("/").want(t, 200)
}

// A body without a length is sent for ever: it is not read for ever.
func TestEndlessBodyIsCutOff(t *testing.T) {
	h := newHouse(t)
	at := h.serve()
	var b strings.Builder
	b.WriteString("POST /api/v1/invitations HTTP/1.1\r\nHost: door.example.com\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
	for range 40 {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", 64<<10, strings.Repeat(" ", 64<<10))
	}
	status, _, _ := say(t, at, b.String()) // and no last chunk
	if status != http.StatusRequestEntityTooLarge && status != http.StatusBadRequest {
		t.Errorf("an endless body = %d", status)
	}
	if status, _, _ := say(t, at, "GET /login HTTP/1.1\r\nHost: door.example.com\r\n\r\n"); status != 200 {
		t.Errorf("afterwards = %d", status)
	}
}

// One line of a log is one thing that happened, whatever a stranger calls
// themselves.
func TestLogLinesAreOurs(t *testing.T) {
	h := newHouse(t)
	evil := "x\n{\"level\":\"ERROR\"}\r\ntime=2030 level=ERROR msg=forged\x1b[31m"
	g := h.guest()
	g.post(g.get("/login", func(r *http.Request) { r.Header["User-Agent"] = []string{"x level=ERROR msg=forged"} }), "/login", "email", evil+"@example.com")
	g.get("/login/" + url.PathEscape(evil))
	g.get("/api/v1/members?q=" + url.QueryEscape(evil))
	if _, err := h.service.Invitations.Invite(bg, h.admin, service.NewInvitation{Email: h.address("ada@example.com"), Name: evil, Roles: []access.RoleName{access.Fleet}}); !access.Invalid.Is(err) {
		t.Errorf("a name of several lines: %v", err)
	}
	for line := range strings.Lines(h.log.String()) {
		if !strings.HasPrefix(line, "time=") || strings.HasPrefix(line, "time=2030 ") || strings.Contains(line, "\x1b") {
			t.Errorf("a line of the log is not ours: %q", line)
		}
	}
}
