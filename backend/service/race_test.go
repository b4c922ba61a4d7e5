package service_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
)

// Sixteen callers do the same at once: one wins, and leaves one audit entry and
// one email; the others are told that somebody else was first.
func TestOneWinner(t *testing.T) {
	tests := []struct {
		name    string
		deed    access.AuditAction
		message access.MessageKind // empty: the verb sends none
		lost    access.Kind
		says    []string // what the losers are told
		verb    func(fx *fixture) func(actor access.Actor) error
	}{
		{"approve", access.ActionApprove, access.ApprovedMessage, access.Conflict,
			[]string{"already approved by ", "@example.org", "1 May 2030 at 12:00 UTC"},
			func(fx *fixture) func(access.Actor) error {
				id := fx.waiting("ada@example.com").Member.ID
				return func(actor access.Actor) error {
					_, err := fx.Members.Approve(context.Background(), actor, id, nil)
					return err
				}
			}},
		{"reject", access.ActionReject, access.RejectedMessage, access.Conflict,
			[]string{"already rejected by ", "@example.org", "1 May 2030 at 12:00 UTC"},
			func(fx *fixture) func(access.Actor) error {
				id := fx.waiting("ada@example.com").Member.ID
				return func(actor access.Actor) error {
					return fx.Members.Reject(context.Background(), actor, id, "no", true)
				}
			}},
		{"suspend", access.ActionSuspend, "", access.Conflict,
			[]string{"Ada was already suspended by ", "@example.org", " on 1 May 2030 at 12:00 UTC."},
			func(fx *fixture) func(access.Actor) error {
				id := fx.member("ada@example.com", "Ada", access.Fleet)
				return func(actor access.Actor) error {
					_, err := fx.Members.Suspend(context.Background(), actor, id)
					return err
				}
			}},
		{"restore", access.ActionUnsuspend, "", access.Conflict,
			[]string{"Ada was already restored by ", " on 1 May 2030 at 12:00 UTC."},
			func(fx *fixture) func(access.Actor) error {
				id := fx.member("ada@example.com", "Ada", access.Fleet)
				_, err := fx.Members.Suspend(context.Background(), fx.ann, id)
				must(fx.t, err)
				return func(actor access.Actor) error {
					_, err := fx.Members.Unsuspend(context.Background(), actor, id)
					return err
				}
			}},
		{"remove", access.ActionRemove, "", access.NotFound,
			[]string{"This account was already removed by ", " on 1 May 2030 at 12:00 UTC."},
			func(fx *fixture) func(access.Actor) error {
				id := fx.member("ada@example.com", "Ada", access.Fleet)
				return func(actor access.Actor) error { return fx.Members.Remove(context.Background(), actor, id) }
			}},
		{"withdraw", access.ActionWithdraw, "", access.SignedOut, []string{"not signed in"},
			func(fx *fixture) func(access.Actor) error {
				id := fx.waiting("ada@example.com").Member.ID
				return func(access.Actor) error { return fx.Account.Withdraw(context.Background(), session(id)) }
			}},
		{"invite", access.ActionInvite, access.InvitationMessage, access.Conflict,
			[]string{"ada@example.com has already been invited"},
			func(fx *fixture) func(access.Actor) error {
				in := NewInvitation{Email: mail(fx.t, "ada@example.com"), Roles: []access.RoleName{access.Fleet}}
				return func(actor access.Actor) error {
					_, err := fx.Invitations.Invite(context.Background(), actor, in)
					return err
				}
			}},
		{"redeem a link", access.ActionVerifyEmail, access.ReceivedMessage, access.Expired, []string{"already used"},
			func(fx *fixture) func(access.Actor) error {
				link := secretOf(fx.invite("ada@example.com").Link)
				return func(access.Actor) error {
					_, err := fx.SignIn.RedeemLink(context.Background(), link, browser("ada"))
					return err
				}
			}},
		{"redeem a code", access.ActionVerifyEmail, access.ReceivedMessage, access.Invalid,
			[]string{"code is wrong or has expired"},
			func(fx *fixture) func(access.Actor) error {
				fx.invite("ada@example.com")
				code := fx.codeFor("ada@example.com", browser("ada"))
				return func(access.Actor) error {
					_, err := fx.SignIn.RedeemCode(context.Background(), code, browser("ada"))
					return err
				}
			}},
		{"delete a role", access.ActionDeleteRole, "", access.NotFound, []string{"no such role"},
			func(fx *fixture) func(access.Actor) error {
				must(fx.t, fx.Roles.Put(context.Background(), fx.ann, access.Role{
					Name:        "Guest",
					Permissions: []access.Permission{access.May(access.Open, access.ResFleet)},
				}))
				return func(actor access.Actor) error { return fx.Roles.Delete(context.Background(), actor, "Guest") }
			}},
		{"revoke a token", access.ActionRevokeToken, "", access.NotFound, []string{"no such token"},
			func(fx *fixture) func(access.Actor) error {
				tok, _, err := fx.Tokens.Create(context.Background(), fx.ann, "ci", []access.RoleName{access.Fleet}, 0)
				must(fx.t, err)
				return func(actor access.Actor) error { return fx.Tokens.Revoke(context.Background(), actor, tok.ID) }
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fx := newFixture(t)
			verb := tt.verb(fx)
			entries, messages := fx.did(tt.deed), len(fx.messages(tt.message))

			won := 0
			for _, err := range race(16, func(i int) error { return verb([]access.Actor{fx.ann, fx.bob}[i%2]) }) {
				if err == nil {
					won++
					continue
				}
				refused(t, err, tt.lost, "")
				for _, says := range tt.says {
					if !strings.Contains(err.Error(), says) {
						t.Errorf("a loser was told %q, want %q in it", err, says)
					}
				}
			}
			if won != 1 {
				t.Errorf("%d callers won", won)
			}
			if n := fx.did(tt.deed) - entries; n != 1 {
				t.Errorf("%d audit entries %q", n, tt.deed)
			}
			if n := len(fx.messages(tt.message)) - messages; tt.message != "" && n != 1 {
				t.Errorf("%d emails %q", n, tt.message)
			}
			fx.verify()
		})
	}
}

