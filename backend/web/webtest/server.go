// Package webtest is a whole server for tests: the server with all its packages,
// on a real store in memory, and the browsers and programs that call it. It
// behaves as the product does; only the clock is the test's.
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
	"doorward/backend/messages"
	"doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
	"doorward/backend/web"
	"doorward/backend/web/api"
	"doorward/backend/web/events"
	"doorward/backend/web/portal"
)

// URL is the public URL of every server.
const URL = "https://door.example.com"

// The names of the cookies at URL.
const (
	SessionCookie = "__Host-dw"
	BrowserCookie = "__Host-dw-browser"
)

// Patience is the longest that a test waits for anything; no test waits for it to
// pass.
const Patience = time.Minute

// Options are what a test's server is made of.
type Options struct {
	web.Options
	API   api.Options
	More  web.Mount // the test's own routes
	Fresh bool      // nobody has set it up
	Mail  bool      // a mail server was given at the start

	Machines service.Cluster
}

// A Server is a server on a real store in memory, with a clock that the test
// moves, and one Admin.
type Server struct {
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
	up  time.Duration // not changed by setting the clock
}

// New starts a server with these changes to its options; the end of the test
// closes it.
func New(t testing.TB, change ...func(*Options)) *Server {
	t.Helper()
	return NewOn(t, enginetest.Open, change...)
}

// NewOn is New on another engine.
func NewOn(t testing.TB, engine kv.Opener, change ...func(*Options)) *Server {
	t.Helper()
	s := &Server{T: t, now: time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC), Log: &Buffer{}}
	log := slog.New(slog.NewTextHandler(s.Log, nil))
	st, err := store.Open(store.Options{Engine: engine, Now: s.Clock, Uptime: s.uptime, Logger: log})
	s.Must(err)
	s.Store = st
	frontend := os.DirFS(filepath.Join(root(t), "frontend"))
	catalog, err := messages.Open(frontend)
	s.Must(err)
	emails, err := email.New(frontend, catalog)
	s.Must(err)
	o := Options{
		Options: web.Options{Frontend: frontend, Listen: "127.0.0.1:8080", Logger: log},
		More:    func(*web.Face) {},
		Mail:    true,
	}
	for _, c := range change {
		c(&o)
	}
	s.Service, err = service.New(context.Background(), service.Options{
		Store:      st,
		Emails:     emails,
		PublicURL:  URL,
		Mail:       o.Mail,
		Logger:     log,
		SetAtStart: o.API.SetAtStart,
		Cluster:    o.Machines,
	})
	s.Must(err)
	o.Service = s.Service
	s.Must(s.open(o))
	network, err := s.Web.Face(false)
	s.Must(err)
	s.App = network.App()
	if !o.Fresh {
		c, _, err := s.Service.Setup.SetUpHere(
			context.Background(),
			service.FirstAdmin{Email: s.Address("grace@example.org"), Name: "Grace Hopper"},
		)
		s.Must(err)
		s.Admin = s.Confirmed(c.ID)
	}
	t.Cleanup(func() {
		s.Must(s.Web.Close())
		s.Must(st.Close())
	})
	return s
}

// open makes the server and mounts the packages.
func (s *Server) open(o Options) (err error) {
	catalog, err := messages.Open(o.Frontend)
	if err != nil {
		return err
	}
	o.Messages = catalog
	if s.Web, err = web.New(o.Options); err != nil {
		return err
	}
	pages, err := portal.New(s.Web, o.Frontend, catalog)
	if err != nil {
		return err
	}
	o.API.PortalPage = pages.Preview
	s.API = api.New(s.Web, o.API)
	s.Events = events.New(s.Web, s.API.Overview)
	return s.Web.Mount(pages.Mount, s.API.Mount, s.Events.Mount, o.More)
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

// Clock returns the server's time.
func (s *Server) Clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Advance lets time pass.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.up = s.now.Add(d), s.up+d
}

// Jump sets the clock, while no time passes.
func (s *Server) Jump(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *Server) uptime() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up
}

// Must fails the test if err is not nil.
func (s *Server) Must(err error) {
	s.T.Helper()
	if err != nil {
		s.T.Fatal(err)
	}
}

// Address parses an email address.
func (s *Server) Address(email string) access.Address {
	s.T.Helper()
	a, err := address.Parse(email)
	s.Must(err)
	return a
}

