package service_test

import (
	"testing"

	"doorward/backend/access"
	. "doorward/backend/service"
)

// memberView is a member as an approver sees them.
func (fx *fixture) memberView(id access.MemberID) MemberView {
	fx.t.Helper()
	c, err := fx.Members.Get(fx.t.Context(), fx.ann, id)
	must(fx.t, err)
	return c
}

// An Admin invites somebody in another person's name, copies the link, and opens
// it himself. Nobody has seen that mailbox, yet another Admin, who reads "address
// proved" beside the request, approves him as that person. Only a link that an
// email carried to the mailbox may verify the address.
func TestHandedLinkProvesNothing(t *testing.T) {
	copied := func(fx *fixture) (access.MemberID, access.Secret) {
		in, err := fx.Invitations.Invite(t.Context(), fx.bob, NewInvitation{
			Email: mail(t, "ada@example.com"),
			Roles: []access.RoleName{access.Fleet},
		})
		must(t, err)
		link, err := fx.Invitations.CopyLink(t.Context(), fx.bob, in.Member.ID)
		must(t, err)
		return in.Member.ID, secretOf(link)
	}
	printed := func(fx *fixture) (access.MemberID, access.Secret) {
		in, err := fx.Invitations.Invite(t.Context(), access.Operator, NewInvitation{
			Email:    mail(t, "ada@example.com"),
			Roles:    []access.RoleName{access.Fleet},
			HandOver: true,
		})
		must(t, err)
		return in.Member.ID, secretOf(in.Link)
	}
	mailed := func(fx *fixture) (access.MemberID, access.Secret) {
		in := fx.invite("ada@example.com")
		return in.Member.ID, secretOf(in.Link)
	}
	resent := func(fx *fixture) (access.MemberID, access.Secret) {
		id, _ := copied(fx)
		_, err := fx.Invitations.Resend(t.Context(), fx.ann, id)
		must(t, err)
		return id, fx.linkTo(access.InvitationMessage, "ada@example.com")
	}
	for _, tt := range []struct {
		name    string
		fixture []fixtureOption
		link    func(fx *fixture) (access.MemberID, access.Secret)
		handed  string // who handed it over; empty: the address is verified
	}{
		{"copied", nil, copied, "bob@example.org"},
		{"printed on the shell, and mailed too", nil, printed, "the operator"},
		{"read in the outbox, without a mail server", []fixtureOption{withoutMail}, mailed, "the operator"},
		{"mailed", nil, mailed, ""},
		{"copied, then mailed afresh", nil, resent, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fx := newFixture(t, tt.fixture...)
			id, link := tt.link(fx)
			_, err := fx.SignIn.RedeemLink(t.Context(), link, browser("eve"))
			must(t, err)
			c := fx.memberView(id)
			if c.HandedOver != tt.handed || c.EmailVerifiedAt.IsZero() != (tt.handed != "") || !c.JoinedAt().
				Equal(fx.clock.now()) {
				t.Errorf("proved %v, handed over by %q, came %v; want handed over by %q",
					c.EmailVerifiedAt, c.HandedOver, c.JoinedAt(), tt.handed)
			}
			// They wait as others do: an email goes to the mailbox, and the
			// Admins are notified.
			if n := len(fx.messages(access.ReceivedMessage)); n != 1 {
				t.Errorf("%d emails say that the request was received, want 1", n)
			}
			proved, accepted := fx.did(access.ActionVerifyEmail), fx.did(access.ActionAccept)
			if proved+accepted != 1 || (accepted == 1) != (tt.handed != "") {
				t.Errorf("the log says proved %d times, accepted %d times", proved, accepted)
			}
			_, err = fx.Invitations.Resend(t.Context(), fx.ann, id)
			refused(t, err, access.Conflict, "already_accepted")
			fx.verify()
		})
	}
}

// A member who came by a link that was handed over signs in again by an email:
// that verifies the address, once, and nobody is notified again.
func TestEmailProvesWhatWasHandedOver(t *testing.T) {
	byCode := func(fx *fixture) {
		_, err := fx.SignIn.RedeemCode(t.Context(), fx.codeFor("ada@example.com", browser("ada")), browser("ada"))
		must(t, err)
	}
	byLink := func(fx *fixture) {
		fx.codeFor("ada@example.com", browser("ada"))
		_, err := fx.SignIn.RedeemLink(t.Context(), fx.linkTo(access.SignInMessage, "ada@example.com"), browser("ada"))
		must(t, err)
	}
	for name, signIn := range map[string]func(fx *fixture){"code": byCode, "link": byLink} {
		t.Run(name, func(t *testing.T) {
			fx := newFixture(t)
			in := fx.invite("ada@example.com")
			link, err := fx.Invitations.CopyLink(t.Context(), fx.bob, in.Member.ID)
			must(t, err)
			_, err = fx.SignIn.RedeemLink(t.Context(), secretOf(link), browser("eve"))
			must(t, err)
			before := fx.memberView(in.Member.ID)
			came := before.JoinedAt()
			fx.clock.forward(2 * SignInEmailInterval)
			signIn(fx)
			c := fx.memberView(in.Member.ID)
			if !c.EmailVerifiedAt.Equal(fx.clock.now()) || c.HandedOver != "" || !c.JoinedAt().Equal(came) {
				t.Errorf("proved %v, handed over by %q, came %v", c.EmailVerifiedAt, c.HandedOver, c.JoinedAt())
			}
			if n, m := len(fx.messages(access.ReceivedMessage)), fx.did(access.ActionVerifyLater); n != 1 || m != 1 {
				t.Errorf("%d emails of receipt and %d entries, want one of each", n, m)
			}
			fx.verify()
		})
	}
}

