package e2e

import (
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
	"testing"

	"doorward/app/e2e/product"
)

// A remoteBrowser is the screen's browser, signed in as the first Admin of a
// remote Doorward.
type remoteBrowser struct {
	*fixture
	browser *http.Client
	asked   string // the file that records the links opened in the system's browser
}

// newRemoteBrowser installs a browser on s that records the links it is given, and signs in to p
// with it.
func newRemoteBrowser(t *testing.T, s *screen, p *running, email string) *remoteBrowser {
	t.Helper()
	b := &remoteBrowser{fixture: &fixture{t, p, nil}, asked: s.noteLinks(t)}
	jar, _ := cookiejar.New(nil)
	b.browser = &http.Client{Jar: jar}
	got, err := p.Run("login-link", email)
	if err != nil || got.Code != 0 {
		t.Fatalf("login-link: %v, %+v", err, got)
	}
	link := product.LinkInEmail.FindString(got.Out)
	b.press(b.browser, link, link, nil, "Sign out everywhere")
	return b
}

// letsIn approves on the page that the window opened in the browser.
func (b *remoteBrowser) letsIn(s *screen) {
	b.Helper()
	asked := strings.Fields(s.written(b.T, b.asked))
	page, err := http.NewRequest("GET", asked[len(asked)-1], nil)
	if err != nil {
		b.Fatal(err)
	}
	if page.URL.RawQuery != "" || page.URL.Hostname() != "127.0.0.1" {
		b.Fatalf("the browser was started with %s, for all to read", page.URL)
	}
	led, err := (&http.Transport{}).RoundTrip(page)
	if err != nil {
		b.Fatal(err)
	}
	defer led.Body.Close()
	link, err := led.Location()
	if err != nil {
		b.Fatal(err)
	}
	b.press(b.browser, link.String(), b.p.URL+"/desktop", link.Query(), "Go back to the Doorward window")
	if err := os.Remove(b.asked); err != nil {
		b.Fatal(err)
	}
}

// A Doorward that runs in another process, at its own address, with the sign-in
// in the browser and the secret in the real keyring.
func TestWindowElsewhere(t *testing.T) {
	program := desktop(t)
	far, near, s := serving(t), newProduct(t), newScreen(t)
	far.must(t, "setup", "--email", "grace@example.org", "--name", "Grace Hopper", "--workspace", "Night Watch")
	near.Env = append(near.Env, "DOORWARD_LISTEN=127.0.0.1:0")
	n := newNotices(t, s)
	s.keyring(t)
	b := newRemoteBrowser(t, s, far, "grace@example.org")

	d := drive(t, s, program, near.Env)
	d.find("heading", "Welcome to Doorward")
	d.click("button", "Connect to it")
	d.find("heading", "Workspaces")
	d.fill("Address", "http://door.example.com")
	d.click("button", "Sign in")
	d.reads("Use https. Over http, anyone on the network could act for you")
	d.picture("elsewhere-wrong")
	d.fill("Address", far.URL)
	d.click("button", "Sign in")
	d.find("heading", "Continue in your browser")
	d.picture("elsewhere-browser")
	b.letsIn(s)
	d.find("heading", "Sign in as grace@example.org?")
	d.picture("elsewhere-whose")
	d.click("button", "Yes, sign in")
	d.find("heading", "Dashboard")
	d.reads("Night Watch")
	s.window("^Night Watch · Doorward$")

	d.invites("ada@example.com", "Ada Lovelace")
	d.click("button", "Done")
	far.comes(t, "ada@example.com")
	window := s.window(`^\(1\) Night Watch · Doorward$`)
	if told := n.await(t); told.title != "Night Watch · Doorward" ||
		!strings.Contains(told.body, "Ada Lovelace is waiting for your approval.") {
		t.Errorf("the notice says %q, %q", told.title, told.body)
	}
	audit, err := far.Run("audit", "--json")
	if err != nil || !strings.Contains(audit.Out, `"source":"desktop","from":"127.0.0.1","action":"invited"`) {
		t.Errorf("the audit log: %v\n%s", err, audit.Out)
	}
	s.press(window, "ctrl+b")
	s.press(s.window("^Back Up$"), "Return")

	// To this computer, and back.
	s.press(window, "ctrl+o")
	d.find("heading", "Workspaces")
	d.reads("as grace@example.org")
	d.picture("elsewhere-choose")
	d.click("button", "~^This computer")
	d.find("heading", "Welcome to Doorward")
	s.window("^Doorward$")
	d.click("button", "Connect to it")
	d.click("button", "~^Night Watch")
	d.find("heading", "Dashboard")

	// The next start opens the same server. After the session was ended there,
	// the window has to sign in by the browser again.
	s.ends(t, s.pid(s.window("Doorward")))
	d.close()
	d = drive(t, s, program, near.Env)
	d.find("heading", "Dashboard")
	d.reads("Night Watch")
	b.press(b.browser, far.URL+"/", far.URL+"/logout", map[string][]string{"everywhere": {"1"}}, "You are signed out")
	d.find("heading", "You have been signed out")
	d.picture("elsewhere-signed-out")
	b = newRemoteBrowser(t, s, far, "grace@example.org")
	s.ends(t, s.pid(s.window("Doorward")))
	d.close()
	d = drive(t, s, program, near.Env)
	d.find("heading", "Sign in to Night Watch")
	d.click("button", "Sign in")
	b.letsIn(s)
	d.click("button", "Yes, sign in")
	d.find("heading", "Dashboard")
	d.click("button", "~Account")
	d.click("menuitem", "Sign out")
	d.find("heading", "Sign in to Night Watch")
	d.click("button", "Other workspaces")
	d.click("button", "Forget Night Watch")
	d.until("it is off the list", "return document.getElementById('known').innerText", "^This computer\n[^\n]*\n?$")
}

// Without a keyring the secret is not saved, and the window says so.
func TestWindowElsewhereWithoutAKeyring(t *testing.T) {
	program := desktop(t)
	// the bus does not start a keyring
	far, near, s := serving(t), newProduct(t), newScreen(t, "XDG_DATA_DIRS="+t.TempDir())
	far.must(t, "setup", "--email", "grace@example.org", "--workspace", "Night Watch")
	near.Env = append(near.Env, "DOORWARD_LISTEN=127.0.0.1:0")
	b := newRemoteBrowser(t, s, far, "grace@example.org")
	d := drive(t, s, program, near.Env)
	d.find("heading", "Welcome to Doorward")
	d.click("button", "Connect to it")
	d.fill("Address", far.URL)
	d.click("button", "Sign in")
	b.letsIn(s)
	d.click("button", "Yes, sign in")
	d.find("heading", "You are signed in")
	d.reads("no keyring")
	d.picture("elsewhere-no-keyring")
	d.click("button", "Open Night Watch")
	d.find("heading", "Dashboard")
	s.ends(t, s.pid(s.window("Doorward")))
	d.close()
	d = drive(t, s, program, near.Env)
	d.find("heading", "Sign in to Night Watch")
}
