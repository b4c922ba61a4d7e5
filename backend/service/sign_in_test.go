package service_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// Somebody tries addresses on the sign-in page to learn who has an account. Until
// the answer is sent each one leaves the same records, of the same length.
func TestRequestTellsNothing(t *testing.T) {
	fx := newFixture(t)
	fx.waiting("pend1@example.com")
	sue := fx.member("suspd@example.com", "", access.Fleet)
	_, err := fx.Members.Suspend(t.Context(), fx.ann, sue)
	must(t, err)
	fx.member("activ@example.com", "", access.Fleet)

	grown := map[string]string{}
	for _, to := range []string{"unkno@example.com", "pend1@example.com", "suspd@example.com", "activ@example.com"} {
		before, left := fx.shape(), map[string]int{}
		must(t, fx.SignIn.Request(t.Context(), mail(t, to), browser("a stranger who tries "+to)))
		for kind, n := range fx.shape() {
			left[kind] = n - before[kind]
		}
		grown[to] = fmt.Sprint(left)
		if grown[to] != grown["unkno@example.com"] {
			t.Errorf("an ask for %s left %s, for an unknown address %s", to, grown[to], grown["unkno@example.com"])
		}
		if typed, err := fx.SignIn.RequestedAddress(t.Context(), browser("a stranger who tries "+to)); err != nil ||
			typed != to {
			t.Errorf("Asked = %q, %v", typed, err)
		}
	}
	n, err := fx.SignIn.AnswerRequests(t.Context())
	must(t, err)
	if n != 4 || len(fx.messages(access.SignInMessage)) != 2 {
		t.Errorf("%d asks answered with %d emails, want 4 with 2", n, len(fx.messages(access.SignInMessage)))
	}
	for _, to := range []string{"unkno@example.com", "suspd@example.com", "activ@example.com"} {
		_, err := fx.SignIn.RedeemCode(t.Context(), "0000-0000", browser("a stranger who tries "+to))
		refused(t, err, access.Invalid, "code_wrong")
	}
	fx.verify()
}

// shape counts the records of each kind, and the bytes of sign-in requests.
func (fx *fixture) shape() map[string]int {
	fx.t.Helper()
	n := map[string]int{}
	must(fx.t, fx.store.Each(fx.t.Context(), func(key, value []byte) error {
		n[string(key[:1])]++
		if key[0] == 'b' {
			n["bytes of asks"] += len(value)
		}
		return nil
	}))
	return n
}

// A code works in the browser that requested it and nowhere else, with five
// guesses at most, for a quarter of an hour, once.
func TestCode(t *testing.T) {
	fx := newFixture(t)
	code := fx.codeFor("FAY@Example.ORG", browser("fay"))
	_, err := fx.SignIn.RedeemCode(t.Context(), code, browser("eve"))
	refused(t, err, access.Invalid, "code_wrong")
	entry, err := fx.SignIn.RedeemCode(t.Context(), code, browser("fay"))
	if err != nil || entry.Member.ID != fx.fay.Member {
		t.Fatalf("RedeemCode = %v", err)
	}
	if p, err := fx.Gate.Principal(t.Context(), entry.Session); err != nil || p.Member.ID != fx.fay.Member ||
		p.Method != "code" {
		t.Errorf("Who = %+v, %v", p, err)
	}
	_, err = fx.SignIn.RedeemCode(t.Context(), code, browser("fay"))
	refused(t, err, access.Invalid, "code_wrong")

	code = fx.codeFor("fay@example.org", browser("fay"))
	for range access.MaxCodeAttempts {
		_, err = fx.SignIn.RedeemCode(t.Context(), "ZZZZ-ZZZZ", browser("fay"))
		refused(t, err, access.Invalid, "code_wrong")
	}
	_, err = fx.SignIn.RedeemCode(t.Context(), code, browser("fay"))
	refused(t, err, access.Invalid, "code_wrong")

	fx.clock.forward(time.Hour)
	code = fx.codeFor("fay@example.org", browser("fay"))
	fx.clock.forward(access.SignInTTL)
	_, err = fx.SignIn.RedeemCode(t.Context(), code, browser("fay"))
	refused(t, err, access.Invalid, "code_wrong")
}

