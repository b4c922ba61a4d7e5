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

// Strangers from as many networks as they like ask for emails to one member until
// none is sent any more. The last one that goes out says so and has a link that
// opens in any browser; the member, on a new device that gets no email, comes in
// by it. A browser that has signed the member in before gets emails as ever.
func TestStrangersLockNobodyOut(t *testing.T) {
	o := openOffice(t)
	home := browser("fay at home")
	_, err := o.SignIn.RedeemCode(t.Context(), o.codeFor("fay@example.org", home), home)
	must(t, err)
	o.clock.forward(StrangerEmailInterval)
	before := len(o.letters(access.SignInMessage))
	sent := func() int {
		_, err := o.SignIn.AnswerRequests(t.Context())
		must(t, err)
		return len(o.letters(access.SignInMessage)) - before
	}
	for n := range 3 * MaxStrangerEmails {
		must(t, o.SignIn.Request(t.Context(), mail(t, "fay@example.org"), stranger(n)))
		sent()
		o.clock.forward(time.Millisecond)
		if n == MaxStrangerEmails-2 {
			if text := o.words(o.letter(access.SignInMessage, "fay@example.org").ID).Text; says(text, "any browser") {
				t.Errorf("a letter before the last:\n%s", text)
			}
		}
	}
	if n := sent(); n != MaxStrangerEmails {
		t.Errorf("%d letters, want %d", n, MaxStrangerEmails)
	}
	text := o.words(o.letter(access.SignInMessage, "fay@example.org").ID).Text
	if !says(text, "in any browser", "Many sign-in letters were asked for", "Until Wednesday 1 May 2030, 14:00 UTC") {
		t.Errorf("the last letter:\n%s", text)
	}
	first := o.linkTo(access.SignInMessage, "fay@example.org")

	abroad := browser("fay abroad")
	must(t, o.SignIn.Request(t.Context(), mail(t, "fay@example.org"), abroad))
	if n := sent(); n != MaxStrangerEmails {
		t.Errorf("a new browser got letter %d although strangers had used them up", n)
	}
	_, err = o.SignIn.RedeemCode(t.Context(), o.codeFor("fay@example.org", home), home)
	must(t, err)
	before++

	o.clock.forward(StrangerEmailInterval)
	must(t, o.SignIn.Request(t.Context(), mail(t, "fay@example.org"), stranger(100)))
	if n := sent(); n != MaxStrangerEmails+1 {
		t.Fatalf("%d letters after an hour, want one more", n-MaxStrangerEmails)
	}
	second := o.linkTo(access.SignInMessage, "fay@example.org")
	_, err = o.SignIn.RedeemLink(t.Context(), first, abroad)
	refused(t, err, access.Expired, "link_dead")
	for range 5 {
		if p, err := o.SignIn.PeekLink(t.Context(), second, browser("a scanner")); err != nil ||
			p.Email.Typed != "fay@example.org" {
			t.Errorf("PeekLink = %+v, %v", p, err)
		}
	}
	_, err = o.SignIn.RedeemLink(t.Context(), second, abroad)
	must(t, err)
	_, err = o.SignIn.RedeemLink(t.Context(), second, abroad)
	refused(t, err, access.Expired, "link_dead")
	if n := len(o.letters(access.SignInMessage)) - before - MaxStrangerEmails; n != 1 {
		t.Errorf("%d letters", n)
	}
	o.verify()
}

