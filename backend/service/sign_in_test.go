package service_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
)

// Somebody tries addresses on the sign-in page to learn who has an account here.
// Until the answer is given each leaves the same records behind, of the same
// length, whoever it belongs to.
func TestAskTellsNothing(t *testing.T) {
	o := openOffice(t)
	o.waiting("pend1@example.com")
	sue := o.member("suspd@example.com", "", access.Fleet)
	_, err := o.Members.Suspend(t.Context(), o.ann, sue)
	must(t, err)
	o.member("activ@example.com", "", access.Fleet)

	grown := map[string]string{}
	for _, to := range []string{"unkno@example.com", "pend1@example.com", "suspd@example.com", "activ@example.com"} {
		before, left := o.shape(), map[string]int{}
		must(t, o.SignIn.Request(t.Context(), mail(t, to), browser("a stranger who tries "+to)))
		for kind, n := range o.shape() {
			left[kind] = n - before[kind]
		}
		grown[to] = fmt.Sprint(left)
		if grown[to] != grown["unkno@example.com"] {
			t.Errorf("an ask for %s left %s, for an unknown address %s", to, grown[to], grown["unkno@example.com"])
		}
		if typed, err := o.SignIn.RequestedAddress(t.Context(), browser("a stranger who tries "+to)); err != nil ||
			typed != to {
			t.Errorf("Asked = %q, %v", typed, err)
		}
	}
	n, err := o.SignIn.AnswerRequests(t.Context())
	must(t, err)
	if n != 4 || len(o.letters(access.SignInMessage)) != 2 {
		t.Errorf("%d asks answered with %d letters, want 4 with 2", n, len(o.letters(access.SignInMessage)))
	}
	for _, to := range []string{"unkno@example.com", "suspd@example.com", "activ@example.com"} {
		_, err := o.SignIn.RedeemCode(t.Context(), "0000-0000", browser("a stranger who tries "+to))
		refused(t, err, access.Invalid, "code_wrong")
	}
	o.verify()
}

// shape is how many records there are of each kind, and how many bytes of asks.
func (o *office) shape() map[string]int {
	o.t.Helper()
	n := map[string]int{}
	must(o.t, o.store.Each(o.t.Context(), func(key, value []byte) error {
		n[string(key[:1])]++
		if key[0] == 'b' {
			n["bytes of asks"] += len(value)
		}
		return nil
	}))
	return n
}

// A code opens in the browser that asked and nowhere else, five guesses at most,
// for a quarter of an hour, once.
func TestCode(t *testing.T) {
	o := openOffice(t)
	code := o.codeFor("FAY@Example.ORG", browser("fay"))
	_, err := o.SignIn.RedeemCode(t.Context(), code, browser("eve"))
	refused(t, err, access.Invalid, "code_wrong")
	entry, err := o.SignIn.RedeemCode(t.Context(), code, browser("fay"))
	if err != nil || entry.Member.ID != o.fay.Member {
		t.Fatalf("RedeemCode = %v", err)
	}
	if p, err := o.Gate.Principal(t.Context(), entry.Session); err != nil || p.Member.ID != o.fay.Member ||
		p.Method != "code" {
		t.Errorf("Who = %+v, %v", p, err)
	}
	_, err = o.SignIn.RedeemCode(t.Context(), code, browser("fay"))
	refused(t, err, access.Invalid, "code_wrong")

	code = o.codeFor("fay@example.org", browser("fay"))
	for range access.MaxCodeAttempts {
		_, err = o.SignIn.RedeemCode(t.Context(), "ZZZZ-ZZZZ", browser("fay"))
		refused(t, err, access.Invalid, "code_wrong")
	}
	_, err = o.SignIn.RedeemCode(t.Context(), code, browser("fay"))
	refused(t, err, access.Invalid, "code_wrong")

	o.clock.forward(time.Hour)
	code = o.codeFor("fay@example.org", browser("fay"))
	o.clock.forward(access.SignInTTL)
	_, err = o.SignIn.RedeemCode(t.Context(), code, browser("fay"))
	refused(t, err, access.Invalid, "code_wrong")
}

// A second ask in the same browser voids the code and the link of the first.
func TestNewestAskCounts(t *testing.T) {
	o := openOffice(t)
	old := o.codeFor("fay@example.org", browser("fay"))
	link := o.linkTo(access.SignInMessage, "fay@example.org")
	fresh := o.codeFor("fay@example.org", browser("fay"))
	if old != fresh {
		_, err := o.SignIn.RedeemCode(t.Context(), old, browser("fay"))
		refused(t, err, access.Invalid, "code_wrong")
	}
	_, err := o.SignIn.RedeemLink(t.Context(), link, browser("fay"))
	refused(t, err, access.Expired, "link_dead")
	_, err = o.SignIn.RedeemLink(t.Context(), o.linkTo(access.SignInMessage, "fay@example.org"), browser("eve"))
	refused(t, err, access.Forbidden, "wrong_browser")
	_, err = o.SignIn.RedeemLink(t.Context(), o.linkTo(access.SignInMessage, "fay@example.org"), browser("fay"))
	must(t, err)
	_, err = o.SignIn.RedeemCode(t.Context(), fresh, browser("fay"))
	refused(t, err, access.Invalid, "code_wrong")
}

