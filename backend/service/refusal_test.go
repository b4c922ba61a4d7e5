package service_test

import (
	"context"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
)

// cast are people who may not do what the tests below have them try.
type cast struct {
	pending, suspended, fleet, inviter, token access.Actor
	ada                                       access.MemberID // waits for a decision
	boss                                      access.MemberID // an Admin; above the inviter
	guest                                     access.MemberID // active, of Fleet
	letter                                    access.MessageID
	tok                                       access.TokenID
}

// The role that its holder invites and decides with, within Fleet.
var lead = access.Role{Name: "Fleet lead", Permissions: []access.Permission{
	access.May(access.Open, access.ResFleet), access.May(access.Open, access.ResFleetDataLake),
	access.May(access.Open, access.ResFleetFlows),
	access.May(access.Read, access.ResMembers), access.May(access.DoInvite, access.ResMembers)}}

func (o *office) people() cast {
	o.t.Helper()
	ctx := o.t.Context()
	must(o.t, o.Roles.Put(ctx, o.ann, lead))
	c := cast{fleet: o.fay, boss: o.bob.Member}
	c.pending = session(o.waiting("pat@example.net").Member.ID)
	c.suspended = session(o.member("sue@example.org", "Sue", access.Admin))
	_, err := o.Members.Suspend(ctx, o.ann, c.suspended.Member)
	must(o.t, err)
	c.inviter = session(o.member("ivy@example.org", "Ivy", lead.Name))
	c.ada = o.waiting("ada@example.com").Member.ID
	c.guest = o.member("gus@example.org", "Gus", access.Fleet)
	tok, _, err := o.Tokens.Create(ctx, o.ann, "reader", []access.RoleName{access.Fleet}, time.Hour)
	must(o.t, err)
	c.tok, c.token = tok.ID, access.Actor{Member: o.ann.Member, Token: tok.ID, Source: access.SourceAPI}
	c.letter = o.letters(access.ReceivedMessage)[0].ID
	return c
}

const unknown = access.MemberID("aaaaaaaaaaaaaaaaaaaaaaaaaa")

// managing is each verb that takes a right, as a call on somebody it would work
// for if the one who asks may.
func (o *office) managing(c cast) map[string]func(actor access.Actor) error {
	ctx := context.Background()
	new := NewInvitation{Email: mail(o.t, "new@example.com"), Roles: []access.RoleName{access.Fleet}}
	name := "Other"
	return map[string]func(actor access.Actor) error{
		"invite": func(actor access.Actor) error { _, err := o.Invitations.Invite(ctx, actor, new); return err },
		"invite many": func(actor access.Actor) error {
			_, err := o.Invitations.InviteMany(ctx, actor, []NewInvitation{new}, false)
			return err
		},
		"resend": func(actor access.Actor) error {
			_, err := o.Invitations.Resend(ctx, actor, o.invited("late@example.com"))
			return err
		},
		"copy a link": func(actor access.Actor) error {
			_, err := o.Invitations.CopyLink(ctx, actor, o.invited("late@example.com"))
			return err
		},
		"approve": func(actor access.Actor) error { _, err := o.Members.Approve(ctx, actor, c.ada, nil); return err },
		"reject":  func(actor access.Actor) error { return o.Members.Reject(ctx, actor, c.ada, "no", true) },
		"change": func(actor access.Actor) error {
			_, err := o.Members.ChangeRoles(ctx, actor, c.guest, []access.RoleName{access.AILoop})
			return err
		},
		"rename":  func(actor access.Actor) error { _, err := o.Members.Rename(ctx, actor, c.guest, name); return err },
		"suspend": func(actor access.Actor) error { _, err := o.Members.Suspend(ctx, actor, c.guest); return err },
		"restore": func(actor access.Actor) error {
			_, err := o.Members.Unsuspend(ctx, actor, c.suspended.Member)
			return err
		},
		"remove":   func(actor access.Actor) error { return o.Members.Remove(ctx, actor, c.guest) },
		"sign out": func(actor access.Actor) error { return o.Sessions.SignOutEverywhere(ctx, actor, c.guest, false) },
		"quiet":    func(actor access.Actor) error { return o.Account.MuteDigest(ctx, actor, true) },
		"put a role": func(actor access.Actor) error {
			return o.Roles.Put(ctx, actor, access.Role{Name: "Guest", Permissions: lead.Permissions[:1]})
		},
		"delete role": func(actor access.Actor) error { return o.Roles.Delete(ctx, actor, lead.Name) },
		"settings": func(actor access.Actor) error {
			_, err := o.Settings.Change(ctx, actor, SettingsChange{Workspace: &name})
			return err
		},
		"make a token": func(actor access.Actor) error {
			_, _, err := o.Tokens.Create(ctx, actor, "ci", []access.RoleName{access.Fleet}, 0)
			return err
		},
		"revoke token": func(actor access.Actor) error { return o.Tokens.Revoke(ctx, actor, c.tok) },
		"retry letter": func(actor access.Actor) error { _, err := o.Outbox.Retry(ctx, actor, c.letter); return err },
		"drop letter":  func(actor access.Actor) error { return o.Outbox.Delete(ctx, actor, c.letter) },
		"test mail": func(actor access.Actor) error {
			_, err := o.Outbox.TestMail(ctx, actor, access.Address{})
			return err
		},
		"login link": func(actor access.Actor) error {
			_, _, err := o.Setup.LoginLink(ctx, actor, mail(o.t, "ann@example.org"))
			return err
		},
	}
}

