package service_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/email"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// Strangers from many networks request emails to one member until no more are
// sent. The last email that is sent says so and has a link that opens in any
// browser; with it the member can sign in on a new device that gets no email. A
// browser that has signed the member in before gets emails as usual.
func TestStrangersLockNobodyOut(t *testing.T) {
	fx := newFixture(t)
	home := browser("fay at home")
	_, err := fx.SignIn.RedeemCode(t.Context(), fx.codeFor("fay@example.org", home), home)
	must(t, err)
	fx.clock.forward(StrangerEmailInterval)
	before := len(fx.messages(access.SignInMessage))
	sent := func() int {
		_, err := fx.SignIn.AnswerRequests(t.Context())
		must(t, err)
		return len(fx.messages(access.SignInMessage)) - before
	}
	for n := range 3 * MaxStrangerEmails {
		must(t, fx.SignIn.Request(t.Context(), mail(t, "fay@example.org"), stranger(n)))
		sent()
		fx.clock.forward(time.Millisecond)
		if n == MaxStrangerEmails-2 {
			if text := fx.body(fx.message(access.SignInMessage, "fay@example.org").ID).Text; says(text, "any browser") {
				t.Errorf("an email before the last:\n%s", text)
			}
		}
	}
	if n := sent(); n != MaxStrangerEmails {
		t.Errorf("%d emails, want %d", n, MaxStrangerEmails)
	}
	text := fx.body(fx.message(access.SignInMessage, "fay@example.org").ID).Text
	if !says(text, "in any browser", "Many sign-in emails were requested", "Until Wednesday 1 May 2030 at 14:00 UTC") {
		t.Errorf("the last email:\n%s", text)
	}
	first := fx.linkTo(access.SignInMessage, "fay@example.org")

	abroad := browser("fay abroad")
	must(t, fx.SignIn.Request(t.Context(), mail(t, "fay@example.org"), abroad))
	if n := sent(); n != MaxStrangerEmails {
		t.Errorf("a new browser got email %d although strangers had used them up", n)
	}
	_, err = fx.SignIn.RedeemCode(t.Context(), fx.codeFor("fay@example.org", home), home)
	must(t, err)
	before++

	fx.clock.forward(StrangerEmailInterval)
	must(t, fx.SignIn.Request(t.Context(), mail(t, "fay@example.org"), stranger(100)))
	if n := sent(); n != MaxStrangerEmails+1 {
		t.Fatalf("%d emails after an hour, want one more", n-MaxStrangerEmails)
	}
	second := fx.linkTo(access.SignInMessage, "fay@example.org")
	_, err = fx.SignIn.RedeemLink(t.Context(), first, abroad)
	refused(t, err, access.Expired, "link_dead")
	for range 5 {
		if p, err := fx.SignIn.PeekLink(t.Context(), second, browser("a scanner")); err != nil ||
			p.Email.Typed != "fay@example.org" {
			t.Errorf("PeekLink = %+v, %v", p, err)
		}
	}
	_, err = fx.SignIn.RedeemLink(t.Context(), second, abroad)
	must(t, err)
	_, err = fx.SignIn.RedeemLink(t.Context(), second, abroad)
	refused(t, err, access.Expired, "link_dead")
	if n := len(fx.messages(access.SignInMessage)) - before - MaxStrangerEmails; n != 1 {
		t.Errorf("%d emails", n)
	}
	fx.verify()
}

