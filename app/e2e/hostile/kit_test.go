package hostile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doorward/app/e2e/product"
)

// A house is one Doorward with the people that attacks are about.
type house struct {
	*product.Product
	t     *testing.T
	admin *guest // signed in by the setup link

	mu      sync.Mutex
	secrets []string // what opens something: never in a log

	newestSeen map[string]int // sign-in emails that newest returned, by address
	made       int            // people that fresh invited
	clock      atomic.Int64   // how far ahead later is
}

// open starts a Doorward that nobody has set up.
func open(t *testing.T, flags ...string) *house {
	t.Helper()
	return adopt(t, product.Serving(t, flags...))
}

// adopt takes a product in that serves already.
func adopt(t *testing.T, p *product.Product) *house {
	h := &house{Product: p, t: t}
	t.Cleanup(func() { // item 94, in every row
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, s := range h.secrets {
			if strings.Contains(h.Log.String(), s) {
				t.Errorf("the log holds a secret: %.12s…", s)
			}
		}
	})
	return h
}

// furnish is open with an Admin, grace@example.org.
func furnish(t *testing.T, flags ...string) *house {
	t.Helper()
	h := open(t, flags...)
	h.settle()
	return h
}

const boss = "grace@example.org"

// settle makes the first Admin.
func (h *house) settle() {
	h.t.Helper()
	h.admin = h.guest()
	setup := h.Setup[strings.Index(h.Setup, "/setup/"):]
	h.admin.press(setup, setup, "email", boss, "name", "Grace Hopper", "workspace", "AI Loop").want(303)
}

// behindTLS is furnish behind a proxy that ends TLS: links and cookies are those
// of https://door.example.com.
func behindTLS(t *testing.T, flags ...string) *house {
	t.Helper()
	p := product.New(t, flags...)
	p.Public, p.Listen = "https://door.example.com", freePort(t)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	h := adopt(t, p)
	h.settle()
	return h
}

// freePort is an address that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// host is the name that the server answers to.
func (h *house) host() string {
	if h.Public != "" {
		return strings.TrimPrefix(h.Public, "https://")
	}
	return h.Listen
}

// origin is that of its pages.
func (h *house) origin() string {
	if h.Public != "" {
		return h.Public
	}
	return h.URL
}

func (h *house) secret(all ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secrets = append(h.secrets, all...)
}

// command runs a command line that has to succeed.
func (h *house) command(args ...string) string {
	h.t.Helper()
	s, err := h.Do(args...)
	if err != nil {
		h.t.Fatal(err)
	}
	return s.Out
}

// mail is the nth email to an address with this in its subject.
func (h *house) mail(to, subject string, nth int) product.Letter {
	h.t.Helper()
	l, err := h.Letter(product.Wanted{To: to, Subject: subject, Nth: nth})
	if err != nil {
		h.t.Fatal(err)
	}
	if l.Link != "" {
		h.secret(l.Link[strings.LastIndexByte(l.Link, '/')+1:])
	}
	return l
}

const (
	invited = "invites you"
	signIn  = "Sign in"
)

// path is a link without its host.
func path(link string) string { return link[strings.Index(link, "/login/"):] }

// invite has the Admin invite somebody and returns their id and the path of the
// emailed link.
func (h *house) invite(email string, roles ...string) (id, link string) {
	h.t.Helper()
	if len(roles) == 0 {
		roles = []string{"Fleet"}
	}
	a := h.admin.api("POST", "/invitations", map[string]any{"email": email, "roles": roles})
	a.want(201)
	return a.object()["id"].(string), path(h.mail(email, invited, 1).Link)
}

// arrived has invited somebody who opened the email.
func (h *house) arrived(email string, roles ...string) (*guest, string) {
	h.t.Helper()
	id, link := h.invite(email, roles...)
	g := h.guest()
	g.press(link, link).want(303)
	return g, id
}

// member is arrived, and approved.
func (h *house) member(email string, roles ...string) (*guest, string) {
	h.t.Helper()
	g, id := h.arrived(email, roles...)
	h.admin.api("POST", "/members/"+id+"/approve", nil).want(200)
	g.get("/").want(200) // with the session's new secret
	return g, id
}

// token makes an API token on the shell.
func (h *house) token(roles ...string) string {
	h.t.Helper()
	args := []string{"token", "add", "suite " + strings.Join(roles, " "), "--json"}
	for _, r := range roles {
		args = append(args, "--role", r)
	}
	var made struct{ Token string }
	if err := json.Unmarshal([]byte(h.command(args...)), &made); err != nil || made.Token == "" {
		h.t.Fatalf("no token: %v", err)
	}
	h.secret(made.Token)
	return made.Token
}