// The link that opens in any browser ends after a day, with the suspension of its
// member, and when all is closed at once.
func TestAnyBrowserLinkEnds(t *testing.T) {
	for name, end := range map[string]func(o *office){
		"in time": func(o *office) { o.clock.forward(access.AnyBrowserLinkTTL) },
		"suspended": func(o *office) {
			_, err := o.Members.Suspend(o.t.Context(), o.ann, o.fay.Member)
			must(o.t, err)
		},
		"signed out": func(o *office) {
			must(
				o.t,
				o.Sessions.SignOutEverywhere(o.t.Context(), o.fay, o.fay.Member, false),
			)
		},
		"removed": func(o *office) {
			must(o.t, o.Members.Remove(o.t.Context(), o.ann, o.fay.Member))
		},
		"not yet, a microsecond before it": func(o *office) {
			o.clock.forward(access.AnyBrowserLinkTTL - time.Microsecond)
		},
	} {
		o := openOffice(t)
		for n := range MaxStrangerEmails {
			must(t, o.SignIn.Request(t.Context(), mail(t, "fay@example.org"), stranger(n)))
			o.clock.forward(time.Microsecond)
		}
		o.clock.forward(-MaxStrangerEmails * time.Microsecond)
		_, err := o.SignIn.AnswerRequests(t.Context())
		must(t, err)
		var link access.Secret
		for _, l := range o.letters(access.SignInMessage) {
			if text := o.words(l.ID).Text; says(text, "in any browser") {
				_, rest, _ := strings.Cut(text, "https://door.example.com/login/")
				link = access.Secret(rest[:access.SecretLength])
			}
		}
		end(o)
		_, err = o.SignIn.RedeemLink(t.Context(), link, browser("any"))
		if good := strings.HasPrefix(name, "not yet"); good && err != nil || !good && !access.Expired.Is(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A stranger asks for emails to 700 addresses a second from as many networks. After
// the first burst nothing is written for what goes beyond ten a second, each
// refusal reads the same, and a browser that is known asks as ever.
func TestAFloodOfAsksWritesNothing(t *testing.T) {
	o := openOffice(t)
	home := browser("fay at home")
	_, err := o.SignIn.RedeemCode(t.Context(), o.codeFor("fay@example.org", home), home)
	must(t, err)
	o.clock.forward(time.Hour)
	for n := range MaxStrangerRequests {
		must(t, o.SignIn.Request(t.Context(), mail(t, "x@example.org"), Browser{
			Secret: access.Secret("one"),
			From:   stranger(n).From,
		}))
	}
	before, said := o.state(), map[string]bool{}
	for n, to := range []string{"ann@example.org", "fay@example.org", "nobody@example.org"} {
		err := o.SignIn.Request(t.Context(), mail(t, to), stranger(n))
		refused(t, err, access.TooMany, "too_often")
		said[err.Error()] = true
		err = o.SignIn.RenewLink(t.Context(), access.NewSecret(), stranger(n))
		refused(t, err, access.TooMany, "too_often")
		said[err.Error()] = true
	}
	if o.state() != before || len(said) != 1 {
		t.Errorf("refusals wrote something, or read differently: %v", said)
	}
	must(t, o.SignIn.Request(t.Context(), mail(t, "fay@example.org"), home))
	o.clock.forward(StrangerRequestInterval)
	must(t, o.SignIn.Request(t.Context(), mail(t, "bob@example.org"), stranger(1)))
	refused(t, o.SignIn.Request(t.Context(), mail(t, "bob@example.org"), stranger(2)), access.TooMany, "too_often")
	o.clock.forward(-time.Hour) // the clock is put back: nobody waits an hour for it
	must(t, o.SignIn.Request(t.Context(), mail(t, "bob@example.org"), stranger(2)))
}

// Each kind of email says how soon it goes: one that nobody has classified would
// stand behind all others.
func TestEachKindHasAClass(t *testing.T) {
	for _, kind := range email.Kinds() {
		if c := kind.Priority(); c < access.PriorityAwaited || c > access.PriorityDigest {
			t.Errorf("emails of kind %q have priority %d: say in access/message.go how soon they go", kind, c)
		}
	}
}

// What stands in place of an email for an address that gets none is in no list, no
// count and no backup, and it is gone when its time is over, also where there is no
// mail server to end it.
func TestDecoysAreNowhere(t *testing.T) {
	o := openOffice(t, withoutMail)
	counters := func() (c access.Counters) {
		must(t, o.store.View(t.Context(), func(tx *store.Tx) (err error) {
			c, err = tx.Counters()
			return err
		}))
		return c
	}
	before, entries := counters(), len(o.entries())
	for n := range 3 {
		must(t, o.SignIn.Request(t.Context(), mail(t, "nobody@example.org"), stranger(n)))
	}
	_, err := o.SignIn.AnswerRequests(t.Context())
	must(t, err)
	page, err := o.Outbox.List(t.Context(), o.ann, "", 0)
	must(t, err)
	if len(page.Items) != page.Total || counters().
		Messages[access.MessageHeld] != before.Messages[access.MessageHeld] ||
		len(o.entries()) != entries {
		t.Errorf("%d letters of %d, %v kept, %d entries", len(page.Items), page.Total, counters().Messages,
			len(o.entries()))
	}
	decoys := func() (n int) {
		must(t, o.store.Each(t.Context(), func(key, value []byte) error {
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
	must(t, o.store.Backup(t.Context(), &backup))
	if strings.Contains(backup.String(), "E/o") || strings.Contains(backup.String(), "N/b") {
		t.Error("decoys or known browsers are in the backup")
	}
	o.clock.forward(access.SignInTTL)
	_, err = o.Jobs.Sweep(t.Context())
	must(t, err)
	if n := decoys(); n != 0 {
		t.Errorf("%d records of decoys are left", n)
	}
	o.verify()
}

// The document says what the code bounds.
func TestTheDocumentSaysTheBounds(t *testing.T) {
	text, err := os.ReadFile("../../docs/security.md")
	must(t, err)
	day := MaxStrangerEmails + int(24*time.Hour/StrangerEmailInterval)
	for _, says := range []string{
		fmt.Sprintf("asked for from one network | %d at once, then one in %.0f minutes |", MaxSignInEmails,
			SignInEmailInterval.Minutes()),
		fmt.Sprintf("not known to it together | %d at once, then one an hour: %d in a day |", MaxStrangerEmails, day),
		fmt.Sprintf("asked for in one browser that is known to it | %d at once, then one in %.0f minutes |",
			MaxSignInEmails, SignInEmailInterval.Minutes()),
		fmt.Sprintf("all addresses together | %d at once, then %d a second |",
			MaxStrangerRequests, time.Second/StrangerRequestInterval),
	} {
		if !strings.Contains(string(text), says) {
			t.Errorf("docs/security.md does not say %q", says)
		}
	}
}
