package hostile

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"doorward/app/e2e/product"
)

var _ = item("30", "a session id is planted before somebody signs in, or kept across a rise of rights", fixation)

// The attacker puts a session of their own choice into the victim's browser, or
// keeps a copy of the one that a pending member had, and waits for it to become
// worth something. Each gain of rights comes with a new secret, and the old one
// opens nothing.
func fixation(t *testing.T) {
	h := furnish(t)
	id, link := h.invite("ada@example.com")
	ada := h.guest()
	planted := strings.Repeat("p", 43)
	ada.jar.SetCookies(ada.site(), []*http.Cookie{{Name: "dw", Value: planted, Path: "/"}})
	ada.press("/login", link).leads("/pending")
	pending := ada.cookie("dw")
	if pending == planted {
		t.Fatal("the planted session was taken over")
	}
	h.admin.api("POST", "/members/"+id+"/approve", nil).want(200)
	ada.get("/fleet", header("Sec-Fetch-Mode", "navigate")).want(200)
	active := ada.cookie("dw")
	h.admin.api("PATCH", "/members/"+id, map[string]any{"roles": []string{"Fleet", "AILoop"}}).want(200)
	ada.get("/ailoop", header("Sec-Fetch-Mode", "navigate")).want(200)
	risen := ada.cookie("dw")
	if pending == active || active == risen {
		t.Error("a rise of rights left the session's secret as it was")
	}
	for _, old := range []string{planted, pending, active} {
		h.guest().api("GET", "/me", nil, header("Cookie", "dw="+old)).want(401)
	}
	ada.api("GET", "/me", nil).want(200)
}

var _ = item("31", "cookies are taken over by a script, a neighbouring host, or a plain connection", cookieFlags)

// A neighbouring host sets a cookie for the whole domain; a script reads one; a
// plain request carries one. Behind https every cookie has the prefix to which
// browsers hold all of that.
func cookieFlags(t *testing.T) {
	h := behindTLS(t)
	seen := 0
	check := func(a answer) {
		for _, c := range a.header.Values("Set-Cookie") {
			seen++
			name, _, _ := strings.Cut(c, "=")
			low := strings.ToLower(c)
			for _, flag := range []string{"; secure", "; httponly", "; samesite=", "; path=/"} {
				if !strings.Contains(low, flag) {
					t.Errorf("%s sets %s without %q", a.asked, name, flag)
				}
			}
			if !strings.HasPrefix(name, "__Host-") || strings.Contains(low, "domain=") || strings.Contains(low, "samesite=none") || strings.Contains(low, "path=/;") == strings.HasSuffix(low, "path=/") {
				t.Errorf("%s sets %s", a.asked, c)
			}
		}
	}
	_, link := h.invite("ada@example.com")
	ada := h.guest()
	for _, a := range []answer{ada.get("/login"), ada.get(link), ada.press(link, link), ada.get("/pending"), ada.get("/nowhere"), ada.press("/pending", "/logout"), h.admin.get("/")} {
		check(a)
	}
	if seen < 3 {
		t.Errorf("only %d cookies were set", seen)
	}
	h.guest().api("GET", "/me", nil, header("Cookie", "dw="+h.admin.cookie("dw"))).want(401) // the plain name is nobody's
}

var _ = item("32", "a session id that the server never made is sent, and adopted", foreignSession)

// Fiber's own sessions took over whatever id a client sent (GHSA-98j2-3j3p-fw2v).
// An unknown one is nobody's, and none that was sent comes back.
func foreignSession(t *testing.T) {
	h := furnish(t)
	_, link := h.invite("ada@example.com")
	for _, id := range []string{strings.Repeat("a", 43), "attacker", strings.Repeat("x", 4000), "../../admin", h.admin.cookie("dw") + "x"} {
		g := h.guest(header("Cookie", "dw="+id+"; dw-browser="+id))
		for _, path := range []string{"/", "/login", link, "/pending", "/api/v1/me"} {
			a := g.get(path)
			for _, c := range a.header.Values("Set-Cookie") {
				if strings.Contains(c, id) && len(id) != 43 {
					t.Errorf("GET %s gives %.20s back", path, id)
				}
			}
			if path != link && path != "/login" && a.code == 200 {
				t.Errorf("GET %s with an invented session = 200", path)
			}
		}
	}
}

var _ = item("34", "the cookie of somebody who signed out is used again", signedOut)