// Without a mail server, whoever reads the outbox also reads the sign-in code: it
// verifies no more than the invitation did.
func TestCodeThatNoEmailCarriedProvesNothing(t *testing.T) {
	fx := newFixture(t, withoutMail)
	in := fx.invite("ada@example.com")
	_, err := fx.SignIn.RedeemCode(t.Context(), fx.codeFor("ada@example.com", browser("eve")), browser("eve"))
	must(t, err)
	if c := fx.memberView(in.Member.ID); !c.EmailVerifiedAt.IsZero() || c.HandedOver != "the operator" {
		t.Errorf("proved %v, handed over by %q", c.EmailVerifiedAt, c.HandedOver)
	}
}

// Login requests list members with a verified address first, then those who
// accepted without, then those who have not accepted, each group by age.
func TestLoginRequestsListTheProvedFirst(t *testing.T) {
	fx := newFixture(t)
	late := fx.invite("late@example.com").Member.ID
	in := fx.invite("handed@example.com")
	link, err := fx.Invitations.CopyLink(t.Context(), fx.ann, in.Member.ID)
	must(t, err)
	_, err = fx.SignIn.RedeemLink(t.Context(), secretOf(link), browser("handed"))
	must(t, err)
	fx.clock.forward(SignInEmailInterval)
	first := fx.waiting("first@example.com").Member.ID
	fx.clock.forward(SignInEmailInterval)
	second := fx.waiting("second@example.com").Member.ID
	page, err := fx.Members.LoginRequests(t.Context(), fx.ann, RequestQuery{})
	must(t, err)
	want := []access.MemberID{first, second, in.Member.ID, late}
	if len(page.Items) != len(want) {
		t.Fatalf("%d wait, want %d", len(page.Items), len(want))
	}
	for i, c := range page.Items {
		if c.ID != want[i] {
			t.Errorf("place %d has %s", i, c.Email)
		}
	}
	if v, err := fx.Dashboard.Overview(t.Context(), fx.ann); err != nil || v.Accepted != 3 || v.Pending != 4 {
		t.Errorf("%+v, %v: want 3 of 4 who came", v.Counters, err)
	}
}

// An Admin invites an accomplice as Admin and is demoted, suspended or removed
// before anybody decides. The invitation is listed like any other, so one click,
// or a script that approves all, would grant a role that nobody with the right to
// grant it has asked for. The approver has to name the roles then, and the list
// says why.
func TestInviterWhoMayNoLongerGrant(t *testing.T) {
	grants := access.Role{Name: "Granter", Permissions: lead.Permissions[3:]}
	for _, tt := range []struct {
		name   string
		roles  []access.RoleName
		lose   func(fx *fixture) error
		orders bool // one click approves
	}{
		{"still an Admin", []access.RoleName{access.Admin}, func(*fixture) error { return nil }, true},
		{"demoted", []access.RoleName{access.Admin}, func(fx *fixture) error {
			return only(fx.Members.ChangeRoles(t.Context(), fx.ann, fx.bob.Member, []access.RoleName{access.Fleet}))
		}, false},
		{"demoted, but may invite to these roles", []access.RoleName{access.Fleet}, func(fx *fixture) error {
			return only(fx.Members.ChangeRoles(t.Context(), fx.ann, fx.bob.Member, []access.RoleName{lead.Name}))
		}, true},
		{"may invite, but to less", []access.RoleName{access.Fleet}, func(fx *fixture) error {
			return only(fx.Members.ChangeRoles(t.Context(), fx.ann, fx.bob.Member, []access.RoleName{grants.Name}))
		}, false},
		{"has the roles, but may not invite", []access.RoleName{access.Fleet}, func(fx *fixture) error {
			return only(fx.Members.ChangeRoles(t.Context(), fx.ann, fx.bob.Member, []access.RoleName{access.Fleet}))
		}, false},
		{
			"suspended",
			[]access.RoleName{access.Fleet},
			func(fx *fixture) error { return only(fx.Members.Suspend(t.Context(), fx.ann, fx.bob.Member)) },
			false,
		},
		{
			"removed",
			[]access.RoleName{access.Fleet},
			func(fx *fixture) error { return fx.Members.Remove(t.Context(), fx.ann, fx.bob.Member) },
			false,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fx := newFixture(t)
			must(t, fx.Roles.Put(t.Context(), fx.ann, lead))
			must(t, fx.Roles.Put(t.Context(), fx.ann, grants))
			in, err := fx.Invitations.Invite(t.Context(), fx.bob, NewInvitation{
				Email: mail(t, "eve@example.com"),
				Roles: tt.roles,
			})
			must(t, err)
			must(t, tt.lose(fx))
			entry, err := fx.SignIn.RedeemLink(t.Context(), secretOf(in.Link), browser("eve"))
			must(t, err)
			if entry.Member.State != access.Pending || fx.memberView(in.Member.ID).InviterLacks == tt.orders {
				t.Errorf("%s, and the list says %v", entry.Member.State, fx.memberView(in.Member.ID).InviterLacks)
			}
			_, err = fx.Members.Approve(t.Context(), fx.ann, in.Member.ID, nil)
			if tt.orders {
				must(t, err)
				return
			}
			refused(t, err, access.Conflict, "inviter_lost_rights")
			_, err = fx.Members.Approve(t.Context(), fx.ann, in.Member.ID, tt.roles)
			must(t, err)
		})
	}
}
