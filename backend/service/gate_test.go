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
func (fx *fixture) enterAs(to string) access.Secret {
	fx.t.Helper()
	fx.clock.forward(SignInEmailInterval)
	entry, err := fx.SignIn.RedeemCode(fx.t.Context(), fx.codeFor(to, browser("of "+to)), browser("of "+to))
	must(fx.t, err)
	return entry.Session
}

// A change to a member takes effect on the next request of every session and
// token, not at the next sign-in.
func TestNextRequest(t *testing.T) {
	flows, members := access.May(access.Open, access.ResFleetFlows), access.May(access.Read, access.ResMembers)
	tests := []struct {
		name    string
		do      func(fx *fixture, id access.MemberID) error
		ended   access.EndReason // why the sessions ended; empty: they are still open
		signed  bool
		token   bool
		members bool // may still read members
	}{
		{"suspend", func(fx *fixture, id access.MemberID) error {
			_, err := fx.Members.Suspend(fx.t.Context(), fx.ann, id)
			return err
		}, access.EndedSuspended, false, false, false},
		{"remove", func(fx *fixture, id access.MemberID) error {
			return fx.Members.Remove(fx.t.Context(), fx.ann, id)
		}, access.EndedRemoved, false, false, false},
		{
			"sign out everywhere",
			func(fx *fixture, id access.MemberID) error {
				return fx.Sessions.SignOutEverywhere(fx.t.Context(), fx.ann, id, false)
			},
			"",
			false,
			true,
			true,
		},
		{"fewer roles", func(fx *fixture, id access.MemberID) error {
			_, err := fx.Members.ChangeRoles(fx.t.Context(), fx.ann, id, []access.RoleName{access.Fleet})
			return err
		}, "", true, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fx := newFixture(t)
			sessions := []access.Secret{fx.enterAs("bob@example.org"), fx.enterAs("bob@example.org"),
				fx.asWindow(fx.bob, "window")}
			_, secret, err := fx.Tokens.Create(t.Context(), fx.bob, "ci", []access.RoleName{access.Admin}, 0)
			must(t, err)
			for _, s := range sessions {
				if p, err := fx.Gate.Principal(t.Context(), s); err != nil || p.May(members) != nil ||
					p.May(flows) != nil {
					t.Fatalf("before: %v", err)
				}
			}
			if p, err := fx.Gate.TokenPrincipal(t.Context(), secret); err != nil || p.May(members) != nil {
				t.Fatalf("before, by token: %v", err)
			}
			must(t, tt.do(fx, fx.bob.Member))
			_, err = fx.Jobs.Sweep(t.Context())
			must(t, err)
			for _, s := range sessions {
				p, err := fx.Gate.Principal(t.Context(), s)
				if (err == nil) != tt.signed || err == nil && (p.May(members) == nil) != tt.members {
					t.Errorf("Who = %v", err)
				}
				var ended *gate.SessionEndedError
				if tt.ended != "" && (!errors.As(err, &ended) || ended.Why != tt.ended || !access.SignedOut.Is(err)) {
					t.Errorf("ended with %v", err)
				}
			}
			p, err := fx.Gate.TokenPrincipal(t.Context(), secret)
			if (err == nil) != tt.token || err == nil && (p.May(members) == nil) != tt.members {
				t.Errorf("WhoToken = %v", err)
			}
			fx.verify()
		})
	}
}

// A suspended member who is restored has to sign in again; the old session and
// links stay closed.
func TestRestoreOpensNothingOld(t *testing.T) {
	fx := newFixture(t)
	s := fx.enterAs("fay@example.org")
	fx.clock.forward(time.Hour)
	fx.codeFor("fay@example.org", browser("fay"))
	link := fx.linkTo(access.SignInMessage, "fay@example.org")
	_, err := fx.Members.Suspend(t.Context(), fx.ann, fx.fay.Member)
	must(t, err)
	_, err = fx.Members.Unsuspend(t.Context(), fx.ann, fx.fay.Member)
	must(t, err)
	if _, err := fx.Gate.Principal(t.Context(), s); !access.SignedOut.Is(err) {
		t.Errorf("the old session: %v", err)
	}
	_, err = fx.SignIn.RedeemLink(t.Context(), link, browser("fay"))
	refused(t, err, access.Expired, "link_dead")
	if p, err := fx.Gate.Principal(t.Context(), fx.enterAs("fay@example.org")); err != nil ||
		p.May(access.May(access.Open, access.ResFleet)) != nil {
		t.Errorf("the new session: %v", err)
	}
}

