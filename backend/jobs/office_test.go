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
	"doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv/enginetest"
)

const day = 24 * time.Hour

var noon = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

// A clock stands still until it is moved.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) forward(d time.Duration) { c.at.Add(d.Microseconds()) }

// An office is a service with its jobs on a real store, every Update run twice, and
// two Admins in it.
type office struct {
	*service.Service
	jobs   *Jobs
	emails *email.Templates
	t      testing.TB
	store  *store.Store
	clock  *clock
	dir    string
	up     func() time.Duration // nil: as the clock goes

	ann, bob access.Actor
}

func openOffice(t testing.TB, options ...func(*office)) *office {
	t.Helper()
	o := &office{t: t, clock: &clock{}}
	o.clock.at.Store(noon.UnixMicro())
	for _, option := range options {
		option(o)
	}
	o.open()
	t.Cleanup(func() { o.store.Close() })
	first := service.FirstAdmin{Email: mail(t, "ann@example.org"), Name: "Ann Admin"}
	_, link, err := o.Setup.SetUpHere(t.Context(), first)
	must(t, err)
	ann, err := o.SignIn.RedeemLink(t.Context(), secretOf(link), browser("ann"))
	must(t, err)
	o.ann = session(ann.Member.ID)
	o.ann.Session = ann.Session.Hash()
	o.bob = session(o.member("bob@example.org", access.Admin))
	return o
}

func onDisk(o *office) { o.dir = o.t.TempDir() + "/data" }

func (o *office) open() {
	o.t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	o.store, err = store.Open(store.Options{
		Engine:  enginetest.Open,
		Dir:     o.dir,
		Now:     o.clock.now,
		Uptime:  o.up,
		Logger:  quiet,
		Twice:   true,
		MinFree: 1,
	})
	must(o.t, err)
	o.emails, err = email.New(os.DirFS("../../frontend"))
	must(o.t, err)
	o.Service, err = service.New(o.t.Context(), service.Options{
		Store:     o.store,
		Emails:    o.emails,
		PublicURL: "https://door.example.com",
		Mail:      true,
		Logger:    quiet,
	})
	must(o.t, err)
	o.jobs = New(o.store, o.Service, quiet)
}

func (o *office) sweep() {
	o.t.Helper()
	_, err := o.jobs.Sweep(o.t.Context())
	must(o.t, err)
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

// browser is one with a cookie of its own.
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
func (o *office) invite(to string, roles ...access.RoleName) service.InvitationResult {
	o.t.Helper()
	if len(roles) == 0 {
		roles = []access.RoleName{access.Fleet}
	}
	in, err := o.Invitations.Invite(o.t.Context(), access.Operator, invitation(o.t, to, roles...))
	must(o.t, err)
	return in
}

// waiting makes a pending member who has opened the invitation.
func (o *office) waiting(to string) {
	o.t.Helper()
	_, err := o.SignIn.RedeemLink(o.t.Context(), secretOf(o.invite(to).Link), browser(to))
	must(o.t, err)
}

// member makes an active member.
func (o *office) member(to string, roles ...access.RoleName) access.MemberID {
	o.t.Helper()
	id := o.invite(to, roles...).Card.ID
	_, err := o.Members.Approve(o.t.Context(), access.Operator, id, nil)
	must(o.t, err)
	return id
}

// did is how often the audit log says that something was done.
func (o *office) did(deed access.AuditAction) (n int) {
	o.t.Helper()
	must(o.t, o.store.View(o.t.Context(), func(tx *store.Tx) error {
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

// letters are all emails of a kind.
func (o *office) letters(kind access.MessageKind) (all []access.Message) {
	o.t.Helper()
	must(o.t, o.store.View(o.t.Context(), func(tx *store.Tx) error {
		p, err := tx.Messages.Page("", 5000)
		for _, l := range p.Items {
			if l.Kind == kind {
				all = append(all, l)
			}
		}
		return err
	}))
	return all
}

// letter is the newest email of a kind to an address.
func (o *office) letter(kind access.MessageKind, to string) access.Message {
	o.t.Helper()
	for _, l := range o.letters(kind) {
		if l.Recipient == to {
			return l
		}
	}
	o.t.Fatalf("there is no letter of kind %q to %s", kind, to)
	return access.Message{}
}

func (o *office) words(id access.MessageID) (w access.MessageBody) {
	o.t.Helper()
	must(o.t, o.store.View(o.t.Context(), func(tx *store.Tx) (err error) {
		l, err := tx.Messages.Get(id)
		if err != nil {
			return err
		}
		f, err := tx.Messages.Facts(id)
		if err != nil {
			return err
		}
		w, err = o.emails.Render(l.Kind, f)
		return err
	}))
	return w
}

// linkTo is the secret of the link in the newest email of a kind to an address.
func (o *office) linkTo(kind access.MessageKind, to string) access.Secret {
	o.t.Helper()
	text := o.words(o.letter(kind, to).ID).Text
	_, rest, ok := strings.Cut(text, "https://door.example.com/login/")
	if !ok || len(rest) < access.SecretLength {
		o.t.Fatalf("no link in the letter:\n%s", text)
	}
	return access.Secret(rest[:access.SecretLength])
}

func (o *office) verify() {
	o.t.Helper()
	if _, err := o.store.Verify(context.Background()); err != nil {
		o.t.Errorf("Verify = %v", err)
	}
}
