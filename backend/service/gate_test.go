package service_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/gate"
	. "doorward/backend/service"
)

// enterAs signs a member in and returns the session's secret.
func (o *office) enterAs(to string) access.Secret {
	o.t.Helper()
	o.clock.forward(SignInEmailInterval)
	entry, err := o.SignIn.RedeemCode(o.t.Context(), o.codeFor(to, browser("of "+to)), browser("of "+to))
	must(o.t, err)
	return entry.Session
}

// What is done to a member takes effect on the next request of every session and
// token, not at the next sign-in.
func TestNextRequest(t *testing.T) {
	flows, members := access.May(access.Open, access.ResFleetFlows), access.May(access.Read, access.ResMembers)
	tests := []struct {
		name    string
		do      func(o *office, id access.MemberID) error
		ended   access.EndReason // of the sessions; empty: they stay
		signed  bool
		token   bool
		members bool // may still read members
	}{
		{"suspend", func(o *office, id access.MemberID) error {
			_, err := o.Members.Suspend(o.t.Context(), o.ann, id)
			return err
		}, access.EndedSuspended, false, false, false},
		{"remove", func(o *office, id access.MemberID) error {
			return o.Members.Remove(o.t.Context(), o.ann, id)
		}, access.EndedRemoved, false, false, false},
		{
			"sign out everywhere",
			func(o *office, id access.MemberID) error {
				return o.Sessions.SignOutEverywhere(o.t.Context(), o.ann, id, false)
			},
			"",
			false,
			true,
			true,
		},
		{"fewer roles", func(o *office, id access.MemberID) error {
			_, err := o.Members.ChangeRoles(o.t.Context(), o.ann, id, []access.RoleName{access.Fleet})
			return err
		}, "", true, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := openOffice(t)
			sessions := []access.Secret{o.enterAs("bob@example.org"), o.enterAs("bob@example.org"),
				o.asWindow(o.bob, "window")}
			_, secret, err := o.Tokens.Create(t.Context(), o.bob, "ci", []access.RoleName{access.Admin}, 0)
			must(t, err)
			for _, s := range sessions {
				if p, err := o.Gate.Principal(t.Context(), s); err != nil || p.May(members) != nil ||
					p.May(flows) != nil {
					t.Fatalf("before: %v", err)
				}
			}
			if p, err := o.Gate.TokenPrincipal(t.Context(), secret); err != nil || p.May(members) != nil {
				t.Fatalf("before, by token: %v", err)
			}
			must(t, tt.do(o, o.bob.Member))
			_, err = o.Jobs.Sweep(t.Context())
			must(t, err)
			for _, s := range sessions {
				p, err := o.Gate.Principal(t.Context(), s)
				if (err == nil) != tt.signed || err == nil && (p.May(members) == nil) != tt.members {
					t.Errorf("Who = %v", err)
				}
				var ended *gate.SessionEndedError
				if tt.ended != "" && (!errors.As(err, &ended) || ended.Why != tt.ended || !access.SignedOut.Is(err)) {
					t.Errorf("ended with %v", err)
				}
			}
			p, err := o.Gate.TokenPrincipal(t.Context(), secret)
			if (err == nil) != tt.token || err == nil && (p.May(members) == nil) != tt.members {
				t.Errorf("WhoToken = %v", err)
			}
			o.verify()
		})
	}
}