// A rise of permissions marks the session; after the rotation the old id is void.
func TestRotateAtARise(t *testing.T) {
	fx := newFixture(t)
	old := fx.enterAs("fay@example.org")
	_, err := fx.Members.ChangeRoles(t.Context(), fx.ann, fx.fay.Member, []access.RoleName{access.Fleet, access.AILoop})
	must(t, err)
	if p, err := fx.Gate.Principal(t.Context(), old); err != nil || !p.Stale ||
		p.May(access.May(access.Open, access.ResAILoop)) != nil {
		t.Fatalf("after a rise: %+v, %v", p, err)
	}
	fresh, err := fx.Gate.Rotate(t.Context(), old)
	must(t, err)
	if _, err := fx.Gate.Principal(t.Context(), old); !access.SignedOut.Is(err) {
		t.Errorf("the old id: %v", err)
	}
	if p, err := fx.Gate.Principal(t.Context(), fresh); err != nil || p.Stale {
		t.Errorf("the new id: %v", err)
	}
	if _, err := fx.Gate.Rotate(t.Context(), old); !access.SignedOut.Is(err) {
		t.Errorf("rotated twice: %v", err)
	}
}

// Sessions expire when they are idle, and at the latest at their maximum age.
func TestSessionLimits(t *testing.T) {
	fx := newFixture(t)
	bob, fay := fx.enterAs("bob@example.org"), fx.enterAs("fay@example.org")
	fx.clock.forward(access.AdminIdleTTL)
	if _, err := fx.Gate.Principal(t.Context(), bob); !access.SignedOut.Is(err) {
		t.Errorf("an idle Admin: %v", err)
	}
	if _, err := fx.Gate.Principal(t.Context(), fay); err != nil {
		t.Errorf("a member, after as long: %v", err)
	}
	for range 4 {
		fx.clock.forward(access.MemberIdleTTL - time.Second)
		if _, err := fx.Gate.Principal(t.Context(), fay); err != nil {
			t.Fatalf("in use: %v", err)
		}
	}
	fx.clock.forward(access.MemberSessionTTL - 4*(access.MemberIdleTTL-time.Second))
	if _, err := fx.Gate.Principal(t.Context(), fay); !access.SignedOut.Is(err) {
		t.Errorf("past its limit: %v", err)
	}
	fx.sweep()
	fx.verify()
}

