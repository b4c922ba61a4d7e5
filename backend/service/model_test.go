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
	"doorward/backend/messages"
	. "doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv/enginetest"
)

// modelChecks is how many sequences an ordinary run tries; -rapid.checks tries
// more.
const modelChecks = "30"

// Random sequences of everything that members, Admins, the operator, time and a
// restart can do run against a small model of the expected result. After every
// step the rules that always hold are checked.
func TestRandomSequences(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue {
		must(t, f.Value.Set(modelChecks))
		defer f.Value.Set(f.DefValue)
	}
	rapid.Check(t, func(rt *rapid.T) {
		md := newModel(rt)
		defer md.store.Close()
		rt.Repeat(map[string]func(*rapid.T){
			"":                       md.invariants,
			"invite":                 md.invite,
			"resend":                 md.resend,
			"redeem a link":          md.redeem,
			"ask, and use the link":  md.signInByLink,
			"ask, and type the code": md.signInByCode,
			"note":                   md.note,
			"withdraw":               md.withdraw,
			"approve":                md.approve,
			"reject":                 md.reject,
			"change roles":           md.changeRoles,
			"suspend":                md.suspend,
			"restore":                md.restore,
			"remove":                 md.remove,
			"undo":                   md.undo,
			"sign out":               md.signOut,
			"use a token":            md.useToken,
			"time passes":            md.timePasses,
			"restart":                md.restart,
		})
	})
}

// A person is one address in the model, with its account if there is one.
type person struct {
	email    string
	id       access.MemberID // empty: no account
	state    access.State
	roles    []access.RoleName
	invited  []access.RoleName // the roles that an undecided member was invited to
	deleted  bool              // the account was deleted, and nobody was invited since
	undo     *lastChange       // the last change, if whoever made it may still undo it
	links    []*credential     // all links ever made for it
	sessions []*credential     // all sessions ever opened
}

// A credential is a secret, and whether it may still work.
type credential struct {
	secret access.Secret
	spent  bool // used, replaced, ended or revoked: it must never work again
	until  time.Time
	made   time.Time
}

// model is a service and what is expected of it.
type model struct {
	*Service
	Jobs   *jobs.Jobs
	store  *store.Store
	clock  *clock
	ctx    context.Context
	people []*person
	token  access.Secret // the operator's, with the role Fleet
	n      int           // browsers so far
}

// Clerk is a role with fewer permissions than Admin that may still act on others.
const Clerk access.RoleName = "Clerk"

var clerkMay = []access.Permission{
	access.May(access.Read, access.ResMembers), access.May(access.DoInvite, access.ResMembers),
	access.May(access.Decide, access.ResMembers),
	access.May(access.Change, access.ResMembers), access.May(access.Open, access.ResFleet),
	access.May(access.Open, access.ResFleetDataLake), access.May(access.Open, access.ResFleetFlows),
}

func newModel(rt *rapid.T) *model {
	md := &model{clock: newClock(), ctx: context.Background()}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	md.store, err = store.Open(store.Options{
		Engine:  enginetest.Open,
		Now:     md.clock.now,
		Logger:  quiet,
		Twice:   true,
		MinFree: 1,
	})
	md.must(rt, err)
	md.openService(rt)
	for i := range 5 {
		md.people = append(md.people, &person{email: fmt.Sprintf("soul%d@lives.example", i)})
	}
	first := md.people[0]
	card, link, err := md.Setup.SetUpHere(md.ctx, FirstAdmin{Email: md.address(rt, first.email), Name: "First"})
	md.must(rt, err)
	first.id, first.state, first.roles = card.ID, access.Active, []access.RoleName{access.Admin}
	first.links = []*credential{{
		secret: secretOf(link),
		made:   md.clock.now(),
		until:  md.clock.now().Add(access.RescueLinkTTL),
	}}
	md.must(rt, md.Roles.Put(md.ctx, access.Operator, access.Role{Name: Clerk, Permissions: clerkMay}))
	_, md.token, err = md.Tokens.Create(md.ctx, access.Operator, "suite", []access.RoleName{access.Fleet},
		300*24*time.Hour)
	md.must(rt, err)
	return md
}