// A suspended member who is restored has to sign in again; the old session and
// the links from before stay closed.
func TestRestoreOpensNothingOld(t *testing.T) {
	o := openOffice(t)
	s := o.enterAs("fay@example.org")
	o.clock.forward(time.Hour)
	o.codeFor("fay@example.org", browser("fay"))
	link := o.linkTo(access.SignInMessage, "fay@example.org")
	_, err := o.Members.Suspend(t.Context(), o.ann, o.fay.Member)
	must(t, err)
	_, err = o.Members.Unsuspend(t.Context(), o.ann, o.fay.Member)
	must(t, err)
	if _, err := o.Gate.Principal(t.Context(), s); !access.SignedOut.Is(err) {
		t.Errorf("the old session: %v", err)
	}
	_, err = o.SignIn.RedeemLink(t.Context(), link, browser("fay"))
	refused(t, err, access.Expired, "link_dead")
	if p, err := o.Gate.Principal(t.Context(), o.enterAs("fay@example.org")); err != nil ||
		p.May(access.May(access.Open, access.ResFleet)) != nil {
		t.Errorf("the new session: %v", err)
	}
}

// A rise of rights marks the session; rotating it leaves the old id worthless.
func TestRotateAtARise(t *testing.T) {
	o := openOffice(t)
	old := o.enterAs("fay@example.org")
	_, err := o.Members.ChangeRoles(t.Context(), o.ann, o.fay.Member, []access.RoleName{access.Fleet, access.AILoop})
	must(t, err)
	if p, err := o.Gate.Principal(t.Context(), old); err != nil || !p.Stale ||
		p.May(access.May(access.Open, access.ResAILoop)) != nil {
		t.Fatalf("after a rise: %+v, %v", p, err)
	}
	fresh, err := o.Gate.Rotate(t.Context(), old)
	must(t, err)
	if _, err := o.Gate.Principal(t.Context(), old); !access.SignedOut.Is(err) {
		t.Errorf("the old id: %v", err)
	}
	if p, err := o.Gate.Principal(t.Context(), fresh); err != nil || p.Stale {
		t.Errorf("the new id: %v", err)
	}
	if _, err := o.Gate.Rotate(t.Context(), old); !access.SignedOut.Is(err) {
		t.Errorf("rotated twice: %v", err)
	}
}

// Sessions end when they are not used, and at the latest after their limit.
func TestSessionLimits(t *testing.T) {
	o := openOffice(t)
	bob, fay := o.enterAs("bob@example.org"), o.enterAs("fay@example.org")
	o.clock.forward(access.AdminIdleTTL)
	if _, err := o.Gate.Principal(t.Context(), bob); !access.SignedOut.Is(err) {
		t.Errorf("an idle Admin: %v", err)
	}
	if _, err := o.Gate.Principal(t.Context(), fay); err != nil {
		t.Errorf("a member, after as long: %v", err)
	}
	for range 4 {
		o.clock.forward(access.MemberIdleTTL - time.Second)
		if _, err := o.Gate.Principal(t.Context(), fay); err != nil {
			t.Fatalf("in use: %v", err)
		}
	}
	o.clock.forward(access.MemberSessionTTL - 4*(access.MemberIdleTTL-time.Second))
	if _, err := o.Gate.Principal(t.Context(), fay); !access.SignedOut.Is(err) {
		t.Errorf("past its limit: %v", err)
	}
	o.sweep()
	o.verify()
}

