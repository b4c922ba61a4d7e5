package service_test

import (
	"fmt"
	"testing"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// many is how many sessions the tests below open: more than one transaction ends,
// so that those left over are closed by their epoch alone.
const many = 7

// Somebody holds more sessions than one transaction ends, a login code and a
// login link, and is signed out everywhere, or suspended and restored. Before the
// clean-up has run, none of it opens anything, and none of it is listed.
func TestNothingOfAnOlderEpochOpens(t *testing.T) {
	for name, end := range map[string]func(o *office) error{
		"signed out everywhere, by themselves": func(o *office) error {
			return o.Sessions.SignOutEverywhere(o.t.Context(), session(o.bob.Member), o.bob.Member, false)
		},
		"signed out everywhere, by an Admin": func(o *office) error {
			return o.Sessions.SignOutEverywhere(o.t.Context(), o.ann, o.bob.Member, true)
		},
		"suspended and restored": func(o *office) error {
			if _, err := o.Members.Suspend(o.t.Context(), o.ann, o.bob.Member); err != nil {
				return err
			}
			_, err := o.Members.Unsuspend(o.t.Context(), o.ann, o.bob.Member)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := openOffice(t)
			secrets := []access.Secret{o.enterAs("bob@example.org")}
			for i := range many {
				secrets = append(secrets, o.asWindow(o.bob, fmt.Sprint("window ", i)))
			}
			window, err := o.SignIn.AuthorizeDesktop(t.Context(), o.bob, access.Secret("late").Hash())
			must(t, err)
			code := o.codeFor("bob@example.org", browser("for the code"))
			o.codeFor("bob@example.org", browser("for the link"))
			link := o.linkTo(access.SignInMessage, "bob@example.org")
			for i, s := range secrets {
				if _, err := o.Gate.Principal(t.Context(), s); err != nil {
					t.Fatalf("session %d, before: %v", i, err)
				}
			}
			must(t, end(o))

			for i, s := range secrets {
				if p, err := o.Gate.Principal(t.Context(), s); !access.SignedOut.Is(err) {
					t.Errorf("session %d: %v, %v", i, p, err)
				}
				actor := session(o.bob.Member)
				actor.Session = s.Hash()
				if _, err := o.Sessions.SendConfirmation(t.Context(), actor, "Firefox"); err == nil {
					t.Errorf("session %d is sent a code to confirm itself", i)
				}
			}
			if open, err := o.Sessions.List(t.Context(), o.ann, o.bob.Member); err != nil || len(open) != 0 {
				t.Errorf("%d sessions are listed, %v", len(open), err)
			}
			_, err = o.SignIn.RedeemCode(t.Context(), code, browser("for the code"))
			refused(t, err, access.Invalid, "code_wrong")
			_, err = o.SignIn.RedeemLink(t.Context(), link, browser("for the link"))
			refused(t, err, access.Expired, "link_dead")
			_, err = o.SignIn.RedeemDesktopCode(t.Context(), window, browser("late"))
			refused(t, err, access.Expired, "window_dead")

			o.sweep()
			must(t, o.store.View(t.Context(), func(tx *store.Tx) error {
				left, err := tx.Sessions.Of(o.bob.Member, MaxItems)
				if len(left) != 0 {
					t.Errorf("%d sessions are left after the clean-up", len(left))
				}
				return err
			}))
			if _, err := o.Gate.Principal(t.Context(), o.enterAs("bob@example.org")); err != nil {
				t.Errorf("a fresh session: %v", err)
			}
			o.verify()
		})
	}
}

// A session that the list does not show cannot be ended by its name either: it is
// none.
func TestASessionOfAnOlderEpochHasNoName(t *testing.T) {
	o := openOffice(t)
	for i := range many {
		o.asWindow(o.bob, fmt.Sprint("window ", i))
	}
	open, err := o.Sessions.List(t.Context(), o.ann, o.bob.Member)
	must(t, err)
	must(t, o.Sessions.SignOutEverywhere(t.Context(), o.ann, o.bob.Member, false))
	for _, opened := range open {
		refused(t, o.Sessions.End(t.Context(), o.ann, o.bob.Member, opened.ID()), access.NotFound, "")
	}
}