// The link that opens in any browser expires after a day, and is void when its
// member is suspended or signed out everywhere.
func TestAnyBrowserLinkEnds(t *testing.T) {
	for name, end := range map[string]func(fx *fixture){
		"in time": func(fx *fixture) { fx.clock.forward(access.AnyBrowserLinkTTL) },
		"suspended": func(fx *fixture) {
			_, err := fx.Members.Suspend(fx.t.Context(), fx.ann, fx.fay.Member)
			must(fx.t, err)
		},
		"signed out": func(fx *fixture) {
			must(
				fx.t,
				fx.Sessions.SignOutEverywhere(fx.t.Context(), fx.fay, fx.fay.Member, false),
			)
		},
		"removed": func(fx *fixture) {
			must(fx.t, fx.Members.Remove(fx.t.Context(), fx.ann, fx.fay.Member))
		},
		"not yet, a microsecond before it": func(fx *fixture) {
			fx.clock.forward(access.AnyBrowserLinkTTL - time.Microsecond)
		},
	} {
		fx := newFixture(t)
		for n := range MaxStrangerEmails {
			must(t, fx.SignIn.Request(t.Context(), mail(t, "fay@example.org"), stranger(n)))
			fx.clock.forward(time.Microsecond)
		}
		fx.clock.forward(-MaxStrangerEmails * time.Microsecond)
		_, err := fx.SignIn.AnswerRequests(t.Context())
		must(t, err)
		var link access.Secret
		for _, m := range fx.messages(access.SignInMessage) {
			if text := fx.body(m.ID).Text; says(text, "in any browser") {
				_, rest, _ := strings.Cut(text, "https://door.example.com/login/")
				link = access.Secret(rest[:access.SecretLength])
			}
		}
		end(fx)
		_, err = fx.SignIn.RedeemLink(t.Context(), link, browser("any"))
		if good := strings.HasPrefix(name, "not yet"); good && err != nil || !good && !access.Expired.Is(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A stranger requests emails to 700 addresses a second from as many networks.
// After the first burst nothing is written beyond ten requests a second, each
// refusal reads the same, and a known browser gets emails as usual.
func TestFloodOfRequestsWritesNothing(t *testing.T) {
	fx := newFixture(t)
	home := browser("fay at home")
	_, err := fx.SignIn.RedeemCode(t.Context(), fx.codeFor("fay@example.org", home), home)
	must(t, err)
	fx.clock.forward(time.Hour)
	for n := range MaxStrangerRequests {
		must(t, fx.SignIn.Request(t.Context(), mail(t, "x@example.org"), Browser{
			Secret: access.Secret("one"),
			From:   stranger(n).From,
		}))
	}
	before, said := fx.state(), map[string]bool{}
	for n, to := range []string{"ann@example.org", "fay@example.org", "nobody@example.org"} {
		err := fx.SignIn.Request(t.Context(), mail(t, to), stranger(n))
		refused(t, err, access.TooMany, "too_often")
		said[err.Error()] = true
		err = fx.SignIn.RenewLink(t.Context(), access.NewSecret(), stranger(n))
		refused(t, err, access.TooMany, "too_often")
		said[err.Error()] = true
	}
	if fx.state() != before || len(said) != 1 {
		t.Errorf("refusals wrote something, or read differently: %v", said)
	}
	must(t, fx.SignIn.Request(t.Context(), mail(t, "fay@example.org"), home))
	fx.clock.forward(StrangerRequestInterval)
	must(t, fx.SignIn.Request(t.Context(), mail(t, "bob@example.org"), stranger(1)))
	refused(t, fx.SignIn.Request(t.Context(), mail(t, "bob@example.org"), stranger(2)), access.TooMany, "too_often")
	fx.clock.forward(-time.Hour) // the clock is set back: nobody waits an hour for it
	must(t, fx.SignIn.Request(t.Context(), mail(t, "bob@example.org"), stranger(2)))
}

// Each kind of email has a priority: one without would wait behind all others.
func TestEachKindHasAClass(t *testing.T) {
	for _, kind := range email.Kinds() {
		if c := kind.Priority(); c < access.PriorityAwaited || c > access.PriorityDigest {
			t.Errorf("emails of kind %q have priority %d: say in access/message.go how soon they go", kind, c)
		}
	}
}

// The decoy for an address that gets no email is in no list, no count and no
// backup, and it is deleted when it expires, also where no mail server takes it.
func TestDecoysAreNowhere(t *testing.T) {
	fx := newFixture(t, withoutMail)
	counters := func() (c access.Counters) {
		must(t, fx.store.View(t.Context(), func(tx *store.Tx) (err error) {
			c, err = tx.Counters()
			return err
		}))
		return c
	}
	before, entries := counters(), len(fx.entries())
	for n := range 3 {
		must(t, fx.SignIn.Request(t.Context(), mail(t, "nobody@example.org"), stranger(n)))
	}
	_, err := fx.SignIn.AnswerRequests(t.Context())
	must(t, err)
	page, err := fx.Outbox.List(t.Context(), fx.ann, MessageQuery{})
	must(t, err)
	if len(page.Items) != page.Total || counters().
		Messages[access.MessageHeld] != before.Messages[access.MessageHeld] ||
		len(fx.entries()) != entries {
		t.Errorf("%d emails of %d, %v kept, %d entries", len(page.Items), page.Total, counters().Messages,
			len(fx.entries()))
	}
	decoys := func() (n int) {
		must(t, fx.store.Each(t.Context(), func(key, value []byte) error {
			if strings.HasPrefix(string(key), "E/") && key[2] != 's' {
				n++
			}
			if strings.Contains(string(value), "nobody@") && key[0] != 'b' {
				t.Errorf("%q holds the address that was asked for", key[:3])
			}
			return nil
		}))
		return n
	}
	if decoys() != 9 {
		t.Errorf("%d records of decoys, want 9", decoys())
	}
	var backup strings.Builder
	must(t, fx.store.Backup(t.Context(), &backup))
	if strings.Contains(backup.String(), "E/o") || strings.Contains(backup.String(), "N/b") {
		t.Error("decoys or known browsers are in the backup")
	}
	fx.clock.forward(access.SignInTTL)
	_, err = fx.Jobs.Sweep(t.Context())
	must(t, err)
	if n := decoys(); n != 0 {
		t.Errorf("%d records of decoys are left", n)
	}
	fx.verify()
}

// The document states the limits that the code has.
func TestTheDocumentSaysTheBounds(t *testing.T) {
	text, err := os.ReadFile("../../docs/security.md")
	must(t, err)
	day := MaxStrangerEmails + int(24*time.Hour/StrangerEmailInterval)
	for _, says := range []string{
		fmt.Sprintf("requested from one network | %d at once, then one in %.0f minutes |", MaxSignInEmails,
			SignInEmailInterval.Minutes()),
		fmt.Sprintf("unknown browsers together | %d at once, then one an hour: %d in a day |", MaxStrangerEmails, day),
		fmt.Sprintf("requested from one known browser | %d at once, then one in %.0f minutes |",
			MaxSignInEmails, SignInEmailInterval.Minutes()),
		fmt.Sprintf("all addresses together | %d at once, then %d a second |",
			MaxStrangerRequests, time.Second/StrangerRequestInterval),
	} {
		if !strings.Contains(string(text), says) {
			t.Errorf("docs/security.md does not say %q", says)
		}
	}
}
