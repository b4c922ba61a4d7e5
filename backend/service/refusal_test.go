package service_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
)

// Somebody without the permission calls each verb. Nothing changes: no record, no
// audit entry, no email.
func TestRefusedByRights(t *testing.T) {
	fx := newFixture(t)
	c := fx.people()
	gone := session(fx.member("gone@example.org", "", access.Admin))
	must(t, fx.Members.Remove(t.Context(), fx.ann, gone.Member))
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
			Member: fx.bob.Member,
			Token:  c.tok,
			Source: access.SourceAPI,
		}, access.SignedOut},
		"an unknown token":    {access.Actor{Token: "x", Source: access.SourceCLI}, access.SignedOut},
		"an operator by id":   {access.Actor{Member: c.fleet.Member, Source: access.SourceCLI}, access.Forbidden},
		"the system's member": {access.Actor{Member: c.fleet.Member, Source: access.SourceSystem}, access.Forbidden},
	}
	before := fx.state()
	verbs := fx.managing(c)
	maps.Copy(verbs, fx.reading(c))
	for verb, do := range verbs {
		for who, as := range askers {
			kind := as.kind
			if verb == "Setup.LoginLink" { // for the operator only
				kind = access.Forbidden
			}
			t.Run(verb+" by "+who, func(t *testing.T) {
				refused(t, do(as.actor), kind, "")
				if fx.state() != before {
					t.Error("a refusal changed something")
				}
			})
		}
	}
}

// An Admin may do all of it: so the refusals above are for missing permissions,
// and not because the call was wrong.
func TestAllowedToAdmins(t *testing.T) {
	names := newFixture(t)
	for verb := range names.managing(names.people()) {
		if verb == "Setup.LoginLink" || verb == "Roles.Delete" { // the operator's; held by a member
			continue
		}
		t.Run(verb, func(t *testing.T) {
			fx := newFixture(t)
			c := fx.people()
			before := len(fx.entries())
			if err := fx.managing(c)[verb](fx.ann); err != nil {
				t.Fatal(err)
			}
			if n := len(fx.entries()) - before; n != 1 {
				t.Errorf("%d audit entries", n)
			}
			fx.verify()
		})
	}
	fx := newFixture(t)
	c := fx.people()
	before := fx.state()
	for verb, do := range fx.reading(c) {
		t.Run(verb, func(t *testing.T) {
			if err := do(fx.ann); err != nil {
				t.Error(err)
			}
			if fx.state() != before {
				t.Error("it reads, and changed something")
			}
		})
	}
}

