package hostile

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

var scanners = []string{
	"Mozilla/5.0 (compatible; Microsoft Defender for Office 365)", "BarracudaCentral/1.0", "Proofpoint URL Defense",
	"Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1", "curl/8.0", "Mozilla/5.0 (Windows NT 10.0) Chrome/120",
}

var _ = item("1", "mail scanners open the link 20 times before its owner does", scannersPrefetch)

// A mail scanner opens every link in every email, with GET and with HEAD, under
// one name after the other. If opening were redeeming, the scanner would have the
// session, and the person whose email it was would find the link used.
func scannersPrefetch(t *testing.T) {
	h := furnish(t)
	_, link := h.invite("ada@example.com")
	for i := range 20 {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			bot := h.guest(header("User-Agent", scanners[i%len(scanners)]))
			bot.do(method, link, nil).want(200)
			if bot.cookie("dw") != "" {
				t.Fatalf("%s by %s was given a session", method, scanners[i%len(scanners)])
			}
		}
	}
	ada := h.guest()
	ada.press(link, link).leads("/pending")
	ada.get("/pending").want(200)
}

var _ = item("2", "a sandbox that runs scripts opens the link and waits", noAutoSubmit)

// A scanner renders the page in a real browser and lets its scripts run. Nothing
// on the page may send the form by itself: no script, no handler, no refresh, and
// a policy that would not run one.
func noAutoSubmit(t *testing.T) {
	h := furnish(t)
	_, link := h.invite("ada@example.com")
	page := h.guest().get(link).want(200)
	acts := regexp.MustCompile(`(?i)<script|<iframe|<img[^>]+src|http-equiv|\son[a-z]+\s*=|javascript:|<meta[^>]+refresh`)
	if found := acts.FindString(page.body); found != "" {
		t.Errorf("the page of a link has %q", found)
	}
	if policy := page.header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("its policy is %q", policy)
	}
	if strings.Count(page.body, "<button") != 1 {
		t.Errorf("the page has not one button: %s", page.text())
	}
	ada := h.guest()
	ada.press(link, link).leads("/pending")
}

var _ = item("3", "the form behind the link is replayed blindly, from elsewhere, or with another's proof", blindReplay)

// Some scanners send the forms that they find, and a hostile page can send its
// visitor's browser to post somebody else's token, so that the visitor works in
// the attacker's account. Without the cookie and the proof that the page of the
// link gave out, nothing is redeemed.
func blindReplay(t *testing.T) {
	h := furnish(t)
	_, link := h.invite("ada@example.com")
	h.guest().post(link, nil).want(403)
	h.guest().post(link, []string{"csrf", "x"}).want(403)
	proof := h.guest().proof(link)
	h.guest().post(link, []string{"csrf", proof}).want(403) // the proof without its cookie
	other := h.guest()
	other.get("/login")
	other.post(link, []string{"csrf", proof}).want(403) // another's cookie
	same := h.guest()
	for _, from := range []change{header("Sec-Fetch-Site", "cross-site"), header("Origin", "https://evil.example")} {
		same.post(link, []string{"csrf", same.proof(link)}, from).want(403)
	}
	ada := h.guest()
	ada.press(link, link).leads("/pending")
}

var _ = item("4", "tokens are guessed from others: prefixes, order, weak characters", guessing)

