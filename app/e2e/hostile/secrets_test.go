package hostile

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var _ = item("4", "tokens are guessed from other tokens: prefixes, order, weak characters", guessing)

// The attacker compares a few hundred links of their own, to guess somebody else's.
// Each is 256 random bits.
func guessing(t *testing.T) {
	h := openWithAdmin(t)
	args := []string{"invite", "--print-link", "--role", "Fleet", "--json"}
	for i := range 300 {
		args = append(args, fmt.Sprintf("p%d@example.com", i))
	}
	seen, starts, counts := map[string]bool{}, map[string]bool{}, map[rune]int{}
	for _, m := range objects(t, h.command(args...)) {
		token := strings.TrimPrefix(path(m["login_link"].(string)), "/login/")
		if len(token) != 43 || seen[token] || starts[token[:6]] {
			t.Fatalf("token %q is short, or like another", token)
		}
		seen[token], starts[token[:6]] = true, true
		for _, c := range token[:42] { // the last holds four bits only
			counts[c]++
		}
	}
	if len(seen) != 300 || len(counts) != 64 {
		t.Fatalf("%d tokens of %d characters, want 300 of 64", len(seen), len(counts))
	}
	chi, want := 0.0, 300.0*42/64
	for _, n := range counts {
		chi += (float64(n) - want) * (float64(n) - want) / want
	}
	if chi > 160 { // 63 degrees of freedom: less than one run in ten billion
		t.Errorf("chi-square over the characters is %.0f", chi)
	}
}

var _ = item("9", "each kind of secret is tried where another kind belongs", wrongKinds)

// A token that opens one thing is tried where another is asked for: an
// invitation as a session, a session as a link, an API token as the way to the
// first Admin. A secret works only for the purpose that it was made for.
func wrongKinds(t *testing.T) {
	h := openWithAdmin(t)
	_, link := h.invite("ada@example.com")
	token := h.token("Admin")
	secrets := map[string]string{
		"a login link": strings.TrimPrefix(link, "/login/"), "a session": h.admin.cookie("dw"), "an API token": token,
		"half an API token": strings.TrimPrefix(token, "dw_"),
		"a browser":         h.browserSecret(),
		"the setup link":    h.Setup[strings.LastIndexByte(h.Setup, '/')+1:],
	}
	for what, s := range secrets {
		if what != "a session" {
			cookie := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: h.cookieName("dw"), Value: s}) }
			h.browser().api("GET", "/me", nil, cookie).want(401)
			h.browser().get("/", cookie).want(303).lacks("Hello")
		}
		if what != "an API token" {
			for _, b := range []string{s, "dw_" + s, "dwin_" + s} {
				if b == token {
					continue
				}
				h.browser().api("GET", "/me", nil, bearer(b)).want(401)
			}
		}
		if what != "a login link" {
			h.browser().get("/login/"+s).want(404, 410)
			h.browser().press("/login", "/login/"+s).want(410)
		}
		h.browser().get("/setup/" + s).want(410)
	}
	ada := h.browser()
	ada.press(link, link).leads("/pending")
}

// browserSecret is the secret of a browser that has only opened the sign-in page.
func (h *target) browserSecret() string {
	b := h.browser()
	b.get("/login").want(200)
	return b.cookie("dw-browser")
}

var _ = item("10", "the sign-in link of a member is forwarded, or phished, and opened elsewhere", otherBrowser)

// The attacker has the victim's email forwarded, or requests it in the victim's name
// and talks them into giving the link away. A requested link works only in the browser
// that requested it.
func otherBrowser(t *testing.T) {
	h := openWithAdmin(t)
	h.member("ada@example.com")
	b := h.browser()
	b.ask("ada@example.com").want(200)
	link := path(h.mail("ada@example.com", signIn, 1).Link)
	thief := h.browser()
	thief.get(link).want(403).lacks("ada@example.com")
	thief.press("/login", link).want(403)
	if thief.cookie("dw") != "" {
		t.Fatal("the thief has a session")
	}
	b.press(link, link).leads("/")
}

var _ = item("12", "the link leaks by Referer, by what the page loads, or into the log", linksLeak)

