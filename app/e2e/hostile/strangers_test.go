package hostile

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"doorward/app/e2e/product"
)

// five are addresses in each state: what the sign-in form may not tell apart.
var five = []string{"unknown@example.com", "pending@example.com", "rejected@example.com", "suspended@example.com", "active@example.com"}

// people makes them.
func (h *house) people() {
	h.t.Helper()
	h.member("active@example.com")
	_, id := h.member("suspended@example.com")
	h.admin.api("POST", "/members/"+id+"/suspend", nil).want(200)
	h.arrived("pending@example.com")
	id, _ = h.invite("rejected@example.com")
	h.admin.api("POST", "/members/"+id+"/reject", nil).want(200, 204)
}

// masked is an answer without what differs by itself and without the addresses.
func masked(a answer) string {
	values := regexp.MustCompile(`value="[^"]*"|[a-z]+@example\.com`)
	return fmt.Sprintln(a.code) + headers(a.header) + values.ReplaceAllString(a.body, "…")
}

var _ = item("20", "the sign-in form is asked about unknown, pending, rejected, suspended and active addresses", formTellsNothing)

// A list of addresses is put through the sign-in form to learn who is a member,
// who was turned away, and whom to phish. Status, headers, cookies and body are
// the same for all.
func formTellsNothing(t *testing.T) {
	h := furnish(t)
	h.people()
	first := ""
	for _, email := range five {
		got := masked(h.guest().ask(email).want(200))
		if first == "" {
			first = got
		}
		if got != first {
			t.Errorf("%s is answered otherwise:\n%s\n%s", email, got, first)
		}
	}
}

var _ = item("21", "what follows the form tells who is known (times: the figure `enumeration` of the benchmarks)", nextRequestTellsNothing)

// The form itself may be silent, and the next request still talk: a wrong code, a
// dead link, the sign-in page, asked by a stranger straight after. Answers are
// equal for every address; how long they take is measured by
// go run ./app/bench -only enumeration, with 2,000 requests of each kind.
func nextRequestTellsNothing(t *testing.T) {
	h := furnish(t)
	h.people()
	first := ""
	for _, email := range five {
		g := h.guest()
		g.ask(email).want(200)
		got := masked(g.press("/login", "/login/code", "email", email, "code", "0000-0000").want(422))
		got += masked(g.get("/login").want(200))
		got += masked(h.guest().get("/login/" + strings.Repeat("A", 43)).want(410))
		got += masked(g.ask(email).want(200))
		if first == "" {
			first = got
		}
		if got != first {
			t.Errorf("after %s:\n%s\n%s", email, got, first)
		}
	}
}

var _ = item("22", "the form is used to send emails to people who have nothing to do with it", noMailToStrangers)

// Whoever can make a server send emails to any address has a cannon. Nobody who
// is no member gets an email, and a suspended member none either.
func noMailToStrangers(t *testing.T) {
	h := furnish(t)
	h.people()
	before := len(h.Mail.Received())
	for _, email := range append(five[:4:4], "a@evil.example", "b@evil.example", "c@evil.example") {
		h.guest().ask(email).want(200)
	}
	h.guest().ask("active@example.com").want(200)
	h.mail("active@example.com", signIn, 1) // asked last: what came before it is answered
	h.mail("pending@example.com", signIn, 1)
	for _, l := range h.Mail.Received()[before:] {
		if l.To != "active@example.com" && l.To != "pending@example.com" && !strings.HasSuffix(l.To, "@example.org") {
			t.Errorf("an email went to %s: %s", l.To, l.Subject)
		}
	}
}

var _ = item("23", "whether an address is taken is asked for by those who may not invite", existence)

// "Already a member" is for those who may invite. To everybody else the same
// question is refused before anything is looked up, whether there is such a
// member or not.
func existence(t *testing.T) {
	h := furnish(t)
	fleet, _ := h.member("fleet@example.com")
	pending, _ := h.arrived("pending@example.com")
	for _, email := range []string{"fleet@example.com", "nobody@example.com"} {
		body := map[string]any{"email": email, "roles": []string{"Fleet"}}
		for _, path := range []string{"/invitations", "/invitations/check"} {
			h.guest().api("POST", path, body).want(401)
			fleet.api("POST", path, body).want(403)
			pending.api("POST", path, body).want(403)
		}
		fleet.api("GET", "/members?q="+email, nil).want(403).lacks("total")
	}
	h.admin.api("POST", "/invitations", map[string]any{"email": "fleet@example.com", "roles": []string{"Fleet"}}).want(409).has("already_member")
}