// Somebody with a few hundred links of their own looks for what they have in
// common, to guess somebody else's. They are 256 random bits each.
func guessing(t *testing.T) {
	h := furnish(t)
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

var _ = item("6", "50 clicks on one link at the same moment", manyClicks)

// A link is single use, also when it is redeemed fifty times within a
// millisecond: one session, and everybody else reads what is said of any dead
// link.
func manyClicks(t *testing.T) {
	h := furnish(t)
	_, link := h.invite("ada@example.com")
	before := h.did("signed_in")
	guests := make([]*guest, 50)
	for i := range guests {
		guests[i] = h.guest()
		guests[i].proof(link)
	}
	var won atomic.Int32
	at(len(guests), func(i int) {
		a := guests[i].press(link, link)
		if a.code == 303 {
			won.Add(1)
		} else if a.code != 410 && a.code != 429 {
			t.Errorf("a late click = %d", a.code)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d of 50 clicks opened a session", won.Load())
	}
	if n := h.did("signed_in") - before; n != 1 {
		t.Errorf("%d sign-ins were recorded", n)
	}
}

var _ = item("8", "an old email is found in the mailbox and used", olderLinks)

// Whoever reads an old mailbox tries every link in it. A newer one of the same
// kind has made the older worthless.
func olderLinks(t *testing.T) {
	h := furnish(t)
	id, first := h.invite("ada@example.com")
	h.admin.api("POST", "/members/"+id+"/resend", nil).want(200)
	second := path(h.mail("ada@example.com", "", 2).Link)
	h.guest().get(first).want(410)
	ada := h.guest()
	ada.press(second, second).leads("/pending")
	h.admin.api("POST", "/members/"+id+"/approve", nil).want(200)

	g := h.guest()
	g.ask("ada@example.com").want(200)
	older := path(h.mail("ada@example.com", signIn, 1).Link)
	g.ask("ada@example.com").want(200)
	newer := path(h.mail("ada@example.com", signIn, 2).Link)
	g.get(older).want(410)
	g.press(newer, older).want(410)
	g.press(newer, newer).leads("/")
}

var _ = item("9", "each kind of secret is tried at the doors of the others", wrongDoors)

// A token that opens one thing is tried where another is asked for: an
// invitation as a session, a session as a link, an API token as the way to the
// first Admin. A secret is good for what it was made for.
func wrongDoors(t *testing.T) {
	h := furnish(t)
	_, link := h.invite("ada@example.com")
	token := h.token("Admin")
	secrets := map[string]string{
		"a login link": strings.TrimPrefix(link, "/login/"), "a session": h.admin.cookie("dw"), "an API token": token,
		"half an API token": strings.TrimPrefix(token, "dw_"), "a browser": h.guestBrowser(), "the setup link": h.Setup[strings.LastIndexByte(h.Setup, '/')+1:],
	}
	for what, s := range secrets {
		if what != "a session" {
			cookie := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "dw", Value: s}) }
			h.guest().api("GET", "/me", nil, cookie).want(401)
			h.guest().get("/", cookie).want(303).lacks("Hello")
		}
		if what != "an API token" {
			for _, b := range []string{s, "dw_" + s, "dwin_" + s} {
				if b == token {
					continue
				}
				h.guest().api("GET", "/me", nil, bearer(b)).want(401)
			}
		}
		if what != "a login link" {
			h.guest().get("/login/"+s).want(404, 410)
			h.guest().press("/login", "/login/"+s).want(410)
		}
		h.guest().get("/setup/" + s).want(410)
	}
	ada := h.guest()
	ada.press(link, link).leads("/pending")
}

// guestBrowser is the secret of a browser that only looked at the sign-in page.
func (h *house) guestBrowser() string {
	g := h.guest()
	g.get("/login").want(200)
	return g.cookie("dw-browser")
}

var _ = item("10", "the sign-in link of a member is forwarded, or phished, and opened elsewhere", otherBrowser)

// The attacker has the victim's email forwarded, or asks for it in the victim's
// name and talks them out of the link. A link that was asked for is good only in
// the browser that asked.
func otherBrowser(t *testing.T) {
	h := furnish(t)
	h.member("ada@example.com")
	g := h.guest()
	g.ask("ada@example.com").want(200)
	link := path(h.mail("ada@example.com", signIn, 1).Link)
	thief := h.guest()
	thief.get(link).want(403).lacks("ada@example.com")
	thief.press("/login", link).want(403)
	if thief.cookie("dw") != "" {
		t.Fatal("the thief has a session")
	}
	g.press(link, link).leads("/")
}

var _ = item("12", "the link leaks by Referer, by what the page loads, or into the log", linksLeak)

// The page of a link is the only one whose address is a secret. It sends no
// Referer, loads nothing from elsewhere, and no log line has it, whatever is
// done with it.
func linksLeak(t *testing.T) {
	h := furnish(t, "--log-level", "debug")
	_, link := h.invite("ada@example.com")
	page := h.guest().get(link).want(200)
	if got := page.header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("Referrer-Policy is %q", got)
	}
	for _, m := range regexp.MustCompile(`(?:src|href|action|url)\s*[=(]\s*["']?([a-z]+:|//)[^"' )>]*`).FindAllString(page.body, -1) {
		if !strings.Contains(m, "data:") {
			t.Errorf("the page leads elsewhere: %s", m)
		}
	}
	h.guest().get(link + "x").want(410)
	h.guest().press("/login", link+"/renew").want(200)
	ada := h.guest()
	ada.get(link, header("X-Request-Id", link), header("User-Agent", link)).want(200, 410)
	if token := strings.TrimPrefix(link, "/login/"); strings.Contains(h.Log.String(), token) {
		t.Error("the log holds the token")
	}
}