// A second request in the same browser voids the code and the link of the first.
func TestNewestRequestCounts(t *testing.T) {
	fx := newFixture(t)
	old := fx.codeFor("fay@example.org", browser("fay"))
	link := fx.linkTo(access.SignInMessage, "fay@example.org")
	fresh := fx.codeFor("fay@example.org", browser("fay"))
	if old != fresh {
		_, err := fx.SignIn.RedeemCode(t.Context(), old, browser("fay"))
		refused(t, err, access.Invalid, "code_wrong")
	}
	_, err := fx.SignIn.RedeemLink(t.Context(), link, browser("fay"))
	refused(t, err, access.Expired, "link_dead")
	_, err = fx.SignIn.RedeemLink(t.Context(), fx.linkTo(access.SignInMessage, "fay@example.org"), browser("eve"))
	refused(t, err, access.Forbidden, "wrong_browser")
	_, err = fx.SignIn.RedeemLink(t.Context(), fx.linkTo(access.SignInMessage, "fay@example.org"), browser("fay"))
	must(t, err)
	_, err = fx.SignIn.RedeemCode(t.Context(), fresh, browser("fay"))
	refused(t, err, access.Invalid, "code_wrong")
}

// linkTo is the login link in the newest email of a kind to an address.
func (fx *fixture) linkTo(kind access.MessageKind, to string) access.Secret {
	fx.t.Helper()
	text := fx.body(fx.message(kind, to).ID).Text
	_, rest, ok := strings.Cut(text, "https://door.example.com/login/")
	if !ok || len(rest) < access.SecretLength {
		fx.t.Fatalf("no link in the email:\n%s", text)
	}
	return access.Secret(rest[:access.SecretLength])
}

// Somebody compares the answers to invalid links. They read alike, whatever the
// reason, and looking at one changes nothing.
func TestDeadLinksReadAlike(t *testing.T) {
	fx := newFixture(t)
	used := secretOf(fx.invite("used@example.com").Link)
	_, err := fx.SignIn.RedeemLink(t.Context(), used, browser("used"))
	must(t, err)
	renewed := fx.invite("renewed@example.com")
	_, err = fx.Invitations.Resend(t.Context(), fx.ann, renewed.Member.ID)
	must(t, err)
	copied := fx.invite("copied@example.com")
	byHand, err := fx.Invitations.CopyLink(t.Context(), fx.ann, copied.Member.ID)
	must(t, err)
	rejected := fx.invite("rejected@example.com")
	must(t, fx.Members.Reject(t.Context(), fx.ann, rejected.Member.ID, "", false))
	suspended := fx.invite("suspended@example.com")
	_, err = fx.Members.Approve(t.Context(), fx.ann, suspended.Member.ID, nil)
	must(t, err)
	_, err = fx.Members.Suspend(t.Context(), fx.ann, suspended.Member.ID)
	must(t, err)
	short, err := fx.Invitations.Invite(t.Context(), fx.ann, NewInvitation{
		Email: mail(t, "short@example.com"),
		Roles: []access.RoleName{access.Fleet},
		TTL:   time.Hour,
	})
	must(t, err)
	fx.clock.forward(time.Hour)
	before := fx.state()
	want := access.LinkExpired().Error()
	for name, secret := range map[string]access.Secret{
		"used": used, "renewed": secretOf(renewed.Link), "copied": secretOf(copied.Link),
		"rejected":  secretOf(rejected.Link),
		"suspended": secretOf(suspended.Link), "expired": secretOf(short.Link), "unknown": access.NewSecret(),
		"malformed": "x", "empty": "",
	} {
		_, peek := fx.SignIn.PeekLink(t.Context(), secret, browser("x"))
		_, redeem := fx.SignIn.RedeemLink(t.Context(), secret, browser("x"))
		for _, err := range []error{peek, redeem} {
			if refused(t, err, access.Expired, "link_dead"); err != nil && err.Error() != want {
				t.Errorf("a link that is %s reads %q", name, err)
			}
		}
	}
	for range 20 {
		p, err := fx.SignIn.PeekLink(t.Context(), secretOf(byHand), browser("scanner"))
		if err != nil || p.Email.Canonical != "copied@example.com" {
			t.Errorf("PeekLink = %+v, %v", p, err)
		}
	}
	if fx.state() != before {
		t.Error("looking at links changed something")
	}
	if _, err := fx.SignIn.RedeemLink(t.Context(), secretOf(byHand), browser("x")); err != nil {
		t.Errorf("the link that was copied: %v", err)
	}
}

