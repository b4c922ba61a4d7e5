package service_test

import (
	"testing"

	"doorward/backend/access"
	. "doorward/backend/service"
)

// card is a member as an approver sees them.
func (o *office) card(id access.MemberID) MemberView {
	o.t.Helper()
	c, err := o.Members.Get(o.t.Context(), o.ann, id)
	must(o.t, err)
	return c
}

// An Admin invites somebody in another person's name, copies the link, and opens
// it himself: nobody has looked into that mailbox, and another Admin, who reads
// "address proved" beside the request, lets him in as that person. Only what an
// email carried to the mailbox proves it.
func TestHandedLinkProvesNothing(t *testing.T) {
	copied := func(o *office) (access.MemberID, access.Secret) {
		in, err := o.Invitations.Invite(t.Context(), o.bob, NewInvitation{
			Email: mail(t, "ada@example.com"),
			Roles: []access.RoleName{access.Fleet},
		})
		must(t, err)
		link, err := o.Invitations.CopyLink(t.Context(), o.bob, in.Card.ID)
		must(t, err)
		return in.Card.ID, secretOf(link)
	}
	printed := func(o *office) (access.MemberID, access.Secret) {
		in, err := o.Invitations.Invite(t.Context(), access.Operator, NewInvitation{
			Email:    mail(t, "ada@example.com"),
			Roles:    []access.RoleName{access.Fleet},
			HandOver: true,
		})
		must(t, err)
		return in.Card.ID, secretOf(in.Link)
	}
	mailed := func(o *office) (access.MemberID, access.Secret) {
		in := o.invite("ada@example.com")
		return in.Card.ID, secretOf(in.Link)
	}
	resent := func(o *office) (access.MemberID, access.Secret) {
		id, _ := copied(o)
		_, err := o.Invitations.Resend(t.Context(), o.ann, id)
		must(t, err)
		return id, o.linkTo(access.InvitationMessage, "ada@example.com")
	}
	for _, tt := range []struct {
		name   string
		office []officeOption
		link   func(o *office) (access.MemberID, access.Secret)
		handed string // who handed it over; empty: the address is proved
	}{
		{"copied", nil, copied, "bob@example.org"},
		{"printed on the shell, and mailed too", nil, printed, "the operator"},
		{"read in the outbox, without a mail server", []officeOption{withoutMail}, mailed, "the operator"},
		{"mailed", nil, mailed, ""},
		{"copied, then mailed afresh", nil, resent, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := openOffice(t, tt.office...)
			id, link := tt.link(o)
			_, err := o.SignIn.RedeemLink(t.Context(), link, browser("eve"))
			must(t, err)
			c := o.card(id)
			if c.HandedOver != tt.handed || c.EmailVerifiedAt.IsZero() != (tt.handed != "") || !c.JoinedAt().
				Equal(o.clock.now()) {
				t.Errorf("proved %v, handed over by %q, came %v; want handed over by %q",
					c.EmailVerifiedAt, c.HandedOver, c.JoinedAt(), tt.handed)
			}
			// They wait as others do: the mailbox is told, and so are the Admins.
			if n := len(o.letters(access.ReceivedMessage)); n != 1 {
				t.Errorf("%d letters say that the request was received, want 1", n)
			}
			if proved, accepted := o.did(access.ActionVerifyEmail), o.did(access.ActionAccept); proved+accepted != 1 ||
				(accepted == 1) != (tt.handed != "") {
				t.Errorf("the log says proved %d times, accepted %d times", proved, accepted)
			}
			_, err = o.Invitations.Resend(t.Context(), o.ann, id)
			refused(t, err, access.Conflict, "already_accepted")
			o.verify()
		})
	}
}

// Who came by a link that was handed over signs in again, by what an email
// brought: by that they prove the address, once, and nobody is told again that
// somebody waits.
func TestEmailProvesWhatWasHandedOver(t *testing.T) {
	byCode := func(o *office) {
		_, err := o.SignIn.RedeemCode(t.Context(), o.codeFor("ada@example.com", browser("ada")), browser("ada"))
		must(t, err)
	}
	byLink := func(o *office) {
		o.codeFor("ada@example.com", browser("ada"))
		_, err := o.SignIn.RedeemLink(t.Context(), o.linkTo(access.SignInMessage, "ada@example.com"), browser("ada"))
		must(t, err)
	}
	for name, signIn := range map[string]func(o *office){"code": byCode, "link": byLink} {
		t.Run(name, func(t *testing.T) {
			o := openOffice(t)
			in := o.invite("ada@example.com")
			link, err := o.Invitations.CopyLink(t.Context(), o.bob, in.Card.ID)
			must(t, err)
			_, err = o.SignIn.RedeemLink(t.Context(), secretOf(link), browser("eve"))
			must(t, err)
			before := o.card(in.Card.ID)
			came := before.JoinedAt()
			o.clock.forward(2 * SignInEmailInterval)
			signIn(o)
			c := o.card(in.Card.ID)
			if !c.EmailVerifiedAt.Equal(o.clock.now()) || c.HandedOver != "" || !c.JoinedAt().Equal(came) {
				t.Errorf("proved %v, handed over by %q, came %v", c.EmailVerifiedAt, c.HandedOver, c.JoinedAt())
			}
			if n, m := len(o.letters(access.ReceivedMessage)), o.did(access.ActionVerifyLater); n != 1 || m != 1 {
				t.Errorf("%d letters of receipt and %d entries, want one of each", n, m)
			}
			o.verify()
		})
	}
}