var _ = item("13", "the secret stays in the address bar, the history, or a cache", addressBar)

// After the button is pressed the browser stands on a page whose address anybody
// may read, and nobody on the way has kept the pages before it.
func addressBar(t *testing.T) {
	h := furnish(t)
	_, link := h.invite("ada@example.com")
	ada := h.guest()
	page := ada.get(link).want(200)
	done := ada.press(link, link).leads("/pending")
	for _, a := range []answer{page, done, ada.get("/pending").want(200)} {
		if a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %q", a.asked, a.header.Get("Cache-Control"))
		}
	}
	ada.get("/pending").lacks(strings.TrimPrefix(link, "/login/"))
}

var _ = item("14", "a request names another host, so that the email leads there", poisonedHost)

// The attacker asks for the victim's email and writes a host of his own wherever
// one can be written. The victim's link would lead to the attacker with a good
// token in it. Links are built of the configured address alone, and a foreign
// name is not answered.
func poisonedHost(t *testing.T) {
	h := furnish(t)
	h.member("ada@example.com")
	g := h.guest()
	form := "csrf=" + g.proof("/login") + "&email=ada%40example.com"
	cookie := "Cookie: dw-browser=" + g.cookie("dw-browser") + "\r\n"
	rest := "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nContent-Length: " + fmt.Sprint(len(form)) + "\r\n" + cookie + "\r\n" + form
	ours := "Host: " + h.Listen + "\r\n"
	for name, head := range map[string]string{
		"another":                "POST /login HTTP/1.1\r\nHost: evil.example\r\n",
		"another port":           "POST /login HTTP/1.1\r\nHost: 127.0.0.1:1\r\n",
		"with a user":            "POST /login HTTP/1.1\r\nHost: evil@" + h.Listen + "\r\n",
		"with a path":            "POST /login HTTP/1.1\r\nHost: " + h.Listen + "/evil.example\r\n",
		"empty":                  "POST /login HTTP/1.1\r\nHost: \r\n",
		"none":                   "POST /login HTTP/1.1\r\n",
		"absolute":               "POST http://evil.example/login HTTP/1.1\r\n" + ours,
		"two, ours first":        "POST /login HTTP/1.1\r\n" + ours + "Host: evil.example\r\n",
		"two, ours last":         "POST /login HTTP/1.1\r\nHost: evil.example\r\n" + ours,
		"forwarded, and foreign": "POST /login HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: " + h.Listen + "\r\n",
		"white space, then ours": "POST /login HTTP/1.1\r\nHost : evil.example\r\n" + ours,
	} {
		if a, ok := h.raw(head + rest); ok && a.code != 421 && a.code != 400 {
			t.Errorf("%s = %d", name, a.code)
		}
	}
	for _, lie := range []string{"X-Forwarded-Host: evil.example\r\n", "Forwarded: host=evil.example;proto=https\r\n", "X-Host: evil.example\r\n",
		"X-Forwarded-Server: evil.example\r\n", "X-Original-URL: http://evil.example/\r\n", "Origin: null\r\nSec-Fetch-Site: same-origin\r\n"} {
		g := h.guest() // each with an ask of its own
		form := "csrf=" + g.proof("/login") + "&email=ada%40example.com"
		rest := "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nContent-Length: " + fmt.Sprint(len(form)) + "\r\nCookie: dw-browser=" + g.cookie("dw-browser") + "\r\n\r\n" + form
		if a, ok := h.raw("POST /login HTTP/1.1\r\n" + ours + lie + rest); !ok || a.code != 200 && a.code != 429 {
			t.Errorf("with %q = %d", lie, a.code)
		}
	}
	first := h.mail("ada@example.com", signIn, 1)
	for _, l := range h.Mail.Received() {
		if words := l.Text + l.HTML; strings.Contains(words, "evil") {
			t.Errorf("an email names the other host: %s", words)
		}
	}
	if !strings.HasPrefix(first.Link, h.URL+"/login/") {
		t.Errorf("the link is %s", first.Link)
	}
}