// audit is the whole audit log, oldest first.
func (h *house) audit() (all []map[string]any) {
	h.t.Helper()
	return objects(h.t, h.command("audit", "--json", "--limit", "0"))
}

// did counts the entries of a deed.
func (h *house) did(deed string) (n int) {
	h.t.Helper()
	for _, e := range h.audit() {
		if e["did"] == deed {
			n++
		}
	}
	return n
}

// objects reads one JSON object a line.
func objects(t *testing.T, text string) (all []map[string]any) {
	t.Helper()
	for d := json.NewDecoder(strings.NewReader(text)); ; {
		var one map[string]any
		switch err := d.Decode(&one); err {
		case nil:
			all = append(all, one)
		case io.EOF:
			return all
		default:
			t.Fatal(err)
		}
	}
}

// A guest is a browser with cookies of its own.
type guest struct {
	h      *house
	jar    *cookiejar.Jar
	client *http.Client
	always []change // what every request of it carries
}

// A change is made to a request before it is sent.
type change func(*http.Request)

func header(name, value string) change {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func bearer(token string) change { return header("Authorization", "Bearer "+token) }

// forwarded says on whose behalf a trusted proxy asks.
func forwarded(from string) change { return header("X-Forwarded-For", from) }

// guest is a browser that nobody knows; changes are made to all its requests.
func (h *house) guest(always ...change) *guest {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", h.Listen)
	}}
	h.t.Cleanup(transport.CloseIdleConnections)
	return &guest{h: h, jar: jar, always: always, client: &http.Client{Transport: transport, Timeout: product.Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// site is where the guest's cookies belong.
func (g *guest) site() *url.URL {
	u, err := url.Parse(g.h.origin())
	if err != nil {
		g.h.t.Fatal(err)
	}
	return u
}

// cookie is the value of the browser's cookie of that name; "dw" and "dw-browser"
// stand for the secure names as well.
func (g *guest) cookie(name string) string {
	for _, c := range g.jar.Cookies(g.site()) {
		if c.Name == name || c.Name == "__Host-"+name {
			return c.Value
		}
	}
	return ""
}

// An answer is what came back.
type answer struct {
	t      *testing.T
	asked  string
	code   int
	header http.Header
	body   string
}

// do sends one request. Cookies are those of the site, whatever it is served on.
func (g *guest) do(method, path string, body io.Reader, changes ...change) answer {
	g.h.t.Helper()
	r, err := http.NewRequest(method, g.h.URL+path, body)
	if err != nil {
		g.h.t.Fatal(err)
	}
	r.Host = g.h.host()
	for _, c := range g.jar.Cookies(g.site()) {
		r.AddCookie(c)
	}
	for _, change := range slices.Concat(g.always, changes) {
		change(r)
	}
	resp, err := g.client.Do(r)
	if err != nil {
		g.h.t.Fatalf("%s %.80s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		g.h.t.Fatalf("%s %.80s: %v", method, path, err)
	}
	g.jar.SetCookies(g.site(), resp.Cookies())
	if s := g.cookie("dw"); s != "" {
		g.h.secret(s)
	}
	return answer{g.h.t, method + " " + path, resp.StatusCode, resp.Header, string(b)}
}

func (g *guest) get(path string, changes ...change) answer {
	g.h.t.Helper()
	return g.do("GET", path, nil, changes...)
}

var formToken = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// post sends a form with pairs of fields, as it stands.
func (g *guest) post(path string, fields []string, changes ...change) answer {
	g.h.t.Helper()
	f := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		f.Set(fields[i], fields[i+1])
	}
	form := header("Content-Type", "application/x-www-form-urlencoded")
	return g.do("POST", path, strings.NewReader(f.Encode()), append([]change{form}, changes...)...)
}

// proof is the form token on a page.
func (g *guest) proof(page string) string {
	g.h.t.Helper()
	a := g.get(page)
	m := formToken.FindStringSubmatch(a.body)
	if m == nil {
		g.h.t.Fatalf("%s (%d) has no form: %.300s", page, a.code, a.body)
	}
	return m[1]
}

// press opens a page and sends its form to a path.
func (g *guest) press(page, to string, fields ...string) answer {
	g.h.t.Helper()
	return g.post(to, append([]string{"csrf", g.proof(page)}, fields...))
}

// ask asks for a sign-in email.
func (g *guest) ask(email string) answer {
	g.h.t.Helper()
	return g.press("/login", "/login", "email", email)
}

// api asks the API as the console does: with the session's cookie, from a page
// of ours, in JSON.
func (g *guest) api(method, path string, body any, changes ...change) answer {
	g.h.t.Helper()
	ours := []change{header("Sec-Fetch-Site", "same-origin"), header("Sec-Fetch-Mode", "cors")}
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			g.h.t.Fatal(err)
		}
		in = bytes.NewReader(text)
	}
	if method != "GET" && method != "HEAD" {
		ours = append(ours, header("Content-Type", "application/json"))
		if in == nil {
			in = strings.NewReader("{}")
		}
	}
	return g.do(method, "/api/v1"+path, in, append(ours, changes...)...)
}

