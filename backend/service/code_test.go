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

// wrongAt is a code that is none of an email's.
func wrongAt(n int) string { return fmt.Sprintf("%08d", n) }

// stranger is the nth browser that nobody knows, in a network of its own.
func stranger(n int) Browser {
	return Browser{
		Secret: access.Secret(fmt.Sprint("stranger ", n)),
		From:   fmt.Sprintf("198.51.%d.%d", n/250, n%250),
		Agent:  "Firefox",
	}
}

// guess asks for an address in as many browsers as it takes and types wrong codes,
// five for each ask, until so many were typed.
func (o *office) guess(to string, n int, first int) {
	o.t.Helper()
	for i := range n {
		b := stranger(first + i/access.MaxCodeAttempts)
		if i%access.MaxCodeAttempts == 0 {
			must(o.t, o.SignIn.Request(o.t.Context(), mail(o.t, to), b))
		}
		_, err := o.SignIn.RedeemCode(o.t.Context(), wrongAt(i), b)
		refused(o.t, err, access.Invalid, "code_wrong")
	}
}

// Strangers guess at one address from many networks and browsers, five codes for
// each ask, under every spelling that reaches its mailbox. Ten within an hour and
// twenty within a day are judged, also over a restart; then no code opens any
// more, not even the right one that was sent before. The link still does, and so
// does a code in the browser that has signed the member in before.
func TestWrongCodesCountForTheAddress(t *testing.T) {
	o := openOffice(t, onDisk)
	home := browser("fay at home")
	_, err := o.SignIn.RedeemCode(t.Context(), o.codeFor("fay@example.org", home), home)
	must(t, err)

	mine := browser("fay elsewhere")
	right := o.codeFor("fay@example.org", mine)
	link := o.linkTo(access.SignInMessage, "fay@example.org")
	o.guess("fay@example.org", 5, 0)
	o.reopen()
	o.guess("FAY+tag@example.org", 4, 10)
	if until := o.closed("fay@example.org", mine); !until.IsZero() {
		t.Fatalf("codes are closed until %v after nine wrong ones", until)
	}
	o.guess("fay@example.org", 1, 20)
	if until := o.closed("fay@example.org", mine); !until.Equal(o.clock.now().Add(time.Hour)) {
		t.Fatalf("codes are closed until %v after ten wrong ones within the hour", until)
	}
	_, err = o.SignIn.RedeemCode(t.Context(), right, mine)
	refused(t, err, access.Invalid, "code_wrong")
	_, err = o.SignIn.RedeemLink(t.Context(), link, mine)
	must(t, err)

	letter := o.askText("fay@example.org", stranger(30))
	if code, ok := codeIn(letter); ok || !says(letter, "Codes are switched off", "Use the link", "13:") {
		t.Errorf("the letter has the code %q, or does not say why it has none:\n%s", code, letter)
	}
	_, err = o.SignIn.RedeemCode(t.Context(), o.codeFor("fay@example.org", home), home)
	must(t, err)
	o.verify()
}

// closed is until when codes are closed for whoever asks in that browser.
func (o *office) closed(to string, b Browser) (until time.Time) {
	o.t.Helper()
	must(o.t, o.store.View(o.t.Context(), func(tx *store.Tx) (err error) {
		until, err = CodesClosed(tx, access.SignInRequest{Address: mail(o.t, to), Browser: b.Hash()})
		return err
	}))
	return until
}

// askText asks and is what the email says.
func (o *office) askText(to string, b Browser) string {
	o.t.Helper()
	o.clock.forward(time.Second)
	must(o.t, o.SignIn.Request(o.t.Context(), mail(o.t, to), b))
	_, err := o.SignIn.AnswerRequests(o.t.Context())
	must(o.t, err)
	return o.words(o.letter(access.SignInMessage, mail(o.t, to).Canonical).ID).Text
}