var _ = item("15", "what was revoked is used before anybody notices: links, pages, sessions", revoked)

// Between the decision and its effect there is no time: the link of somebody who
// was rejected, the page that they have open, the session of somebody who was
// suspended, the invitation that was replaced.
func revoked(t *testing.T) {
	h := furnish(t)
	eve, eveID := h.arrived("eve@example.com")
	eve.get("/pending").want(200)
	h.admin.api("POST", "/members/"+eveID+"/reject", nil).want(200, 204)
	eve.get("/pending").want(303, 401, 403).lacks("Account Pending Approval")
	eve.api("GET", "/me", nil).want(401, 403)

	malID, link := h.invite("mal@example.com")
	h.admin.api("POST", "/members/"+malID+"/reject", nil).want(200, 204)
	h.guest().get(link).want(410)
	h.guest().press("/login", link).want(410)

	ada, adaID := h.member("ada@example.com")
	g := h.guest()
	g.ask("ada@example.com")
	open := path(h.mail("ada@example.com", signIn, 1).Link)
	h.admin.api("POST", "/members/"+adaID+"/suspend", nil).want(200)
	ada.api("GET", "/me", nil).want(401, 403)
	ada.get("/fleet").want(303, 401, 403)
	g.get(open).want(403, 410)
	if g.press("/login", open).want(403, 410); g.cookie("dw") != "" {
		t.Error("a suspended member signed in")
	}
}

var _ = item("16", "Resend is pressed 20 times to fill a mailbox", resendFlood)

// An Admin's session, or a script with one, sends an invitation again and again.
// After a handful the Admin is told to wait, and the answer never has the link.
func resendFlood(t *testing.T) {
	h := furnish(t)
	id, _ := h.invite("ada@example.com")
	sent := 0
	for range 20 {
		a := h.admin.api("POST", "/members/"+id+"/resend", nil).want(200, 429)
		a.lacks("/login/")
		if a.code == 200 {
			sent++
		} else if a.header.Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
	}
	h.invite("last@example.com") // its email stands behind all of Ada's
	got := 0
	for _, l := range h.Mail.Received() {
		if l.To == "ada@example.com" {
			got++
		}
	}
	if sent == 0 || sent > 6 || got > sent+1 {
		t.Errorf("%d resends were taken, %d emails came", sent, got)
	}
}

var _ = item("17", "a delegated Admin reads the secret link back through the API", readBack)