// codeFor requests an email and reads its code.
func (fx *fixture) codeFor(to string, b Browser) string {
	fx.t.Helper()
	fx.clock.forward(time.Second) // the newest email is this one
	must(fx.t, fx.SignIn.Request(fx.t.Context(), mail(fx.t, to), b))
	_, err := fx.SignIn.AnswerRequests(fx.t.Context())
	must(fx.t, err)
	return code(fx.t, fx.body(fx.message(access.SignInMessage, mail(fx.t, to).Canonical).ID))
}

func code(t testing.TB, w access.MessageBody) string {
	t.Helper()
	c, ok := codeIn(w.Text)
	if !ok {
		t.Fatalf("no code in the email:\n%s", w.Text)
	}
	return c
}

// codeIn finds the code in an email: it is on a line of its own.
func codeIn(text string) (string, bool) {
	for line := range strings.Lines(text) {
		if c, ok := access.ParseCode(line); ok && strings.TrimSuffix(line, "\n") == c.String() {
			return c.String(), true
		}
	}
	return "", false
}

// says reports whether an email contains all these sentences, wherever its lines
// break.
func says(text string, all ...string) bool {
	text = strings.Join(strings.Fields(text), " ")
	for _, s := range all {
		if !strings.Contains(text, s) {
			return false
		}
	}
	return true
}

// One Admin approves while another rejects: the account is active or deleted,
// never both.
func TestApproveAgainstReject(t *testing.T) {
	for range 20 {
		fx := newFixture(t)
		id := fx.waiting("ada@example.com").Member.ID
		errs := race(16, func(i int) error {
			if i%2 == 0 {
				_, err := fx.Members.Approve(context.Background(), fx.ann, id, nil)
				return err
			}
			return fx.Members.Reject(context.Background(), fx.bob, id, "", false)
		})
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				refused(t, err, access.Conflict, "already_decided")
			}
		}
		_, gone := fx.Members.Get(t.Context(), fx.ann, id)
		if won != 1 || fx.did(access.ActionReject) == 1 != access.NotFound.Is(gone) {
			t.Fatalf("%d won; the member: %v", won, gone)
		}
	}
}

// Fifty people use the setup link at once. One becomes the first Admin; setup is
// closed for ever, also after a restart.
func TestSetUpOnce(t *testing.T) {
	fx := newEmptyFixture(t, onDisk)
	link, err := fx.Setup.Open(t.Context())
	must(t, err)
	won := 0
	for _, err := range race(50, func(i int) error {
		to := mail(t, fmt.Sprintf("admin%d@example.org", i))
		if i%2 == 0 {
			_, err := fx.Setup.SetUp(context.Background(), secretOf(link), FirstAdmin{Email: to}, browser("x"))
			return err
		}
		_, _, err := fx.Setup.SetUpHere(context.Background(), FirstAdmin{Email: to})
		return err
	}) {
		if err == nil {
			won++
		} else if access.Explain(err).Code != "setup_closed" {
			t.Errorf("a loser was told %v", err)
		}
	}
	if won != 1 || fx.did(access.ActionSetUp) != 1 {
		t.Fatalf("%d won, %d entries", won, fx.did(access.ActionSetUp))
	}
	fx.reopen()
	fx.verify()
	if again, err := fx.Setup.Open(t.Context()); err != nil || again != "" {
		t.Errorf("OpenSetup = %q, %v after setup", again, err)
	}
	before := fx.state()
	_, err = fx.Setup.SetUp(t.Context(), secretOf(link), FirstAdmin{Email: mail(t, "late@example.org")}, browser("x"))
	refused(t, err, access.Expired, "setup_closed")
	_, _, err = fx.Setup.SetUpHere(t.Context(), FirstAdmin{Email: mail(t, "late@example.org")})
	refused(t, err, access.Conflict, "setup_closed")
	if fx.state() != before {
		t.Error("a refused setup changed something")
	}
}