// An API token is shown once and kept hashed; it does no more than its roles and
// its owner may, until it ends.
func TestTokens(t *testing.T) {
	o := openOffice(t)
	members := access.May(access.Read, access.ResMembers)
	tok, secret, err := o.Tokens.Create(t.Context(), o.bob, "ci", []access.RoleName{access.Admin}, time.Hour)
	must(t, err)
	if !strings.HasPrefix(secret.Reveal(), access.TokenPrefix) || strings.Contains(o.state(), secret.Reveal()) {
		t.Error("the secret is kept, or does not show what it is")
	}
	weak, weakSecret, err := o.Tokens.Create(t.Context(), access.Operator, "weak", []access.RoleName{access.Fleet}, 0)
	must(t, err)
	if p, err := o.Gate.TokenPrincipal(t.Context(), weakSecret); err != nil || p.May(members) == nil ||
		p.May(access.May(access.Open, access.ResFleet)) != nil || p.Actor.Token != weak.ID {
		t.Errorf("the weak token: %v", err)
	}
	if _, err := o.Gate.Principal(t.Context(), secret); !access.SignedOut.Is(err) {
		t.Errorf("a token as a session: %v", err)
	}
	o.clock.forward(time.Hour - time.Second)
	if p, err := o.Gate.TokenPrincipal(t.Context(), secret); err != nil || p.May(members) != nil {
		t.Errorf("a second before its end: %v", err)
	}
	o.clock.forward(time.Second)
	_, err = o.Gate.TokenPrincipal(t.Context(), secret)
	refused(t, err, access.SignedOut, "bad_token")
	_, err = o.Invitations.Invite(t.Context(), access.Actor{
		Member: o.bob.Member,
		Token:  tok.ID,
		Source: access.SourceAPI,
	}, NewInvitation{Email: mail(t, "x@example.com"), Roles: []access.RoleName{access.Fleet}})
	refused(t, err, access.SignedOut, "")
	must(t, o.Tokens.Revoke(t.Context(), o.ann, weak.ID))
	_, err = o.Gate.TokenPrincipal(t.Context(), weakSecret)
	refused(t, err, access.SignedOut, "bad_token")
	o.verify()
}

// A batch says for each row what came of it; its dry run keeps nothing.
func TestInviteMany(t *testing.T) {
	o := openOffice(t)
	row := func(to string, role access.RoleName) NewInvitation {
		return NewInvitation{Email: mail(t, to), Roles: []access.RoleName{role}}
	}
	rows := []NewInvitation{row("one@example.com", access.Fleet), row("fay@example.org", access.Fleet),
		row("two@example.com", "Root"),
		row("ONE@example.com", access.Fleet), {}, row("three@example.com", "ailoop")}
	want := []string{"", "already_member", "unknown_role", "duplicate_row", "email_missing", ""}
	for _, dry := range []bool{true, false} {
		before := o.state()
		got, err := o.Invitations.InviteMany(t.Context(), o.ann, rows, dry)
		must(t, err)
		for i, r := range got {
			if r.Err == nil != (want[i] == "") || r.Err != nil && access.Explain(r.Err).Code != want[i] {
				t.Errorf("row %d, dry %v: %v, want %q", i+1, dry, r.Err, want[i])
			}
		}
		if dry && (o.state() != before || got[0].Invited.Link != "") {
			t.Error("a dry run kept something, or made a link")
		}
	}
	if o.did(access.ActionInvite) != 4 { // two before: bob and fay
		t.Errorf("%d invitations", o.did(access.ActionInvite))
	}
	_, err := o.Invitations.InviteMany(t.Context(), o.ann, make([]NewInvitation, MaxBatchRows+1), true)
	refused(t, err, access.Invalid, "too_many_rows")
	o.verify()
}

// As many own roles as there can be still fit one transaction.
func TestMostRoles(t *testing.T) {
	o := openOffice(t)
	role := func(i int) access.Role {
		return access.Role{Name: access.RoleName("Role " + strings.Repeat("x", i)), Permissions: access.Grantable()[:1]}
	}
	for i := range 35 {
		must(t, o.Roles.Put(t.Context(), o.ann, role(i+1)))
	}
	for i := range 5 {
		must(t, o.Roles.Put(t.Context(), o.ann, access.Role{
			Name:        access.RoleName("More " + strings.Repeat("y", i+1)),
			Permissions: access.Grantable()[:1],
		}))
	}
	refused(t, o.Roles.Put(t.Context(), o.ann, access.Role{
		Name:        "Too many",
		Permissions: access.Grantable()[:1],
	}), access.Conflict, "too_many_roles")
	o.invite("ada@example.com", role(1).Name)
	refused(t, o.Roles.Delete(t.Context(), o.ann, role(1).Name), access.Conflict, "role_in_use")
	must(t, o.Roles.Delete(t.Context(), o.ann, role(2).Name))
}