// invited is a member who was invited and has not come yet.
func (o *office) invited(to string) access.MemberID {
	c, err := o.Members.ByAddress(context.Background(), access.Operator, mail(o.t, to))
	if err != nil {
		o.t.Error(err)
	}
	return c.ID
}

// Whoever may not do it changes nothing by trying: no record, no audit entry, no
// email.
func TestRefusedByRights(t *testing.T) {
	o := openOffice(t)
	c := o.people()
	o.invite("late@example.com")
	gone := session(o.member("gone@example.org", "", access.Admin))
	must(t, o.Members.Remove(t.Context(), o.ann, gone.Member))
	askers := map[string]struct {
		actor access.Actor
		kind  access.Kind
	}{
		"a pending member":  {c.pending, access.Forbidden},
		"a suspended Admin": {c.suspended, access.Forbidden},
		"a member of Fleet": {c.fleet, access.Forbidden},
		"a weak token":      {c.token, access.Forbidden},
		"a removed Admin":   {gone, access.SignedOut},
		"nobody":            {access.Actor{Source: access.SourceConsole}, access.SignedOut},
		"nobody, by door":   {access.Actor{Source: access.SourcePortal}, access.SignedOut},
		"somebody's token": {access.Actor{
			Member: o.bob.Member,
			Token:  c.tok,
			Source: access.SourceAPI,
		}, access.SignedOut},
		"an unknown token":    {access.Actor{Token: "x", Source: access.SourceCLI}, access.SignedOut},
		"an operator by id":   {access.Actor{Member: c.fleet.Member, Source: access.SourceCLI}, access.Forbidden},
		"the system's member": {access.Actor{Member: c.fleet.Member, Source: access.SourceSystem}, access.Forbidden},
	}
	before := o.state()
	for verb, do := range o.managing(c) {
		for who, as := range askers {
			kind := as.kind
			if verb == "login link" { // the operator's alone, whoever asks
				kind = access.Forbidden
			}
			t.Run(verb+" by "+who, func(t *testing.T) {
				refused(t, do(as.actor), kind, "")
				if o.state() != before {
					t.Error("a refusal changed something")
				}
			})
		}
	}
}