// A newer setup link voids the older one, and a wrong secret opens nothing.
func TestSetUpSecret(t *testing.T) {
	fx := newEmptyFixture(t)
	old, err := fx.Setup.Open(t.Context())
	must(t, err)
	fresh, err := fx.Setup.Open(t.Context())
	must(t, err)
	for _, secret := range []access.Secret{secretOf(old), "", access.NewSecret()} {
		_, err := fx.Setup.SetUp(t.Context(), secret, FirstAdmin{Email: mail(t, "eve@example.org")}, browser("x"))
		refused(t, err, access.Expired, "setup_closed")
	}
	if _, err := fx.Setup.SetUp(t.Context(), secretOf(fresh), FirstAdmin{
		Email: mail(t, "ann@example.org"),
	}, browser("x")); err != nil {
		t.Error(err)
	}
}

// Two Admins remove each other at the same time, again and again. One is always
// left.
func TestNeverZeroAdmins(t *testing.T) {
	ways := []func(fx *fixture, actor access.Actor, id access.MemberID) error{
		func(fx *fixture, actor access.Actor, id access.MemberID) error {
			_, err := fx.Members.ChangeRoles(context.Background(), actor, id, []access.RoleName{access.Fleet})
			return err
		},
		func(fx *fixture, actor access.Actor, id access.MemberID) error {
			_, err := fx.Members.Suspend(context.Background(), actor, id)
			return err
		},
		func(fx *fixture, actor access.Actor, id access.MemberID) error {
			return fx.Members.Remove(context.Background(), actor, id)
		},
	}
	fx := newFixture(t)
	for i := range 150 {
		way := ways[i%len(ways)]
		errs := race(2, func(j int) error {
			if j == 0 {
				return way(fx, fx.ann, fx.bob.Member)
			}
			return way(fx, fx.bob, fx.ann.Member)
		})
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: %v and %v", i, errs[0], errs[1])
		}
		c, err := fx.Dashboard.Overview(t.Context(), access.Operator)
		if err != nil || c.Admins != 1 {
			t.Fatalf("round %d left %d Admins (%v)", i, c.Admins, err)
		}
		if errs[0] == nil {
			fx.bob = fx.admin(fx.bob, i)
		} else {
			fx.ann = fx.admin(fx.ann, i)
		}
	}
	fx.verify()
}

// admin restores a demoted or removed Admin, or makes another in their place.
func (fx *fixture) admin(actor access.Actor, i int) access.Actor {
	fx.t.Helper()
	ctx := fx.t.Context()
	m, err := fx.Members.Get(ctx, access.Operator, actor.Member)
	switch {
	case access.NotFound.Is(err):
		return session(fx.member(fmt.Sprintf("admin%d@example.org", i), "", access.Admin))
	case m.State == access.Suspended:
		_, err = fx.Members.Unsuspend(ctx, access.Operator, actor.Member)
	default:
		_, err = fx.Members.ChangeRoles(ctx, access.Operator, actor.Member, []access.RoleName{access.Admin})
	}
	must(fx.t, err)
	return actor
}

// Nobody, not even the operator, can remove, suspend or demote the last Admin.
func TestLastAdminStays(t *testing.T) {
	fx := newFixture(t)
	must(t, fx.Members.Remove(t.Context(), fx.ann, fx.bob.Member))
	before := fx.state()
	_, err := fx.Members.Suspend(t.Context(), access.Operator, fx.ann.Member)
	refused(t, err, access.Conflict, "last_admin")
	_, err = fx.Members.ChangeRoles(t.Context(), access.Operator, fx.ann.Member, []access.RoleName{access.Fleet})
	refused(t, err, access.Conflict, "last_admin")
	refused(t, fx.Members.Remove(t.Context(), access.Operator, fx.ann.Member), access.Conflict, "last_admin")
	if fx.state() != before {
		t.Error("a refusal changed something")
	}
}
