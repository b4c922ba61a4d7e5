package desktop_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"doorward/app/desktop"
	"doorward/backend/access"
)

// A program on this computer, or a page in its browser, knows where the window
// listens and tries to give it a session: without the state it is ignored, and
// the sign-in goes on.
func TestSignInTakesNothingFromStrangers(t *testing.T) {
	keyring.MockInit()
	e, d := newElsewhere(t), newComputer(t)
	ask := d.signIn(e.URL)
	for _, state := range []string{"", "x", ask.Get("code_challenge"), ask.Get("state") + "x"} {
		if status, _ := comesBack(t, ask, "a-code-of-theirs", state); status != http.StatusNotFound {
			t.Errorf("with the mark %q: %d", state, status)
		}
	}
	rebound, _ := http.NewRequest("GET", "http://127.0.0.1:"+ask.Get("port")+"/?code=x&state="+ask.Get("state"), nil)
	rebound.Host = "evil.example"
	if res, err := http.DefaultClient.Do(rebound); err != nil || res.StatusCode != http.StatusNotFound {
		t.Errorf("under another name: %v, %v", res, err)
	}
	if n := len(e.asked); n != 1 {
		t.Errorf("the server was asked %d times, want once, whether it is a Doorward", n)
	}
	comesBack(t, ask, "the-code", ask.Get("state"))
	if status, said := d.takes(); status != 200 {
		t.Errorf("afterwards: %d %v", status, said)
	}
}

