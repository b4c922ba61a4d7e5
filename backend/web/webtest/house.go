// Package webtest is a whole server for tests: the server with all its rooms, on a
// real store in memory, and the browsers and programs that ask it. It answers as the
// product does, and nothing is left out; only the clock is the test's.
package webtest

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	"doorward/backend/web"
	"doorward/backend/web/api"
	"doorward/backend/web/events"
	"doorward/backend/web/portal"
)

// URL is where every house is.
const URL = "https://door.example.com"

// The names of the cookies at URL.
const (
	SessionCookie = "__Host-dw"
	BrowserCookie = "__Host-dw-browser"
)

// Patience bounds what a test waits for; nothing waits for it to pass.
const Patience = time.Minute

// Options are what a house's server is made of.
type Options struct {
	web.Options
	API  api.Options
	More web.Mount // routes of the test's own
}

// A House is a server on a real store in memory, with a clock that the test
// moves, and one Admin.
type House struct {
	T       testing.TB
	Service *service.Service
	Store   *store.Store
	Web     *web.Server
	API     *api.API
	Events  *events.Events
	App     *fiber.App // what the network reaches
	Log     *Buffer
	Admin   access.Actor

	mu  sync.Mutex
	now time.Time
	up  time.Duration // what no clock changes
}

// New is a house whose options were changed so; the test's end closes it.
func New(t testing.TB, change ...func(*Options)) *House {
	t.Helper()
	return NewOn(t, enginetest.Open, change...)
}

// NewOn is New on an engine.
func NewOn(t testing.TB, engine kv.Opener, change ...func(*Options)) *House {
	t.Helper()
	h := &House{T: t, now: time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC), Log: &Buffer{}}
	log := slog.New(slog.NewTextHandler(h.Log, nil))
	st, err := store.Open(store.Options{Engine: engine, Now: h.Clock, Uptime: h.uptime, Logger: log})
	h.Must(err)
	h.Store = st
	frontend := os.DirFS(filepath.Join(root(t), "frontend"))
	emails, err := email.New(frontend)
	h.Must(err)
	h.Service, err = service.New(context.Background(), service.Options{
		Store:     st,
		Emails:    emails,
		PublicURL: URL,
		Mail:      true,
		Logger:    log,
	})
	h.Must(err)
	o := Options{
		Options: web.Options{Service: h.Service, Frontend: frontend, Listen: "127.0.0.1:8080", Logger: log},
		More:    func(*web.Face) {},
	}
	for _, c := range change {
		c(&o)
	}
	h.Must(h.open(o))
	network, err := h.Web.Face(false)
	h.Must(err)
	h.App = network.App()
	c, _, err := h.Service.Setup.SetUpHere(
		context.Background(),
		service.FirstAdmin{Email: h.Address("grace@example.org"), Name: "Grace Hopper"},
	)
	h.Must(err)
	h.Admin = h.Confirmed(c.ID)
	t.Cleanup(func() {
		h.Must(h.Web.Close())
		h.Must(st.Close())
	})
	return h
}

// open makes the server and its rooms.
func (h *House) open(o Options) (err error) {
	if h.Web, err = web.New(o.Options); err != nil {
		return err
	}
	pages, err := portal.New(h.Web, o.Frontend)
	if err != nil {
		return err
	}
	h.API = api.New(h.Web, o.API)
	h.Events = events.New(h.Web, h.API.Overview)
	return h.Web.Mount(pages.Mount, h.API.Mount, h.Events.Mount, o.More)
}

// root is the folder of go.mod above the test's own.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, gone := os.Stat(filepath.Join(dir, "go.mod")); gone == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			err = os.ErrNotExist
		}
	}
	t.Fatal(err)
	return ""
}

// Clock is what the house takes for the time.
func (h *House) Clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// Wait lets time pass.
func (h *House) Wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now, h.up = h.now.Add(d), h.up+d
}

// Jump is a clock that is set, while no time passes.
func (h *House) Jump(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *House) uptime() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.up
}

// Must ends the test where err is not nil.
func (h *House) Must(err error) {
	h.T.Helper()
	if err != nil {
		h.T.Fatal(err)
	}
}

// Address reads an email address.
func (h *House) Address(s string) access.Address {
	h.T.Helper()
	a, err := address.Parse(s)
	h.Must(err)
	return a
}

// Invite makes a pending member and returns the secret path of the link.
func (h *House) Invite(email string, roles ...access.RoleName) (access.MemberID, string) {
	h.T.Helper()
	want := service.NewInvitation{Email: h.Address(email), Roles: roles}
	in, err := h.Service.Invitations.Invite(context.Background(), h.Admin, want)
	h.Must(err)
	return in.Card.ID, strings.TrimPrefix(in.Link, URL)
}