// A fresh email requested from the page of an invalid link goes to the link's own
// address.
func TestRenewLink(t *testing.T) {
	fx := newFixture(t)
	in := fx.invite("ada@example.com")
	fx.clock.forward(8 * 24 * time.Hour)
	_, err := fx.Jobs.Sweep(t.Context())
	must(t, err)
	must(t, fx.SignIn.RenewLink(t.Context(), secretOf(in.Link), browser("ada")))
	fresh := fx.linkTo(access.InvitationMessage, "ada@example.com")
	if _, err := fx.SignIn.RedeemLink(t.Context(), fresh, browser("ada")); err != nil {
		t.Fatal(err)
	}
	before := len(fx.messages(access.SignInMessage))
	must(t, fx.SignIn.RenewLink(t.Context(), secretOf(in.Link), browser("ada")))
	_, err = fx.SignIn.AnswerRequests(t.Context())
	must(t, err)
	if n := len(fx.messages(access.SignInMessage)) - before; n != 1 {
		t.Errorf("%d sign-in emails for a link that was used", n)
	}
	state := fx.state()
	must(t, fx.SignIn.RenewLink(t.Context(), access.NewSecret(), browser("eve")))
	if fx.state() != state {
		t.Error("renewing an unknown link changed something")
	}
	fx.verify()
}

// Somebody fills a mailbox with sign-in emails, under every spelling of its
// address. The spellings share one limit, which survives a restart.
func TestRequestLimits(t *testing.T) {
	fx := newFixture(t, onDisk)
	fx.member("user@example.com", "", access.Fleet)
	tagged := fx.member("user+tag@example.com", "", access.Fleet)
	spellings := []string{"User@example.com", "USER@EXAMPLE.COM", "user@Example.com", "user+tag@example.com",
		"uSER+tag@example.com"}
	sent := func() int {
		_, err := fx.SignIn.AnswerRequests(t.Context())
		must(t, err)
		return len(fx.messages(access.SignInMessage))
	}
	for i := range 10 {
		must(t, fx.SignIn.Request(t.Context(), mail(t, spellings[i%len(spellings)]), browser(fmt.Sprint("eve", i))))
	}
	if n := sent(); n != MaxSignInEmails {
		t.Errorf("%d emails, want %d", n, MaxSignInEmails)
	}
	if m := fx.message(access.SignInMessage, "user+tag@example.com"); m.Member != tagged {
		t.Errorf("the email to the tagged address is %+v", m)
	}
	fx.reopen()
	must(t, fx.SignIn.Request(t.Context(), mail(t, "user@example.com"), browser("later")))
	if n := sent(); n != MaxSignInEmails {
		t.Errorf("%d emails after a restart, want %d still", n, MaxSignInEmails)
	}
	fx.clock.forward(SignInEmailInterval)
	must(t, fx.SignIn.Request(t.Context(), mail(t, "user@example.com"), browser("later")))
	if n := sent(); n != MaxSignInEmails+1 {
		t.Errorf("%d emails once one was given back", n)
	}
	fx.verify()
}

// The emails that an Admin resends are counted for the mailbox, not the spelling.
func TestResendLimits(t *testing.T) {
	fx := newFixture(t)
	ada, tagged := fx.invite("ada@example.com").Member.ID, fx.invite("ada+2@example.com").Member.ID
	for i := range MaxResends {
		_, err := fx.Invitations.Resend(t.Context(), fx.ann, []access.MemberID{ada, tagged}[i%2])
		must(t, err)
	}
	before := fx.state()
	for _, id := range []access.MemberID{ada, tagged} {
		_, err := fx.Invitations.Resend(t.Context(), fx.ann, id)
		refused(t, err, access.TooMany, "too_often")
	}
	if fx.state() != before {
		t.Error("a refusal changed something")
	}
	fx.clock.forward(ResendInterval)
	_, err := fx.Invitations.Resend(t.Context(), fx.ann, ada)
	must(t, err)
}

