package hostile

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// A target is one Doorward under attack, with the people the attacks are about.
type target struct {
	*product.Product
	t     *testing.T
	admin *browser // signed in by the setup link

	mu      sync.Mutex
	secrets []string // links, codes and tokens, which must not be in a log

	newestSeen map[string]int // sign-in emails that newest returned, by address
	made       int            // people that fresh invited
	clock      atomic.Int64   // where at has set it, in nanoseconds since 1970
}

// open starts a Doorward that nobody has set up.
func open(t *testing.T, flags ...string) *target {
	t.Helper()
	return targetOf(t, product.Serving(t, flags...))
}

// targetOf makes a target of a product that is already serving.
func targetOf(t *testing.T, p *product.Product) *target {
	h := &target{Product: p, t: t}
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

// openWithAdmin is open with an Admin, grace@example.org.
func openWithAdmin(t *testing.T, flags ...string) *target {
	t.Helper()
	h := open(t, flags...)
	h.setUp()
	return h
}

const boss = "grace@example.org"

// setUp makes the first Admin.
func (h *target) setUp() {
	h.t.Helper()
	h.admin = h.browser()
	setup := h.Setup[strings.Index(h.Setup, "/setup/"):]
	h.admin.press(setup, setup, "email", boss, "name", "Grace Hopper", "workspace", "AI Loop").want(303)
}

// behindTLS is openWithAdmin behind a proxy that ends TLS: links and cookies are those
// of https://door.example.com.
func behindTLS(t *testing.T, flags ...string) *target {
	t.Helper()
	p := product.New(t, flags...)
	p.Public, p.Listen = "https://door.example.com", need.Address(t)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	h := targetOf(t, p)
	h.setUp()
	return h
}

// host is the name that the server answers to.
func (h *target) host() string {
	if h.Public != "" {
		return strings.TrimPrefix(h.Public, "https://")
	}
	return h.Listen
}

// origin is the origin of its pages.
func (h *target) origin() string {
	if h.Public != "" {
		return h.Public
	}
	return h.URL
}

func (h *target) secret(all ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secrets = append(h.secrets, all...)
}

// command runs a command line that has to succeed.
func (h *target) command(args ...string) string {
	h.t.Helper()
	s, err := h.Do(args...)
	if err != nil {
		h.t.Fatal(err)
	}
	return s.Out
}

// mail is the nth email to an address with this text in its subject.
func (h *target) mail(to, subject string, nth int) product.Message {
	h.t.Helper()
	l, err := h.Message(product.Wanted{To: to, Subject: subject, Nth: nth})
	if err != nil {
		h.t.Fatal(err)
	}
	if l.Link != "" {
		h.secret(l.Link[strings.LastIndexByte(l.Link, '/')+1:])
	}
	return l
}

const (
	invited = "has invited you"
	signIn  = "Sign in"
)

// path is a link without its host.
func path(link string) string { return link[strings.Index(link, "/login/"):] }

// invite makes the Admin invite somebody and returns their id and the path of the
// emailed link.
func (h *target) invite(email string, roles ...string) (id, link string) {
	h.t.Helper()
	if len(roles) == 0 {
		roles = []string{"Fleet"}
	}
	a := h.admin.api("POST", "/invitations", map[string]any{"email": email, "roles": roles})
	a.want(201)
	return a.object()["id"].(string), path(h.mail(email, invited, 1).Link)
}

// arrived is somebody who was invited and has opened the email.
func (h *target) arrived(email string, roles ...string) (*browser, string) {
	h.t.Helper()
	id, link := h.invite(email, roles...)
	b := h.browser()
	b.press(link, link).want(303)
	return b, id
}

// member is arrived, and approved.
func (h *target) member(email string, roles ...string) (*browser, string) {
	h.t.Helper()
	b, id := h.arrived(email, roles...)
	h.admin.api("POST", "/members/"+id+"/approve", nil).want(200)
	b.get("/").want(200) // with the session's new secret
	return b, id
}

// token makes an API token on the command line.
func (h *target) token(roles ...string) string {
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
func (h *target) audit() (all []map[string]any) {
	h.t.Helper()
	return objects(h.t, h.command("audit", "--json", "--limit", "0"))
}

// did counts the audit entries of an action.
func (h *target) did(deed string) (n int) {
	h.t.Helper()
	for _, e := range h.audit() {
		if e["action"] == deed {
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