// An Admin may do all of it: the refusals above are for lack of rights, and not
// because the call was wrong.
func TestAllowedToAdmins(t *testing.T) {
	names := openOffice(t)
	for verb := range names.managing(names.people()) {
		if verb == "login link" || verb == "delete role" { // the operator's; held by somebody
			continue
		}
		t.Run(verb, func(t *testing.T) {
			o := openOffice(t)
			c := o.people()
			o.invite("late@example.com")
			before := len(o.entries())
			if err := o.managing(c)[verb](o.ann); err != nil {
				t.Fatal(err)
			}
			if n := len(o.entries()) - before; n != 1 {
				t.Errorf("%d audit entries", n)
			}
			o.verify()
		})
	}
}

// What an Admin asks for and does not get leaves nothing behind either.
func TestRefusedByRule(t *testing.T) {
	o := openOffice(t)
	c := o.people()
	o.invite("late@example.com")
	ctx := t.Context()
	fleet, admin, none := []access.RoleName{access.Fleet}, []access.RoleName{access.Admin}, []access.RoleName(nil)
	unknownRole := []access.RoleName{"Root"}
	invite := func(actor access.Actor, to string, roles []access.RoleName, lasts time.Duration) error {
		_, err := o.Invitations.Invite(ctx, actor, NewInvitation{Email: mail(t, to), Roles: roles, TTL: lasts})
		return err
	}
	change := func(actor access.Actor, id access.MemberID, roles []access.RoleName) error {
		_, err := o.Members.ChangeRoles(ctx, actor, id, roles)
		return err
	}
	approve := func(actor access.Actor, id access.MemberID, roles []access.RoleName) error {
		_, err := o.Members.Approve(ctx, actor, id, roles)
		return err
	}
	card := func(_ MemberView, err error) error { return err }
	role := func(name string, all ...access.Permission) error {
		return o.Roles.Put(ctx, o.ann, access.Role{Name: access.RoleName(name), Permissions: all})
	}
	token := func(actor access.Actor, name string, roles []access.RoleName, lasts time.Duration) error {
		_, _, err := o.Tokens.Create(ctx, actor, name, roles, lasts)
		return err
	}
	strong, _, err := o.Tokens.Create(ctx, o.ann, "strong", admin, time.Hour)
	must(t, err)
	byToken := access.Actor{Member: o.ann.Member, Token: strong.ID, Source: access.SourceAPI}
	late := o.invited("late@example.com")
	tests := []struct {
		name string
		do   func() error
		kind access.Kind
		code string
	}{
		{"invite a member", func() error {
			return invite(o.ann, "GUS@Example.org", fleet, 0)
		}, access.Conflict, "already_member"},
		{"invite the invited", func() error {
			return invite(o.ann, "Late@EXAMPLE.com", fleet, 0)
		}, access.Conflict, "already_invited"},
		{"invite to no role", func() error {
			return invite(o.ann, "n@example.com", none, 0)
		}, access.Invalid, "role_missing"},
		{"invite to an unknown role", func() error {
			return invite(o.ann, "n@example.com", unknownRole, 0)
		}, access.Invalid, "unknown_role"},
		{"invite for 59 minutes", func() error {
			return invite(o.ann, "n@example.com", fleet, 59*time.Minute)
		}, access.Invalid, "expiry_out_of_range"},
		{"invite for 31 days", func() error {
			return invite(o.ann, "n@example.com", fleet, 31*24*time.Hour)
		}, access.Invalid, "expiry_out_of_range"},
		{"invite above one's own", func() error {
			return invite(c.inviter, "n@example.com", admin, 0)
		}, access.Forbidden, "role_above_own"},
		{"invite beside one's own", func() error {
			return invite(c.inviter, "n@example.com", []access.RoleName{access.Fleet, access.AILoop}, 0)
		}, access.Forbidden, "role_above_own"},
		{"invite nobody", func() error {
			_, err := o.Invitations.Invite(ctx, o.ann, NewInvitation{
				Roles: fleet,
			})
			return err
		}, access.Invalid, "email_missing"},
		{"the inviter decides", func() error {
			return approve(c.inviter, c.ada, nil)
		}, access.Forbidden, "not_allowed"},
		{"the inviter changes access", func() error {
			return change(c.inviter, c.guest, fleet)
		}, access.Forbidden, "not_allowed"},
		{"approve somebody unknown", func() error { return approve(o.ann, unknown, nil) }, access.NotFound, ""},
		{"approve to an unknown role", func() error {
			return approve(o.ann, c.ada, unknownRole)
		}, access.Invalid, "unknown_role"},
		{"approve a member", func() error { return approve(o.ann, c.guest, nil) }, access.Conflict, "already_decided"},
		{"reject a member", func() error {
			return o.Members.Reject(ctx, o.ann, c.guest, "", true)
		}, access.Conflict, "already_decided"},
		{"reject somebody unknown", func() error {
			return o.Members.Reject(ctx, o.ann, unknown, "", true)
		}, access.NotFound, ""},
		{"reject oneself, active", func() error {
			return o.Members.Reject(ctx, o.ann, o.ann.Member, "", true)
		}, access.Conflict, "already_decided"},
		{"approve oneself, pending", func() error {
			return approve(c.pending, c.pending.Member, admin)
		}, access.Forbidden, "not_allowed"},
		{"change one's own access", func() error {
			return change(o.ann, o.ann.Member, fleet)
		}, access.Forbidden, "own_roles"},
		{"change to no role", func() error { return change(o.ann, c.guest, none) }, access.Invalid, "role_missing"},
		{"change to an unknown role", func() error {
			return change(o.ann, c.guest, unknownRole)
		}, access.Invalid, "unknown_role"},
		{"change somebody unknown", func() error { return change(o.ann, unknown, fleet) }, access.NotFound, ""},
		{"suspend oneself", func() error {
			return card(o.Members.Suspend(ctx, o.ann, o.ann.Member))
		}, access.Forbidden, "own_account"},
		{"suspend the pending", func() error {
			return card(o.Members.Suspend(ctx, o.ann, c.ada))
		}, access.Conflict, "still_pending"},
		{"suspend somebody unknown", func() error {
			return card(o.Members.Suspend(ctx, o.ann, unknown))
		}, access.NotFound, ""},
		{"restore the active", func() error {
			return card(o.Members.Unsuspend(ctx, o.ann, c.guest))
		}, access.Conflict, "not_suspended"},
		{"remove oneself", func() error {
			return o.Members.Remove(ctx, o.ann, o.ann.Member)
		}, access.Forbidden, "own_account"},
		{"remove oneself by token", func() error {
			return o.Members.Remove(ctx, byToken, o.ann.Member)
		}, access.Forbidden, "own_account"},
		{"remove somebody unknown", func() error { return o.Members.Remove(ctx, o.ann, unknown) }, access.NotFound, ""},
		{"resend to a member", func() error {
			return card(o.Invitations.Resend(ctx, o.ann, c.guest))
		}, access.Conflict, "already_member"},
		{"resend to who has come", func() error {
			return card(o.Invitations.Resend(ctx, o.ann, c.ada))
		}, access.Conflict, "already_accepted"},
		{"copy the link of who has come", func() error {
			_, err := o.Invitations.CopyLink(ctx, o.ann, c.ada)
			return err
		}, access.Conflict, "already_accepted"},
		{"rename with what cannot be seen", func() error {
			return card(o.Members.Rename(ctx, o.ann, late, "A\u202eb"))
		}, access.Invalid, "text_invisible"},
		{"change a built-in role", func() error {
			return role("Admin", lead.Permissions...)
		}, access.Conflict, "built_in_role"},
		{"a role like a built-in one", func() error {
			return role("fleet", lead.Permissions...)
		}, access.Conflict, "built_in_role"},
		{"a role without permissions", func() error { return role("Empty") }, access.Invalid, "permission_missing"},
		{"a role with an unknown permission", func() error {
			return role("Odd", access.May("fly", "moon"))
		}, access.Invalid, "unknown_permission"},
		{"a role of another spelling", func() error {
			return role("FLEET LEAD", lead.Permissions...)
		}, access.Conflict, "role_exists"},
		{"delete a built-in role", func() error {
			return o.Roles.Delete(ctx, o.ann, access.Fleet)
		}, access.Conflict, "built_in_role"},
		{"delete a role in use", func() error {
			return o.Roles.Delete(ctx, o.ann, lead.Name)
		}, access.Conflict, "role_in_use"},
		{"delete an unknown role", func() error { return o.Roles.Delete(ctx, o.ann, "Root") }, access.NotFound, ""},
		{"a token by a token", func() error {
			return token(byToken, "t", fleet, 0)
		}, access.Forbidden, "token_by_token"},
		{"a token without a name", func() error { return token(o.ann, " ", fleet, 0) }, access.Invalid, "name_missing"},
		{"a token without a role", func() error { return token(o.ann, "t", none, 0) }, access.Invalid, "role_missing"},
		{"a token for 367 days", func() error {
			return token(o.ann, "t", fleet, 367*24*time.Hour)
		}, access.Invalid, "expiry_out_of_range"},
		{"a token with an unknown role", func() error {
			return token(o.ann, "t", unknownRole, 0)
		}, access.Invalid, "unknown_role"},
		{"settings, nothing", func() error {
			_, err := o.Settings.Change(ctx, o.ann, SettingsChange{})
			return err
		}, access.Invalid, "nothing_to_change"},
		{"a rescue link for somebody of Fleet", func() error {
			_, _, err := o.Setup.LoginLink(ctx, access.Operator, mail(t, "fay@example.org"))
			return err
		}, access.NotFound, "no_such_admin"},
		{"a rescue link for nobody", func() error {
			_, _, err := o.Setup.LoginLink(ctx, access.Operator, mail(t, "x@example.org"))
			return err
		}, access.NotFound, "no_such_admin"},
		{"withdraw, let in already", func() error {
			return o.Account.Withdraw(ctx, o.fay)
		}, access.Conflict, "already_decided"},
		{"a note, let in already", func() error {
			return o.Account.Note(ctx, o.fay, "hi")
		}, access.Conflict, "already_decided"},
		{"withdraw, suspended", func() error {
			return o.Account.Withdraw(ctx, c.suspended)
		}, access.Forbidden, "not_allowed"},
	}
	before := o.state()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, tt.do(), tt.kind, tt.code)
			if o.state() != before {
				t.Error("a refusal changed something")
				before = o.state()
			}
		})
	}
}

// Somebody with a role of their own that may invite does so within that role.
func TestInviterInvitesWithinTheirOwnRole(t *testing.T) {
	o := openOffice(t)
	c := o.people()
	in, err := o.Invitations.Invite(t.Context(), c.inviter, NewInvitation{
		Email: mail(t, "new@example.com"),
		Roles: []access.RoleName{"fleet", access.Fleet},
	})
	must(t, err)
	if m := in.Card.Member; len(m.Roles) != 1 || m.Roles[0] != access.Fleet || m.State != access.Pending ||
		m.Invitation.By.Member != c.inviter.Member {
		t.Errorf("invited %+v", m)
	}
	if l := o.letter(access.InvitationMessage, "new@example.com"); l.State != access.MessageQueued {
		t.Errorf("the letter is %+v", l)
	}
	boss := o.invite("boss@example.com", access.Admin)
	_, err = o.Invitations.CopyLink(t.Context(), c.inviter, boss.Card.ID)
	refused(t, err, access.Forbidden, "member_above_own")
}