// Keycloak had it (CVE-2026-16072): whoever could read members could read the
// link that was mailed to them, and be them. Everything that can be read is
// read, by an Admin and by the operator, and looked through for every secret.
func readBack(t *testing.T) {
	h := furnish(t)
	adaID, link := h.invite("ada@example.com")
	h.member("bob@example.com")
	g := h.guest()
	g.ask("bob@example.com")
	email := h.mail("bob@example.com", signIn, 1)
	token := h.token("Admin")
	secrets := []string{strings.TrimPrefix(link, "/login/"), strings.TrimPrefix(path(email.Link), "/login/"), h.admin.cookie("dw"), g.cookie("dw-browser"), strings.TrimPrefix(token, "dw_")}
	read := 0
	for _, op := range h.operations() {
		if op.method != "GET" || op.path == "/api/v1/events" {
			continue
		}
		read++
		a := h.admin.do("GET", op.fill(map[string]string{"id": adaID, "name": "Fleet"}), nil, header("Sec-Fetch-Site", "same-origin"))
		a.lacks(secrets...)
	}
	for _, l := range h.admin.api("GET", "/outbox?limit=200", nil).items() {
		a := h.admin.api("GET", "/outbox/"+l["id"].(string), nil)
		a.lacks(secrets...)
		a.lacks(email.Code, strings.ReplaceAll(email.Code, "-", ""))
	}
	for _, args := range [][]string{{"audit", "--limit", "0"}, {"members", "--json"}, {"outbox", "--json"}, {"token", "list", "--json"}, {"requests", "--json"}, {"audit", "--json", "--limit", "0"}} {
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

var _ = item("18", "rights that somebody lost after inviting are carried into the approval", demotedSince)

// Two of a kind invite each other's friends as Admins; one of them is demoted
// before anybody opens the email. What an approval grants is looked up when it is
// given, in the record and not in the link, and nobody grants what they may not
// do themselves.
func demotedSince(t *testing.T) {
	h := furnish(t)
	bob, bobID := h.member("bob@example.com", "Admin")
	bob.api("POST", "/invitations", map[string]any{"email": "friend@example.com", "roles": []string{"Admin"}}).want(201)
	link := path(h.mail("friend@example.com", invited, 1).Link)
	h.role("Approver", "read members", "decide members", "invite members")
	h.admin.api("PATCH", "/members/"+bobID, map[string]any{"roles": []string{"Approver"}}).want(200)

	friend := h.guest()
	friend.press(link, link+"?roles=Admin", "roles", "Admin", "state", "active").leads("/pending")
	id := ""
	for _, m := range h.admin.api("GET", "/members?state=pending", nil).items() {
		id = m["id"].(string)
	}
	bob.api("POST", "/members/"+id+"/approve", nil).want(403)
	bob.api("POST", "/members/"+id+"/approve", map[string]any{"roles": []string{"Admin"}}).want(403)
	bob.api("POST", "/invitations", map[string]any{"email": "more@example.com", "roles": []string{"Admin"}}).want(403)
	friend.api("GET", "/members", nil).want(403)
	h.admin.api("POST", "/members/"+id+"/approve", nil).want(409) // what Bob may not offer any more has to be named
	h.admin.api("GET", "/members/"+id, nil).want(200).has(`"state":"pending"`)
	h.admin.api("POST", "/members/"+id+"/approve", map[string]any{"roles": []string{"Fleet"}}).want(200).has(`"roles":["Fleet"]`)
}

// role makes a role of the workspace's own.
func (h *house) role(name string, permissions ...string) {
	h.t.Helper()
	h.admin.api("PUT", "/roles/"+name, map[string]any{"permissions": permissions}).want(200, 201)
}

var _ = item("19", "dead links are told apart: unknown, malformed, used, revoked, rejected", deadLinks)

// Which of the tokens in a stolen list was once good? If a used link answered
// otherwise than an invented one, the list would tell who was invited. All of
// them are one answer, and offer the same way on.
func deadLinks(t *testing.T) {
	h := furnish(t)
	_, used := h.invite("ada@example.com")
	h.guest().press(used, used).want(303)
	id, old := h.invite("bob@example.com")
	h.admin.api("POST", "/members/"+id+"/resend", nil).want(200)
	gone, rejected := h.invite("eve@example.com")
	h.admin.api("POST", "/members/"+gone+"/reject", nil).want(200, 204)
	unknown := "/login/" + strings.Repeat("A", 43)
	token := regexp.MustCompile(`/login/[^"/]+/renew|value="[^"]*"`)
	first := ""
	for name, link := range map[string]string{"unknown": unknown, "malformed": "/login/short", "too long": "/login/" + strings.Repeat("x", 300),
		"with odd bytes": "/login/%00%ff%0d%0a", "used": used, "replaced": old, "rejected": rejected} {
		for _, method := range []string{"GET", "POST"} {
			g := h.guest()
			a := g.press("/login", link)
			if method == "GET" {
				a = h.guest().get(link)
			}
			a.want(410)
			got := fmt.Sprintln(a.code) + headers(a.header) + token.ReplaceAllString(a.body, "…")
			if first == "" {
				first = got
			}
			if name != "" && strip(got) != strip(first) {
				t.Errorf("%s (%s) reads otherwise:\n%s\n%s", name, method, got, first)
			}
		}
	}
}

// headers are an answer's, without what differs by itself.
func headers(all http.Header) string {
	h := all.Clone()
	for _, name := range []string{"Date", "Content-Length"} {
		h.Del(name)
	}
	var names []string
	for _, c := range h.Values("Set-Cookie") {
		name, _, _ := strings.Cut(c, "=")
		names = append(names, name)
	}
	h.Del("Set-Cookie")
	return fmt.Sprint(h, names)
}

// strip leaves out that a GET by a new browser is given a cookie, and a POST
// after the form's page is not.
func strip(s string) string { return strings.NewReplacer(" [dw-browser]", "", " []", "").Replace(s) }