// A clock that is corrected by an hour locks nobody out for that hour.
func TestLimitsBearAClockPutBack(t *testing.T) {
	fx := newFixture(t)
	ada := fx.invite("ada@example.com").Member.ID
	_, err := fx.Invitations.Resend(t.Context(), fx.ann, ada)
	must(t, err)
	fx.clock.forward(-time.Hour)
	_, err = fx.Invitations.Resend(t.Context(), fx.ann, ada)
	must(t, err)
}

// An address's limit was used up while the clock was ten years ahead. Once the
// clock is right the next email is sent, and no more than the limit allows.
func TestLimitsBearAClockThatWasAhead(t *testing.T) {
	fx := newFixture(t)
	const years = 10 * 365 * 24 * time.Hour
	fx.clock.forward(years)
	for n := range MaxStrangerEmails {
		must(t, fx.SignIn.Request(t.Context(), mail(t, "fay@example.org"), stranger(n)))
	}
	_, err := fx.SignIn.AnswerRequests(t.Context())
	must(t, err)
	fx.clock.forward(-years)
	before := len(fx.messages(access.SignInMessage))
	for n := range MaxStrangerEmails {
		must(t, fx.SignIn.Request(t.Context(), mail(t, "fay@example.org"), stranger(100+n)))
	}
	_, err = fx.SignIn.AnswerRequests(t.Context())
	must(t, err)
	if n := len(fx.messages(access.SignInMessage)) - before; n != 1 {
		t.Errorf("%d emails once the clock is right, want 1", n)
	}
}

// Somebody who waits for the email presses the button once more than the limit
// allows, before it is sent and after. The press that gets no email voids neither
// the email that is queued nor the one that arrived; a request for another
// address replaces both.
func TestOnePressTooManyVoidsNothing(t *testing.T) {
	tests := []struct {
		name     string
		answered bool
		then     string
		opens    bool
	}{
		{"before it is sent", false, "fay@example.org", true},
		{"after it came", true, "fay@example.org", true},
		{"for another address", true, "cid@example.org", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fx := newFixture(t)
			b := browser("new")
			for range MaxSignInEmails {
				must(t, fx.SignIn.Request(t.Context(), mail(t, "fay@example.org"), b))
				must(
					t,
					fx.SignIn.Request(t.Context(), mail(t, "cid@example.org"), browser("other in the same network")),
				)
			}
			if tt.answered {
				_, err := fx.SignIn.AnswerRequests(t.Context())
				must(t, err)
			}
			must(t, fx.SignIn.Request(t.Context(), mail(t, tt.then), b))
			_, err := fx.SignIn.AnswerRequests(t.Context())
			must(t, err)
			right := code(t, fx.body(fx.message(access.SignInMessage, "fay@example.org").ID))
			_, err = fx.SignIn.RedeemCode(t.Context(), right, b)
			if tt.opens {
				must(t, err)
				return
			}
			refused(t, err, access.Invalid, "code_wrong")
		})
	}
}