// An API token is shown once and stored as a hash; it may do no more than its
// roles and its owner both may, until it expires.
func TestTokens(t *testing.T) {
	fx := newFixture(t)
	members := access.May(access.Read, access.ResMembers)
	tok, secret, err := fx.Tokens.Create(t.Context(), fx.bob, "ci", []access.RoleName{access.Admin}, time.Hour)
	must(t, err)
	if !strings.HasPrefix(secret.Reveal(), access.TokenPrefix) || strings.Contains(fx.state(), secret.Reveal()) {
		t.Error("the secret is kept, or does not show what it is")
	}
	weak, weakSecret, err := fx.Tokens.Create(t.Context(), access.Operator, "weak", []access.RoleName{access.Fleet}, 0)
	must(t, err)
	if p, err := fx.Gate.TokenPrincipal(t.Context(), weakSecret); err != nil || p.May(members) == nil ||
		p.May(access.May(access.Open, access.ResFleet)) != nil || p.Actor.Token != weak.ID {
		t.Errorf("the weak token: %v", err)
	}
	if _, err := fx.Gate.Principal(t.Context(), secret); !access.SignedOut.Is(err) {
		t.Errorf("a token as a session: %v", err)
	}
	fx.clock.forward(time.Hour - time.Second)
	if p, err := fx.Gate.TokenPrincipal(t.Context(), secret); err != nil || p.May(members) != nil {
		t.Errorf("a second before its end: %v", err)
	}
	fx.clock.forward(time.Second)
	_, err = fx.Gate.TokenPrincipal(t.Context(), secret)
	refused(t, err, access.SignedOut, "bad_token")
	_, err = fx.Invitations.Invite(t.Context(), access.Actor{
		Member: fx.bob.Member,
		Token:  tok.ID,
		Source: access.SourceAPI,
	}, NewInvitation{Email: mail(t, "x@example.com"), Roles: []access.RoleName{access.Fleet}})
	refused(t, err, access.SignedOut, "")
	must(t, fx.Tokens.Revoke(t.Context(), fx.ann, weak.ID))
	_, err = fx.Gate.TokenPrincipal(t.Context(), weakSecret)
	refused(t, err, access.SignedOut, "bad_token")
	fx.verify()
}

// A batch returns a result for each row; its dry run stores nothing.
func TestInviteMany(t *testing.T) {
	fx := newFixture(t)
	row := func(to string, role access.RoleName) NewInvitation {
		return NewInvitation{Email: mail(t, to), Roles: []access.RoleName{role}}
	}
	rows := []NewInvitation{row("one@example.com", access.Fleet), row("fay@example.org", access.Fleet),
		row("two@example.com", "Root"),
		row("ONE@example.com", access.Fleet), {}, row("three@example.com", "ailoop")}
	want := []string{"", "already_member", "unknown_role", "duplicate_row", "email_missing", ""}
	for _, dry := range []bool{true, false} {
		before := fx.state()
		got, err := fx.Invitations.InviteMany(t.Context(), fx.ann, rows, dry)
		must(t, err)
		for i, r := range got {
			if r.Err == nil != (want[i] == "") || r.Err != nil && access.Explain(r.Err).Code != want[i] {
				t.Errorf("row %d, dry %v: %v, want %q", i+1, dry, r.Err, want[i])
			}
		}
		if dry && (fx.state() != before || got[0].Invited.Link != "") {
			t.Error("a dry run kept something, or made a link")
		}
	}
	if fx.did(access.ActionInvite) != 4 { // two before: bob and fay
		t.Errorf("%d invitations", fx.did(access.ActionInvite))
	}
	_, err := fx.Invitations.InviteMany(t.Context(), fx.ann, make([]NewInvitation, MaxBatchRows+1), true)
	refused(t, err, access.Invalid, "too_many_rows")
	fx.verify()
}

// The maximum number of roles still fits one transaction.
func TestMostRoles(t *testing.T) {
	fx := newFixture(t)
	role := func(i int) access.Role {
		return access.Role{Name: access.RoleName("Role " + strings.Repeat("x", i)), Permissions: access.Grantable()[:1]}
	}
	for i := range 35 {
		must(t, fx.Roles.Put(t.Context(), fx.ann, role(i+1)))
	}
	for i := range 5 {
		must(t, fx.Roles.Put(t.Context(), fx.ann, access.Role{
			Name:        access.RoleName("More " + strings.Repeat("y", i+1)),
			Permissions: access.Grantable()[:1],
		}))
	}
	refused(t, fx.Roles.Put(t.Context(), fx.ann, access.Role{
		Name:        "Too many",
		Permissions: access.Grantable()[:1],
	}), access.Conflict, "too_many_roles")
	fx.invite("ada@example.com", role(1).Name)
	refused(t, fx.Roles.Delete(t.Context(), fx.ann, role(1).Name), access.Conflict, "role_in_use")
	must(t, fx.Roles.Delete(t.Context(), fx.ann, role(2).Name))
}