// The windows slide: a patient stranger who times their guesses to the edge of an
// hour and of a day gets no more judged in any of them.
func TestWindowsSlide(t *testing.T) {
	o := openOffice(t)
	must(t, o.SignIn.Request(t.Context(), mail(t, "fay@example.org"), stranger(0)))
	judged := func() (n int) {
		for i := 0; o.closed("fay@example.org", stranger(0)).IsZero(); i++ {
			o.guess("fay@example.org", 1, 1000+int(o.clock.now().Unix()%100_000)+i)
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
		o.clock.forward(step.wait)
		if n := judged(); n != step.want {
			t.Fatalf("after another %v %d codes were judged, want %d", step.wait, n, step.want)
		}
	}
}

// A clock that was ten years ahead while codes were wrong closes them for a day
// after it was put right, not for ten years.
func TestWrongCodesOfAClockThatWasAhead(t *testing.T) {
	o := openOffice(t)
	o.clock.forward(10 * 365 * 24 * time.Hour)
	o.guess("fay@example.org", 10, 0)
	o.clock.forward(-10 * 365 * 24 * time.Hour)
	o.guess("fay@example.org", 1, 50)
	o.clock.forward(time.Hour)
	if until := o.closed("fay@example.org", stranger(99)); !until.IsZero() {
		t.Errorf("codes are closed until %v", until)
	}
}

// What cannot be a code is said to be none, and is not counted.
func TestASlipIsNoGuess(t *testing.T) {
	o := openOffice(t)
	b := browser("fay")
	code := o.codeFor("fay@example.org", b)
	for _, s := range []string{
		"", "K7PQ", "123456", "K7PQ-3XMDX", "my code", "K7PQ-3XMU", "https://door.example.com/login",
	} {
		for range access.MaxCodeAttempts {
			_, err := o.SignIn.RedeemCode(t.Context(), s, b)
			refused(t, err, access.Invalid, "code_malformed")
		}
	}
	_, err := o.SignIn.RedeemCode(t.Context(), code, b)
	must(t, err)
}

// One browser that is known to a member guesses: it has ten a day of its own, and
// spends none of the others'. It is known to that member and to nobody else.
func TestKnownBrowserHasItsOwn(t *testing.T) {
	o := openOffice(t)
	shared := browser("the computer in the hall")
	_, err := o.SignIn.RedeemCode(t.Context(), o.codeFor("fay@example.org", shared), shared)
	must(t, err)
	for i := range access.MaxWrongCodesKnown {
		if i%access.MaxCodeAttempts == 0 {
			o.codeFor("fay@example.org", shared)
		}
		_, err := o.SignIn.RedeemCode(t.Context(), wrongAt(i), shared)
		refused(t, err, access.Invalid, "code_wrong")
	}
	if text := o.askText("fay@example.org", shared); !says(text, "Codes are switched off") {
		t.Errorf("after ten wrong codes:\n%s", text)
	}
	if until := o.closed("fay@example.org", stranger(1)); !until.IsZero() {
		t.Errorf("the known browser spent what is the others': %v", until)
	}
	if until := o.closed("bob@example.org", shared); !until.IsZero() {
		t.Errorf("the browser that fay used counts for bob: %v", until)
	}
	o.guess("bob@example.org", access.MaxWrongCodesHour, 0)
	if until := o.closed("bob@example.org", shared); until.IsZero() {
		t.Error("a browser that signed fay in is known to bob")
	}
}

// Ten browsers are known to a member at once, the ones used last. None is any
// more once all was closed at once, and none is left of a member who is gone.
func TestKnownBrowsersAreForgotten(t *testing.T) {
	o := openOffice(t)
	visit := func(n int) Browser {
		b := Browser{
			Secret: access.Secret(fmt.Sprint("device ", n)),
			From:   fmt.Sprintf("203.0.113.%d", n),
			Agent:  "Firefox",
		}
		o.clock.forward(time.Hour)
		_, err := o.SignIn.RedeemCode(t.Context(), o.codeFor("fay@example.org", b), b)
		must(t, err)
		return b
	}
	known := func(b Browser) (is bool) {
		must(t, o.store.View(t.Context(), func(tx *store.Tx) (err error) {
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
	o.clock.forward(access.KnownBrowserTTL - time.Microsecond)
	if !known(all[access.MaxKnownBrowsers]) {
		t.Error("forgotten before its time")
	}
	o.clock.forward(time.Microsecond)
	if known(all[access.MaxKnownBrowsers]) {
		t.Error("known for longer than a year")
	}
	fresh := visit(50)
	must(t, o.Sessions.SignOutEverywhere(t.Context(), o.fay, o.fay.Member, false))
	if known(fresh) {
		t.Error("known although all was closed")
	}
	visit(51)
	must(t, o.Members.Remove(t.Context(), o.ann, o.fay.Member))
	_, err := o.Jobs.Sweep(t.Context())
	must(t, err)
	must(t, o.store.Each(t.Context(), func(key, value []byte) error {
		if string(key[:3]) == "N/m" && string(key[3:]) == string(o.fay.Member) {
			t.Error("a member who is gone has known browsers")
		}
		return nil
	}))
	o.verify()
}

// Somebody guesses at a member's codes: the audit log says so, once for five, ten
// and twenty, and not at all for addresses that nobody has.
func TestGuessesLeaveATrace(t *testing.T) {
	o := openOffice(t)
	o.guess("nobody@example.org", 10, 200)
	if n := o.did(access.ActionGuess); n != 0 {
		t.Errorf("%d entries for an address that nobody has", n)
	}
	for _, step := range []struct{ more, entries int }{{4, 0}, {1, 1}, {4, 1}, {1, 2}} {
		o.guess("fay@example.org", step.more, 300+o.clock.now().Minute()*10)
		o.clock.forward(time.Minute)
		if n := o.did(access.ActionGuess); n != step.entries {
			t.Errorf("%d entries, want %d", n, step.entries)
		}
	}
	o.clock.forward(2 * time.Hour)
	o.guess("fay@example.org", 10, 900)
	var last access.AuditEntry
	for _, e := range o.entries() {
		if e.Action == access.ActionGuess {
			last = e
		}
	}
	if o.did(access.ActionGuess) != 3 || last.Target != string(o.fay.Member) || !last.Actor.IsSystem() ||
		!strings.HasPrefix(last.Detail, "20 within a day, the last from 198.51.") {
		t.Errorf("the last of %d entries is %+v", o.did(access.ActionGuess), last)
	}
}
