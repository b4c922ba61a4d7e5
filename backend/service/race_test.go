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
// one email; the others hear that somebody else was first.
func TestOneWinner(t *testing.T) {
	tests := []struct {
		name   string
		deed   access.AuditAction
		letter access.MessageKind // empty: the verb writes none
		lost   access.Kind
		says   []string // what the losers are told
		verb   func(o *office) func(actor access.Actor) error
	}{
		{"approve", access.ActionApprove, access.ApprovedMessage, access.Conflict,
			[]string{"approved already, by ", "@example.org", "1 May 2030 at 12:00 UTC"},
			func(o *office) func(access.Actor) error {
				id := o.waiting("ada@example.com").Member.ID
				return func(actor access.Actor) error {
					_, err := o.Members.Approve(context.Background(), actor, id, nil)
					return err
				}
			}},
		{"reject", access.ActionReject, access.RejectedMessage, access.Conflict,
			[]string{"rejected already, by ", "@example.org", "1 May 2030 at 12:00 UTC"},
			func(o *office) func(access.Actor) error {
				id := o.waiting("ada@example.com").Member.ID
				return func(actor access.Actor) error {
					return o.Members.Reject(context.Background(), actor, id, "no", true)
				}
			}},
		{"suspend", access.ActionSuspend, "", access.Conflict,
			[]string{"Ada was suspended already, by ", "@example.org", " on 1 May 2030 at 12:00 UTC."},
			func(o *office) func(access.Actor) error {
				id := o.member("ada@example.com", "Ada", access.Fleet)
				return func(actor access.Actor) error {
					_, err := o.Members.Suspend(context.Background(), actor, id)
					return err
				}
			}},
		{"restore", access.ActionUnsuspend, "", access.Conflict,
			[]string{"Ada was restored already, by ", " on 1 May 2030 at 12:00 UTC."},
			func(o *office) func(access.Actor) error {
				id := o.member("ada@example.com", "Ada", access.Fleet)
				_, err := o.Members.Suspend(context.Background(), o.ann, id)
				must(o.t, err)
				return func(actor access.Actor) error {
					_, err := o.Members.Unsuspend(context.Background(), actor, id)
					return err
				}
			}},
		{"remove", access.ActionRemove, "", access.NotFound,
			[]string{"This account was removed already, by ", " on 1 May 2030 at 12:00 UTC."},
			func(o *office) func(access.Actor) error {
				id := o.member("ada@example.com", "Ada", access.Fleet)
				return func(actor access.Actor) error { return o.Members.Remove(context.Background(), actor, id) }
			}},
		{"withdraw", access.ActionWithdraw, "", access.SignedOut, []string{"not signed in"},
			func(o *office) func(access.Actor) error {
				id := o.waiting("ada@example.com").Member.ID
				return func(access.Actor) error { return o.Account.Withdraw(context.Background(), session(id)) }
			}},
		{"invite", access.ActionInvite, access.InvitationMessage, access.Conflict,
			[]string{"ada@example.com is invited already"},
			func(o *office) func(access.Actor) error {
				in := NewInvitation{Email: mail(o.t, "ada@example.com"), Roles: []access.RoleName{access.Fleet}}
				return func(actor access.Actor) error {
					_, err := o.Invitations.Invite(context.Background(), actor, in)
					return err
				}
			}},
		{"redeem a link", access.ActionVerifyEmail, access.ReceivedMessage, access.Expired, []string{"no longer good"},
			func(o *office) func(access.Actor) error {
				link := secretOf(o.invite("ada@example.com").Link)
				return func(access.Actor) error {
					_, err := o.SignIn.RedeemLink(context.Background(), link, browser("ada"))
					return err
				}
			}},
		{"redeem a code", access.ActionVerifyEmail, access.ReceivedMessage, access.Invalid,
			[]string{"code is not right"},
			func(o *office) func(access.Actor) error {
				o.invite("ada@example.com")
				code := o.codeFor("ada@example.com", browser("ada"))
				return func(access.Actor) error {
					_, err := o.SignIn.RedeemCode(context.Background(), code, browser("ada"))
					return err
				}
			}},
		{"delete a role", access.ActionDeleteRole, "", access.NotFound, []string{"no such role"},
			func(o *office) func(access.Actor) error {
				must(o.t, o.Roles.Put(context.Background(), o.ann, access.Role{
					Name:        "Guest",
					Permissions: []access.Permission{access.May(access.Open, access.ResFleet)},
				}))
				return func(actor access.Actor) error { return o.Roles.Delete(context.Background(), actor, "Guest") }
			}},
		{"revoke a token", access.ActionRevokeToken, "", access.NotFound, []string{"no such token"},
			func(o *office) func(access.Actor) error {
				tok, _, err := o.Tokens.Create(context.Background(), o.ann, "ci", []access.RoleName{access.Fleet}, 0)
				must(o.t, err)
				return func(actor access.Actor) error { return o.Tokens.Revoke(context.Background(), actor, tok.ID) }
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := openOffice(t)
			verb := tt.verb(o)
			entries, letters := o.did(tt.deed), len(o.letters(tt.letter))

			won := 0
			for _, err := range race(16, func(i int) error { return verb([]access.Actor{o.ann, o.bob}[i%2]) }) {
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
			if n := o.did(tt.deed) - entries; n != 1 {
				t.Errorf("%d audit entries %q", n, tt.deed)
			}
			if n := len(o.letters(tt.letter)) - letters; tt.letter != "" && n != 1 {
				t.Errorf("%d letters %q", n, tt.letter)
			}
			o.verify()
		})
	}
}

// codeFor asks for an email and reads the code in it.
func (o *office) codeFor(to string, b Browser) string {
	o.t.Helper()
	o.clock.forward(time.Second) // the newest email is this one
	must(o.t, o.SignIn.Request(o.t.Context(), mail(o.t, to), b))
	_, err := o.SignIn.AnswerRequests(o.t.Context())
	must(o.t, err)
	return code(o.t, o.words(o.letter(access.SignInMessage, mail(o.t, to).Canonical).ID))
}

func code(t testing.TB, w access.MessageBody) string {
	t.Helper()
	c, ok := codeIn(w.Text)
	if !ok {
		t.Fatalf("no code in the letter:\n%s", w.Text)
	}
	return c
}

// codeIn is the code in an email: it stands on a line of its own.
func codeIn(text string) (string, bool) {
	for line := range strings.Lines(text) {
		if c, ok := access.ParseCode(line); ok && strings.TrimSuffix(line, "\n") == c.String() {
			return c.String(), true
		}
	}
	return "", false
}

// says reports whether an email says all of that, however its lines are broken.
func says(text string, all ...string) bool {
	text = strings.Join(strings.Fields(text), " ")
	for _, s := range all {
		if !strings.Contains(text, s) {
			return false
		}
	}
	return true
}

// One approves while another rejects: the account is in or gone, never both.
func TestApproveAgainstReject(t *testing.T) {
	for range 20 {
		o := openOffice(t)
		id := o.waiting("ada@example.com").Member.ID
		errs := race(16, func(i int) error {
			if i%2 == 0 {
				_, err := o.Members.Approve(context.Background(), o.ann, id, nil)
				return err
			}
			return o.Members.Reject(context.Background(), o.bob, id, "", false)
		})
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				refused(t, err, access.Conflict, "already_decided")
			}
		}
		_, gone := o.Members.Get(t.Context(), o.ann, id)
		if won != 1 || o.did(access.ActionReject) == 1 != access.NotFound.Is(gone) {
			t.Fatalf("%d won; the member: %v", won, gone)
		}
	}
}