var _ = item("24", "identifiers are counted up, and foreign ones told from missing ones", foreignIDs)

// An id from a log line or a colleague's screen is changed a little, or asked for
// by somebody who may not see it. Ids are random, and what is not there reads
// like what is not yours.
func foreignIDs(t *testing.T) {
	h := furnish(t)
	fleet, id := h.member("fleet@example.com")
	if !regexp.MustCompile(`^[a-z2-7]{26}$`).MatchString(id) {
		t.Errorf("the id %q is not 128 random bits", id)
	}
	missing := strings.Repeat("b", 26)
	me := str(h.admin.api("GET", "/me", nil).object()["id"])
	for _, of := range []string{"/members/", "/outbox/", "/tokens/"} {
		method := "GET"
		if of == "/tokens/" {
			method = "DELETE"
		}
		a, b := fleet.api(method, of+me, nil), fleet.api(method, of+missing, nil)
		if a.code != b.code || a.body != b.body || a.code < 400 {
			t.Errorf("%s: there %d %s, missing %d %s", of, a.code, a.body, b.code, b.body)
		}
		h.admin.api(method, of+missing, nil).want(404)
		h.admin.api(method, of+"short", nil).want(404)
		h.admin.api(method, of+"%2e%2e%2fadmin", nil).want(404)
	}
}

// network is the nth of many that a trusted proxy speaks for.
func network(n int) string { return fmt.Sprintf("198.18.%d.%d", n/250, n%250+1) }

// emails counts those that an address got for asking, once a later one of
// somebody else has come: what was asked before is answered then.
func (h *house) emails(to, sentinel string, changes ...change) (n int) {
	h.t.Helper()
	already := 0
	for _, l := range h.Mail.Received() {
		if l.To == sentinel && strings.Contains(l.Subject, signIn) {
			already++
		}
	}
	h.guest(changes...).ask(sentinel).want(200)
	h.mail(sentinel, signIn, already+1)
	if err := product.Eventually("all emails are sent", func() error {
		for _, l := range h.admin.api("GET", "/outbox?limit=200", nil).items() {
			if l["state"] == "queued" || l["state"] == "retrying" {
				return fmt.Errorf("one to %v is %v", l["to"], l["state"])
			}
		}
		return nil
	}); err != nil {
		h.t.Error(err)
	}
	for _, l := range h.Mail.Received() {
		if strings.EqualFold(l.To, to) && strings.Contains(l.Subject, signIn) {
			n++
		}
	}
	return n
}

var _ = item("25", "one address in eight spellings, one network in many addresses", spellingsAndNetworks)

// Authelia counted john, John and JOHN apart (CVE-2026-47203). Whoever writes an
// address in another way, or takes another address out of their own IPv6 network,
// has no more tries for it.
func spellingsAndNetworks(t *testing.T) {
	h := furnish(t, "--trusted-proxies", "127.0.0.1")
	h.member("user@example.com")
	h.member("same@example.com")
	h.member("other@example.com")
	spellings := []string{"user@example.com", "User@example.com", "USER@EXAMPLE.COM", "user@Example.Com", " user@example.com ", "uſer@example.com", "user@example。com", "ｕser@example.com"}
	for range 2 {
		for _, s := range spellings {
			h.guest(forwarded("203.0.113.1")).ask(s).want(200, 422, 429)
			h.guest(forwarded("203.0.113.2")).ask("same@example.com").want(200, 429)
		}
	}
	many := h.emails("user@example.com", "other@example.com", forwarded("203.0.113.9"))
	one := h.emails("same@example.com", "other@example.com", forwarded("203.0.113.10"))
	if many > one || one == 0 || one >= 16 {
		t.Errorf("eight spellings got %d emails, one got %d", many, one)
	}

	refused := 0
	for i := range 90 {
		g := h.guest(forwarded(fmt.Sprintf("2001:db8:1:1::%x", i+1)))
		if g.api("GET", "/me", nil, bearer("dw_"+strings.Repeat("x", 43))).want(401, 429).code == 429 {
			refused++
		}
	}
	if refused == 0 {
		t.Error("ninety addresses of one /64 were never limited")
	}
	h.guest(forwarded("2001:db8:1:2::1")).api("GET", "/me", nil, bearer("dw_"+strings.Repeat("x", 43))).want(401)
}

