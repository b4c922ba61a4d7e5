package service_test

import (
	"sync/atomic"
	"testing"

	"doorward/backend/access"
)

// asWindow authorizes a window for a member, and returns its session's secret.
func (fx *fixture) asWindow(actor access.Actor, name string) access.Secret {
	fx.t.Helper()
	code, err := fx.SignIn.AuthorizeDesktop(fx.t.Context(), actor, access.Secret(name).Hash())
	must(fx.t, err)
	entry, err := fx.SignIn.RedeemDesktopCode(fx.t.Context(), code, browser(name))
	must(fx.t, err)
	return entry.Session
}

// A code was intercepted: without the window's secret it opens nothing, and after
// such a try it is void even with the secret.
func TestWindowCodeIsWorthNothingToOthers(t *testing.T) {
	fx := newFixture(t)
	code, err := fx.SignIn.AuthorizeDesktop(t.Context(), fx.ann, access.Secret("window").Hash())
	must(t, err)
	for _, secret := range []string{"another", "", "window"} {
		_, err := fx.SignIn.RedeemDesktopCode(t.Context(), code, browser(secret))
		refused(t, err, access.Expired, "desktop_sign_in_expired")
	}
}

// A window's code is tried as a login link: it signs no browser in, not even one
// that has the window's secret, and no email is made of it. A login link is no
// window's code either.
func TestWindowCodeIsNoLink(t *testing.T) {
	fx := newFixture(t)
	code, err := fx.SignIn.AuthorizeDesktop(t.Context(), fx.ann, access.Secret("window").Hash())
	must(t, err)
	before := len(fx.messages(access.SignInMessage))
	_, err = fx.SignIn.RedeemLink(t.Context(), code, browser("window"))
	refused(t, err, access.Expired, "link_dead")
	_, err = fx.SignIn.PeekLink(t.Context(), code, browser("window"))
	refused(t, err, access.Expired, "link_dead")
	must(t, fx.SignIn.RenewLink(t.Context(), code, browser("window")))
	_, err = fx.SignIn.AnswerRequests(t.Context())
	must(t, err)
	if n := len(fx.messages(access.SignInMessage)); n != before {
		t.Errorf("an email was made of a window's code")
	}
	link := secretOf(fx.invite("eve@example.com").Link)
	_, err = fx.SignIn.RedeemDesktopCode(t.Context(), link, browser("window"))
	refused(t, err, access.Expired, "desktop_sign_in_expired")
	if _, err := fx.SignIn.RedeemLink(t.Context(), link, browser("eve")); err != nil {
		t.Errorf("trying a link as a window's code has voided it: %v", err)
	}
	if _, err := fx.SignIn.RedeemDesktopCode(t.Context(), code, browser("window")); err != nil {
		t.Errorf("trying a window's code as a link has voided it: %v", err)
	}
}

func TestWindowCodeIsGoodOnceAndForAMinute(t *testing.T) {
	fx := newFixture(t)
	code, err := fx.SignIn.AuthorizeDesktop(t.Context(), fx.ann, access.Secret("window").Hash())
	must(t, err)
	fx.clock.forward(access.DesktopCodeTTL)
	_, err = fx.SignIn.RedeemDesktopCode(t.Context(), code, browser("window"))
	refused(t, err, access.Expired, "desktop_sign_in_expired")

	code, err = fx.SignIn.AuthorizeDesktop(t.Context(), fx.ann, access.Secret("window").Hash())
	must(t, err)
	var opened atomic.Int32
	for _, err := range race(16, func(int) error {
		_, err := fx.SignIn.RedeemDesktopCode(t.Context(), code, browser("window"))
		if err == nil {
			opened.Add(1)
		}
		return err
	}) {
		if err != nil {
			refused(t, err, access.Expired, "desktop_sign_in_expired")
		}
	}
	if n, entries := opened.Load(), fx.did(access.ActionSignIn); n != 1 || entries != 2 { // one is ann's own
		t.Errorf("one code opened %d sessions, with %d entries", n, entries)
	}
}

// Only members who use the console can authorize a window: not a member of a
// section, not a token, not the operator, who has a window of their own on the
// machine.
func TestWhoMayAuthorizeAWindow(t *testing.T) {
	fx := newFixture(t)
	wait := fx.waiting("eve@example.com")
	token, _, err := fx.Tokens.Create(t.Context(), fx.ann, "ci", []access.RoleName{access.Admin}, 0)
	must(t, err)
	challenge := access.Secret("window").Hash()
	for name, actor := range map[string]access.Actor{
		"a member of a section": fx.fay, "one who waits": session(wait.Member.ID), "the operator": access.Operator,
		"a token": {Member: fx.ann.Member, Token: token.ID, Source: access.SourceAPI},
	} {
		if _, err := fx.SignIn.AuthorizeDesktop(t.Context(), actor, challenge); !access.Forbidden.Is(err) {
			t.Errorf("%s lets a window in: %v", name, err)
		}
	}
}

// A member is suspended or demoted between the code and its use: the code no
// longer works.
func TestWindowCodeOfAStoppedMember(t *testing.T) {
	for name, stop := range map[string]func(fx *fixture) error{
		"suspended": func(fx *fixture) error {
			_, err := fx.Members.Suspend(fx.t.Context(), fx.ann, fx.bob.Member)
			return err
		},
		"signed out": func(fx *fixture) error {
			return fx.Sessions.SignOutEverywhere(fx.t.Context(), fx.ann, fx.bob.Member, false)
		},
		"removed": func(fx *fixture) error { return fx.Members.Remove(fx.t.Context(), fx.ann, fx.bob.Member) },
	} {
		t.Run(name, func(t *testing.T) {
			fx := newFixture(t)
			code, err := fx.SignIn.AuthorizeDesktop(t.Context(), fx.bob, access.Secret("window").Hash())
			must(t, err)
			must(t, stop(fx))
			_, err = fx.SignIn.RedeemDesktopCode(t.Context(), code, browser("window"))
			refused(t, err, access.Expired, "desktop_sign_in_expired")
			fx.verify()
		})
	}
}

// A window's session outlasts the half-hour idle limit of an Admin's browser, but
// not the week of a member's.
func TestWindowSessionLasts(t *testing.T) {
	fx := newFixture(t)
	secret := fx.asWindow(fx.ann, "window")
	fx.clock.forward(2 * access.AdminIdleTTL)
	p, err := fx.Gate.Principal(t.Context(), secret)
	if err != nil || p.Method != access.MethodDesktop || !p.Permissions.CanManage() {
		t.Fatalf("after an hour: %v", err)
	}
	all, err := fx.Sessions.List(t.Context(), fx.bob, fx.ann.Member)
	must(t, err)
	found := false
	for _, opened := range all {
		found = found || opened.Method == access.MethodDesktop && opened.UserAgent == "Firefox"
	}
	if !found {
		t.Errorf("another Admin does not see it among %v", all)
	}
	fx.clock.forward(access.MemberIdleTTL)
	_, err = fx.Gate.Principal(t.Context(), secret)
	refused(t, err, access.SignedOut, "")
	fx.verify()
}