// The laptop is shared; the back button, or a copy of the cookie, is tried after
// signing out. The session is gone on the server, and the browser is told to
// forget it.
func signedOut(t *testing.T) {
	h := furnish(t)
	ada, _ := h.member("ada@example.com")
	old := ada.cookie("dw")
	a := ada.press("/", "/logout").want(200, 303)
	if got := a.header.Get("Clear-Site-Data"); !strings.Contains(got, "storage") { // the browser itself stays known
		t.Errorf("Clear-Site-Data is %q", got)
	}
	if ada.cookie("dw") != "" {
		t.Error("the browser keeps the cookie")
	}
	h.guest().api("GET", "/me", nil, header("Cookie", "dw="+old)).want(401)
	h.guest().get("/fleet", header("Cookie", "dw="+old)).want(303, 401)
}

var _ = item("35", "a second session goes on after signing out everywhere, suspension, or fewer rights", everywhere)

// Two browsers are signed in; one is the thief's. What ends one ends both, at the
// next request, not at the next hour.
func everywhere(t *testing.T) {
	h := furnish(t)
	ada, id := h.member("ada@example.com", "Fleet", "AILoop")
	second := func() *guest {
		g := h.guest()
		g.ask("ada@example.com").want(200)
		g.press("/login", h.newest("ada@example.com")).leads("/")
		return g
	}
	thief := second()
	thief.get("/ailoop").want(200)
	h.admin.api("PATCH", "/members/"+id, map[string]any{"roles": []string{"Fleet"}}).want(200)
	thief.get("/ailoop").want(403)
	ada.get("/ailoop").want(403)
	ada.press("/fleet", "/logout", "everywhere", "1").want(200)
	thief.api("GET", "/me", nil).want(401)

	again := second()
	again.api("GET", "/me", nil).want(200)
	h.admin.api("POST", "/members/"+id+"/suspend", nil).want(200)
	again.api("GET", "/me", nil).want(401, 403)
}

// newest is the path of the newest sign-in link to an address, as soon as one
// more has come than was there when it was last called.
func (h *house) newest(email string) string {
	h.t.Helper()
	h.mu.Lock()
	if h.newestSeen == nil {
		h.newestSeen = map[string]int{}
	}
	h.newestSeen[email]++
	n := h.newestSeen[email]
	h.mu.Unlock()
	return path(h.mail(email, signIn, n).Link)
}

var _ = item("36", "another site sends our forms and calls our API with the visitor's cookies", crossSite)

// A page of the attacker's posts to us from the browser of somebody who is signed
// in: as a form, by fetch, from a frame without an origin, from a neighbouring
// port, with a form's proof of another session.
func crossSite(t *testing.T) {
	h := furnish(t)
	ada, id := h.member("ada@example.com")
	bob, _ := h.member("bob@example.com")
	for name, from := range map[string][]change{
		"nothing said":           {header("Sec-Fetch-Site", "")},
		"cross-site":             {header("Sec-Fetch-Site", "cross-site")},
		"same-site":              {header("Sec-Fetch-Site", "same-site")},
		"none":                   {header("Sec-Fetch-Site", "none")},
		"null origin":            {header("Sec-Fetch-Site", ""), header("Origin", "null")},
		"another origin":         {header("Origin", "https://evil.example")},
		"another port":           {header("Origin", "http://127.0.0.1:1")},
		"an origin like ours":    {header("Origin", h.URL+".evil.example")},
		"cross-site, our origin": {header("Sec-Fetch-Site", "cross-site"), header("Origin", h.URL)},
	} {
		clean := func(r *http.Request) {
			if r.Header.Get("Sec-Fetch-Site") == "" {
				r.Header.Del("Sec-Fetch-Site")
			}
		}
		if a := h.admin.api("PATCH", "/members/"+id, map[string]any{"name": "Changed"}, append(from, clean)...); a.code != 403 {
			t.Errorf("%s = %d", name, a.code)
		}
	}
	page := ada.proof("/")
	ada.post("/logout", nil).want(403)
	ada.post("/logout", []string{"csrf", bob.proof("/")}).want(403)
	ada.post("/logout", []string{"csrf", page}, header("Sec-Fetch-Site", "cross-site")).want(403)
	ada.post("/logout", []string{"csrf", page}, header("Origin", "https://evil.example")).want(403)
	ada.do("GET", "/logout?csrf="+page, nil).want(404, 405)
	h.admin.api("GET", "/members/"+id, nil).want(200).lacks("Changed")
	ada.post("/logout", []string{"csrf", page}).want(200)
	ada.post("/logout", []string{"csrf", page}).want(401, 403) // the proof ended with its session
}

