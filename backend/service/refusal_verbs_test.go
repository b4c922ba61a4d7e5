package service_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// people are members who lack the permissions for what the tests below try.
type people struct {
	pending, suspended, fleet, inviter, token access.Actor
	ada                                       access.MemberID // pending
	boss                                      access.MemberID // an Admin; above the inviter
	active                                    access.MemberID // active, of Fleet
	undoable                                  access.MemberID // whom ann has just suspended
	message                                   access.MessageID
	tok                                       access.TokenID
	machine                                   string
	targets                                   map[target]access.MemberID
}

// A role that may invite and decide, within Fleet.
var lead = access.Role{Name: "Fleet lead", Permissions: []access.Permission{
	access.May(access.Open, access.ResFleet), access.May(access.Open, access.ResFleetDataLake),
	access.May(access.Open, access.ResFleetFlows),
	access.May(access.Read, access.ResMembers), access.May(access.DoInvite, access.ResMembers)}}

func (fx *fixture) people() people {
	fx.t.Helper()
	ctx := fx.t.Context()
	must(fx.t, fx.Roles.Put(ctx, fx.ann, lead))
	c := people{fleet: fx.fay, boss: fx.bob.Member}
	c.pending = session(fx.waiting("pat@example.net").Member.ID)
	c.suspended = session(fx.member("sue@example.org", "Sue", access.Admin))
	_, err := fx.Members.Suspend(ctx, fx.ann, c.suspended.Member)
	must(fx.t, err)
	c.inviter = session(fx.member("ivy@example.org", "Ivy", lead.Name))
	c.ada = fx.waiting("ada@example.com").Member.ID
	c.active = fx.member("gus@example.org", "Gus", access.Fleet)
	tok, _, err := fx.Tokens.Create(ctx, fx.ann, "reader", []access.RoleName{access.Fleet}, time.Hour)
	must(fx.t, err)
	c.tok, c.token = tok.ID, access.Actor{Member: fx.ann.Member, Token: tok.ID, Source: access.SourceAPI}
	c.message = fx.messages(access.ReceivedMessage)[0].ID
	c.machine = fx.machines()
	c.undoable = fx.member("una@example.org", "Una", access.Fleet)
	_, err = fx.Members.Suspend(ctx, fx.ann, c.undoable)
	must(fx.t, err)
	c.targets = map[target]access.MemberID{
		invitedTarget:   fx.invite("late@example.com").Member.ID,
		cameTarget:      c.ada,
		activeTarget:    c.active,
		suspendedTarget: c.suspended.Member,
		signedInTarget:  c.active,
	}
	return c
}

const unknown = access.MemberID("aaaaaaaaaaaaaaaaaaaaaaaaaa")

