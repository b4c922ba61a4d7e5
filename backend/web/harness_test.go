package web

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/email"
	"doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
)

// houseOptions are what a house's server is made of.
type houseOptions struct {
	Options
	API APIOptions
}

// A house is a server on a real store in memory, with a clock that the test
// moves, and one Admin.
type house struct {
	t       testing.TB
	service *service.Service
	store   *store.Store
	web     *Server
	portal  *Portal
	api     *API
	events  *Events
	app     *fiber.App
	log     *syncBuffer
	mu      sync.Mutex
	now     time.Time
	up      time.Duration // what no clock changes
	admin   access.Actor
}

const houseURL = "https://door.example.com"

func newHouse(t testing.TB, change ...func(*houseOptions)) *house {
	t.Helper()
	return newHouseOn(t, enginetest.Open, change...)
}

func newHouseOn(t testing.TB, engine kv.Opener, change ...func(*houseOptions)) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC), log: &syncBuffer{}}
	log := slog.New(slog.NewTextHandler(h.log, nil))
	st, err := store.Open(store.Options{Engine: engine, Now: h.clock, Uptime: h.uptime, Logger: log})
	h.must(err)
	h.store = st
	frontend := os.DirFS("../../frontend")
	emails, err := email.New(frontend)
	h.must(err)
	h.service, err = service.New(
		context.Background(),
		service.Options{Store: st, Emails: emails, PublicURL: houseURL, Mail: true, Logger: log},
	)
	h.must(err)
	o := houseOptions{
		Options: Options{Service: h.service, Frontend: frontend, Listen: "127.0.0.1:8080", Logger: log},
		API:     APIOptions{Service: h.service, Logger: log},
	}
	for _, c := range change {
		c(&o)
	}
	h.web, err = New(o.Options)
	h.must(err)
	h.portal, err = NewPortal(h.web, PortalOptions{Service: h.service, Frontend: frontend, Logger: log})
	h.must(err)
	h.api = NewAPI(h.web, o.API)
	h.events = NewEvents(h.web, EventsOptions{Service: h.service, Overview: h.api.Overview, Logger: log})
	h.must(h.web.Mount(h.portal.Mount, h.api.Mount, h.events.Mount))
	network, err := h.web.Face(false)
	h.must(err)
	h.app = network.app
	c, _, err := h.service.Setup.SetUpHere(context.Background(), service.FirstAdmin{Email: h.address("grace@example.org"), Name: "Grace Hopper"})
	h.must(err)
	h.admin = h.confirmed(c.ID)
	t.Cleanup(func() {
		h.must(h.web.Close())
		h.must(st.Close())
	})
	return h
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now, h.up = h.now.Add(d), h.up+d
}

// jump is a clock that is set, while no time passes.
func (h *house) jump(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) uptime() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.up
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) address(s string) access.Address {
	h.t.Helper()
	a, err := address.Parse(s)
	h.must(err)
	return a
}

// invite makes a pending member and returns the secret path of the link.
func (h *house) invite(email string, roles ...access.RoleName) (access.MemberID, string) {
	h.t.Helper()
	in, err := h.service.Invitations.Invite(context.Background(), h.admin, service.NewInvitation{Email: h.address(email), Roles: roles})
	h.must(err)
	return in.Card.ID, strings.TrimPrefix(in.Link, houseURL)
}

// confirmed is a member in a session of its own that was confirmed just now.
func (h *house) confirmed(id access.MemberID) access.Actor {
	h.t.Helper()
	hash := access.NewSecret().Hash()
	h.session(access.Session{Hash: hash, Member: id, Method: "link", OpenedAt: h.clock(), SeenAt: h.clock()})
	return access.Actor{Member: id, Source: access.SourceConsole, Session: hash}
}

// session keeps a session that was confirmed just now.
func (h *house) session(opened access.Session) {
	h.t.Helper()
	h.must(h.store.Update(context.Background(), func(tx *store.Tx) error {
		if old, ok, err := tx.Session(opened.Hash); err != nil || ok {
			opened = old
		}
		m, err := tx.Member(opened.Member)
		if err != nil {
			return err
		}
		opened.Epoch = m.Epoch
		opened.Confirm(&m, "link", tx.Now)
		return tx.PutSession(opened)
	}))
}

// A guest is a browser: it keeps cookies and follows nothing by itself.
type guest struct {
	h   *house
	jar *cookiejar.Jar
}

func (h *house) guest() *guest {
	jar, err := cookiejar.New(nil)
	h.must(err)
	return &guest{h, jar}
}

// An answer is a response that was read.
type answer struct {
	*http.Response
	body string
}

func (g *guest) do(method, path string, form url.Values, change ...func(*http.Request)) answer {
	g.h.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, houseURL+path, body)
	g.h.must(err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, c := range g.jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	for _, c := range change {
		c(r)
	}
	resp, err := g.h.app.Test(r, -1)
	g.h.must(err)
	defer resp.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(resp.Body)
	g.h.must(err)
	g.jar.SetCookies(r.URL, resp.Cookies())
	return answer{resp, b.String()}
}

func (g *guest) get(path string, change ...func(*http.Request)) answer {
	g.h.t.Helper()
	return g.do(http.MethodGet, path, nil, change...)
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// post sends the form on a page as the page made it, with these fields.
func (g *guest) post(page answer, path string, fields ...string) answer {
	g.h.t.Helper()
	form := url.Values{}
	if m := csrfField.FindStringSubmatch(page.body); m != nil {
		form.Set("csrf", m[1])
	}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return g.do(http.MethodPost, path, form)
}

// enter redeems a link as a person does: open it, press the button.
func (g *guest) enter(link string) answer {
	g.h.t.Helper()
	return g.post(g.get(link), link)
}

func (g *guest) session() access.Secret {
	u, _ := url.Parse(houseURL)
	for _, c := range g.jar.Cookies(u) {
		if c.Name == g.h.web.Cookies.names.session {
			return access.Secret(c.Value)
		}
	}
	return ""
}

// arrived is a guest who is signed in as somebody with these roles.
func (h *house) arrived(email string, roles ...access.RoleName) (*guest, access.MemberID) {
	h.t.Helper()
	id, link := h.invite(email, roles...)
	g := h.guest()
	g.enter(link)
	_, err := h.service.Members.Approve(context.Background(), h.admin, id, nil)
	h.must(err)
	h.session(access.Session{Hash: g.session().Hash()})
	return g, id
}

func (a answer) want(t testing.TB, status int, holds ...string) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("%s %s = %d, want %d\n%s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.main())
	}
	for _, w := range holds {
		if !strings.Contains(a.body+a.Header.Get("Location"), w) {
			t.Errorf("%s %s does not hold %q:\n%s", a.Request.Method, a.Request.URL.Path, w, a.main())
		}
	}
}

// main is the part of a page that differs from others.
func (a answer) main() string {
	if i := strings.Index(a.body, "<main"); i >= 0 {
		return a.body[i:]
	}
	return a.body
}

func (a answer) lacks(t testing.TB, not ...string) {
	t.Helper()
	for _, w := range not {
		if strings.Contains(a.body, w) {
			t.Errorf("%s %s holds %q", a.Request.Method, a.Request.URL.Path, w)
		}
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }
