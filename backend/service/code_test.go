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

// wrongAt returns the nth wrong code; none is ever in an email.
func wrongAt(n int) string { return fmt.Sprintf("%08d", n) }

// stranger is the nth unknown browser, in a network of its own.
func stranger(n int) Browser {
	return Browser{
		Secret: access.Secret(fmt.Sprint("stranger ", n)),
		From:   fmt.Sprintf("198.51.%d.%d", n/250, n%250),
		Agent:  "Firefox",
	}
}

// guess types n wrong codes for an address, five for each request, in as many
// browsers as that takes.
func (fx *fixture) guess(to string, n int, first int) {
	fx.t.Helper()
	for i := range n {
		b := stranger(first + i/access.MaxCodeAttempts)
		if i%access.MaxCodeAttempts == 0 {
			must(fx.t, fx.SignIn.Request(fx.t.Context(), mail(fx.t, to), b))
		}
		_, err := fx.SignIn.RedeemCode(fx.t.Context(), wrongAt(i), b)
		refused(fx.t, err, access.Invalid, "code_wrong")
	}
}

// Strangers guess codes of one address from many networks and browsers, five for
// each request, under every spelling that reaches its mailbox. Ten within an hour
// and twenty within a day are checked, also across a restart; after that no code
// is accepted, not even the right one that was sent before. The link still works,
// and so does a code in a browser that has signed the member in before.
func TestWrongCodesCountForTheAddress(t *testing.T) {
	fx := newFixture(t, onDisk)
	home := browser("fay at home")
	_, err := fx.SignIn.RedeemCode(t.Context(), fx.codeFor("fay@example.org", home), home)
	must(t, err)

	mine := browser("fay elsewhere")
	right := fx.codeFor("fay@example.org", mine)
	link := fx.linkTo(access.SignInMessage, "fay@example.org")
	fx.guess("fay@example.org", 5, 0)
	fx.reopen()
	fx.guess("FAY+tag@example.org", 4, 10)
	if until := fx.closed("fay@example.org", mine); !until.IsZero() {
		t.Fatalf("codes are closed until %v after nine wrong ones", until)
	}
	fx.guess("fay@example.org", 1, 20)
	if until := fx.closed("fay@example.org", mine); !until.Equal(fx.clock.now().Add(time.Hour)) {
		t.Fatalf("codes are closed until %v after ten wrong ones within the hour", until)
	}
	_, err = fx.SignIn.RedeemCode(t.Context(), right, mine)
	refused(t, err, access.Invalid, "code_wrong")
	_, err = fx.SignIn.RedeemLink(t.Context(), link, mine)
	must(t, err)

	message := fx.askText("fay@example.org", stranger(30))
	if code, ok := codeIn(message); ok || !says(message, "Codes are turned off", "Use the link", "13:") {
		t.Errorf("the email has the code %q, or does not say why it has none:\n%s", code, message)
	}
	_, err = fx.SignIn.RedeemCode(t.Context(), fx.codeFor("fay@example.org", home), home)
	must(t, err)
	fx.verify()
}

// closed returns until when codes are refused to that browser's requester.
func (fx *fixture) closed(to string, b Browser) (until time.Time) {
	fx.t.Helper()
	must(fx.t, fx.store.View(fx.t.Context(), func(tx *store.Tx) (err error) {
		until, err = CodesClosed(tx, access.SignInRequest{Address: mail(fx.t, to), Browser: b.Hash()})
		return err
	}))
	return until
}

// askText requests an email and returns its text.
func (fx *fixture) askText(to string, b Browser) string {
	fx.t.Helper()
	fx.clock.forward(time.Second)
	must(fx.t, fx.SignIn.Request(fx.t.Context(), mail(fx.t, to), b))
	_, err := fx.SignIn.AnswerRequests(fx.t.Context())
	must(fx.t, err)
	return fx.body(fx.message(access.SignInMessage, mail(fx.t, to).Canonical).ID).Text
}

// The windows slide: a patient stranger who guesses just before and after the end
// of an hour or a day gets no more guesses checked in any window.
func TestWindowsSlide(t *testing.T) {
	fx := newFixture(t)
	must(t, fx.SignIn.Request(t.Context(), mail(t, "fay@example.org"), stranger(0)))
	judged := func() (n int) {
		for i := 0; fx.closed("fay@example.org", stranger(0)).IsZero(); i++ {
			fx.guess("fay@example.org", 1, 1000+int(fx.clock.now().Unix()%100_000)+i)
			n++
		}
		return n
	}
	for _, step := range []struct {
		wait time.Duration
		want int
	}{
		{0, 10},
		{time.Hour - time.Microsecond, 0},
		{time.Microsecond, 10},
		{time.Hour, 0},
		{22*time.Hour - time.Microsecond, 0},
		{time.Microsecond, 10},
		{time.Hour - time.Microsecond, 0},
		{time.Microsecond, 10},
		{2 * time.Hour, 0},
	} {
		fx.clock.forward(step.wait)
		if n := judged(); n != step.want {
			t.Fatalf("after another %v %d codes were judged, want %d", step.wait, n, step.want)
		}
	}
}

// The clock was ten years ahead while wrong codes were typed. They close codes
// for a day after it is corrected, not for ten years.
func TestWrongCodesOfAClockThatWasAhead(t *testing.T) {
	fx := newFixture(t)
	fx.clock.forward(10 * 365 * 24 * time.Hour)
	fx.guess("fay@example.org", 10, 0)
	fx.clock.forward(-10 * 365 * 24 * time.Hour)
	fx.guess("fay@example.org", 1, 50)
	fx.clock.forward(time.Hour)
	if until := fx.closed("fay@example.org", stranger(99)); !until.IsZero() {
		t.Errorf("codes are closed until %v", until)
	}
}

// Malformed input is reported as malformed, and is not counted.
func TestMalformedCodeIsNoGuess(t *testing.T) {
	fx := newFixture(t)
	b := browser("fay")
	code := fx.codeFor("fay@example.org", b)
	for _, s := range []string{
		"", "K7PQ", "123456", "K7PQ-3XMDX", "my code", "K7PQ-3XMU", "https://door.example.com/login",
	} {
		for range access.MaxCodeAttempts {
			_, err := fx.SignIn.RedeemCode(t.Context(), s, b)
			refused(t, err, access.Invalid, "code_malformed")
		}
	}
	_, err := fx.SignIn.RedeemCode(t.Context(), code, b)
	must(t, err)
}

// One browser that is known to a member guesses: it has ten tries a day of its
// own and uses up nobody else's. It is known to that member only.
func TestKnownBrowserHasItsOwn(t *testing.T) {
	fx := newFixture(t)
	shared := browser("the computer in the hall")
	_, err := fx.SignIn.RedeemCode(t.Context(), fx.codeFor("fay@example.org", shared), shared)
	must(t, err)
	for i := range access.MaxWrongCodesKnown {
		if i%access.MaxCodeAttempts == 0 {
			fx.codeFor("fay@example.org", shared)
		}
		_, err := fx.SignIn.RedeemCode(t.Context(), wrongAt(i), shared)
		refused(t, err, access.Invalid, "code_wrong")
	}
	if text := fx.askText("fay@example.org", shared); !says(text, "Codes are turned off") {
		t.Errorf("after ten wrong codes:\n%s", text)
	}
	if until := fx.closed("fay@example.org", stranger(1)); !until.IsZero() {
		t.Errorf("the known browser spent what is the others': %v", until)
	}
	if until := fx.closed("bob@example.org", shared); !until.IsZero() {
		t.Errorf("the browser that fay used counts for bob: %v", until)
	}
	fx.guess("bob@example.org", access.MaxWrongCodesHour, 0)
	if until := fx.closed("bob@example.org", shared); until.IsZero() {
		t.Error("a browser that signed fay in is known to bob")
	}
}

// A member has at most ten known browsers: those used last. Signing out
// everywhere forgets all of them, and deleting the member leaves none.
func TestKnownBrowsersAreForgotten(t *testing.T) {
	fx := newFixture(t)
	visit := func(n int) Browser {
		b := Browser{
			Secret: access.Secret(fmt.Sprint("device ", n)),
			From:   fmt.Sprintf("203.0.113.%d", n),
			Agent:  "Firefox",
		}
		fx.clock.forward(time.Hour)
		_, err := fx.SignIn.RedeemCode(t.Context(), fx.codeFor("fay@example.org", b), b)
		must(t, err)
		return b
	}
	known := func(b Browser) (is bool) {
		must(t, fx.store.View(t.Context(), func(tx *store.Tx) (err error) {
			is, err = tx.Browsers.Knows("fay@example.org", b.Hash())
			return err
		}))
		return is
	}
	var all []Browser
	for n := range access.MaxKnownBrowsers + 1 {
		all = append(all, visit(n))
	}
	for n, b := range all {
		if known(b) != (n > 0) {
			t.Errorf("browser %d of %d: known %v", n, len(all), known(b))
		}
	}
	fx.clock.forward(access.KnownBrowserTTL - time.Microsecond)
	if !known(all[access.MaxKnownBrowsers]) {
		t.Error("forgotten before its time")
	}
	fx.clock.forward(time.Microsecond)
	if known(all[access.MaxKnownBrowsers]) {
		t.Error("known for longer than a year")
	}
	fresh := visit(50)
	must(t, fx.Sessions.SignOutEverywhere(t.Context(), fx.fay, fx.fay.Member, false))
	if known(fresh) {
		t.Error("known although all was closed")
	}
	visit(51)
	must(t, fx.Members.Remove(t.Context(), fx.ann, fx.fay.Member))
	_, err := fx.Jobs.Sweep(t.Context())
	must(t, err)
	must(t, fx.store.Each(t.Context(), func(key, value []byte) error {
		if string(key[:3]) == "N/m" && string(key[3:]) == string(fx.fay.Member) {
			t.Error("a member who is gone has known browsers")
		}
		return nil
	}))
	fx.verify()
}

// Somebody guesses a member's codes: the audit log says so once each for five,
// ten and twenty, and never for addresses without a member.
func TestGuessesLeaveATrace(t *testing.T) {
	fx := newFixture(t)
	fx.guess("nobody@example.org", 10, 200)
	if n := fx.did(access.ActionGuess); n != 0 {
		t.Errorf("%d entries for an address that nobody has", n)
	}
	for _, step := range []struct{ more, entries int }{{4, 0}, {1, 1}, {4, 1}, {1, 2}} {
		fx.guess("fay@example.org", step.more, 300+fx.clock.now().Minute()*10)
		fx.clock.forward(time.Minute)
		if n := fx.did(access.ActionGuess); n != step.entries {
			t.Errorf("%d entries, want %d", n, step.entries)
		}
	}
	fx.clock.forward(2 * time.Hour)
	fx.guess("fay@example.org", 10, 900)
	var last access.AuditEntry
	for _, e := range fx.entries() {
		if e.Action == access.ActionGuess {
			last = e
		}
	}
	if fx.did(access.ActionGuess) != 3 || last.Target != string(fx.fay.Member) || !last.Actor.IsSystem() ||
		!strings.HasPrefix(last.Detail, "20 within a day, the last from 198.51.") {
		t.Errorf("the last of %d entries is %+v", fx.did(access.ActionGuess), last)
	}
}
