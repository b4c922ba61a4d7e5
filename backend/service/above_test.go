package service_test

import (
	"reflect"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// The role of somebody with every permission on members, and Fleet.
var keeper = access.Role{Name: "Keeper", Permissions: append([]access.Permission{
	access.May(access.Decide, access.ResMembers), access.May(access.Change, access.ResMembers),
	access.May(access.Change, access.ResSettings),
}, lead.Permissions...)}

// A target is a kind of member, to try a verb on.
type target string

const (
	invitedTarget   target = "invited"
	cameTarget      target = "came"
	activeTarget    target = "active"
	suspendedTarget target = "suspended"
	signedInTarget  target = "signed in"
)

// A deed is a verb that acts on a member, with the kind of member to try it on.
type deed struct {
	target target
	do     func(fx *fixture, actor access.Actor, id access.MemberID) error
	self   string // the error code when a member does it to themselves, pending or active; empty: allowed
}

// make makes such a member.
func (kind target) make(fx *fixture, roles ...access.RoleName) access.MemberID {
	const to = "target@example.com"
	switch kind {
	case invitedTarget:
		return fx.invite(to, roles...).Member.ID
	case cameTarget:
		return fx.waitingFor(to, roles...)
	}
	id := fx.member(to, "Tam Target", roles...)
	switch kind {
	case suspendedTarget:
		must(fx.t, only(fx.Members.Suspend(fx.t.Context(), access.Operator, id)))
	case signedInTarget:
		fx.enterAs(to)
	}
	return id
}

func only[T any](_ T, err error) error { return err }

// deeds are all verbs that act on one member. Each is also tried by callers without the
// permission (fixture.managing).
var deeds = map[string]deed{
	"Members.Approve": {cameTarget, func(fx *fixture, actor access.Actor, id access.MemberID) error {
		return only(fx.Members.Approve(fx.t.Context(), actor, id, nil))
	}, "already_decided"},
	"Members.Reject": {cameTarget, func(fx *fixture, actor access.Actor, id access.MemberID) error {
		return fx.Members.Reject(fx.t.Context(), actor, id, "", false)
	}, "already_decided"},
	"Invitations.Resend": {invitedTarget, func(fx *fixture, actor access.Actor, id access.MemberID) error {
		return only(fx.Invitations.Resend(fx.t.Context(), actor, id))
	}, "already_member"},
	"Invitations.CopyLink": {invitedTarget, func(fx *fixture, actor access.Actor, id access.MemberID) error {
		return only(fx.Invitations.CopyLink(fx.t.Context(), actor, id))
	}, "already_member"},
	"Members.ChangeRoles": {activeTarget, func(fx *fixture, actor access.Actor, id access.MemberID) error {
		return only(fx.Members.ChangeRoles(fx.t.Context(), actor, id, []access.RoleName{access.Fleet}))
	}, "own_roles"},
	"Members.Rename": {activeTarget, func(fx *fixture, actor access.Actor, id access.MemberID) error {
		return only(fx.Members.Rename(fx.t.Context(), actor, id, "Another"))
	}, ""},
	"Members.WriteNote": {activeTarget, func(fx *fixture, actor access.Actor, id access.MemberID) error {
		return only(fx.Members.WriteNote(fx.t.Context(), actor, id, "Another"))
	}, "own_account"},
	"Members.Suspend": {activeTarget, func(fx *fixture, actor access.Actor, id access.MemberID) error {
		return only(fx.Members.Suspend(fx.t.Context(), actor, id))
	}, "own_account"},
	"Members.Unsuspend": {suspendedTarget, func(fx *fixture, actor access.Actor, id access.MemberID) error {
		return only(fx.Members.Unsuspend(fx.t.Context(), actor, id))
	}, "own_account"},
	"Members.Remove": {activeTarget, func(fx *fixture, actor access.Actor, id access.MemberID) error {
		return fx.Members.Remove(fx.t.Context(), actor, id)
	}, "own_account"},
	"Sessions.SignOutEverywhere": {signedInTarget, func(fx *fixture, actor access.Actor, id access.MemberID) error {
		return fx.Sessions.SignOutEverywhere(fx.t.Context(), actor, id, false)
	}, ""},
	"Sessions.End": {signedInTarget, func(fx *fixture, actor access.Actor, id access.MemberID) error {
		open, err := fx.Sessions.List(fx.t.Context(), access.Operator, id)
		must(fx.t, err)
		return fx.Sessions.End(fx.t.Context(), actor, id, open[0].ID())
	}, ""},
	// It is found by the email, and acts on the member whose invitation the email
	// holds.
	"Outbox.Delete": {invitedTarget, func(fx *fixture, actor access.Actor, id access.MemberID) error {
		m, err := fx.Members.Get(fx.t.Context(), access.Operator, id)
		must(fx.t, err)
		return fx.Outbox.Delete(fx.t.Context(), actor, m.Message)
	}, "none"},
}

// looking are the verbs about one member that change nothing: anybody who may
// read members may use them on all members. Gate.OperatorAs is for the operator.
var looking = []string{"Members.Get", "Sessions.List", "Tokens.Owned", "Account.PendingView", "Gate.OperatorAs"}

// undoing takes back what its caller has just done: TestUndoAboveOnesRights.
var undoing = []string{"Members.Undo"}

// A verb that acts on a member and is missing from the table above might not
// check how much that member may do.
func TestEveryVerbOnAMemberHasItsRows(t *testing.T) {
	id := reflect.TypeFor[access.MemberID]()
	found := 0
	for name, m := range verbs() {
		for n := 1; n < m.Type.NumIn(); n++ {
			if m.Type.In(n) != id {
				continue
			}
			found++
			_, acts := deeds[name]
			if rest := containsWord(looking, name) || containsWord(undoing, name); acts == rest {
				t.Errorf("%s takes a member: give it its row in deeds, or, if it changes nothing, a place in looking",
					name)
			}
		}
	}
	if want := len(deeds) - 1 + len(looking) + len(undoing); found != want { // one is found by its email
		t.Errorf("%d verbs take a member, want %d", found, want)
	}
}

// verbs are all methods of all nouns, as "Members.Approve". Steps are left out:
// they are parts of verbs, and have no caller.
func verbs() map[string]reflect.Method {
	all := map[string]reflect.Method{}
	service := reflect.TypeFor[Service]()
	for i := range service.NumField() {
		noun := service.Field(i)
		if noun.Anonymous || noun.Name == "Steps" {
			continue
		}
		for j := range noun.Type.NumMethod() {
			m := noun.Type.Method(j)
			all[noun.Name+"."+m.Name] = m
		}
	}
	return all
}

func containsWord(all []string, s string) bool {
	for _, a := range all {
		if a == s {
			return true
		}
	}
	return false
}

// Somebody who may decide about members and change them, but is no Admin, acts
// against the Admins: rejects one who is invited, approves one with fewer roles,
// sends them emails, signs them out, takes their roles. Every verb refuses a
// target whose permissions are above their own, or not within them, and allows
// one who is below or equal. The same holds for a token of an Admin that was made
// with fewer permissions.
func TestNobodyActsOnWhatIsAboveThem(t *testing.T) {
	levels := []struct {
		name    string
		roles   []access.RoleName
		refused bool
	}{
		{"below", []access.RoleName{access.Fleet}, false},
		{"equal", []access.RoleName{keeper.Name}, false},
		{"above", []access.RoleName{access.Admin}, true},
		{"beside", []access.RoleName{access.AILoop}, true},
		{"below and beside", []access.RoleName{access.Fleet, access.AILoop}, true},
	}
	for name, d := range deeds {
		for _, level := range levels {
			for _, who := range []string{"a member", "a token of an Admin"} {
				t.Run(name+", "+level.name+", by "+who, func(t *testing.T) {
					fx := newFixture(t)
					must(t, fx.Roles.Put(t.Context(), access.Operator, keeper))
					actor := session(fx.member("kim@example.org", "Kim", keeper.Name))
					if who != "a member" {
						actor = fx.tokenOf(fx.ann, keeper.Name)
					}
					id := d.target.make(fx, level.roles...)
					before := fx.state()
					err := d.do(fx, actor, id)
					if !level.refused {
						// Managing members requires a confirmed session and is refused
						// to tokens. That check comes only after the one above: by
						// then the target is known to be within the caller's
						// permissions.
						if code := access.Explain(err).
							Code; err != nil && code != "confirmation_required" && code != "token_outlives" {
							t.Error(err)
						}
						return
					}
					refused(t, err, access.Forbidden, "member_above_own")
					if fx.state() != before {
						t.Error("the refusal changed something")
					}
				})
			}
		}
	}
}

// Nobody decides on themselves, nor changes their own permissions: neither with
// their session nor with a token of theirs.
func TestNobodyActsOnThemselves(t *testing.T) {
	for name, d := range deeds {
		if d.self == "none" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			fx := newFixture(t)
			for _, actor := range []access.Actor{fx.bob, fx.tokenOf(fx.bob, access.Admin)} {
				fx.enterAs("bob@example.org")
				before := fx.state()
				err := d.do(fx, actor, fx.bob.Member)
				if d.self == "" {
					must(t, err)
					continue
				}
				if e := access.Explain(err); err == nil || e.Code != d.self {
					t.Errorf("got %v, want a refusal with code %q", err, d.self)
				}
				if fx.state() != before {
					t.Error("the refusal changed something")
				}
			}
		})
	}
}

// tokenOf makes a token of a member with fewer permissions than theirs.
func (fx *fixture) tokenOf(actor access.Actor, roles ...access.RoleName) access.Actor {
	fx.t.Helper()
	t := access.Token{
		ID:        access.TokenID(access.NewID()),
		Name:      "t",
		Hash:      access.NewSecret().Hash(),
		Owner:     actor.Member,
		Roles:     roles,
		CreatedAt: fx.clock.now(),
		ExpiresAt: fx.clock.now().Add(time.Hour),
	}
	must(fx.t, fx.store.Update(fx.t.Context(), func(tx *store.Tx) error { return tx.Tokens.Put(t) }))
	return access.Actor{Member: actor.Member, Token: t.ID, Source: access.SourceAPI}
}
