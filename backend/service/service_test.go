package service_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/email"
	"doorward/backend/jobs"
	"doorward/backend/messages"
	. "doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
)

var noon = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

// A clock returns the same time until a test moves it.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(noon.UnixMicro())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) forward(d time.Duration) { c.at.Add(d.Microseconds()) }

// A fixture is a service on a real store, with the members that the tests use.
type fixture struct {
	*Service
	Jobs   *jobs.Jobs
	engine kv.Opener
	t      testing.TB
	store  *store.Store
	clock  *clock
	dir    string
	mail   bool
	at     access.SetAtStart
	up     func() time.Duration // nil: runs with the clock
	disk   func(*store.Options) // nil: as much is free as needed

	ann, bob, fay access.Actor // two Admins, a member of Fleet
}

type fixtureOption func(*fixture)

func onDisk(fx *fixture)      { fx.dir = fx.t.TempDir() + "/data" }
func withoutMail(fx *fixture) { fx.mail = false }

// newFixture opens a service in memory, where every Update runs twice, with the
// Admins ann and bob, and fay of Fleet.
func newFixture(t testing.TB, options ...fixtureOption) *fixture {
	t.Helper()
	fx := newEmptyFixture(t, options...)
	_, link, err := fx.Setup.SetUpHere(t.Context(), FirstAdmin{Email: mail(t, "ann@example.org"), Name: "Ann Admin"})
	must(t, err)
	entry, err := fx.SignIn.RedeemLink(t.Context(), secretOf(link), browser("ann"))
	must(t, err)
	fx.ann = session(entry.Member.ID)
	fx.ann.Session = entry.Session.Hash()
	fx.bob = fx.confirmed(fx.member("bob@example.org", "Bob Admin", access.Admin))
	fx.fay = session(fx.member("fay@example.org", "Fay Fleet", access.Fleet))
	return fx
}

func newEmptyFixture(t testing.TB, options ...fixtureOption) *fixture {
	t.Helper()
	fx := &fixture{t: t, clock: newClock(), mail: true, engine: enginetest.Open}
	for _, option := range options {
		option(fx)
	}
	fx.open()
	t.Cleanup(func() { fx.store.Close() })
	return fx
}

func (fx *fixture) open() {
	fx.t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	options := store.Options{
		Engine:  fx.engine,
		Dir:     fx.dir,
		Now:     fx.clock.now,
		Uptime:  fx.up,
		Logger:  quiet,
		Twice:   true,
		MinFree: 1,
	}
	if fx.disk != nil {
		fx.disk(&options)
	}
	fx.store, err = store.Open(options)
	must(fx.t, err)
	frontend := os.DirFS("../../frontend")
	catalog, err := messages.Open(frontend)
	must(fx.t, err)
	emails, err := email.New(frontend, catalog)
	must(fx.t, err)
	fx.Service, err = New(
		fx.t.Context(),
		Options{
			Store:      fx.store,
			Emails:     emails,
			PublicURL:  "https://door.example.com",
			Mail:       fx.mail,
			Logger:     quiet,
			SetAtStart: fx.at,
			Cluster:    quietCluster{},
		},
	)
	must(fx.t, err)
	fx.Jobs = jobs.New(fx.store, fx.Service, quiet)
}

func (fx *fixture) reopen() {
	fx.t.Helper()
	must(fx.t, fx.store.Close())
	fx.open()
}

const day = 24 * time.Hour