// linkTo is the login link in the newest email of a kind to an address.
func (o *office) linkTo(kind access.MessageKind, to string) access.Secret {
	o.t.Helper()
	text := o.words(o.letter(kind, to).ID).Text
	_, rest, ok := strings.Cut(text, "https://door.example.com/login/")
	if !ok || len(rest) < access.SecretLength {
		o.t.Fatalf("no link in the letter:\n%s", text)
	}
	return access.Secret(rest[:access.SecretLength])
}

// Dead links read alike, whatever they died of, and looking at one changes
// nothing.
func TestDeadLinksReadAlike(t *testing.T) {
	o := openOffice(t)
	used := secretOf(o.invite("used@example.com").Link)
	_, err := o.SignIn.RedeemLink(t.Context(), used, browser("used"))
	must(t, err)
	renewed := o.invite("renewed@example.com")
	_, err = o.Invitations.Resend(t.Context(), o.ann, renewed.Card.ID)
	must(t, err)
	copied := o.invite("copied@example.com")
	byHand, err := o.Invitations.CopyLink(t.Context(), o.ann, copied.Card.ID)
	must(t, err)
	rejected := o.invite("rejected@example.com")
	must(t, o.Members.Reject(t.Context(), o.ann, rejected.Card.ID, "", false))
	suspended := o.invite("suspended@example.com")
	_, err = o.Members.Approve(t.Context(), o.ann, suspended.Card.ID, nil)
	must(t, err)
	_, err = o.Members.Suspend(t.Context(), o.ann, suspended.Card.ID)
	must(t, err)
	short, err := o.Invitations.Invite(t.Context(), o.ann, NewInvitation{
		Email: mail(t, "short@example.com"),
		Roles: []access.RoleName{access.Fleet},
		TTL:   time.Hour,
	})
	must(t, err)
	o.clock.forward(time.Hour)
	before := o.state()
	want := access.LinkExpired().Error()
	for name, secret := range map[string]access.Secret{
		"used": used, "renewed": secretOf(renewed.Link), "copied": secretOf(copied.Link),
		"rejected":  secretOf(rejected.Link),
		"suspended": secretOf(suspended.Link), "expired": secretOf(short.Link), "unknown": access.NewSecret(),
		"malformed": "x", "empty": "",
	} {
		_, peek := o.SignIn.PeekLink(t.Context(), secret, browser("x"))
		_, redeem := o.SignIn.RedeemLink(t.Context(), secret, browser("x"))
		for _, err := range []error{peek, redeem} {
			if refused(t, err, access.Expired, "link_dead"); err != nil && err.Error() != want {
				t.Errorf("a link that is %s reads %q", name, err)
			}
		}
	}
	for range 20 {
		p, err := o.SignIn.PeekLink(t.Context(), secretOf(byHand), browser("scanner"))
		if err != nil || p.Email.Canonical != "copied@example.com" {
			t.Errorf("PeekLink = %+v, %v", p, err)
		}
	}
	if o.state() != before {
		t.Error("looking at links changed something")
	}
	if _, err := o.SignIn.RedeemLink(t.Context(), secretOf(byHand), browser("x")); err != nil {
		t.Errorf("the link that was copied: %v", err)
	}
}

// A fresh email from the page of a dead link goes to the link's own address.
func TestRenewLink(t *testing.T) {
	o := openOffice(t)
	in := o.invite("ada@example.com")
	o.clock.forward(8 * 24 * time.Hour)
	_, err := o.Jobs.Sweep(t.Context())
	must(t, err)
	must(t, o.SignIn.RenewLink(t.Context(), secretOf(in.Link), browser("ada")))
	fresh := o.linkTo(access.InvitationMessage, "ada@example.com")
	if _, err := o.SignIn.RedeemLink(t.Context(), fresh, browser("ada")); err != nil {
		t.Fatal(err)
	}
	before := len(o.letters(access.SignInMessage))
	must(t, o.SignIn.RenewLink(t.Context(), secretOf(in.Link), browser("ada")))
	_, err = o.SignIn.AnswerRequests(t.Context())
	must(t, err)
	if n := len(o.letters(access.SignInMessage)) - before; n != 1 {
		t.Errorf("%d sign-in letters for a link that was used", n)
	}
	state := o.state()
	must(t, o.SignIn.RenewLink(t.Context(), access.NewSecret(), browser("eve")))
	if o.state() != state {
		t.Error("renewing an unknown link changed something")
	}
	o.verify()
}

