package jobs

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/email"
	"doorward/backend/messages"
	"doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv/enginetest"
)

const day = 24 * time.Hour

var noon = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

// A clock returns the same time until a test moves it.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) forward(d time.Duration) { c.at.Add(d.Microseconds()) }

// A fixture is a service with its jobs on a real store, where every Update runs
// twice, and two Admins.
type fixture struct {
	*service.Service
	jobs   *Jobs
	emails *email.Templates
	t      testing.TB
	store  *store.Store
	clock  *clock
	dir    string
	up     func() time.Duration // nil: runs with the clock

	ann, bob access.Actor
}

func newFixture(t testing.TB, options ...func(*fixture)) *fixture {
	t.Helper()
	fx := &fixture{t: t, clock: &clock{}}
	fx.clock.at.Store(noon.UnixMicro())
	for _, option := range options {
		option(fx)
	}
	fx.open()
	t.Cleanup(func() { fx.store.Close() })
	first := service.FirstAdmin{Email: mail(t, "ann@example.org"), Name: "Ann Admin"}
	_, link, err := fx.Setup.SetUpHere(t.Context(), first)
	must(t, err)
	ann, err := fx.SignIn.RedeemLink(t.Context(), secretOf(link), browser("ann"))
	must(t, err)
	fx.ann = session(ann.Member.ID)
	fx.ann.Session = ann.Session.Hash()
	fx.bob = session(fx.member("bob@example.org", access.Admin))
	return fx
}

func onDisk(fx *fixture) { fx.dir = fx.t.TempDir() + "/data" }

func (fx *fixture) open() {
	fx.t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	fx.store, err = store.Open(store.Options{
		Engine:  enginetest.Open,
		Dir:     fx.dir,
		Now:     fx.clock.now,
		Uptime:  fx.up,
		Logger:  quiet,
		Twice:   true,
		MinFree: 1,
	})
	must(fx.t, err)
	frontend := os.DirFS("../../frontend")
	catalog, err := messages.Open(frontend)
	must(fx.t, err)
	fx.emails, err = email.New(frontend, catalog)
	must(fx.t, err)
	fx.Service, err = service.New(fx.t.Context(), service.Options{
		Store:     fx.store,
		Emails:    fx.emails,
		PublicURL: "https://door.example.com",
		Mail:      true,
		Logger:    quiet,
	})
	must(fx.t, err)
	fx.jobs = New(fx.store, fx.Service, quiet)
}

func (fx *fixture) sweep() {
	fx.t.Helper()
	_, err := fx.jobs.Sweep(fx.t.Context())
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

// browser is a browser with a cookie of its own.
func browser(name string) service.Browser {
	return service.Browser{Secret: access.Secret(name), From: "192.0.2.7", Agent: "Firefox"}
}

func secretOf(link string) access.Secret {
	return access.Secret(link[strings.LastIndexByte(link, '/')+1:])
}

func invitation(t testing.TB, to string, roles ...access.RoleName) service.NewInvitation {
	t.Helper()
	return service.NewInvitation{Email: mail(t, to), Roles: roles}
}

// invite makes a pending member and returns the invitation with its link.
func (fx *fixture) invite(to string, roles ...access.RoleName) service.InvitationResult {
	fx.t.Helper()
	if len(roles) == 0 {
		roles = []access.RoleName{access.Fleet}
	}
	in, err := fx.Invitations.Invite(fx.t.Context(), access.Operator, invitation(fx.t, to, roles...))
	must(fx.t, err)
	return in
}

// waiting makes a pending member who has accepted the invitation.
func (fx *fixture) waiting(to string) {
	fx.t.Helper()
	_, err := fx.SignIn.RedeemLink(fx.t.Context(), secretOf(fx.invite(to).Link), browser(to))
	must(fx.t, err)
}

// member makes an active member.
func (fx *fixture) member(to string, roles ...access.RoleName) access.MemberID {
	fx.t.Helper()
	id := fx.invite(to, roles...).Member.ID
	_, err := fx.Members.Approve(fx.t.Context(), access.Operator, id, nil)
	must(fx.t, err)
	return id
}

// did counts the audit entries of an action.
func (fx *fixture) did(deed access.AuditAction) (n int) {
	fx.t.Helper()
	must(fx.t, fx.store.View(fx.t.Context(), func(tx *store.Tx) error {
		all, err := tx.AuditLog.Since(0, 1_000_000)
		for _, e := range all {
			if e.Action == deed {
				n++
			}
		}
		return err
	}))
	return n
}

// messages are all emails of a kind.
func (fx *fixture) messages(kind access.MessageKind) (all []access.Message) {
	fx.t.Helper()
	must(fx.t, fx.store.View(fx.t.Context(), func(tx *store.Tx) error {
		p, err := tx.Messages.Find(store.MessageQuery{Limit: 5000})
		for _, m := range p.Items {
			if m.Kind == kind {
				all = append(all, m)
			}
		}
		return err
	}))
	return all
}

// message is the newest email of a kind to an address.
func (fx *fixture) message(kind access.MessageKind, to string) access.Message {
	fx.t.Helper()
	for _, m := range fx.messages(kind) {
		if m.Recipient == to {
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
		w, err = fx.emails.Render(m.Kind, f)
		return err
	}))
	return w
}

// linkTo is the secret of the link in the newest email of a kind to an address.
func (fx *fixture) linkTo(kind access.MessageKind, to string) access.Secret {
	fx.t.Helper()
	text := fx.body(fx.message(kind, to).ID).Text
	_, rest, ok := strings.Cut(text, "https://door.example.com/login/")
	if !ok || len(rest) < access.SecretLength {
		fx.t.Fatalf("no link in the email:\n%s", text)
	}
	return access.Secret(rest[:access.SecretLength])
}

func (fx *fixture) verify() {
	fx.t.Helper()
	if _, err := fx.store.Verify(context.Background()); err != nil {
		fx.t.Errorf("Verify = %v", err)
	}
}