// A link that was used is not the member's open link any more; using one leaves the others open.
func TestAUsedLinkIsForgotten(t *testing.T) {
	fx := newFixture(t)
	invited := fx.invite("ada@example.com")
	id, link := invited.Member.ID, secretOf(invited.Link)
	anyBrowser := func(h access.SecretHash) {
		t.Helper()
		must(t, fx.store.Update(t.Context(), func(tx *store.Tx) error {
			m, err := tx.Members.Get(id)
			if err != nil {
				return err
			}
			m.AnyBrowserLink = h
			return tx.Members.Put(m)
		}))
	}
	redeem := func(link access.Secret) access.Member {
		t.Helper()
		_, err := fx.SignIn.RedeemLink(t.Context(), link, browser("ada"))
		must(t, err)
		return fx.memberView(id).Member
	}
	requested := func() access.Secret {
		t.Helper()
		fx.codeFor("ada@example.com", browser("ada"))
		return fx.linkTo(access.SignInMessage, "ada@example.com")
	}
	other := access.NewSecret().Hash()
	anyBrowser(other)
	if m := redeem(link); !m.Link.IsZero() || m.AnyBrowserLink != other {
		t.Errorf("with the invitation's link used, the open links are %v and %v", m.Link, m.AnyBrowserLink)
	}
	must(t, fx.store.View(t.Context(), func(tx *store.Tx) error {
		if l, err := tx.LoginLinks.Get(link.Hash()); err != nil || l.UsedAt.IsZero() || l.Revoked {
			t.Errorf("the invitation's link was used: %+v, %v", l, err)
		}
		return nil
	}))
	first := requested()
	anyBrowser(other)
	if m := redeem(first); m.AnyBrowserLink != other {
		t.Error("using the link of one browser closes the one for any browser")
	}
	second := requested()
	anyBrowser(second.Hash())
	if m := redeem(second); !m.AnyBrowserLink.IsZero() {
		t.Error("the link for any browser was used, and is still the member's")
	}
}

// Whoever signs in after roles have got more permissions has these from the start: a session
// that is new needs no other secret.
func TestANewSessionIsNotStale(t *testing.T) {
	fx := newFixture(t)
	for n, resource := range []access.Resource{access.ResFleet, access.ResFleetFlows} {
		may := []access.Permission{access.May(access.Open, access.ResFleet), access.May(access.Open, resource)}
		must(t, fx.Roles.Put(t.Context(), access.Operator, access.Role{Name: "Pilots", Permissions: may}))
		p, err := fx.Gate.Principal(t.Context(), fx.enterAs("fay@example.org"))
		if err != nil || p.Stale {
			t.Errorf("after change %d of a role, a new session is stale, or %v", n+1, err)
		}
	}
	m := fx.message(access.SignInMessage, "fay@example.org")
	if m.HeaderMessageID != string(m.ID)+"@door.example.com" {
		t.Errorf("the email's id is %q", m.HeaderMessageID)
	}
}

// The page of a dead link asks for a fresh email: of a member, and not of one who is suspended,
// for whom nothing is kept. Both get the same answer.
func TestRenewingALinkOfASuspendedMember(t *testing.T) {
	for _, suspended := range []bool{false, true} {
		fx := newFixture(t)
		id := fx.member("sue@example.com", "", access.Fleet)
		fx.codeFor("sue@example.com", browser("sue"))
		link := fx.linkTo(access.SignInMessage, "sue@example.com")
		want := "sue@example.com"
		if suspended {
			_, err := fx.Members.Suspend(t.Context(), fx.ann, id)
			must(t, err)
			want = ""
		}
		fx.clock.forward(access.SignInTTL) // the request ends, too
		must(t, fx.SignIn.RenewLink(t.Context(), link, browser("sue")))
		if got, err := fx.SignIn.RequestedAddress(t.Context(), browser("sue")); err != nil || got != want {
			t.Errorf("suspended %v: an email is requested for %q, %v", suspended, got, err)
		}
	}
}

// The dead link of an invitation renews the invitation, which the audit log says; one that an
// invited person requested gets them another email of its kind.
func TestWhatADeadLinkRenews(t *testing.T) {
	for _, requested := range []bool{false, true} {
		fx := newFixture(t)
		link, want, renewed := secretOf(fx.invite("ada@example.com").Link), "", 1
		if requested {
			fx.codeFor("ada@example.com", browser("ada"))
			link, want, renewed = fx.linkTo(access.SignInMessage, "ada@example.com"), "ada@example.com", 0
			fx.clock.forward(access.SignInTTL)
		}
		must(t, fx.SignIn.RenewLink(t.Context(), link, browser("ada")))
		got, err := fx.SignIn.RequestedAddress(t.Context(), browser("ada"))
		if n := fx.did(access.ActionRenew); err != nil || got != want || n != renewed {
			t.Errorf("requested %v: an email is requested for %q, %d invitations renewed, %v", requested, got, n, err)
		}
	}
}