// The URL of a link's page is a secret, and could leak. The page sends no Referer,
// loads nothing from elsewhere, and no line of the log has the URL.
func linksLeak(t *testing.T) {
	h := openWithAdmin(t, "--log-level", "debug")
	_, link := h.invite("ada@example.com")
	page := h.browser().get(link).want(200)
	if got := page.header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("Referrer-Policy is %q", got)
	}
	for _, m := range regexp.MustCompile(`(?:src|href|action|url)\s*[=(]\s*["']?([a-z]+:|//)[^"' )>]*`).
		FindAllString(page.body, -1) {
		if !strings.Contains(m, "data:") {
			t.Errorf("the page leads elsewhere: %s", m)
		}
	}
	h.browser().get(link + "x").want(410)
	h.browser().press("/login", link+"/renew").want(200)
	ada := h.browser()
	ada.get(link, header("X-Request-Id", link), header("User-Agent", link)).want(200, 410)
	if token := strings.TrimPrefix(link, "/login/"); strings.Contains(h.Log.String(), token) {
		t.Error("the log holds the token")
	}
}

var _ = item("13", "the secret stays in the address bar, the history, or a cache", addressBar)

// Somebody reads the browser's history or cache after the button was pressed. The last
// page's URL is no secret, and the pages before it are not cached.
func addressBar(t *testing.T) {
	h := openWithAdmin(t)
	_, link := h.invite("ada@example.com")
	ada := h.browser()
	page := ada.get(link).want(200)
	done := ada.press(link, link).leads("/pending")
	for _, a := range []answer{page, done, ada.get("/pending").want(200)} {
		if a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %q", a.asked, a.header.Get("Cache-Control"))
		}
	}
	ada.get("/pending").lacks(strings.TrimPrefix(link, "/login/"))
}

var _ = item("17", "a delegated Admin reads the secret link back through the API", readBack)

// Keycloak had it (CVE-2026-16072): whoever could read members could read the
// link that was mailed to them, and sign in as them. An Admin and the operator read all
// that they can, and no secret is in it.
func readBack(t *testing.T) {
	h := openWithAdmin(t)
	adaID, link := h.invite("ada@example.com")
	h.member("bob@example.com")
	b := h.browser()
	b.ask("bob@example.com")
	email := h.mail("bob@example.com", signIn, 1)
	token := h.token("Admin")
	secrets := []string{
		strings.TrimPrefix(link, "/login/"), strings.TrimPrefix(path(email.Link), "/login/"), h.admin.cookie("dw"),
		b.cookie("dw-browser"), strings.TrimPrefix(token, "dw_"),
	}
	read := 0
	for _, op := range h.operations() {
		if op.method != "GET" || op.path == "/api/v1/events" {
			continue
		}
		read++
		a := h.admin.do(
			"GET",
			op.fill(map[string]string{"id": adaID, "name": "Fleet"}),
			nil,
			header("Sec-Fetch-Site", "same-origin"),
		)
		a.lacks(secrets...)
	}
	for _, l := range h.admin.api("GET", "/outbox?limit=200", nil).items() {
		a := h.admin.api("GET", "/outbox/"+l["id"].(string), nil)
		a.lacks(secrets...)
		a.lacks(email.Code, strings.ReplaceAll(email.Code, "-", ""))
	}
	for _, args := range [][]string{
		{"audit", "--limit", "0"},
		{"members", "--json"},
		{"outbox", "--json"},
		{"token", "list", "--json"},
		{"requests", "--json"},
		{"audit", "--json", "--limit", "0"},
	} {
		out := h.command(args...)
		for _, s := range secrets {
			if strings.Contains(out, s) {
				t.Errorf("doorward %v tells a secret", args)
			}
		}
	}
	if read < 12 {
		t.Errorf("only %d lists were read", read)
	}
}

var _ = item("103", "a token is found byte by byte (times: the figure `enumeration` of the benchmarks)", prefixes)

// If comparing stopped at the first wrong byte, a token could be guessed one byte
// at a time. Secrets are looked up by their hash: a prefix of a valid one is answered
// like any other. The benchmarks check that the times are alike.
func prefixes(t *testing.T) {
	h := openWithAdmin(t)
	good := h.token("Admin")
	first := ""
	for _, token := range []string{
		good[:45] + flip(good[45]), good[:20] + strings.Repeat("A", 26), "dw_" + strings.Repeat("A", 43),
		strings.ToUpper(good), good + "A", good[:45], "\t" + good,
	} {
		a := h.browser().api("GET", "/me", nil, bearer(token)).want(401)
		if first == "" {
			first = a.body
		}
		if a.body != first {
			t.Errorf("%s: %s", token, a.body)
		}
	}
	h.browser().api("GET", "/me", nil, bearer(good)).want(200)
}

// flip returns another character.
func flip(c byte) string {
	if c == 'A' {
		return "E"
	}
	return "A"
}