// Somebody fills a mailbox with sign-in emails, under every spelling of its
// address. The spellings share one limit, which outlives a restart.
func TestAskLimits(t *testing.T) {
	o := openOffice(t, onDisk)
	o.member("user@example.com", "", access.Fleet)
	tagged := o.member("user+tag@example.com", "", access.Fleet)
	spellings := []string{"User@example.com", "USER@EXAMPLE.COM", "user@Example.com", "user+tag@example.com",
		"uSER+tag@example.com"}
	sent := func() int {
		_, err := o.SignIn.AnswerRequests(t.Context())
		must(t, err)
		return len(o.letters(access.SignInMessage))
	}
	for i := range 10 {
		must(t, o.SignIn.Request(t.Context(), mail(t, spellings[i%len(spellings)]), browser(fmt.Sprint("eve", i))))
	}
	if n := sent(); n != MaxSignInEmails {
		t.Errorf("%d letters, want %d", n, MaxSignInEmails)
	}
	if l := o.letter(access.SignInMessage, "user+tag@example.com"); l.Member != tagged {
		t.Errorf("the letter to the tagged address is %+v", l)
	}
	o.reopen()
	must(t, o.SignIn.Request(t.Context(), mail(t, "user@example.com"), browser("later")))
	if n := sent(); n != MaxSignInEmails {
		t.Errorf("%d letters after a restart, want %d still", n, MaxSignInEmails)
	}
	o.clock.forward(SignInEmailInterval)
	must(t, o.SignIn.Request(t.Context(), mail(t, "user@example.com"), browser("later")))
	if n := sent(); n != MaxSignInEmails+1 {
		t.Errorf("%d letters once one was given back", n)
	}
	o.verify()
}

// The emails that an Admin resends count for the mailbox, not the spelling.
func TestResendLimits(t *testing.T) {
	o := openOffice(t)
	ada, tagged := o.invite("ada@example.com").Card.ID, o.invite("ada+2@example.com").Card.ID
	for i := range MaxResends {
		_, err := o.Invitations.Resend(t.Context(), o.ann, []access.MemberID{ada, tagged}[i%2])
		must(t, err)
	}
	before := o.state()
	for _, id := range []access.MemberID{ada, tagged} {
		_, err := o.Invitations.Resend(t.Context(), o.ann, id)
		refused(t, err, access.TooMany, "too_often")
	}
	if o.state() != before {
		t.Error("a refusal changed something")
	}
	o.clock.forward(ResendInterval)
	_, err := o.Invitations.Resend(t.Context(), o.ann, ada)
	must(t, err)
}

// A clock that is put right by an hour locks nobody out for that hour.
func TestLimitsBearAClockPutBack(t *testing.T) {
	o := openOffice(t)
	ada := o.invite("ada@example.com").Card.ID
	_, err := o.Invitations.Resend(t.Context(), o.ann, ada)
	must(t, err)
	o.clock.forward(-time.Hour)
	_, err = o.Invitations.Resend(t.Context(), o.ann, ada)
	must(t, err)
}

// All that an address may ask for was used up while the clock was ten years ahead.
// Once it is right again the next email comes, and no more than before.
func TestLimitsBearAClockThatWasAhead(t *testing.T) {
	o := openOffice(t)
	const years = 10 * 365 * 24 * time.Hour
	o.clock.forward(years)
	for n := range MaxStrangerEmails {
		must(t, o.SignIn.Request(t.Context(), mail(t, "fay@example.org"), stranger(n)))
	}
	_, err := o.SignIn.AnswerRequests(t.Context())
	must(t, err)
	o.clock.forward(-years)
	before := len(o.letters(access.SignInMessage))
	for n := range MaxStrangerEmails {
		must(t, o.SignIn.Request(t.Context(), mail(t, "fay@example.org"), stranger(100+n)))
	}
	_, err = o.SignIn.AnswerRequests(t.Context())
	must(t, err)
	if n := len(o.letters(access.SignInMessage)) - before; n != 1 {
		t.Errorf("%d letters once the clock is right, want 1", n)
	}
}

// Somebody who waits for the email presses the button once more than is allowed,
// before it is sent and after. The press that gets no email voids neither the one
// that waits nor the one that came; for another address it is a new beginning.
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
			o := openOffice(t)
			b := browser("new")
			for range MaxSignInEmails {
				must(t, o.SignIn.Request(t.Context(), mail(t, "fay@example.org"), b))
				must(t, o.SignIn.Request(t.Context(), mail(t, "cid@example.org"), browser("other in the same network")))
			}
			if tt.answered {
				_, err := o.SignIn.AnswerRequests(t.Context())
				must(t, err)
			}
			must(t, o.SignIn.Request(t.Context(), mail(t, tt.then), b))
			_, err := o.SignIn.AnswerRequests(t.Context())
			must(t, err)
			right := code(t, o.words(o.letter(access.SignInMessage, "fay@example.org").ID))
			_, err = o.SignIn.RedeemCode(t.Context(), right, b)
			if tt.opens {
				must(t, err)
				return
			}
			refused(t, err, access.Invalid, "code_wrong")
		})
	}
}
