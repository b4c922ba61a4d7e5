package service_test

import (
	"reflect"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// The role of somebody who may do everything to members, and open Fleet.
var keeper = access.Role{Name: "Keeper", Permissions: append([]access.Permission{
	access.May(access.Decide, access.ResMembers), access.May(access.Change, access.ResMembers),
	access.May(access.Change, access.ResSettings),
}, lead.Permissions...)}

// A deed is a verb that acts on a member, with the member that it is done to.
type deed struct {
	target func(o *office, roles ...access.RoleName) access.MemberID
	do     func(o *office, actor access.Actor, id access.MemberID) error
	self   string // the code of the refusal to do it to oneself, pending or active; empty: one may
}

func invitedTarget(o *office, roles ...access.RoleName) access.MemberID {
	return o.invite("target@example.com", roles...).Card.ID
}

func cameTarget(o *office, roles ...access.RoleName) access.MemberID {
	return o.waitingFor("target@example.com", roles...)
}

func activeTarget(o *office, roles ...access.RoleName) access.MemberID {
	return o.member("target@example.com", "Tam Target", roles...)
}

func suspendedTarget(o *office, roles ...access.RoleName) access.MemberID {
	id := activeTarget(o, roles...)
	_, err := o.Members.Suspend(o.t.Context(), access.Operator, id)
	must(o.t, err)
	return id
}

func signedInTarget(o *office, roles ...access.RoleName) access.MemberID {
	id := activeTarget(o, roles...)
	o.enterAs("target@example.com")
	return id
}

func only[T any](_ T, err error) error { return err }

// deeds are all verbs that act on one member.
var deeds = map[string]deed{
	"Members.Approve": {cameTarget, func(o *office, actor access.Actor, id access.MemberID) error {
		return only(o.Members.Approve(o.t.Context(), actor, id, nil))
	}, "already_decided"},
	"Members.Reject": {cameTarget, func(o *office, actor access.Actor, id access.MemberID) error {
		return o.Members.Reject(o.t.Context(), actor, id, "", false)
	}, "already_decided"},
	"Invitations.Resend": {invitedTarget, func(o *office, actor access.Actor, id access.MemberID) error {
		return only(o.Invitations.Resend(o.t.Context(), actor, id))
	}, "already_member"},
	"Invitations.CopyLink": {invitedTarget, func(o *office, actor access.Actor, id access.MemberID) error {
		return only(o.Invitations.CopyLink(o.t.Context(), actor, id))
	}, "already_member"},
	"Members.ChangeRoles": {activeTarget, func(o *office, actor access.Actor, id access.MemberID) error {
		return only(o.Members.ChangeRoles(o.t.Context(), actor, id, []access.RoleName{access.Fleet}))
	}, "own_roles"},
	"Members.Rename": {activeTarget, func(o *office, actor access.Actor, id access.MemberID) error {
		return only(o.Members.Rename(o.t.Context(), actor, id, "Another"))
	}, ""},
	"Members.Suspend": {activeTarget, func(o *office, actor access.Actor, id access.MemberID) error {
		return only(o.Members.Suspend(o.t.Context(), actor, id))
	}, "own_account"},
	"Members.Unsuspend": {suspendedTarget, func(o *office, actor access.Actor, id access.MemberID) error {
		return only(o.Members.Unsuspend(o.t.Context(), actor, id))
	}, "own_account"},
	"Members.Remove": {activeTarget, func(o *office, actor access.Actor, id access.MemberID) error {
		return o.Members.Remove(o.t.Context(), actor, id)
	}, "own_account"},
	"Sessions.SignOutEverywhere": {signedInTarget, func(o *office, actor access.Actor, id access.MemberID) error {
		return o.Sessions.SignOutEverywhere(o.t.Context(), actor, id, false)
	}, ""},
	"Sessions.End": {signedInTarget, func(o *office, actor access.Actor, id access.MemberID) error {
		open, err := o.Sessions.List(o.t.Context(), access.Operator, id)
		must(o.t, err)
		return o.Sessions.End(o.t.Context(), actor, id, open[0].ID())
	}, ""},
	// By the email, it acts on the one whose invitation is in it.
	"Outbox.Delete": {invitedTarget, func(o *office, actor access.Actor, id access.MemberID) error {
		m, err := o.Members.Get(o.t.Context(), access.Operator, id)
		must(o.t, err)
		return o.Outbox.Delete(o.t.Context(), actor, m.Message)
	}, "none"},
}

// looking are the verbs about one member that change nothing: whoever may read
// members may read of all of them.
var looking = []string{"Members.Get", "Sessions.List", "Tokens.Owned", "Account.PendingView"}

// A verb that acts on a member and is not in the table above could be one that
// forgets to look how much its member may do.
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
			if reads := containsWord(looking, name); acts == reads {
				t.Errorf("%s takes a member: give it its row in deeds, or, if it changes nothing, a place in looking",
					name)
			}
		}
	}
	if want := len(deeds) - 1 + len(looking); found != want { // one is found by its email
		t.Errorf("%d verbs take a member, want %d", found, want)
	}
}