// Invite makes a pending member and returns the secret path of the link.
func (s *Server) Invite(email string, roles ...access.RoleName) (access.MemberID, string) {
	s.T.Helper()
	want := service.NewInvitation{Email: s.Address(email), Roles: roles}
	in, err := s.Service.Invitations.Invite(context.Background(), s.Admin, want)
	s.Must(err)
	return in.Member.ID, strings.TrimPrefix(in.Link, URL)
}

// Confirmed is a member in a new session that was just confirmed.
func (s *Server) Confirmed(id access.MemberID) access.Actor {
	s.T.Helper()
	hash := access.NewSecret().Hash()
	s.Session(access.Session{Hash: hash, Member: id, Method: "link", OpenedAt: s.Clock(), SeenAt: s.Clock()})
	return access.Actor{Member: id, Source: access.SourceConsole, Session: hash}
}

// Session stores a session that was just confirmed.
func (s *Server) Session(opened access.Session) {
	s.T.Helper()
	s.Must(s.Store.Update(context.Background(), func(tx *store.Tx) error {
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

// SignedIn returns a browser that is signed in as a new member with these roles.
func (s *Server) SignedIn(email string, roles ...access.RoleName) (*Browser, access.MemberID) {
	s.T.Helper()
	id, link := s.Invite(email, roles...)
	b := s.Browser()
	b.RedeemLink(link)
	_, err := s.Service.Members.Approve(context.Background(), s.Admin, id, nil)
	s.Must(err)
	s.Session(access.Session{Hash: b.Session().Hash()})
	return b, id
}

// Token makes an API token of a member.
func (s *Server) Token(actor access.Actor, roles ...access.RoleName) access.Secret {
	s.T.Helper()
	_, secret, err := s.Service.Tokens.Create(context.Background(), actor, "for a test", roles, 0)
	s.Must(err)
	return secret
}

// Serve listens on a port of this machine, as the product does, and returns its
// address.
func (s *Server) Serve() string {
	s.T.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.Must(err)
	done := make(chan error, 1)
	go func() { done <- s.Web.Serve(l, false) }()
	s.T.Cleanup(func() {
		s.Must(s.Web.Close())
		<-done
	})
	return l.Addr().String()
}

// SignInAgain signs a member in again, in a new browser.
func (s *Server) SignInAgain(email string) *Browser {
	s.T.Helper()
	b := s.Browser()
	b.Post(b.Get("/login"), "/login", "email", email)
	_, err := s.Service.SignIn.AnswerRequests(context.Background())
	s.Must(err)
	_, code := s.SignInEmail()
	b.Post(b.Get("/login"), "/login/code", "code", code).Want(s.T, 303)
	return b
}

// ConfirmationCode returns the code of the newest confirmation email to an
// address.
func (s *Server) ConfirmationCode(to string) (code string) {
	s.T.Helper()
	s.Must(s.Store.View(context.Background(), func(tx *store.Tx) error {
		page, err := tx.Messages.Find(store.MessageQuery{Limit: 200})
		for _, m := range page.Items {
			if m.Kind != access.ConfirmationMessage || m.Recipient != to || code != "" {
				continue
			}
			f, err := tx.Messages.Facts(m.ID)
			if err != nil {
				return err
			}
			code = f.Code
		}
		return err
	}))
	if code == "" {
		s.T.Fatalf("no email with a code went to %s", to)
	}
	return code
}

// SignInEmail returns the link and the code of the newest email.
func (s *Server) SignInEmail() (link, code string) {
	s.T.Helper()
	page, err := s.Service.Outbox.List(context.Background(), access.Operator, store.MessageQuery{})
	s.Must(err)
	at := slices.IndexFunc(page.Items, func(m access.Message) bool { return m.Kind == access.SignInMessage })
	_, w, err := s.Service.Outbox.Get(context.Background(), access.Operator, page.Items[at].ID)
	s.Must(err)
	link = regexp.MustCompile(regexp.QuoteMeta(URL) + `(/login/[A-Za-z0-9_-]{43})`).FindStringSubmatch(w.Text)[1]
	code = regexp.MustCompile(`(?m)^[0-9A-Z]{4}-[0-9A-Z]{4}$`).FindString(w.Text)
	return link, code
}

// Eventually waits until the condition holds.
func (s *Server) Eventually(what string, is func() bool) {
	s.T.Helper()
	for end := time.Now().Add(Patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.T.Fatal("in vain: " + what)
		}
	}
}

// Records is every stored record, to check that nothing changed.
func (s *Server) Records() string {
	s.T.Helper()
	var b strings.Builder
	s.Must(s.Store.Each(context.Background(), func(key, value []byte) error {
		fmt.Fprintf(&b, "%q=%q\n", key, value)
		return nil
	}))
	return b.String()
}
