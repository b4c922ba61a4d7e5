package service_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/email"
	"doorward/backend/jobs"
	. "doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv/enginetest"
)

// lifeChecks is how many lives one ordinary run leads; -rapid.checks leads more.
const lifeChecks = "30"

// Random sequences of everything that members, Admins, the operator, time and a
// restart can do are led beside a small model of what ought to come of it. After
// every step the rules that hold everywhere are looked at.
func TestLives(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue {
		must(t, f.Value.Set(lifeChecks))
		defer f.Value.Set(f.DefValue)
	}
	rapid.Check(t, func(rt *rapid.T) {
		l := newLife(rt)
		defer l.store.Close()
		rt.Repeat(map[string]func(*rapid.T){
			"":                       l.invariants,
			"invite":                 l.invite,
			"resend":                 l.resend,
			"redeem a link":          l.redeem,
			"ask, and use the link":  l.signInByLink,
			"ask, and type the code": l.signInByCode,
			"note":                   l.note,
			"withdraw":               l.withdraw,
			"approve":                l.approve,
			"reject":                 l.reject,
			"change roles":           l.changeRoles,
			"suspend":                l.suspend,
			"restore":                l.restore,
			"remove":                 l.remove,
			"sign out":               l.signOut,
			"use a token":            l.useToken,
			"time passes":            l.timePasses,
			"restart":                l.restart,
		})
	})
}

// A soul is one address in the model: who has it, if anybody.
type soul struct {
	email    string
	id       access.MemberID // empty: nobody
	state    access.State
	roles    []access.RoleName
	invited  []access.RoleName // what an undecided member was invited to
	deleted  bool              // it was somebody's, and nobody was invited since
	links    []*opener         // all links ever made for it
	sessions []*opener         // all sessions ever opened
}

// An opener is a secret, and whether it may open something still.
type opener struct {
	secret access.Secret
	spent  bool // used, replaced, ended or revoked: it may never open anything again
	until  time.Time
	made   time.Time
}

// life is a service and the model of it.
type life struct {
	*Service
	Jobs  *jobs.Jobs
	store *store.Store
	clock *clock
	ctx   context.Context
	souls []*soul
	token access.Secret // the operator's, of the role Fleet
	n     int           // browsers so far
}

// Clerk is a role with fewer rights than Admin, which acts on others all the same.
const Clerk access.RoleName = "Clerk"

var clerkMay = []access.Permission{
	access.May(access.Read, access.ResMembers), access.May(access.DoInvite, access.ResMembers),
	access.May(access.Decide, access.ResMembers),
	access.May(access.Change, access.ResMembers), access.May(access.Open, access.ResFleet),
	access.May(access.Open, access.ResFleetDataLake), access.May(access.Open, access.ResFleetFlows),
}

func newLife(rt *rapid.T) *life {
	l := &life{clock: newClock(), ctx: context.Background()}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	l.store, err = store.Open(store.Options{
		Engine:  enginetest.Open,
		Now:     l.clock.now,
		Logger:  quiet,
		Twice:   true,
		MinFree: 1,
	})
	l.must(rt, err)
	l.openDesk(rt)
	for i := range 5 {
		l.souls = append(l.souls, &soul{email: fmt.Sprintf("soul%d@lives.example", i)})
	}
	first := l.souls[0]
	card, link, err := l.Setup.SetUpHere(l.ctx, FirstAdmin{Email: l.address(rt, first.email), Name: "First"})
	l.must(rt, err)
	first.id, first.state, first.roles = card.ID, access.Active, []access.RoleName{access.Admin}
	first.links = []*opener{{
		secret: secretOf(link),
		made:   l.clock.now(),
		until:  l.clock.now().Add(access.RescueLinkTTL),
	}}
	l.must(rt, l.Roles.Put(l.ctx, access.Operator, access.Role{Name: Clerk, Permissions: clerkMay}))
	_, l.token, err = l.Tokens.Create(l.ctx, access.Operator, "suite", []access.RoleName{access.Fleet},
		300*24*time.Hour)
	l.must(rt, err)
	return l
}