func (md *model) openService(rt *rapid.T) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	frontend := os.DirFS("../../frontend")
	catalog, err := messages.Open(frontend)
	md.must(rt, err)
	emails, err := email.New(frontend, catalog)
	md.must(rt, err)
	md.Service, err = New(md.ctx, Options{
		Store:     md.store,
		Emails:    emails,
		PublicURL: "https://door.example.com",
		Mail:      true,
		Logger:    quiet,
	})
	md.must(rt, err)
	md.Jobs = jobs.New(md.store, md.Service, quiet)
}

func (md *model) must(rt *rapid.T, err error) {
	if err != nil {
		rt.Fatalf("%v", err)
	}
}

func (md *model) address(rt *rapid.T, s string) access.Address {
	a, err := address.Parse(s)
	md.must(rt, err)
	return a
}

// rightsOf are the permissions of the roles, as the model has them.
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

// within reports whether the one's permissions are within the other's.
func within(roles []access.RoleName, rights map[access.Permission]bool) bool {
	for p := range rightsOf(roles) {
		if !rights[p] {
			return false
		}
	}
	return true
}

// An actor is who performs a step.
type actor struct {
	by     access.Actor
	person *person // nil: the operator
	rights map[access.Permission]bool
}

// draw picks the actor and the target. Every other actor is one who may change members, and
// every other target has an account: most of the others are refused.
func (md *model) draw(rt *rapid.T) (a actor, on *person) {
	who := rapid.IntRange(-1, len(md.people)-1).Draw(rt, "actor")
	able := func(s *person) bool { return s.state == access.Active && rightsOf(s.roles)[mayChange] }
	if rapid.Bool().Draw(rt, "able") {
		who = slices.IndexFunc(md.people, able) // there is always an Admin
	}
	on = md.people[rapid.IntRange(0, len(md.people)-1).Draw(rt, "on")]
	if there := md.others(); len(there) > 0 && rapid.Bool().Draw(rt, "there") {
		on = rapid.SampledFrom(there).Draw(rt, "on whom")
	}
	if who < 0 {
		return actor{access.Operator, nil, rightsOf([]access.RoleName{access.Admin})}, on
	}
	s := md.people[who]
	a = actor{access.Actor{Member: s.id, Source: access.SourceConsole}, s, nil}
	if s.id == "" {
		a.by.Member = "aaaaaaaaaaaaaaaaaaaaaaaaaa" // nobody's
	}
	if s.state == access.Active {
		a.rights = rightsOf(s.roles)
	}
	return a, on
}

// others are the people with an account besides the first Admin.
func (md *model) others() (all []*person) {
	for _, s := range md.people[1:] {
		if s.id != "" {
			all = append(all, s)
		}
	}
	return all
}

func (md *model) drawRoles(rt *rapid.T) []access.RoleName {
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

// target is the person's member id, or one that nobody has.
func (s *person) target() access.MemberID {
	if s.id == "" {
		return "bbbbbbbbbbbbbbbbbbbbbbbbbb"
	}
	return s.id
}

// judge checks the result of a verb. fits: the target is in the state that the
// verb requires; above: what is changed or granted is above the actor's
// permissions. The operator must succeed where a verb fits; members may also be
// refused.
func (a actor) judge(
	rt *rapid.T,
	verb string,
	on *person,
	err error,
	right access.Permission,
	fits, above bool,
) (done bool) {
	self := a.person != nil && a.person == on
	switch {
	case err != nil && access.Explain(err).Kind == access.Internal:
		rt.Fatalf("%s: a fault of ours: %v", verb, err)
	case err == nil && (!a.rights[right] || !fits || above || self):
		rt.Fatalf("%s on %s (%s, %v): it went through; right %v, fits %v, above %v, self %v",
			verb, on.email, on.state, on.roles, a.rights[right], fits, above, self)
	case err != nil && a.person == nil && fits && access.Explain(err).Code != "last_admin" && !access.TooMany.Is(err):
		rt.Fatalf("%s by the operator on %s (%s): %v", verb, on.email, on.state, err)
	}
	return err == nil
}