// verbs are all methods of all nouns, as "Members.Approve". Steps are parts of verbs,
// and nobody asks for them.
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

// Somebody who may decide about members and change them, but is no Admin, goes
// for the Admins: rejects one who is invited, lets one in as something less,
// sends them emails, signs them out, takes their roles. What is above their own
// permissions is refused, whatever the verb, and so is what is beside them; what
// is below or equal is theirs to do. The same holds for a token of an Admin that
// was made for less.
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
					o := openOffice(t)
					must(t, o.Roles.Put(t.Context(), access.Operator, keeper))
					actor := session(o.member("kim@example.org", "Kim", keeper.Name))
					if who != "a member" {
						actor = o.tokenOf(o.ann, keeper.Name)
					}
					id := d.target(o, level.roles...)
					before := o.state()
					err := d.do(o, actor, id)
					if !level.refused {
						// What manages members asks a session again who it is, and is not
						// a token's to give: by then it is known to be no more than theirs.
						if code := access.Explain(err).
							Code; err != nil && code != "confirmation_required" && code != "token_outlives" {
							t.Error(err)
						}
						return
					}
					refused(t, err, access.Forbidden, "member_above_own")
					if o.state() != before {
						t.Error("the refusal changed something")
					}
				})
			}
		}
	}
}

// Nobody decides about themselves, nor changes what they may do: neither with
// their session nor with a token of theirs.
func TestNobodyActsOnThemselves(t *testing.T) {
	for name, d := range deeds {
		if d.self == "none" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			o := openOffice(t)
			for _, actor := range []access.Actor{o.bob, o.tokenOf(o.bob, access.Admin)} {
				o.enterAs("bob@example.org")
				before := o.state()
				err := d.do(o, actor, o.bob.Member)
				if d.self == "" {
					must(t, err)
					continue
				}
				if e := access.Explain(err); err == nil || e.Code != d.self {
					t.Errorf("got %v, want a refusal with code %q", err, d.self)
				}
				if o.state() != before {
					t.Error("the refusal changed something")
				}
			}
		})
	}
}

// tokenOf is a token of a member's, for less than they may.
func (o *office) tokenOf(actor access.Actor, roles ...access.RoleName) access.Actor {
	o.t.Helper()
	t := access.Token{
		ID:        access.TokenID(access.NewID()),
		Name:      "t",
		Hash:      access.NewSecret().Hash(),
		Owner:     actor.Member,
		Roles:     roles,
		CreatedAt: o.clock.now(),
		ExpiresAt: o.clock.now().Add(time.Hour),
	}
	must(o.t, o.store.Update(o.t.Context(), func(tx *store.Tx) error { return tx.Tokens.Put(t) }))
	return access.Actor{Member: actor.Member, Token: t.ID, Source: access.SourceAPI}
}