var _ = item("26", "strangers from many networks use up what one member needs to sign in", nobodyIsLockedOut)

// The attacker asks for emails and guesses codes and links in the victim's name,
// from as many networks as a botnet has. The victim's session goes on, and from
// the browser that they signed in with before they get their email, and in.
func nobodyIsLockedOut(t *testing.T) {
	h := furnish(t, "--trusted-proxies", "127.0.0.1")
	ada, _ := h.member("ada@example.com")
	home := forwarded("192.0.2.1")
	own := h.guest(home)
	own.ask("ada@example.com").want(200)
	link := path(h.mail("ada@example.com", signIn, 1).Link)
	own.press(link, link).leads("/")
	own.press("/", "/logout").want(200)

	for n := range 40 {
		eve := h.guest(forwarded(network(n)))
		for range 2 {
			eve.ask("ada@example.com").want(200, 429)
		}
		eve.press("/login", "/login/code", "email", "ada@example.com", "code", fmt.Sprintf("%04d-%04d", n, n)).want(422, 429)
		eve.press("/login", "/login/"+strings.Repeat("A", 43)).want(410, 429)
	}
	ada.get("/fleet").want(200)
	before := len(h.Mail.Received())
	own.ask("ada@example.com").want(200)
	err := product.Eventually("the email that Ada asked for came", func() error {
		for _, l := range h.Mail.Received()[before:] {
			read := product.ReadLetter(l)
			if l.To != "ada@example.com" || read.Link == "" {
				continue
			}
			if a := own.get(path(read.Link)); a.code == 200 {
				own.press(path(read.Link), path(read.Link)).leads("/")
				return nil
			}
		}
		return fmt.Errorf("%d emails came, none for her browser", len(h.Mail.Received())-before)
	})
	if err != nil {
		t.Error(err)
	}
}

var _ = item("27", "the limiter itself is made to hold: 20,000 networks that each ask once", limiterHolds)

// A limiter that remembers every network it ever saw is a way to fill memory. It
// forgets, goes on limiting, and its refusal says how long to wait.
func limiterHolds(t *testing.T) {
	h := furnish(t, "--trusted-proxies", "127.0.0.1")
	w := h.dial()
	go func() {
		out := bufio.NewWriter(w)
		for i := range 20_000 {
			fmt.Fprintf(out, "GET /healthz HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: 10.%d.%d.%d\r\n\r\n", h.Listen, i>>14&63, i>>7&127, i&127)
			fmt.Fprintf(out, "GET /api/v1/me HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer dw_x\r\nX-Forwarded-For: 10.%d.%d.%d\r\n\r\n", h.Listen, i>>14&63, i>>7&127, i&127)
		}
		out.Flush()
	}()
	for i := range 40_000 {
		a, ok := w.answer()
		if !ok && i%2 == 0 || ok && a.code >= 500 {
			w = h.dialAgain(w, i)
			break
		}
	}
	refused := false
	g := h.guest(forwarded("203.0.113.77"))
	for range 90 {
		if a := g.api("GET", "/me", nil, bearer("dw_x")).want(401, 429); a.code == 429 {
			refused = true
			if a.header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
		}
	}
	if !refused {
		t.Error("after a flood of networks nobody is limited any more")
	}
	h.alive()
}

// dialAgain is for a connection that the server closed: it may, after so many
// requests, but it has to take the next.
func (h *house) dialAgain(old *wire, after int) *wire {
	h.t.Helper()
	old.Close()
	w := h.dial()
	fmt.Fprintf(w, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", h.Listen)
	if a, ok := w.answer(); !ok || a.code != 200 {
		h.t.Fatalf("after %d requests on one connection the server answers no more", after)
	}
	return w
}

var _ = item("28", "the server is made to restart, so that limits begin anew", limitsOutliveRestart)

// What is counted for an address is kept with the data: killing the server, or
// waiting for its update, gives nobody more tries.
func limitsOutliveRestart(t *testing.T) {
	h := furnish(t, "--trusted-proxies", "127.0.0.1")
	h.member("ada@example.com")
	h.member("other@example.com")
	for range 12 {
		h.guest(forwarded("203.0.113.1")).ask("ada@example.com").want(200, 429)
	}
	before := h.emails("ada@example.com", "other@example.com", forwarded("203.0.113.2"))
	if err := h.Crash(); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		h.guest(forwarded("203.0.113.1")).ask("ada@example.com").want(200, 429)
	}
	after := h.emails("ada@example.com", "other@example.com", forwarded("203.0.113.3"))
	if before == 0 || before >= 12 || after > before {
		t.Errorf("%d emails before the restart, %d after it", before, after)
	}
}