// The secret behind the challenge goes to the server with the code, and nowhere
// before; afterwards the window acts as that member, now and after a restart.
func TestSignInElsewhere(t *testing.T) {
	keyring.MockInit()
	e, d := newElsewhere(t), newComputer(t)
	d.Workspaces.File = filepath.Join(t.TempDir(), "new", "workspaces.json")
	ask := d.signIn(e.URL)
	if ask.Get("code_challenge_method") != "S256" || ask.Get("code_verifier") != "" {
		t.Errorf("the browser got %v", ask)
	}
	status, page := comesBack(t, ask, "the-code", ask.Get("state"))
	if status != 200 || !strings.Contains(page, "It asks whether to sign in as ada@example.com") {
		t.Errorf("the browser is told %d %s", status, page)
	}
	if status, said := d.takes(); status != 200 || said["lasting"] != true || said["at"] != e.URL {
		t.Fatalf("%d %v", status, said)
	}
	status, said := d.post("/desktop/open", map[string]string{"at": e.URL})
	if status != 200 || said["name"] != "Night Watch" || said["fresh"] != false {
		t.Fatalf("%d %v", status, said)
	}
	do(d, "POST", "/api/v1/members/x/approve", "Authorization", "Bearer dw_x", "Cookie", "dw=stolen")
	last := e.asked[len(e.asked)-1]
	for name, want := range map[string]string{
		"Authorization":  "Bearer dwin_secret",
		"Cookie":         "",
		"X-Doorward-Via": "",
		"Sec-Fetch-Site": "same-origin",
	} {
		if got := last.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if !strings.HasPrefix(last.Header.Get("User-Agent"), "Doorward-Desktop (") {
		t.Errorf("it says that it is %q", last.Header.Get("User-Agent"))
	}
	b, err := os.ReadFile(d.Workspaces.File)
	if err != nil || strings.Contains(string(b), "dwin_") || !strings.Contains(string(b), "Night Watch") {
		t.Errorf("the file holds %s, %v", b, err)
	}

	again := newComputer(t)
	again.Workspaces.File = d.Workspaces.File
	if status, said := again.post("/desktop/open", struct{}{}); status != 200 || said["at"] != e.URL {
		t.Errorf("the next start opens %d %v", status, said)
	}
}

// The verifier that the server gets is the one behind the challenge.
func TestSignInProvesItself(t *testing.T) {
	keyring.MockInit()
	var got struct {
		Code     string `json:"code"`
		Verifier string `json:"code_verifier"`
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			json.NewDecoder(r.Body).Decode(&got)
		}
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"code":"signed_out"}`)
	}))
	defer server.Close()
	d := newComputer(t)
	ask := d.signIn(server.URL)
	if status, page := comesBack(t, ask, "the-code", ask.Get("state")); status != http.StatusBadGateway ||
		!strings.Contains(page, "did not accept the sign-in") {
		t.Errorf("the browser is told %d %s", status, page)
	}
	sum := sha256.Sum256([]byte(got.Verifier))
	if got.Code != "the-code" || base64.RawURLEncoding.EncodeToString(sum[:]) != ask.Get("code_challenge") {
		t.Errorf("the server got %+v for %v", got, ask)
	}
}

func TestWithoutAKeyring(t *testing.T) {
	keyring.MockInitWithError(errors.New("no such bus"))
	t.Cleanup(keyring.MockInit)
	e, d := newElsewhere(t), newComputer(t)
	ask := d.signIn(e.URL)
	comesBack(t, ask, "the-code", ask.Get("state"))
	if status, said := d.takes(); status != 200 || said["lasting"] != false {
		t.Fatalf("%d %v", status, said)
	}
	if status, said := d.post("/desktop/open", map[string]string{"at": e.URL}); status != 200 {
		t.Errorf("in the same window: %d %v", status, said)
	}
	if status, said := newComputer(t).post("/desktop/open", map[string]string{
		"at": e.URL,
	}); status != http.StatusUnauthorized || said["code"] != "sign_in_needed" {
		t.Errorf("in the next one: %d %v", status, said)
	}
}

// in is a shell that is signed in at e.
func in(t *testing.T, e *elsewhere) *computer {
	t.Helper()
	keyring.MockInit()
	d := newComputer(t)
	ask := d.signIn(e.URL)
	comesBack(t, ask, "the-code", ask.Get("state"))
	d.takes()
	if status, said := d.post("/desktop/open", map[string]string{"at": e.URL}); status != 200 {
		t.Fatalf("%d %v", status, said)
	}
	return d
}

// The window changes to another workspace: notifications of the first one end.
func TestChangeWorkspace(t *testing.T) {
	e := newElsewhere(t)
	d := in(t, e)
	var settled []string
	var ended []<-chan struct{}
	d.Settled = func(ctx context.Context, o desktop.Opened) {
		settled, ended = append(settled, o.At), append(ended, ctx.Done())
	}
	for _, at := range []string{"", e.URL, e.URL, ""} {
		if status, said := d.post("/desktop/open", map[string]string{"at": at}); status != 200 || said["at"] != at {
			t.Fatalf("%d %v", status, said)
		}
	}
	if got := strings.Join(settled, ","); got != ","+e.URL+"," {
		t.Errorf("settled on %q", got)
	}
	<-ended[0]
	<-ended[1]
	select {
	case <-ended[2]:
		t.Error("the one that is open has ended")
	default:
	}
}

// A workspace does not answer: the one before stays open. Where the list cannot
// be stored the window works all the same.
func TestChangeToOneThatIsDown(t *testing.T) {
	e := newElsewhere(t)
	d := in(t, e)
	d.Workspaces.File = filepath.Join(t.TempDir(), "a file", "workspaces.json")
	if err := os.WriteFile(filepath.Dir(d.Workspaces.File), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, said := d.post("/desktop/open", map[string]string{"at": ""}); status != 200 {
		t.Fatalf("%d %v", status, said)
	}
	e.Close()
	if status, said := d.post("/desktop/open", map[string]string{
		"at": e.URL,
	}); status != http.StatusServiceUnavailable || !strings.Contains(said["detail"].(string), "does not answer") {
		t.Errorf("%d %v", status, said)
	}
	if o, open := d.Opened(); !open || o.At != "" {
		t.Errorf("open is %v, %v", o.At, open)
	}
}

// A session was ended at the server: the window asks to sign in again, and does
// not send the dead secret a second time.
func TestSignedOutElsewhere(t *testing.T) {
	e := newElsewhere(t)
	d := in(t, e)
	e.mu.Lock()
	e.secret = ""
	e.mu.Unlock()
	for range 2 {
		if status, said := d.post("/desktop/open", struct{}{}); status != http.StatusUnauthorized ||
			said["code"] != "sign_in_needed" {
			t.Errorf("%d %v", status, said)
		}
	}
	if _, open := d.Opened(); open {
		t.Error("it is still open")
	}
	if secret, err := keyring.Get("Doorward", e.URL); err == nil {
		t.Errorf("the keyring still has %q", secret)
	}
}

func TestLeaveAndForget(t *testing.T) {
	for _, path := range []string{"/desktop/leave", "/desktop/forget"} {
		e := newElsewhere(t)
		d := in(t, e)
		if status, said := d.post(path, map[string]string{"at": e.URL}); status != 200 {
			t.Fatalf("%s: %d %v", path, status, said)
		}
		if e.left != 1 || d.Vault.Find(e.URL) != "" {
			t.Errorf("%s: the server heard it %d times", path, e.left)
		}
		all, _ := d.Workspaces.List()
		if want := map[string]int{"/desktop/leave": 1, "/desktop/forget": 0}[path]; len(all) != want {
			t.Errorf("%s leaves %v", path, all)
		}
	}
	d := newComputer(t)
	d.post("/desktop/open", struct{}{})
	if status, said := d.post("/desktop/leave", nil); status != 422 || said["code"] != "not_elsewhere" {
		t.Errorf("on this computer: %d %v", status, said)
	}
}

func TestSignInStopped(t *testing.T) {
	e, d := newElsewhere(t), newComputer(t)
	ask := d.signIn(e.URL)
	d.post("/desktop/sign-in/stop", nil)
	if status, said := d.post("/desktop/sign-in/wait", nil); status != http.StatusGone ||
		said["code"] != "sign_in_over" {
		t.Errorf("%d %v", status, said)
	}
	if res, err := http.Get("http://127.0.0.1:" + ask.Get("port") + "/"); err == nil {
		t.Errorf("the way back is still open: %s", res.Status)
	}
}

func TestPlace(t *testing.T) {
	for typed, want := range map[string]string{
		"door.example.com":                       "https://door.example.com",
		" https://Door.Example.com/admin/x?y#z ": "https://door.example.com",
		"https://door.example.com:8443":          "https://door.example.com:8443",
		"http://127.0.0.1:8080":                  "http://127.0.0.1:8080",
		"http://localhost:8080/":                 "http://localhost:8080", "http://[::1]:8080": "http://[::1]:8080",
		"http://LocalHost:8080": "http://localhost:8080",
	} {
		if got, err := desktop.Place(typed); err != nil || got.String() != want {
			t.Errorf("Place(%q) = %v, %v, want %s", typed, got, err, want)
		}
	}
	for typed, want := range map[string]string{
		"": "Enter the address", "  ": "Enter the address", "https://": "not an address",
		"door example": "not an address", "https://a b": "not an address", "https://%zz": "not an address",
		"http://door.example.com": "Use https", "http://127.0.0.1.evil.example": "Use https",
		"https://ada:secret@door.example.com": "username and password",
		"ftp://door.example.com":              "must begin with https",
		"javascript://door.example.com":       "must begin with https",
	} {
		if got, err := desktop.Place(typed); err == nil || !access.Invalid.Is(err) ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("Place(%q) = %v, %v, want %s", typed, got, err, want)
		}
	}
}

// The address is not a Doorward: the browser is not opened.
func TestNoDoorwardThere(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "<html>hello")
	}))
	defer page.Close()
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }))
	defer down.Close()
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer untrusted.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for at, want := range map[string]string{
		page.URL:      "There is no Doorward at",
		down.URL:      "cannot answer right now",
		untrusted.URL: "does not trust the certificate",
		gone.URL:      "does not answer",
		"":            "Enter the address",
	} {
		d := newComputer(t)
		status, said := d.post("/desktop/sign-in", map[string]string{"at": at})
		if detail, _ := said["detail"].(string); status == 200 || !strings.Contains(detail, want) {
			t.Errorf("%s: %d %v, want %s", at, status, said, want)
		}
		if len(d.links) > 0 {
			t.Errorf("%s: the browser was opened", at)
		}
	}
}

func TestWorkspacesFile(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]int{
		"": 0, "{": 0,
		`{"known":[{"at":"https://a.example"},{"at":"http://b.example"},{"at":"https://c.example/x"}],"last":"https://b.example"}`: 1,
	} {
		w := desktop.Workspaces{File: filepath.Join(dir, "w.json")}
		if err := os.WriteFile(w.File, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		all, last := w.List()
		if len(all) != want || last != "" {
			t.Errorf("%s is read as %v, %q", text, all, last)
		}
		if err := w.Use(""); err != nil {
			t.Errorf("after %s: %v", text, err)
		}
	}
}