func (l *life) openDesk(rt *rapid.T) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	emails, err := email.New(os.DirFS("../../frontend"))
	l.must(rt, err)
	l.Service, err = New(l.ctx, Options{
		Store:     l.store,
		Emails:    emails,
		PublicURL: "https://door.example.com",
		Mail:      true,
		Logger:    quiet,
	})
	l.must(rt, err)
	l.Jobs = jobs.New(l.store, l.Service, quiet)
}

func (l *life) must(rt *rapid.T, err error) {
	if err != nil {
		rt.Fatalf("%v", err)
	}
}

func (l *life) address(rt *rapid.T, s string) access.Address {
	a, err := address.Parse(s)
	l.must(rt, err)
	return a
}

// rightsOf are those of roles, as the model has them.
func rightsOf(roles []access.RoleName) map[access.Permission]bool {
	all := map[access.Permission]bool{}
	for _, r := range append(access.BuiltIn(), access.Role{Name: Clerk, Permissions: clerkMay}) {
		if slices.Contains(roles, r.Name) {
			for _, p := range r.Permissions {
				all[p] = true
			}
		}
	}
	return all
}

// within reports whether one may do no more than the other.
func within(roles []access.RoleName, rights map[access.Permission]bool) bool {
	for p := range rightsOf(roles) {
		if !rights[p] {
			return false
		}
	}
	return true
}

// An actor is who does a step.
type actor struct {
	by     access.Actor
	soul   *soul // nil: the operator
	rights map[access.Permission]bool
}

// draw picks who acts, and on whom.
func (l *life) draw(rt *rapid.T) (a actor, on *soul) {
	who := rapid.IntRange(-1, len(l.souls)-1).Draw(rt, "actor")
	on = l.souls[rapid.IntRange(0, len(l.souls)-1).Draw(rt, "on")]
	if who < 0 {
		return actor{access.Operator, nil, rightsOf([]access.RoleName{access.Admin})}, on
	}
	s := l.souls[who]
	a = actor{access.Actor{Member: s.id, Source: access.SourceConsole}, s, nil}
	if s.id == "" {
		a.by.Member = "aaaaaaaaaaaaaaaaaaaaaaaaaa" // nobody's
	}
	if s.state == access.Active {
		a.rights = rightsOf(s.roles)
	}
	return a, on
}

func (l *life) drawRoles(rt *rapid.T) []access.RoleName {
	return rapid.SampledFrom([][]access.RoleName{
		{access.Fleet},
		{access.AILoop},
		{Clerk},
		{access.Admin},
		{access.Fleet, access.AILoop},
	}).Draw(
		rt,
		"roles",
	)
}

// id is the target's, or one that nobody has.
func (s *soul) target() access.MemberID {
	if s.id == "" {
		return "bbbbbbbbbbbbbbbbbbbbbbbbbb"
	}
	return s.id
}

// judge holds the outcome of a verb to the rules. fits: the target is in the state
// that the verb is for; above: what is touched or granted goes beyond the actor.
// The operator has to succeed where a verb fits; for members more may be asked.
func (a actor) judge(
	rt *rapid.T,
	verb string,
	on *soul,
	err error,
	right access.Permission,
	fits, above bool,
) (done bool) {
	self := a.soul != nil && a.soul == on
	switch {
	case err != nil && access.Explain(err).Kind == access.Internal:
		rt.Fatalf("%s: a fault of ours: %v", verb, err)
	case err == nil && (!a.rights[right] || !fits || above || self):
		rt.Fatalf("%s on %s (%s, %v): it went through; right %v, fits %v, above %v, self %v",
			verb, on.email, on.state, on.roles, a.rights[right], fits, above, self)
	case err != nil && a.soul == nil && fits && access.Explain(err).Code != "last_admin" && !access.TooMany.Is(err):
		rt.Fatalf("%s by the operator on %s (%s): %v", verb, on.email, on.state, err)
	}
	return err == nil
}
