package service_test

import (
	"sync/atomic"
	"testing"

	"doorward/backend/access"
)

// asWindow lets a window act for a member, and returns its session's secret.
func (o *office) asWindow(actor access.Actor, name string) access.Secret {
	o.t.Helper()
	code, err := o.SignIn.AuthorizeDesktop(o.t.Context(), actor, access.Secret(name).Hash())
	must(o.t, err)
	entry, err := o.SignIn.RedeemDesktopCode(o.t.Context(), code, browser(name))
	must(o.t, err)
	return entry.Session
}

// A code that was seen on its way opens nothing without the window's secret, and
// after such a try nothing with it.
func TestWindowCodeIsWorthNothingToOthers(t *testing.T) {
	o := openOffice(t)
	code, err := o.SignIn.AuthorizeDesktop(t.Context(), o.ann, access.Secret("window").Hash())
	must(t, err)
	for _, secret := range []string{"another", "", "window"} {
		_, err := o.SignIn.RedeemDesktopCode(t.Context(), code, browser(secret))
		refused(t, err, access.Expired, "window_dead")
	}
}

// A window's code is no login link: it signs no browser in, not even one that
// claims the window's secret, and no email is made of it. A login link is no
// window's code.
func TestWindowCodeIsNoLink(t *testing.T) {
	o := openOffice(t)
	code, err := o.SignIn.AuthorizeDesktop(t.Context(), o.ann, access.Secret("window").Hash())
	must(t, err)
	before := len(o.letters(access.SignInMessage))
	_, err = o.SignIn.RedeemLink(t.Context(), code, browser("window"))
	refused(t, err, access.Expired, "link_dead")
	_, err = o.SignIn.PeekLink(t.Context(), code, browser("window"))
	refused(t, err, access.Expired, "link_dead")
	must(t, o.SignIn.RenewLink(t.Context(), code, browser("window")))
	_, err = o.SignIn.AnswerRequests(t.Context())
	must(t, err)
	if n := len(o.letters(access.SignInMessage)); n != before {
		t.Errorf("a letter was made of a window's code")
	}
	link := secretOf(o.invite("eve@example.com").Link)
	_, err = o.SignIn.RedeemDesktopCode(t.Context(), link, browser("window"))
	refused(t, err, access.Expired, "window_dead")
	if _, err := o.SignIn.RedeemLink(t.Context(), link, browser("eve")); err != nil {
		t.Errorf("trying a link as a window's code has voided it: %v", err)
	}
	if _, err := o.SignIn.RedeemDesktopCode(t.Context(), code, browser("window")); err != nil {
		t.Errorf("trying a window's code as a link has voided it: %v", err)
	}
}

func TestWindowCodeIsGoodOnceAndForAMinute(t *testing.T) {
	o := openOffice(t)
	code, err := o.SignIn.AuthorizeDesktop(t.Context(), o.ann, access.Secret("window").Hash())
	must(t, err)
	o.clock.forward(access.DesktopCodeTTL)
	_, err = o.SignIn.RedeemDesktopCode(t.Context(), code, browser("window"))
	refused(t, err, access.Expired, "window_dead")

	code, err = o.SignIn.AuthorizeDesktop(t.Context(), o.ann, access.Secret("window").Hash())
	must(t, err)
	var opened atomic.Int32
	for _, err := range race(16, func(int) error {
		_, err := o.SignIn.RedeemDesktopCode(t.Context(), code, browser("window"))
		if err == nil {
			opened.Add(1)
		}
		return err
	}) {
		if err != nil {
			refused(t, err, access.Expired, "window_dead")
		}
	}
	if n, entries := opened.Load(), o.did(access.ActionSignIn); n != 1 || entries != 2 { // one is ann's own
		t.Errorf("one code opened %d sessions, with %d entries", n, entries)
	}
}

// Only members who have something to do in the console can let a window in:
// not one of a section, not a token, not the operator, who has the window of
// their own machine.
func TestWhoMayLetAWindowIn(t *testing.T) {
	o := openOffice(t)
	wait := o.waiting("eve@example.com")
	token, _, err := o.Tokens.Create(t.Context(), o.ann, "ci", []access.RoleName{access.Admin}, 0)
	must(t, err)
	challenge := access.Secret("window").Hash()
	for name, actor := range map[string]access.Actor{
		"a member of a section": o.fay, "one who waits": session(wait.Member.ID), "the operator": access.Operator,
		"a token": {Member: o.ann.Member, Token: token.ID, Source: access.SourceAPI},
	} {
		if _, err := o.SignIn.AuthorizeDesktop(t.Context(), actor, challenge); !access.Forbidden.Is(err) {
			t.Errorf("%s lets a window in: %v", name, err)
		}
	}
}

// Whoever is stopped between the code and its use does not come in with it.
func TestWindowCodeOfOneWhoWasStopped(t *testing.T) {
	for name, stop := range map[string]func(o *office) error{
		"suspended": func(o *office) error {
			_, err := o.Members.Suspend(o.t.Context(), o.ann, o.bob.Member)
			return err
		},
		"signed out": func(o *office) error {
			return o.Sessions.SignOutEverywhere(o.t.Context(), o.ann, o.bob.Member, false)
		},
		"removed": func(o *office) error { return o.Members.Remove(o.t.Context(), o.ann, o.bob.Member) },
	} {
		t.Run(name, func(t *testing.T) {
			o := openOffice(t)
			code, err := o.SignIn.AuthorizeDesktop(t.Context(), o.bob, access.Secret("window").Hash())
			must(t, err)
			must(t, stop(o))
			_, err = o.SignIn.RedeemDesktopCode(t.Context(), code, browser("window"))
			refused(t, err, access.Expired, "window_dead")
			o.verify()
		})
	}
}

// A window's session outlasts the idle half-hour of an Admin's browser, and not
// the week of a member's.
func TestWindowSessionLasts(t *testing.T) {
	o := openOffice(t)
	secret := o.asWindow(o.ann, "window")
	o.clock.forward(2 * access.AdminIdleTTL)
	p, err := o.Gate.Principal(t.Context(), secret)
	if err != nil || p.Method != access.MethodDesktop || !p.Permissions.CanManage() {
		t.Fatalf("after an hour: %v", err)
	}
	all, err := o.Sessions.List(t.Context(), o.bob, o.ann.Member)
	must(t, err)
	found := false
	for _, opened := range all {
		found = found || opened.Method == access.MethodDesktop && opened.UserAgent == "Firefox"
	}
	if !found {
		t.Errorf("another Admin does not see it among %v", all)
	}
	o.clock.forward(access.MemberIdleTTL)
	_, err = o.Gate.Principal(t.Context(), secret)
	refused(t, err, access.SignedOut, "")
	o.verify()
}