var _ = item("11, 29", "a pending member calls every operation and opens every page", pendingReachesNothing)

// Vaultwarden's invited but unconfirmed owner could purge the organisation
// (CVE-2026-43913): the route asked for the role and not for the state. Somebody
// invited as Admin calls everything that the server says it has, with every
// identifier that there is, and reaches their own waiting page alone.
func pendingReachesNothing(t *testing.T) {
	h := furnish(t)
	eve, id := h.arrived("eve@example.com", "Admin")
	me := str(h.admin.api("GET", "/me", nil).object()["id"])
	before := len(h.audit())
	for _, op := range h.operations() {
		if op.path == "/api/v1/openapi.json" || op.path == "/api/v1/window" && op.method == "POST" || op.path == "/api/v1/events" {
			continue // public, or its own stream
		}
		for _, of := range []string{id, me} {
			a := eve.do(op.method, op.fill(map[string]string{"id": of, "name": "Fleet"}), op.body("{}"), header("Content-Type", "application/json"), header("Sec-Fetch-Site", "same-origin"))
			if a.code != 401 && a.code != 403 {
				t.Errorf("%s %s = %d: %.200s", op.method, op.path, a.code, a.body)
			}
			a.lacks(boss)
		}
	}
	for _, page := range pages {
		a := eve.get(page)
		if a.code == 303 && a.header.Get("Location") != "/pending" || a.code != 303 && a.code != 403 {
			t.Errorf("GET %s = %d to %q", page, a.code, a.header.Get("Location"))
		}
	}
	if after := len(h.audit()); after != before {
		t.Errorf("%d entries were added", after-before)
	}
	eve.get("/pending").want(200).has("Account Pending Approval")
	eve.press("/pending", "/pending/note", "note", "let me in").want(303)
	eve.press("/pending", "/logout").want(200)
}

var _ = item("101", "a stranger calls every operation and opens every page", strangersReachNothing)

// Each operation of the API and each page is called without any proof of who one
// is. A test in the program's own package refuses a route that nobody classified
// (TestEveryRouteRefusesWhomItMust); this is the same from outside.
func strangersReachNothing(t *testing.T) {
	h := furnish(t)
	_, id := h.member("ada@example.com")
	for _, op := range h.operations() {
		if op.path == "/api/v1/openapi.json" || op.path == "/api/v1/window" && op.method == "POST" {
			continue // public
		}
		for _, who := range []change{header("X-Nobody", "1"), bearer("dw_" + strings.Repeat("x", 43)), header("Cookie", "dw="+strings.Repeat("x", 43)), header("Authorization", "Basic YWRtaW46YWRtaW4=")} {
			a := h.guest().do(op.method, op.fill(map[string]string{"id": id, "name": "Fleet"}), op.body("{}"), header("Content-Type", "application/json"), header("Sec-Fetch-Site", "same-origin"), who)
			if a.code != 401 && a.code != 429 {
				t.Errorf("%s %s = %d: %.200s", op.method, op.path, a.code, a.body)
			}
			a.lacks(boss, "ada@example.com")
		}
	}
	for _, page := range append(pages, "/pending") {
		a := h.guest().get(page)
		if to := a.header.Get("Location"); a.code != 303 || !strings.HasPrefix(to, "/login") {
			t.Errorf("GET %s = %d to %q", page, a.code, to)
		}
	}
	for _, page := range []string{"/local/v1/doctor", "/local/v1/backup", "/local/v1/members/by-email?email=" + boss} {
		h.guest().get(page).want(404)
		h.guest(bearer(h.token("Admin"))).get(page).want(404)
	}
}

var _ = item("102", "a note, a name or the workspace carries the attacker's link and words into our emails", phishingThroughUs)