var _ = item("37", "a form, or plain text, is sent to the API as if it were JSON", contentTypes)

// A form can be sent across sites without asking first, and its text can be made
// to read as JSON. The API takes JSON that says it is.
func contentTypes(t *testing.T) {
	h := furnish(t)
	_, id := h.member("ada@example.com")
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", "application/json; charset=utf-7", "application/xml", "application/json-patch+json", "application/javascript", "*/*"} {
		a := h.admin.api("PATCH", "/members/"+id, `{"name":"Changed"}`, header("Content-Type", kind))
		if a.code != 415 {
			t.Errorf("%q = %d", kind, a.code)
		}
	}
	h.admin.api("GET", "/members/"+id, nil).want(200).lacks("Changed")
	for _, kind := range []string{"application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"} {
		h.admin.api("PATCH", "/members/"+id, `{"name":"Ada"}`, header("Content-Type", kind)).want(200)
	}
}

var _ = item("38", "an image, a prefetch, or a method in a header changes something", readingChangesNothing)

// GET, HEAD and OPTIONS are asked by whatever reads a page, and some frameworks
// take another method out of a header. Every path that there is, asked by an
// Admin's browser, leaves the audit log and every list as they were.
func readingChangesNothing(t *testing.T) {
	h := furnish(t)
	_, id := h.member("ada@example.com")
	h.arrived("eve@example.com")
	h.admin.get("/").want(200)
	before := h.everything()
	for _, op := range h.operations() {
		if op.path == "/api/v1/events" {
			continue
		}
		for _, m := range []string{"GET", "HEAD", "OPTIONS"} {
			a := h.admin.do(m, op.fill(map[string]string{"id": id, "name": "Fleet"}), nil, header("X-HTTP-Method-Override", op.method), header("X-HTTP-Method", op.method), header("X-Method-Override", op.method))
			if a.code >= 500 {
				t.Errorf("%s %s = %d", m, op.path, a.code)
			}
		}
	}
	for _, page := range append([]string{"/logout", "/pending/withdraw", "/pending/note", "/login/code", "/setup/" + strings.Repeat("A", 43)}, pages...) {
		for _, m := range []string{"GET", "HEAD", "OPTIONS"} {
			h.admin.do(m, page+"?_method=DELETE", nil, header("X-HTTP-Method-Override", "POST"))
		}
	}
	for _, m := range []string{"TRACE", "CONNECT", "PROPFIND", "PATCH", "QUERY"} {
		if a := h.admin.do(m, "/login", nil); a.code < 400 || a.code >= 500 {
			t.Errorf("%s /login = %d", m, a.code)
		}
	}
	if after := h.everything(); after != before {
		t.Errorf("asking changed something:\n%s\n%s", before, after)
	}
}

// everything is what can be seen of members, tokens, roles and the audit log,
// without the times of last use.
func (h *house) everything() string {
	h.t.Helper()
	var b strings.Builder
	fmt.Fprintln(&b, len(h.audit()))
	for _, m := range h.admin.api("GET", "/members?limit=200", nil).items() {
		fmt.Fprintln(&b, m["id"], m["email"], m["name"], m["state"], m["roles"])
	}
	for _, list := range []string{"/tokens", "/roles", "/settings"} {
		b.WriteString(h.admin.api("GET", list, nil).want(200).body)
	}
	return b.String()
}

// answers are some of every kind: pages, errors, the API, assets, and what could
// not be read at all.
func (h *house) answers() map[string]answer {
	h.t.Helper()
	all := map[string]answer{}
	_, link := h.invite("see@example.com")
	for _, path := range []string{"/", "/login", link, "/login/" + strings.Repeat("A", 43), "/setup/x", "/pending", "/nowhere", "/admin", "/ailoop", "/api/v1/me", "/api/v1/members", "/api/v1/nowhere", "/api/v1/openapi.json", "/healthz", "/favicon.ico", "/robots.txt", "/%00", "/a?b=" + strings.Repeat("x", 9000)} {
		all["a stranger's "+path[:min(20, len(path))]] = h.guest().get(path)
		all["an Admin's "+path[:min(20, len(path))]] = h.admin.get(path)
	}
	host := "Host: " + h.host() + "\r\n"
	for name, text := range map[string]string{
		"headers too large": "GET /login HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 17<<10) + "\r\n\r\n",
		"what is no HTTP":   "HELO door\r\n\r\n",
		"a foreign host":    "GET /login HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"a body too large":  "POST /api/v1/invitations HTTP/1.1\r\n" + host + "Content-Type: application/json\r\nContent-Length: 10485760\r\n\r\n",
	} {
		if a, ok := h.raw(text); ok {
			all[name] = a
		}
	}
	return all
}

var _ = item("39, 40", "an answer without its headers is framed, sniffed, or runs somebody else's script", headersEverywhere)

// One page that forgets its policy is the one that is attacked: usually that of
// an error. Every answer, whoever gets it, carries the whole set.
func headersEverywhere(t *testing.T) {
	h := behindTLS(t)
	for name, a := range h.answers() {
		for header, want := range map[string][]string{
			"Content-Security-Policy": {"default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"},
			"X-Content-Type-Options":  {"nosniff"}, "Referrer-Policy": {"no-referrer"}, "Permissions-Policy": {"camera=()"},
			"Cross-Origin-Resource-Policy": {"same-origin"}, "Strict-Transport-Security": {"max-age="},
		} {
			for _, part := range want {
				if !strings.Contains(a.header.Get(header), part) {
					t.Errorf("%s (%d): %s is %q", name, a.code, header, a.header.Get(header))
				}
			}
		}
		if policy := a.header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s: the policy is %q", name, policy)
		}
	}
}

var _ = item("41", "a shared cache keeps a signed-in page, or one with a token", caches)

// A proxy, or the browser of a shared computer, keeps what it was not told to
// forget. Nothing but the assets, whose names change with their content, may be
// kept.
func caches(t *testing.T) {
	h := furnish(t)
	for name, a := range h.answers() {
		if got := a.header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s (%d) may be kept: %q", name, a.code, got)
		}
	}
}

var _ = item("42", "the way back after signing in leads to another site", openRedirect)

// The email and the form are ours, the address after signing in is the
// attacker's: a copy of our page that asks for more. Only a path of ours
// survives.
func openRedirect(t *testing.T) {
	h := furnish(t)
	ada, _ := h.member("ada@example.com")
	ada.press("/", "/logout")
	for _, next := range []string{"//evil.example", "/\\evil.example", "\\/evil.example", "/%2fevil.example", "https:evil.example", "https://evil.example", "\t//evil.example", "javascript:alert(1)", "@evil.example",
		"/@evil.example/..//evil", "／／evil.example", "/\t/evil.example", "//127.0.0.1@evil.example", "/..//evil.example", "///evil.example", "/%5cevil.example", "data:text/html,x", "/%09/evil.example", "/\n/evil.example"} {
		_, link := h.fresh()
		g := h.guest()
		a := g.press("/login?next="+url.QueryEscape(next), link, "next", next)
		to := a.header.Get("Location")
		u, err := url.Parse(to)
		if a.code != 303 || err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\t\n") {
			t.Errorf("next=%q leads to %q (%d)", next, to, a.code)
		}
		g.get("/login?next="+url.QueryEscape(next)).lacks(`href="https://evil`, `href="//evil`, `action="//evil`)
	}
	_, link := h.fresh()
	h.guest().press("/login", link, "next", "/fleet").leads("/pending")
}

// fresh invites somebody new and returns their address and the path of a link
// that the shell printed.
func (h *house) fresh() (email, link string) {
	h.t.Helper()
	h.mu.Lock()
	h.made++
	email = fmt.Sprintf("fresh%d@example.com", h.made)
	h.mu.Unlock()
	m := objects(h.t, h.command("invite", email, "--role", "Fleet", "--print-link", "--json"))
	return email, path(str(m[0]["login_link"]))
}

var _ = item("43", "a page of another origin reads our answers with the visitor's cookies", otherOrigins)

// Some servers answer any origin that asks with leave to read, and with cookies.
// Nobody is given leave.
func otherOrigins(t *testing.T) {
	h := furnish(t)
	for _, origin := range []string{"https://evil.example", "null", "http://127.0.0.1:1", h.URL + ".evil.example", h.URL} {
		for _, method := range []string{"GET", "OPTIONS", "PATCH"} {
			for _, path := range []string{"/api/v1/me", "/api/v1/members", "/", "/login", "/nowhere"} {
				a := h.admin.do(method, path, nil, header("Origin", origin), header("Access-Control-Request-Method", "PATCH"), header("Access-Control-Request-Headers", "content-type"))
				for name := range a.header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s %s for %s answers %s", method, path, origin, name)
					}
				}
			}
		}
	}
}

var _ = item("44", "the waiting page is read for what it tells about others", waitingPage)

// A stranger who got hold of a pending account looks at what its page and its
// events tell: who else is here, who decides, what exists. It has the words of
// their own invitation, and of nobody else's.
func waitingPage(t *testing.T) {
	h := furnish(t)
	h.member("other@example.com")
	h.member("second-admin@example.com", "Admin")
	h.arrived("also-waiting@example.com")
	eve, _ := h.arrived("eve@example.com")
	eve.get("/pending").want(200).lacks("other@example.com", "second-admin@example.com", "also-waiting@example.com")
	w := h.dial()
	fmt.Fprintf(w, "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\nCookie: dw=%s\r\nSec-Fetch-Site: same-origin\r\n\r\n", h.Listen, eve.cookie("dw"))
	resp, err := http.ReadResponse(w.in, nil)
	if err != nil || resp.StatusCode >= 500 {
		t.Fatalf("the stream of a pending member: %v", err)
	}
	if resp.StatusCode != 200 {
		return // it has none
	}
	h.invite("new@example.com")
	id := ""
	for _, m := range h.admin.api("GET", "/members?state=pending", nil).items() {
		if m["email"] == "eve@example.com" {
			id = str(m["id"])
		}
	}
	h.admin.api("POST", "/members/"+id+"/approve", nil).want(200)
	if err := w.SetReadDeadline(time.Now().Add(product.Patience)); err != nil {
		t.Fatal(err)
	}
	told := ""
	buf := make([]byte, 4096) // to the end of the event that says: look again
	for !strings.Contains(told, "data:") || !strings.HasSuffix(told, "\n\n") {
		n, err := resp.Body.Read(buf)
		if told += string(buf[:n]); err != nil {
			break
		}
	}
	for _, m := range h.admin.api("GET", "/members?limit=200", nil).items() {
		if str(m["id"]) != id && strings.Contains(told, str(m["id"])) {
			t.Errorf("the stream tells of %v: %s", m["email"], told)
		}
	}
	if strings.Contains(told, "@example") {
		t.Errorf("the stream tells an address: %s", told)
	}
}

var _ = item("45", "markup in a name, a note or a user agent runs in the Admin's console or in an email", storedMarkup)

// Whoever waits for approval types a note, and the Admin reads it. Whatever is
// typed is text: in pages, in emails, in the API, in the export.
func storedMarkup(t *testing.T) {
	h := furnish(t)
	for i, evil := range []string{`<img src=x onerror=alert(1)>`, `"><script>alert(1)</script>`, `{{7*7}}${7*7}<%= 7*7 %>`, `'-alert(1)-'`, `</title><svg onload=alert(1)>`, `<a href="javascript:alert(1)">x</a>`, `&lt;script&gt;`, `<!--`, `]]><x>`} {
		email := fmt.Sprintf("m%d@example.com", i)
		h.admin.api("POST", "/invitations", map[string]any{"email": email, "roles": []string{"Fleet"}, "name": evil, "note": evil}).want(201)
		l := h.mail(email, invited, 1)
		eve := h.guest(header("User-Agent", evil))
		page := eve.get(path(l.Link)).want(200)
		eve.press(path(l.Link), path(l.Link)).leads("/pending")
		eve.press("/pending", "/pending/note", "note", evil).want(303)
		if strings.ContainsAny(evil, "<>") && evil != "&lt;script&gt;" {
			page.lacks(evil)
			eve.get("/pending").want(200).lacks(evil)
			if strings.Contains(l.HTML, evil) {
				t.Errorf("the email holds %q", evil)
			}
		}
		eve.get("/pending").lacks("49${", "{{49")
		a := h.admin.api("GET", "/login-requests?limit=200", nil).want(200)
		if kind := a.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
			t.Errorf("the list is %q", kind)
		}
		found := false
		for _, m := range a.items() {
			found = found || m["note"] == evil && m["name"] == evil
		}
		if !found {
			t.Errorf("%q is not kept as typed", evil)
		}
	}
}