// managing is each verb that changes something and needs a permission, by its name, as
// a call that works if the actor has it: all deeds, and those here.
func (fx *fixture) managing(c people) map[string]func(actor access.Actor) error {
	ctx := context.Background()
	new := NewInvitation{Email: mail(fx.t, "new@example.com"), Roles: []access.RoleName{access.Fleet}}
	name := "Other"
	all := map[string]func(actor access.Actor) error{
		"Invitations.Invite": func(actor access.Actor) error {
			_, err := fx.Invitations.Invite(ctx, actor, new)
			return err
		},
		"Invitations.InviteMany": func(actor access.Actor) error {
			_, err := fx.Invitations.InviteMany(ctx, actor, []NewInvitation{new}, false)
			return err
		},
		"Members.ChangeRoles": func(actor access.Actor) error {
			_, err := fx.Members.ChangeRoles(ctx, actor, c.active, []access.RoleName{access.AILoop})
			return err
		},
		"Members.Undo": func(actor access.Actor) error { // of what ann has done at the end of people
			_, err := fx.Members.Undo(ctx, actor, c.undoable)
			return err
		},
		"Machines.Remove":    func(actor access.Actor) error { return fx.Machines.Remove(ctx, actor, c.machine) },
		"Account.MuteDigest": func(actor access.Actor) error { return fx.Account.MuteDigest(ctx, actor, true) },
		"Roles.Put": func(actor access.Actor) error {
			return fx.Roles.Put(ctx, actor, access.Role{Name: "Guest", Permissions: lead.Permissions[:1]})
		},
		"Roles.Delete": func(actor access.Actor) error { return fx.Roles.Delete(ctx, actor, lead.Name) },
		"Settings.Change": func(actor access.Actor) error {
			_, err := fx.Settings.Change(ctx, actor, SettingsChange{Workspace: &name})
			return err
		},
		"Settings.RecordBackup": func(actor access.Actor) error { return fx.Settings.RecordBackup(ctx, actor) },
		"Settings.SetLogo": func(actor access.Actor) error {
			_, err := fx.Settings.SetLogo(ctx, actor, aLogo(fx.t))
			return err
		},
		"Tokens.Create": func(actor access.Actor) error {
			_, _, err := fx.Tokens.Create(ctx, actor, "ci", []access.RoleName{access.Fleet}, 0)
			return err
		},
		"Tokens.Revoke": func(actor access.Actor) error { return fx.Tokens.Revoke(ctx, actor, c.tok) },
		"Outbox.Retry": func(actor access.Actor) error {
			_, err := fx.Outbox.Retry(ctx, actor, c.message)
			return err
		},
		"Outbox.TestMail": func(actor access.Actor) error {
			_, err := fx.Outbox.TestMail(ctx, actor, access.Address{})
			return err
		},
		"Setup.LoginLink": func(actor access.Actor) error {
			_, _, err := fx.Setup.LoginLink(ctx, actor, mail(fx.t, "ann@example.org"))
			return err
		},
	}
	for name, d := range deeds {
		if all[name] == nil && !containsWord(elsewhere, name) {
			all[name] = func(actor access.Actor) error { return d.do(fx, actor, c.targets[d.target]) }
		}
	}
	return all
}