// Our emails reach mailboxes that the attacker's would not. What people typed
// stands in them as plain words: no link, no markup, nothing in the subject or
// the sender that whoever was invited chose, and no header of its own.
func phishingThroughUs(t *testing.T) {
	h := furnish(t)
	words := `Click https://evil.example/login now <a href="https://evil.example">here</a> www.evil.example`
	h.admin.api("POST", "/invitations", map[string]any{"email": "ada@example.com", "roles": []string{"Fleet"}, "name": "Ada <b>Evil</b> https://evil.example", "note": words}).want(201)
	l := h.mail("ada@example.com", invited, 1)
	if strings.Contains(l.HTML, `href="https://evil`) || strings.Contains(l.HTML, "<a href=\"http://evil") || strings.Contains(l.HTML, "<b>Evil") {
		t.Errorf("the note is markup in the email: %s", l.HTML)
	}
	for _, link := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(l.HTML, -1) {
		if !strings.HasPrefix(link[1], h.URL+"/") && !strings.HasPrefix(link[1], "mailto:") {
			t.Errorf("the email links to %s", link[1])
		}
	}
	if strings.Contains(l.Subject+l.From, "evil") || strings.Contains(l.Subject, "Ada") {
		t.Errorf("subject %q, sender %q", l.Subject, l.From)
	}
	for _, raw := range h.Mail.Received() {
		for _, name := range []string{"Bcc", "X-Evil", "Reply-To"} {
			if raw.Header.Get(name) != "" {
				t.Errorf("an email has the header %s: %q", name, raw.Header.Get(name))
			}
		}
		if raw.From == "" || strings.ContainsAny(raw.To, "\r\n <>") {
			t.Errorf("the envelope is from %q to %q", raw.From, raw.To)
		}
	}
	h.admin.api("PATCH", "/settings", map[string]any{"workspace": "X\r\nBcc: eve@evil.example"}).want(422)
	h.admin.api("POST", "/invitations", map[string]any{"email": "b@example.com", "roles": []string{"Fleet"}, "name": "x\r\nBcc: eve@evil.example"}).want(422)
}

var _ = item("103", "a token is found byte by byte (times: the figure `enumeration` of the benchmarks)", prefixes)

// If comparing stopped at the first wrong byte, a token could be guessed one byte
// at a time. Secrets are looked up by their hash: a prefix of a good one is
// answered as any other. The times of both are held together by the benchmarks.
func prefixes(t *testing.T) {
	h := furnish(t)
	good := h.token("Admin")
	first := ""
	for _, token := range []string{good[:45] + flip(good[45]), good[:20] + strings.Repeat("A", 26), "dw_" + strings.Repeat("A", 43), strings.ToUpper(good), good + "A", good[:45], " " + good} {
		a := h.guest().api("GET", "/me", nil, bearer(token)).want(401)
		if first == "" {
			first = a.body
		}
		if a.body != first {
			t.Errorf("%s: %s", token, a.body)
		}
	}
	h.guest().api("GET", "/me", nil, bearer(good)).want(200)
}

// flip is another character.
func flip(c byte) string {
	if c == 'A' {
		return "E"
	}
	return "A"
}

var _ = item("89", "a suspended member keeps the stream of events that was open", openStreams)

// The stream was opened with good rights; the member is suspended, the token
// revoked. What is already open ends as well, and says nothing more.
func openStreams(t *testing.T) {
	h := furnish(t)
	bob, id := h.member("bob@example.com", "Admin")
	stream := func(g *guest) (*wire, *bufio.Reader) {
		w := h.dial()
		fmt.Fprintf(w, "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\nCookie: dw=%s\r\nSec-Fetch-Site: same-origin\r\n\r\n", h.Listen, g.cookie("dw"))
		resp, err := http.ReadResponse(w.in, nil)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("the stream did not open: %v", err)
		}
		return w, bufio.NewReader(resp.Body)
	}
	w, in := stream(bob)
	h.invite("before@example.com")
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatalf("the open stream tells nothing: %v", err)
	}
	h.admin.api("POST", "/members/"+id+"/suspend", nil).want(200)
	if err := w.SetReadDeadline(time.Now().Add(product.Patience)); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(in)
	if nerr, slow := err.(net.Error); slow && nerr.Timeout() {
		t.Error("the stream of a suspended member stays open")
	}
	newID, _ := h.invite("after@example.com")
	if strings.Contains(string(rest), newID) {
		t.Error("it tells what came later")
	}
	fmt.Fprintf(h.dial(), "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\nCookie: dw=%s\r\n\r\n", h.Listen, bob.cookie("dw"))
	bob.api("GET", "/me", nil).want(401, 403)
}
