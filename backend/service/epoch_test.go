package service_test

import (
	"fmt"
	"testing"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// many is how many sessions the tests below open: more than one transaction
// deletes, so that the rest are closed by their epoch alone.
const many = 7

// Somebody holds more sessions than one transaction deletes, a login code and a
// login link, and is signed out everywhere, or suspended and restored. Even
// before the clean-up has run, none of them opens anything, and none is listed.
func TestNothingOfAnOlderEpochOpens(t *testing.T) {
	for name, end := range map[string]func(fx *fixture) error{
		"signed out everywhere, by themselves": func(fx *fixture) error {
			return fx.Sessions.SignOutEverywhere(fx.t.Context(), session(fx.bob.Member), fx.bob.Member, false)
		},
		"signed out everywhere, by an Admin": func(fx *fixture) error {
			return fx.Sessions.SignOutEverywhere(fx.t.Context(), fx.ann, fx.bob.Member, true)
		},
		"suspended and restored": func(fx *fixture) error {
			if _, err := fx.Members.Suspend(fx.t.Context(), fx.ann, fx.bob.Member); err != nil {
				return err
			}
			_, err := fx.Members.Unsuspend(fx.t.Context(), fx.ann, fx.bob.Member)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			fx := newFixture(t)
			secrets := []access.Secret{fx.enterAs("bob@example.org")}
			for i := range many {
				secrets = append(secrets, fx.asWindow(fx.bob, fmt.Sprint("window ", i)))
			}
			window, err := fx.SignIn.AuthorizeDesktop(t.Context(), fx.bob, access.Secret("late").Hash())
			must(t, err)
			code := fx.codeFor("bob@example.org", browser("for the code"))
			fx.codeFor("bob@example.org", browser("for the link"))
			link := fx.linkTo(access.SignInMessage, "bob@example.org")
			for i, s := range secrets {
				if _, err := fx.Gate.Principal(t.Context(), s); err != nil {
					t.Fatalf("session %d, before: %v", i, err)
				}
			}
			must(t, end(fx))

			for i, s := range secrets {
				if p, err := fx.Gate.Principal(t.Context(), s); !access.SignedOut.Is(err) {
					t.Errorf("session %d: %v, %v", i, p, err)
				}
				actor := session(fx.bob.Member)
				actor.Session = s.Hash()
				if _, err := fx.Sessions.SendConfirmation(t.Context(), actor, "Firefox"); err == nil {
					t.Errorf("session %d is sent a code to confirm itself", i)
				}
			}
			if open, err := fx.Sessions.List(t.Context(), fx.ann, fx.bob.Member); err != nil || len(open) != 0 {
				t.Errorf("%d sessions are listed, %v", len(open), err)
			}
			_, err = fx.SignIn.RedeemCode(t.Context(), code, browser("for the code"))
			refused(t, err, access.Invalid, "code_wrong")
			_, err = fx.SignIn.RedeemLink(t.Context(), link, browser("for the link"))
			refused(t, err, access.Expired, "link_dead")
			_, err = fx.SignIn.RedeemDesktopCode(t.Context(), window, browser("late"))
			refused(t, err, access.Expired, "desktop_sign_in_expired")

			fx.sweep()
			must(t, fx.store.View(t.Context(), func(tx *store.Tx) error {
				left, err := tx.Sessions.Of(fx.bob.Member, MaxItems)
				if len(left) != 0 {
					t.Errorf("%d sessions are left after the clean-up", len(left))
				}
				return err
			}))
			if _, err := fx.Gate.Principal(t.Context(), fx.enterAs("bob@example.org")); err != nil {
				t.Errorf("a fresh session: %v", err)
			}
			fx.verify()
		})
	}
}

// A session that is not listed cannot be ended by its id either: it is not found.
func TestASessionOfAnOlderEpochHasNoName(t *testing.T) {
	fx := newFixture(t)
	for i := range many {
		fx.asWindow(fx.bob, fmt.Sprint("window ", i))
	}
	open, err := fx.Sessions.List(t.Context(), fx.ann, fx.bob.Member)
	must(t, err)
	must(t, fx.Sessions.SignOutEverywhere(t.Context(), fx.ann, fx.bob.Member, false))
	for _, opened := range open {
		refused(t, fx.Sessions.End(t.Context(), fx.ann, fx.bob.Member, opened.ID()), access.NotFound, "")
	}
}