func (fx *fixture) sweep() {
	fx.t.Helper()
	_, err := fx.Jobs.Sweep(fx.t.Context())
	must(fx.t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mail(t testing.TB, s string) access.Address {
	t.Helper()
	a, err := address.Parse(s)
	must(t, err)
	return a
}

func session(id access.MemberID) access.Actor {
	return access.Actor{Member: id, Source: access.SourceConsole}
}

// confirmed is a member in a new session that was just confirmed.
func (fx *fixture) confirmed(id access.MemberID) access.Actor {
	fx.t.Helper()
	actor, s := session(id), access.NewSecret().Hash()
	actor.Session = s
	must(fx.t, fx.store.Update(fx.t.Context(), func(tx *store.Tx) error {
		m, err := tx.Members.Get(id)
		if err != nil {
			return err
		}
		opened := access.Session{Hash: s, Member: id, Method: "link", OpenedAt: tx.Now, SeenAt: tx.Now, Epoch: m.Epoch}
		opened.Confirm(&m, "link", tx.Now)
		return tx.Sessions.Put(opened)
	}))
	return actor
}

// browser is a browser with a cookie of its own.
func browser(name string) Browser {
	return Browser{Secret: access.Secret(name), From: "192.0.2.7", Agent: "Firefox"}
}

func secretOf(link string) access.Secret {
	return access.Secret(link[strings.LastIndexByte(link, '/')+1:])
}

// invite makes a pending member and returns the invitation with its link.
func (fx *fixture) invite(to string, roles ...access.RoleName) InvitationResult {
	fx.t.Helper()
	if len(roles) == 0 {
		roles = []access.RoleName{access.Fleet}
	}
	in, err := fx.Invitations.Invite(
		fx.t.Context(),
		access.Operator,
		NewInvitation{Email: mail(fx.t, to), Roles: roles},
	)
	must(fx.t, err)
	return in
}

// waiting makes a pending member who has accepted the invitation.
func (fx *fixture) waiting(to string) NewSession {
	fx.t.Helper()
	entry, err := fx.SignIn.RedeemLink(fx.t.Context(), secretOf(fx.invite(to).Link), browser(to))
	must(fx.t, err)
	return entry
}

// member makes an active member.
func (fx *fixture) member(to, name string, roles ...access.RoleName) access.MemberID {
	fx.t.Helper()
	in, err := fx.Invitations.Invite(fx.t.Context(), access.Operator, NewInvitation{
		Email: mail(fx.t, to),
		Name:  name,
		Roles: roles,
	})
	must(fx.t, err)
	_, err = fx.Members.Approve(fx.t.Context(), access.Operator, in.Member.ID, nil)
	must(fx.t, err)
	return in.Member.ID
}

// entries are all audit entries, oldest first.
func (fx *fixture) entries() []access.AuditEntry {
	fx.t.Helper()
	var all []access.AuditEntry
	must(fx.t, fx.store.View(fx.t.Context(), func(tx *store.Tx) (err error) {
		all, err = tx.AuditLog.Since(0, 1_000_000)
		return err
	}))
	return all
}

func (fx *fixture) did(deed access.AuditAction) (n int) {
	fx.t.Helper()
	for _, e := range fx.entries() {
		if e.Action == deed {
			n++
		}
	}
	return n
}

// messages are all emails of a kind; of any, if it is empty.
func (fx *fixture) messages(kind access.MessageKind) (all []access.Message) {
	fx.t.Helper()
	must(fx.t, fx.store.View(fx.t.Context(), func(tx *store.Tx) error {
		p, err := tx.Messages.Find(store.MessageQuery{Limit: 5000})
		all = nil
		for _, m := range p.Items {
			if kind == "" || m.Kind == kind {
				all = append(all, m)
			}
		}
		return err
	}))
	return all
}

// message is the newest email of a kind to an address, but for those that were withdrawn.
func (fx *fixture) message(kind access.MessageKind, to string) access.Message {
	fx.t.Helper()
	for _, m := range fx.messages(kind) {
		if m.Recipient == to && m.State != access.MessageWithdrawn {
			return m
		}
	}
	fx.t.Fatalf("there is no email of kind %q to %s", kind, to)
	return access.Message{}
}

func (fx *fixture) body(id access.MessageID) (w access.MessageBody) {
	fx.t.Helper()
	must(fx.t, fx.store.View(fx.t.Context(), func(tx *store.Tx) (err error) {
		m, err := tx.Messages.Get(id)
		if err != nil {
			return err
		}
		f, err := tx.Messages.Facts(id)
		if err != nil {
			return err
		}
		w, err = fx.Emails().Render(m.Kind, f)
		return err
	}))
	return w
}

// state is every stored record, to check that nothing changed.
func (fx *fixture) state() string {
	fx.t.Helper()
	var b strings.Builder
	must(fx.t, fx.store.Each(fx.t.Context(), func(key, value []byte) error {
		text, err := json.Marshal([]string{string(key), string(value)})
		b.Write(text)
		return err
	}))
	return b.String()
}

func (fx *fixture) verify() {
	fx.t.Helper()
	if _, err := fx.store.Verify(context.Background()); err != nil {
		fx.t.Errorf("Verify = %v", err)
	}
}

// race calls fn from n goroutines that start together.
func race(n int, fn func(i int) error) []error {
	errs, start := make([]error, n), make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// refused checks that err is an access error of this kind and code.
func refused(t testing.TB, err error, kind access.Kind, code string) {
	t.Helper()
	if e := access.Explain(err); err == nil || e.Kind != kind || code != "" && e.Code != code {
		t.Errorf("got %v, want a refusal of kind %s, code %q", err, kind, code)
	}
}