// A call of an Admin that a rule refuses leaves nothing behind either.
func TestRefusedByRule(t *testing.T) {
	fx := newFixture(t)
	c := fx.people()
	ctx := t.Context()
	fleet, admin, none := []access.RoleName{access.Fleet}, []access.RoleName{access.Admin}, []access.RoleName(nil)
	unknownRole := []access.RoleName{"Root"}
	invite := func(actor access.Actor, to string, roles []access.RoleName, lasts time.Duration) error {
		_, err := fx.Invitations.Invite(ctx, actor, NewInvitation{Email: mail(t, to), Roles: roles, TTL: lasts})
		return err
	}
	change := func(actor access.Actor, id access.MemberID, roles []access.RoleName) error {
		_, err := fx.Members.ChangeRoles(ctx, actor, id, roles)
		return err
	}
	approve := func(actor access.Actor, id access.MemberID, roles []access.RoleName) error {
		_, err := fx.Members.Approve(ctx, actor, id, roles)
		return err
	}
	card := func(_ MemberView, err error) error { return err }
	role := func(name string, all ...access.Permission) error {
		return fx.Roles.Put(ctx, fx.ann, access.Role{Name: access.RoleName(name), Permissions: all})
	}
	token := func(actor access.Actor, name string, roles []access.RoleName, lasts time.Duration) error {
		_, _, err := fx.Tokens.Create(ctx, actor, name, roles, lasts)
		return err
	}
	strong, _, err := fx.Tokens.Create(ctx, fx.ann, "strong", admin, time.Hour)
	must(t, err)
	byToken := access.Actor{Member: fx.ann.Member, Token: strong.ID, Source: access.SourceAPI}
	late := c.targets[invitedTarget]
	tests := []struct {
		name string
		do   func() error
		kind access.Kind
		code string
	}{
		{"invite a member", func() error {
			return invite(fx.ann, "GUS@Example.org", fleet, 0)
		}, access.Conflict, "already_member"},
		{"invite the invited", func() error {
			return invite(fx.ann, "Late@EXAMPLE.com", fleet, 0)
		}, access.Conflict, "already_invited"},
		{"invite to no role", func() error {
			return invite(fx.ann, "n@example.com", none, 0)
		}, access.Invalid, "role_missing"},
		{"invite to an unknown role", func() error {
			return invite(fx.ann, "n@example.com", unknownRole, 0)
		}, access.Invalid, "unknown_role"},
		{"invite for 59 minutes", func() error {
			return invite(fx.ann, "n@example.com", fleet, 59*time.Minute)
		}, access.Invalid, "expiry_out_of_range"},
		{"invite for 31 days", func() error {
			return invite(fx.ann, "n@example.com", fleet, 31*24*time.Hour)
		}, access.Invalid, "expiry_out_of_range"},
		{"invite above one's own", func() error {
			return invite(c.inviter, "n@example.com", admin, 0)
		}, access.Forbidden, "role_above_own"},
		{"invite beside one's own", func() error {
			return invite(c.inviter, "n@example.com", []access.RoleName{access.Fleet, access.AILoop}, 0)
		}, access.Forbidden, "role_above_own"},
		{"invite nobody", func() error {
			_, err := fx.Invitations.Invite(ctx, fx.ann, NewInvitation{
				Roles: fleet,
			})
			return err
		}, access.Invalid, "email_missing"},
		{"the inviter decides", func() error {
			return approve(c.inviter, c.ada, nil)
		}, access.Forbidden, "not_allowed"},
		{"the inviter changes access", func() error {
			return change(c.inviter, c.active, fleet)
		}, access.Forbidden, "not_allowed"},
		{"approve somebody unknown", func() error { return approve(fx.ann, unknown, nil) }, access.NotFound, ""},
		{"approve to an unknown role", func() error {
			return approve(fx.ann, c.ada, unknownRole)
		}, access.Invalid, "unknown_role"},
		{
			"approve a member",
			func() error { return approve(fx.ann, c.active, nil) },
			access.Conflict,
			"already_decided",
		},
		{"reject a member", func() error {
			return fx.Members.Reject(ctx, fx.ann, c.active, "", true)
		}, access.Conflict, "already_decided"},
		{"reject somebody unknown", func() error {
			return fx.Members.Reject(ctx, fx.ann, unknown, "", true)
		}, access.NotFound, ""},
		{"reject oneself, active", func() error {
			return fx.Members.Reject(ctx, fx.ann, fx.ann.Member, "", true)
		}, access.Conflict, "already_decided"},
		{"approve oneself, pending", func() error {
			return approve(c.pending, c.pending.Member, admin)
		}, access.Forbidden, "not_allowed"},
		{"change one's own access", func() error {
			return change(fx.ann, fx.ann.Member, fleet)
		}, access.Forbidden, "own_roles"},
		{"change to no role", func() error { return change(fx.ann, c.active, none) }, access.Invalid, "role_missing"},
		{"change to an unknown role", func() error {
			return change(fx.ann, c.active, unknownRole)
		}, access.Invalid, "unknown_role"},
		{"change somebody unknown", func() error { return change(fx.ann, unknown, fleet) }, access.NotFound, ""},
		{"suspend oneself", func() error {
			return card(fx.Members.Suspend(ctx, fx.ann, fx.ann.Member))
		}, access.Forbidden, "own_account"},
		{"suspend the pending", func() error {
			return card(fx.Members.Suspend(ctx, fx.ann, c.ada))
		}, access.Conflict, "still_pending"},
		{"suspend somebody unknown", func() error {
			return card(fx.Members.Suspend(ctx, fx.ann, unknown))
		}, access.NotFound, ""},
		{"restore the active", func() error {
			return card(fx.Members.Unsuspend(ctx, fx.ann, c.active))
		}, access.Conflict, "not_suspended"},
		{"remove oneself", func() error {
			return fx.Members.Remove(ctx, fx.ann, fx.ann.Member)
		}, access.Forbidden, "own_account"},
		{"remove oneself by token", func() error {
			return fx.Members.Remove(ctx, byToken, fx.ann.Member)
		}, access.Forbidden, "own_account"},
		{
			"remove somebody unknown",
			func() error { return fx.Members.Remove(ctx, fx.ann, unknown) },
			access.NotFound,
			"",
		},
		{"resend to a member", func() error {
			return card(fx.Invitations.Resend(ctx, fx.ann, c.active))
		}, access.Conflict, "already_member"},
		{"resend to who has come", func() error {
			return card(fx.Invitations.Resend(ctx, fx.ann, c.ada))
		}, access.Conflict, "already_accepted"},
		{"copy the link of who has come", func() error {
			_, err := fx.Invitations.CopyLink(ctx, fx.ann, c.ada)
			return err
		}, access.Conflict, "already_accepted"},
		{"rename with what cannot be seen", func() error {
			return card(fx.Members.Rename(ctx, fx.ann, late, "A\u202eb"))
		}, access.Invalid, "text_invisible"},
		{"a note with what cannot be seen", func() error {
			return card(fx.Members.WriteNote(ctx, fx.ann, late, "One line\nA\u202eb"))
		}, access.Invalid, "text_invisible"},
		{"a note that is too long", func() error {
			return card(fx.Members.WriteNote(ctx, fx.ann, late, strings.Repeat("a\n", access.MaxInternalNote)))
		}, access.Invalid, "text_too_long"},
		{"a note about oneself", func() error {
			return card(fx.Members.WriteNote(ctx, fx.ann, fx.ann.Member, "A fine person."))
		}, access.Forbidden, "own_account"},
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
			return fx.Roles.Delete(ctx, fx.ann, access.Fleet)
		}, access.Conflict, "built_in_role"},
		{"delete a role in use", func() error {
			return fx.Roles.Delete(ctx, fx.ann, lead.Name)
		}, access.Conflict, "role_in_use"},
		{"delete an unknown role", func() error { return fx.Roles.Delete(ctx, fx.ann, "Root") }, access.NotFound, ""},
		{"a token by a token", func() error {
			return token(byToken, "t", fleet, 0)
		}, access.Forbidden, "token_by_token"},
		{
			"a token without a name",
			func() error { return token(fx.ann, " ", fleet, 0) },
			access.Invalid,
			"name_missing",
		},
		{"a token without a role", func() error { return token(fx.ann, "t", none, 0) }, access.Invalid, "role_missing"},
		{"a token for 367 days", func() error {
			return token(fx.ann, "t", fleet, 367*24*time.Hour)
		}, access.Invalid, "expiry_out_of_range"},
		{"a token with an unknown role", func() error {
			return token(fx.ann, "t", unknownRole, 0)
		}, access.Invalid, "unknown_role"},
		{"settings, nothing", func() error {
			_, err := fx.Settings.Change(ctx, fx.ann, SettingsChange{})
			return err
		}, access.Invalid, "nothing_to_change"},
		{"a rescue link for somebody of Fleet", func() error {
			_, _, err := fx.Setup.LoginLink(ctx, access.Operator, mail(t, "fay@example.org"))
			return err
		}, access.NotFound, "no_such_admin"},
		{"a rescue link for nobody", func() error {
			_, _, err := fx.Setup.LoginLink(ctx, access.Operator, mail(t, "x@example.org"))
			return err
		}, access.NotFound, "no_such_admin"},
		{"withdraw, let in already", func() error {
			return fx.Account.Withdraw(ctx, fx.fay)
		}, access.Conflict, "already_decided"},
		{"a note, let in already", func() error {
			return fx.Account.Note(ctx, fx.fay, "hi")
		}, access.Conflict, "already_decided"},
		{"withdraw, suspended", func() error {
			return fx.Account.Withdraw(ctx, c.suspended)
		}, access.Forbidden, "not_allowed"},
	}
	before := fx.state()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, tt.do(), tt.kind, tt.code)
			if fx.state() != before {
				t.Error("a refusal changed something")
				before = fx.state()
			}
		})
	}
}

// Somebody with a custom role that may invite can invite within that role only.
func TestInviterInvitesWithinTheirOwnRole(t *testing.T) {
	fx := newFixture(t)
	c := fx.people()
	in, err := fx.Invitations.Invite(t.Context(), c.inviter, NewInvitation{
		Email: mail(t, "new@example.com"),
		Roles: []access.RoleName{"fleet", access.Fleet},
	})
	must(t, err)
	if m := in.Member.Member; len(m.Roles) != 1 || m.Roles[0] != access.Fleet || m.State != access.Pending ||
		m.Invitation.By.Member != c.inviter.Member {
		t.Errorf("invited %+v", m)
	}
	if msg := fx.message(access.InvitationMessage, "new@example.com"); msg.State != access.MessageQueued {
		t.Errorf("the email is %+v", msg)
	}
	boss := fx.invite("boss@example.com", access.Admin)
	_, err = fx.Invitations.CopyLink(t.Context(), c.inviter, boss.Member.ID)
	refused(t, err, access.Forbidden, "member_above_own")
}