// Confirmed is a member in a session of its own that was confirmed just now.
func (h *House) Confirmed(id access.MemberID) access.Actor {
	h.T.Helper()
	hash := access.NewSecret().Hash()
	h.Session(access.Session{Hash: hash, Member: id, Method: "link", OpenedAt: h.Clock(), SeenAt: h.Clock()})
	return access.Actor{Member: id, Source: access.SourceConsole, Session: hash}
}

// Session keeps a session that was confirmed just now.
func (h *House) Session(opened access.Session) {
	h.T.Helper()
	h.Must(h.Store.Update(context.Background(), func(tx *store.Tx) error {
		if old, ok, err := tx.Sessions.Get(opened.Hash); err != nil || ok {
			opened = old
		}
		m, err := tx.Members.Get(opened.Member)
		if err != nil {
			return err
		}
		opened.Epoch = m.Epoch
		opened.Confirm(&m, "link", tx.Now)
		return tx.Sessions.Put(opened)
	}))
}

// Arrived is a guest who is signed in as somebody with these roles.
func (h *House) Arrived(email string, roles ...access.RoleName) (*Guest, access.MemberID) {
	h.T.Helper()
	id, link := h.Invite(email, roles...)
	g := h.Guest()
	g.Enter(link)
	_, err := h.Service.Members.Approve(context.Background(), h.Admin, id, nil)
	h.Must(err)
	h.Session(access.Session{Hash: g.Session().Hash()})
	return g, id
}

// Token makes an API token of a member.
func (h *House) Token(actor access.Actor, roles ...access.RoleName) access.Secret {
	h.T.Helper()
	_, secret, err := h.Service.Tokens.Create(context.Background(), actor, "for a test", roles, 0)
	h.Must(err)
	return secret
}

// Serve answers on a port of this machine, as it does for real, and returns its
// address.
func (h *House) Serve() string {
	h.T.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	h.Must(err)
	done := make(chan error, 1)
	go func() { done <- h.Web.Serve(l, false) }()
	h.T.Cleanup(func() {
		h.Must(h.Web.Close())
		<-done
	})
	return l.Addr().String()
}

// Back signs a member in again.
func (h *House) Back(email string) *Guest {
	h.T.Helper()
	g := h.Guest()
	g.Post(g.Get("/login"), "/login", "email", email)
	_, err := h.Service.SignIn.AnswerRequests(context.Background())
	h.Must(err)
	_, code := h.SignInLetter()
	g.Post(g.Get("/login"), "/login/code", "code", code).Want(h.T, 303)
	return g
}

// ConfirmationCode is the code in the newest email that asks somebody to confirm.
func (h *House) ConfirmationCode(to string) (code string) {
	h.T.Helper()
	h.Must(h.Store.View(context.Background(), func(tx *store.Tx) error {
		page, err := tx.Messages.Page("", 200)
		for _, l := range page.Items {
			if l.Kind != access.ConfirmationMessage || l.Recipient != to || code != "" {
				continue
			}
			f, err := tx.Messages.Facts(l.ID)
			if err != nil {
				return err
			}
			code = f.Code
		}
		return err
	}))
	if code == "" {
		h.T.Fatalf("no email with a code went to %s", to)
	}
	return code
}

// SignInLetter finds the link and the code in the newest email.
func (h *House) SignInLetter() (link, code string) {
	h.T.Helper()
	page, err := h.Service.Outbox.List(context.Background(), access.Operator, "", 0)
	h.Must(err)
	at := slices.IndexFunc(page.Items, func(l access.Message) bool { return l.Kind == access.SignInMessage })
	_, w, err := h.Service.Outbox.Get(context.Background(), access.Operator, page.Items[at].ID)
	h.Must(err)
	link = regexp.MustCompile(regexp.QuoteMeta(URL) + `(/login/[A-Za-z0-9_-]{43})`).FindStringSubmatch(w.Text)[1]
	code = regexp.MustCompile(`(?m)^[0-9A-Z]{4}-[0-9A-Z]{4}$`).FindString(w.Text)
	return link, code
}

// Eventually waits until it is so.
func (h *House) Eventually(what string, is func() bool) {
	h.T.Helper()
	for end := time.Now().Add(Patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			h.T.Fatal("in vain: " + what)
		}
	}
}

// Records is each record there is, to see that nothing changed.
func (h *House) Records() string {
	h.T.Helper()
	var b strings.Builder
	h.Must(h.Store.Each(context.Background(), func(key, value []byte) error {
		fmt.Fprintf(&b, "%q=%q\n", key, value)
		return nil
	}))
	return b.String()
}