// reading is each verb that reads and needs a permission, by its name.
func (fx *fixture) reading(c people) map[string]func(actor access.Actor) error {
	ctx := context.Background()
	invitation := NewInvitation{Email: mail(fx.t, "new@example.com"), Roles: []access.RoleName{access.Fleet}}
	return map[string]func(actor access.Actor) error{
		"Audit.Find": func(actor access.Actor) error {
			_, err := fx.Audit.Find(ctx, actor, AuditQuery{})
			return err
		},
		"Audit.List":      func(actor access.Actor) error { _, err := fx.Audit.List(ctx, actor, "", 0); return err },
		"Audit.Since":     func(actor access.Actor) error { _, err := fx.Audit.Since(ctx, actor, 0); return err },
		"Audit.Verify":    func(actor access.Actor) error { _, err := fx.Audit.Verify(ctx, actor); return err },
		"Audit.MayExport": func(actor access.Actor) error { return fx.Audit.MayExport(ctx, actor) },
		"Audit.Each": func(actor access.Actor) error {
			return fx.Audit.Each(ctx, actor, AuditQuery{}, func([]AuditLine) error { return nil })
		},
		"Dashboard.Checklist": func(actor access.Actor) error {
			_, err := fx.Dashboard.Checklist(ctx, actor)
			return err
		},
		"Dashboard.Days": func(actor access.Actor) error { _, err := fx.Dashboard.Days(ctx, actor, 7); return err },
		"Dashboard.Overview": func(actor access.Actor) error {
			_, err := fx.Dashboard.Overview(ctx, actor)
			return err
		},
		"Dashboard.Unusual": func(actor access.Actor) error { _, err := fx.Dashboard.Unusual(ctx, actor); return err },
		"Invitations.Check": func(actor access.Actor) error {
			_, err := fx.Invitations.Check(ctx, actor, invitation)
			return err
		},
		"Invitations.Expiring": func(actor access.Actor) error {
			_, err := fx.Invitations.Expiring(ctx, actor, time.Hour, 0)
			return err
		},
		"Machines.List": func(actor access.Actor) error { _, err := fx.Machines.List(ctx, actor); return err },
		"Members.ByAddress": func(actor access.Actor) error {
			_, err := fx.Members.ByAddress(ctx, actor, mail(fx.t, "gus@example.org"))
			return err
		},
		"Members.Get": func(actor access.Actor) error { _, err := fx.Members.Get(ctx, actor, c.active); return err },
		"Members.List": func(actor access.Actor) error {
			_, err := fx.Members.List(ctx, actor, store.Query{})
			return err
		},
		"Members.MayExport": func(actor access.Actor) error {
			return fx.Members.MayExport(ctx, actor, store.Query{})
		},
		"Members.Each": func(actor access.Actor) error {
			return fx.Members.Each(ctx, actor, store.Query{}, func([]MemberView) error { return nil })
		},
		"Members.LoginRequests": func(actor access.Actor) error {
			_, err := fx.Members.LoginRequests(ctx, actor, RequestQuery{})
			return err
		},
		"Outbox.Get": func(actor access.Actor) error {
			_, _, err := fx.Outbox.Get(ctx, actor, c.message)
			return err
		},
		"Outbox.List": func(actor access.Actor) error {
			_, err := fx.Outbox.List(ctx, actor, MessageQuery{})
			return err
		},
		"Roles.List": func(actor access.Actor) error { _, err := fx.Roles.List(ctx, actor); return err },
		"Sessions.List": func(actor access.Actor) error {
			_, err := fx.Sessions.List(ctx, actor, c.active)
			return err
		},
		"Settings.CheckPublicURL": func(actor access.Actor) error {
			_, err := fx.Settings.CheckPublicURL(ctx, actor, "https://other.example.com")
			return err
		},
		"Settings.Get": func(actor access.Actor) error { _, err := fx.Settings.Get(ctx, actor); return err },
		"Settings.Preview": func(actor access.Actor) error {
			_, err := fx.Settings.Preview(ctx, actor, BrandChange{})
			return err
		},
		"Settings.TrustClock": func(actor access.Actor) error { // changes nothing while the clock is right
			return fx.Settings.TrustClock(ctx, actor)
		},
		"Tokens.List":  func(actor access.Actor) error { _, err := fx.Tokens.List(ctx, actor); return err },
		"Tokens.Owned": func(actor access.Actor) error { _, err := fx.Tokens.Owned(ctx, actor, c.active); return err },
	}
}

// elsewhere are the verbs that take a caller and are not in the two tables above: each
// concerns the caller's own account, or is the check itself, and has tests of its own.
var elsewhere = []string{
	"Account.Note", "Account.Rename", "Account.SetLanguage", "Account.Withdraw", "Gate.Authorize",
	"Gate.Permissions", "Gate.SignOut", "Sessions.ConfirmCode", "Sessions.End", "Sessions.SendConfirmation",
	"SignIn.AuthorizeDesktop",
}

// A verb that is in no table might not ask whether its caller may do it at all.
func TestEveryVerbWithACallerHasItsRows(t *testing.T) {
	fx := newFixture(t)
	c := fx.people()
	managing, reading := fx.managing(c), fx.reading(c)
	found := 0
	for name, m := range verbs() {
		for n := 1; n < m.Type.NumIn(); n++ {
			if m.Type.In(n) != reflect.TypeFor[access.Actor]() {
				continue
			}
			found++
			places := 0
			for _, is := range []bool{managing[name] != nil, reading[name] != nil, containsWord(elsewhere, name)} {
				if is {
					places++
				}
			}
			if places != 1 {
				t.Errorf("%s takes a caller and has a row in %d of managing, reading and elsewhere: give it one",
					name, places)
			}
		}
	}
	if want := len(managing) + len(reading) + len(elsewhere); found != want {
		t.Errorf("%d verbs take a caller, want %d", found, want)
	}
}

// invited returns the id of the member with an address.
func (fx *fixture) invited(to string) access.MemberID {
	c, err := fx.Members.ByAddress(context.Background(), access.Operator, mail(fx.t, to))
	if err != nil {
		fx.t.Error(err)
	}
	return c.ID
}