// Fifty people hold the setup link at once. One becomes the first Admin; setup
// is closed for ever, also after a restart.
func TestSetUpOnce(t *testing.T) {
	o := emptyOffice(t, onDisk)
	link, err := o.Setup.Open(t.Context())
	must(t, err)
	won := 0
	for _, err := range race(50, func(i int) error {
		to := mail(t, fmt.Sprintf("admin%d@example.org", i))
		if i%2 == 0 {
			_, err := o.Setup.SetUp(context.Background(), secretOf(link), FirstAdmin{Email: to}, browser("x"))
			return err
		}
		_, _, err := o.Setup.SetUpHere(context.Background(), FirstAdmin{Email: to})
		return err
	}) {
		if err == nil {
			won++
		} else if access.Explain(err).Code != "setup_closed" {
			t.Errorf("a loser was told %v", err)
		}
	}
	if won != 1 || o.did(access.ActionSetUp) != 1 {
		t.Fatalf("%d won, %d entries", won, o.did(access.ActionSetUp))
	}
	o.reopen()
	o.verify()
	if again, err := o.Setup.Open(t.Context()); err != nil || again != "" {
		t.Errorf("OpenSetup = %q, %v after setup", again, err)
	}
	before := o.state()
	_, err = o.Setup.SetUp(t.Context(), secretOf(link), FirstAdmin{Email: mail(t, "late@example.org")}, browser("x"))
	refused(t, err, access.Expired, "setup_closed")
	_, _, err = o.Setup.SetUpHere(t.Context(), FirstAdmin{Email: mail(t, "late@example.org")})
	refused(t, err, access.Conflict, "setup_closed")
	if o.state() != before {
		t.Error("a refused setup changed something")
	}
}

