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
	. "doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
)

var noon = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

// A clock is a function that stands still until it is moved.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(noon.UnixMicro())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) forward(d time.Duration) { c.at.Add(d.Microseconds()) }

// An office is a service on a real store, with the people the tests are about.
type office struct {
	*Service
	Jobs   *jobs.Jobs
	engine kv.Opener
	t      testing.TB
	store  *store.Store
	clock  *clock
	dir    string
	mail   bool
	up     func() time.Duration // nil: as the clock goes
	disk   func(*store.Options) // nil: as much is free as wanted

	ann, bob, fay access.Actor // two Admins, a member of Fleet
}

type officeOption func(*office)

func onDisk(o *office)      { o.dir = o.t.TempDir() + "/data" }
func withoutMail(o *office) { o.mail = false }

// openOffice opens a service in memory, every Update run twice, with the Admins ann
// and bob and fay of Fleet.
func openOffice(t testing.TB, options ...officeOption) *office {
	t.Helper()
	o := emptyOffice(t, options...)
	_, link, err := o.Setup.SetUpHere(t.Context(), FirstAdmin{Email: mail(t, "ann@example.org"), Name: "Ann Admin"})
	must(t, err)
	entry, err := o.SignIn.RedeemLink(t.Context(), secretOf(link), browser("ann"))
	must(t, err)
	o.ann = session(entry.Member.ID)
	o.ann.Session = entry.Session.Hash()
	o.bob = o.confirmed(o.member("bob@example.org", "Bob Admin", access.Admin))
	o.fay = session(o.member("fay@example.org", "Fay Fleet", access.Fleet))
	return o
}

func emptyOffice(t testing.TB, options ...officeOption) *office {
	t.Helper()
	o := &office{t: t, clock: newClock(), mail: true, engine: enginetest.Open}
	for _, option := range options {
		option(o)
	}
	o.open()
	t.Cleanup(func() { o.store.Close() })
	return o
}

func (o *office) open() {
	o.t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	options := store.Options{
		Engine:  o.engine,
		Dir:     o.dir,
		Now:     o.clock.now,
		Uptime:  o.up,
		Logger:  quiet,
		Twice:   true,
		MinFree: 1,
	}
	if o.disk != nil {
		o.disk(&options)
	}
	o.store, err = store.Open(options)
	must(o.t, err)
	emails, err := email.New(os.DirFS("../../frontend"))
	must(o.t, err)
	o.Service, err = New(
		o.t.Context(),
		Options{Store: o.store, Emails: emails, PublicURL: "https://door.example.com", Mail: o.mail, Logger: quiet},
	)
	must(o.t, err)
	o.Jobs = jobs.New(o.store, o.Service, quiet)
}

func (o *office) reopen() {
	o.t.Helper()
	must(o.t, o.store.Close())
	o.open()
}

const day = 24 * time.Hour

func (o *office) sweep() {
	o.t.Helper()
	_, err := o.Jobs.Sweep(o.t.Context())
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

// confirmed is a member in a session of its own that was confirmed just now.
func (o *office) confirmed(id access.MemberID) access.Actor {
	o.t.Helper()
	actor, s := session(id), access.NewSecret().Hash()
	actor.Session = s
	must(o.t, o.store.Update(o.t.Context(), func(tx *store.Tx) error {
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

// browser is one with a cookie of its own.
func browser(name string) Browser {
	return Browser{Secret: access.Secret(name), From: "192.0.2.7", Agent: "Firefox"}
}

func secretOf(link string) access.Secret {
	return access.Secret(link[strings.LastIndexByte(link, '/')+1:])
}

// invite makes a pending member and returns the invitation with its link.
func (o *office) invite(to string, roles ...access.RoleName) InvitationResult {
	o.t.Helper()
	if len(roles) == 0 {
		roles = []access.RoleName{access.Fleet}
	}
	in, err := o.Invitations.Invite(o.t.Context(), access.Operator, NewInvitation{Email: mail(o.t, to), Roles: roles})
	must(o.t, err)
	return in
}

// waiting makes a pending member who has opened the invitation.
func (o *office) waiting(to string) NewSession {
	o.t.Helper()
	entry, err := o.SignIn.RedeemLink(o.t.Context(), secretOf(o.invite(to).Link), browser(to))
	must(o.t, err)
	return entry
}

// member makes an active member.
func (o *office) member(to, name string, roles ...access.RoleName) access.MemberID {
	o.t.Helper()
	in, err := o.Invitations.Invite(o.t.Context(), access.Operator, NewInvitation{
		Email: mail(o.t, to),
		Name:  name,
		Roles: roles,
	})
	must(o.t, err)
	_, err = o.Members.Approve(o.t.Context(), access.Operator, in.Card.ID, nil)
	must(o.t, err)
	return in.Card.ID
}

// entries are all audit entries, oldest first.
func (o *office) entries() []access.AuditEntry {
	o.t.Helper()
	var all []access.AuditEntry
	must(o.t, o.store.View(o.t.Context(), func(tx *store.Tx) (err error) {
		all, err = tx.AuditLog.Since(0, 1_000_000)
		return err
	}))
	return all
}

func (o *office) did(deed access.AuditAction) (n int) {
	o.t.Helper()
	for _, e := range o.entries() {
		if e.Action == deed {
			n++
		}
	}
	return n
}

// emails are all emails of a kind.
func (o *office) letters(kind access.MessageKind) (all []access.Message) {
	o.t.Helper()
	must(o.t, o.store.View(o.t.Context(), func(tx *store.Tx) error {
		p, err := tx.Messages.Page("", 5000)
		all = nil
		for _, l := range p.Items {
			if l.Kind == kind {
				all = append(all, l)
			}
		}
		return err
	}))
	return all
}

// email is the newest email of a kind to an address.
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
		w, err = o.Emails().Render(l.Kind, f)
		return err
	}))
	return w
}

// state is every record there is, to see that nothing changed.
func (o *office) state() string {
	o.t.Helper()
	var b strings.Builder
	must(o.t, o.store.Each(o.t.Context(), func(key, value []byte) error {
		text, err := json.Marshal([]string{string(key), string(value)})
		b.Write(text)
		return err
	}))
	return b.String()
}

func (o *office) verify() {
	o.t.Helper()
	if _, err := o.store.Verify(context.Background()); err != nil {
		o.t.Errorf("Verify = %v", err)
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

// refused checks that err is an explained refusal of a kind with a code.
func refused(t testing.TB, err error, kind access.Kind, code string) {
	t.Helper()
	if e := access.Explain(err); err == nil || e.Kind != kind || code != "" && e.Code != code {
		t.Errorf("got %v, want a refusal of kind %s, code %q", err, kind, code)
	}
}