// Without a mail server whoever reads the outbox reads the sign-in code too: it
// proves no more than the invitation did.
func TestCodeThatNoEmailCarriedProvesNothing(t *testing.T) {
	o := openOffice(t, withoutMail)
	in := o.invite("ada@example.com")
	_, err := o.SignIn.RedeemCode(t.Context(), o.codeFor("ada@example.com", browser("eve")), browser("eve"))
	must(t, err)
	if c := o.card(in.Card.ID); !c.EmailVerifiedAt.IsZero() || c.HandedOver != "the operator" {
		t.Errorf("proved %v, handed over by %q", c.EmailVerifiedAt, c.HandedOver)
	}
}

// Login requests list whoever proved the address first, then whoever came
// without, then whoever has not come, each by age.
func TestLoginRequestsListTheProvedFirst(t *testing.T) {
	o := openOffice(t)
	late := o.invite("late@example.com").Card.ID
	in := o.invite("handed@example.com")
	link, err := o.Invitations.CopyLink(t.Context(), o.ann, in.Card.ID)
	must(t, err)
	_, err = o.SignIn.RedeemLink(t.Context(), secretOf(link), browser("handed"))
	must(t, err)
	o.clock.forward(SignInEmailInterval)
	first := o.waiting("first@example.com").Member.ID
	o.clock.forward(SignInEmailInterval)
	second := o.waiting("second@example.com").Member.ID
	page, err := o.Members.LoginRequests(t.Context(), o.ann, "", "", 0)
	must(t, err)
	want := []access.MemberID{first, second, in.Card.ID, late}
	if len(page.Items) != len(want) {
		t.Fatalf("%d wait, want %d", len(page.Items), len(want))
	}
	for i, c := range page.Items {
		if c.ID != want[i] {
			t.Errorf("place %d has %s", i, c.Email)
		}
	}
	if v, err := o.Dashboard.Overview(t.Context(), o.ann); err != nil || v.Accepted != 3 || v.Pending != 4 {
		t.Errorf("%+v, %v: want 3 of 4 who came", v.Counters, err)
	}
}

// An Admin invites an accomplice as Admin and is demoted, suspended or removed
// before anybody looks. The invitation waits in the list like any other: one
// click, or a script that approves all, would let in what nobody who may grant it
// has asked for. The roles have to be named then, and the list says why.
func TestInviterWhoMayNoLongerGrant(t *testing.T) {
	grants := access.Role{Name: "Granter", Permissions: lead.Permissions[3:]}
	for _, tt := range []struct {
		name   string
		roles  []access.RoleName
		lose   func(o *office) error
		orders bool // one click does
	}{
		{"still an Admin", []access.RoleName{access.Admin}, func(*office) error { return nil }, true},
		{"demoted", []access.RoleName{access.Admin}, func(o *office) error {
			return only(o.Members.ChangeRoles(t.Context(), o.ann, o.bob.Member, []access.RoleName{access.Fleet}))
		}, false},
		{"demoted, but may invite to these roles", []access.RoleName{access.Fleet}, func(o *office) error {
			return only(o.Members.ChangeRoles(t.Context(), o.ann, o.bob.Member, []access.RoleName{lead.Name}))
		}, true},
		{"may invite, but to less", []access.RoleName{access.Fleet}, func(o *office) error {
			return only(o.Members.ChangeRoles(t.Context(), o.ann, o.bob.Member, []access.RoleName{grants.Name}))
		}, false},
		{"has the roles, but may not invite", []access.RoleName{access.Fleet}, func(o *office) error {
			return only(o.Members.ChangeRoles(t.Context(), o.ann, o.bob.Member, []access.RoleName{access.Fleet}))
		}, false},
		{
			"suspended",
			[]access.RoleName{access.Fleet},
			func(o *office) error { return only(o.Members.Suspend(t.Context(), o.ann, o.bob.Member)) },
			false,
		},
		{
			"removed",
			[]access.RoleName{access.Fleet},
			func(o *office) error { return o.Members.Remove(t.Context(), o.ann, o.bob.Member) },
			false,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := openOffice(t)
			must(t, o.Roles.Put(t.Context(), o.ann, lead))
			must(t, o.Roles.Put(t.Context(), o.ann, grants))
			in, err := o.Invitations.Invite(t.Context(), o.bob, NewInvitation{
				Email: mail(t, "eve@example.com"),
				Roles: tt.roles,
			})
			must(t, err)
			must(t, tt.lose(o))
			entry, err := o.SignIn.RedeemLink(t.Context(), secretOf(in.Link), browser("eve"))
			must(t, err)
			if entry.Member.State != access.Pending || o.card(in.Card.ID).InviterLacks == tt.orders {
				t.Errorf("%s, and the list says %v", entry.Member.State, o.card(in.Card.ID).InviterLacks)
			}
			_, err = o.Members.Approve(t.Context(), o.ann, in.Card.ID, nil)
			if tt.orders {
				must(t, err)
				return
			}
			refused(t, err, access.Conflict, "inviter_lost_rights")
			_, err = o.Members.Approve(t.Context(), o.ann, in.Card.ID, tt.roles)
			must(t, err)
		})
	}
}