// want fails the test unless the answer has one of these statuses.
func (a answer) want(codes ...int) answer {
	a.t.Helper()
	if !slices.Contains(codes, a.code) {
		a.t.Errorf("%.120s = %d, want %v: %.300s", a.asked, a.code, codes, a.text())
	}
	return a
}

// leads fails the test unless the answer is a redirect there.
func (a answer) leads(to string) answer {
	a.t.Helper()
	if got := a.header.Get("Location"); a.code != 303 || got != to {
		a.t.Errorf("%.120s = %d to %q, want 303 to %q", a.asked, a.code, got, to)
	}
	return a
}

// has fails the test unless the body holds all of these.
func (a answer) has(all ...string) answer {
	a.t.Helper()
	for _, s := range all {
		if !strings.Contains(a.body, s) {
			a.t.Errorf("%.120s (%d) lacks %q: %.300s", a.asked, a.code, s, a.text())
		}
	}
	return a
}

// lacks fails the test where the answer holds any of these.
func (a answer) lacks(all ...string) answer {
	a.t.Helper()
	whole := fmt.Sprint(a.header) + a.body
	for _, s := range all {
		if s != "" && strings.Contains(whole, s) {
			a.t.Errorf("%.120s (%d) holds %.60q", a.asked, a.code, s)
		}
	}
	return a
}

// object is the answer's JSON.
func (a answer) object() (o map[string]any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), &o); err != nil {
		a.t.Fatalf("%.120s (%d) is no object: %v: %.300s", a.asked, a.code, err, a.body)
	}
	return o
}

// items are those of a list.
func (a answer) items() (all []map[string]any) {
	a.t.Helper()
	var list struct{ Items []map[string]any }
	if err := json.Unmarshal([]byte(a.body), &list); err != nil {
		a.t.Fatalf("%.120s (%d) is no list: %v: %.300s", a.asked, a.code, err, a.body)
	}
	return list.Items
}

var tags = regexp.MustCompile(`(?s)<head>.*?</head>|<[^>]*>|\s+`)

// text is the page without its tags, for messages.
func (a answer) text() string { return strings.TrimSpace(tags.ReplaceAllString(a.body, " ")) }

// A wire is one raw connection.
type wire struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

// dial opens a connection that gives up once anything takes too long.
func (h *house) dial() *wire {
	h.t.Helper()
	c, err := net.Dial("tcp", h.Listen)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(product.Patience)); err != nil {
		h.t.Fatal(err)
	}
	return &wire{c, h.t, bufio.NewReader(c)}
}

// answer reads one answer; ok is false where the connection ended instead.
func (w *wire) answer() (a answer, ok bool) {
	resp, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return answer{t: w.t, asked: "raw"}, false
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return answer{w.t, "raw", resp.StatusCode, resp.Header, string(b)}, true
}

// raw sends bytes on a connection of their own and reads the first answer. The
// server may answer, and close, before it has read all.
func (h *house) raw(text string) (a answer, ok bool) {
	h.t.Helper()
	w := h.dial()
	defer w.Close()
	go io.WriteString(w, text)
	return w.answer()
}

// alive fails the test unless the server that was started still answers, and
// right: the Admin's own page.
func (h *house) alive() {
	h.t.Helper()
	select {
	case err := <-h.Exited:
		h.t.Fatalf("the server ended: %v", err)
	default:
	}
	if h.admin != nil {
		h.admin.api("GET", "/me", nil).want(200).has(boss)
	}
	h.guest().get("/readyz").want(200)
}

// at is many calls that start together.
func at(n int, call func(i int)) {
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { <-start; call(i) })
	}
	close(start)
	all.Wait()
}

// ends reads until the other side closes the connection, whatever it says.
func (w *wire) ends() error {
	if err := w.SetReadDeadline(time.Now().Add(product.Patience)); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, w.Conn)
	if slow, ok := err.(net.Error); ok && slow.Timeout() {
		return fmt.Errorf("still open after %s", product.Patience)
	}
	return nil // closed, or reset
}