// A newer setup link voids the older one, and a wrong secret opens nothing.
func TestSetUpSecret(t *testing.T) {
	o := emptyOffice(t)
	old, err := o.Setup.Open(t.Context())
	must(t, err)
	fresh, err := o.Setup.Open(t.Context())
	must(t, err)
	for _, secret := range []access.Secret{secretOf(old), "", access.NewSecret()} {
		_, err := o.Setup.SetUp(t.Context(), secret, FirstAdmin{Email: mail(t, "eve@example.org")}, browser("x"))
		refused(t, err, access.Expired, "setup_closed")
	}
	if _, err := o.Setup.SetUp(t.Context(), secretOf(fresh), FirstAdmin{
		Email: mail(t, "ann@example.org"),
	}, browser("x")); err != nil {
		t.Error(err)
	}
}

// Two Admins do away with each other at the same time, again and again. One is
// always left.
func TestNeverZeroAdmins(t *testing.T) {
	ways := []func(o *office, actor access.Actor, id access.MemberID) error{
		func(o *office, actor access.Actor, id access.MemberID) error {
			_, err := o.Members.ChangeRoles(context.Background(), actor, id, []access.RoleName{access.Fleet})
			return err
		},
		func(o *office, actor access.Actor, id access.MemberID) error {
			_, err := o.Members.Suspend(context.Background(), actor, id)
			return err
		},
		func(o *office, actor access.Actor, id access.MemberID) error {
			return o.Members.Remove(context.Background(), actor, id)
		},
	}
	o := openOffice(t)
	for i := range 150 {
		way := ways[i%len(ways)]
		errs := race(2, func(j int) error {
			if j == 0 {
				return way(o, o.ann, o.bob.Member)
			}
			return way(o, o.bob, o.ann.Member)
		})
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: %v and %v", i, errs[0], errs[1])
		}
		c, err := o.Dashboard.Overview(t.Context(), access.Operator)
		if err != nil || c.Admins != 1 {
			t.Fatalf("round %d left %d Admins (%v)", i, c.Admins, err)
		}
		if errs[0] == nil {
			o.bob = o.admin(o.bob, i)
		} else {
			o.ann = o.admin(o.ann, i)
		}
	}
	o.verify()
}

// admin makes an Admin again of somebody who was one, or another in their place.
func (o *office) admin(actor access.Actor, i int) access.Actor {
	o.t.Helper()
	ctx := o.t.Context()
	m, err := o.Members.Get(ctx, access.Operator, actor.Member)
	switch {
	case access.NotFound.Is(err):
		return session(o.member(fmt.Sprintf("admin%d@example.org", i), "", access.Admin))
	case m.State == access.Suspended:
		_, err = o.Members.Unsuspend(ctx, access.Operator, actor.Member)
	default:
		_, err = o.Members.ChangeRoles(ctx, access.Operator, actor.Member, []access.RoleName{access.Admin})
	}
	must(o.t, err)
	return actor
}

// Nobody, not even the operator, can do away with the last Admin.
func TestLastAdminStays(t *testing.T) {
	o := openOffice(t)
	must(t, o.Members.Remove(t.Context(), o.ann, o.bob.Member))
	before := o.state()
	_, err := o.Members.Suspend(t.Context(), access.Operator, o.ann.Member)
	refused(t, err, access.Conflict, "last_admin")
	_, err = o.Members.ChangeRoles(t.Context(), access.Operator, o.ann.Member, []access.RoleName{access.Fleet})
	refused(t, err, access.Conflict, "last_admin")
	refused(t, o.Members.Remove(t.Context(), access.Operator, o.ann.Member), access.Conflict, "last_admin")
	if o.state() != before {
		t.Error("a refusal changed something")
	}
}
