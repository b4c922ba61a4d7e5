package desktop_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
)

// Another program of this computer has read the browser's arguments: they hold
// neither the state of the sign-in nor its challenge, and the page that leads
// there leads one browser, once.
func TestBrowserIsStartedWithNoSecrets(t *testing.T) {
	keyring.MockInit()
	e, d := newElsewhere(t), newComputer(t)
	if status, said := d.post("/desktop/sign-in", map[string]string{"at": e.URL}); status != 200 {
		t.Fatalf("%d %v", status, said)
	}
	page := <-d.links
	u, err := url.Parse(page)
	if err != nil || u.Hostname() != "127.0.0.1" || u.RawQuery != "" {
		t.Fatalf("the browser is started with %s", page)
	}
	ask := d.led(page).Query()
	for _, secret := range []string{ask.Get("state"), ask.Get("code_challenge")} {
		if secret == "" || strings.Contains(page, secret) {
			t.Errorf("%s holds %q", page, secret)
		}
	}
	get := func(change func(*http.Request)) int {
		r := httptest.NewRequest("GET", page, nil)
		change(r)
		res, err := (&http.Transport{}).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	d.post("/desktop/sign-in/browse", nil)
	page = <-d.links
	for what, change := range map[string]func(*http.Request){
		"under another name": func(r *http.Request) { r.Host = "evil.example" },
		"by POST":            func(r *http.Request) { r.Method = "POST" },
		"by another page":    func(r *http.Request) { r.URL.Path += "x" },
	} {
		if got := get(change); got != http.StatusNotFound {
			t.Errorf("%s: %d", what, got)
		}
	}
	if first, again := get(func(*http.Request) {}), get(func(*http.Request) {}); first != http.StatusSeeOther ||
		again != http.StatusNotFound {
		t.Errorf("it leads %d, and then %d; want once", first, again)
	}
}

// Another user of this computer, who has learned the state, sends a bad code: the
// sign-in goes on, and the right code is still accepted. A series of bad ones
// ends it with a sentence.
func TestWrongCodeDoesNotEndTheSignIn(t *testing.T) {
	keyring.MockInit()
	e, d := newElsewhere(t), newComputer(t)
	e.bad = "a-code-of-theirs"
	ask := d.signIn(e.URL)
	for range 9 {
		if status, page := comesBack(t, ask, e.bad, ask.Get("state")); status != http.StatusBadGateway ||
			!strings.Contains(page, "The window is still waiting") {
			t.Fatalf("the browser is told %d %s", status, page)
		}
	}
	comesBack(t, ask, "the-code", ask.Get("state"))
	if status, said := d.takes(); status != 200 || said["at"] != e.URL {
		t.Errorf("%d %v", status, said)
	}

	ask = d.signIn(e.URL)
	for range 10 {
		comesBack(t, ask, e.bad, ask.Get("state"))
	}
	if status, said := d.post("/desktop/sign-in/wait", nil); status != http.StatusGone ||
		said["code"] != "sign_in_disturbed" {
		t.Errorf("%d %v", status, said)
	}
}

// An Admin who is another user of this computer sends a good code of his own
// account: whatever is done in the window from then on would be done there, and
// he would read it. The window says whose account it is, and accepts it only
// after a yes; after a no that session is ended, and the sign-in goes on.
func TestWindowAsksWhoseAccountItIs(t *testing.T) {
	keyring.MockInit()
	e, d := newElsewhere(t), newComputer(t)
	ask := d.signIn(e.URL)
	comesBack(t, ask, "the-code", ask.Get("state"))
	status, said := d.post("/desktop/sign-in/wait", nil)
	if status != 200 || said["email"] != "ada@example.com" || said["called"] != "Ada Lovelace" ||
		said["host"] != strings.TrimPrefix(e.URL, "http://") {
		t.Fatalf("it asks %d %v", status, said)
	}
	if all, _ := d.Workspaces.List(); d.Vault.Find(e.URL) != "" || len(all) != 0 {
		t.Error("it is taken before the answer")
	}
	if status, page := comesBack(t, ask, "another-code", ask.Get("state")); status != http.StatusConflict ||
		!strings.Contains(page, "ada@example.com") {
		t.Errorf("another code while it asks: %d %s", status, page)
	}
	if status, said := d.post("/desktop/sign-in/answer", map[string]bool{"yes": false}); status != 200 ||
		said["at"] != nil {
		t.Errorf("no: %d %v", status, said)
	}
	until(t, "the session that was not taken is ended", func() bool { return e.leftNow() == 1 })
	if d.Vault.Find(e.URL) != "" {
		t.Error("it is taken after a no")
	}
	if status, said := d.post("/desktop/sign-in/answer", map[string]bool{"yes": true}); status != http.StatusGone ||
		said["code"] != "sign_in_over" {
		t.Errorf("yes to nobody: %d %v", status, said)
	}
	comesBack(t, ask, "the-code", ask.Get("state"))
	if status, said := d.takes(); status != 200 || said["at"] != e.URL {
		t.Errorf("then yes: %d %v", status, said)
	}
	if status, said := d.post("/desktop/sign-in/answer", map[string]bool{"yes": true}); status != http.StatusGone {
		t.Errorf("yes twice: %d %v", status, said)
	}
}

// Closing the window, or cancelling, while it asks is not a yes.
func TestNoAnswerIsNotAYes(t *testing.T) {
	keyring.MockInit()
	e, d := newElsewhere(t), newComputer(t)
	ask := d.signIn(e.URL)
	comesBack(t, ask, "the-code", ask.Get("state"))
	d.post("/desktop/sign-in/stop", nil)
	until(t, "the session that was not taken is ended", func() bool { return e.leftNow() == 1 })
	if status, said := d.post("/desktop/sign-in/answer", map[string]bool{"yes": true}); status != http.StatusGone ||
		d.Vault.Find(e.URL) != "" {
		t.Errorf("%d %v", status, said)
	}
}

// patience is how long anything may take on a busy machine.
const patience = time.Minute

// until waits for another goroutine.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}
