package desktop_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"doorward/app/desktop"
)

// An elsewhere is a server with as much of Doorward as the window needs to sign
// in. How the code is redeemed is tested in backend/service.
type elsewhere struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []*http.Request
	secret string // of the window's session; empty: none
	left   int
	bad    string // a code that is refused
	email  string // of whoever agrees
}

func newElsewhere(t *testing.T) *elsewhere {
	e := &elsewhere{email: "ada@example.com"}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.asked = append(e.asked, r)
		in := e.secret != "" && r.Header.Get("Authorization") == "Bearer "+e.secret
		switch {
		case r.Method == "POST" && r.URL.Path == "/api/v1/desktop" && e.bad != "" && asksFor(r, e.bad):
			w.WriteHeader(http.StatusGone)
			io.WriteString(w, `{"code":"desktop_sign_in_expired"}`)
		case r.Method == "POST" && r.URL.Path == "/api/v1/desktop":
			e.secret = "dwin_secret"
			w.WriteHeader(http.StatusCreated)
			json.NewEncoder(w).Encode(map[string]string{"secret": "dwin_secret", "email": e.email,
				"name": "Ada Lovelace", "workspace": "Night Watch"})
		case !in:
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, `{"code":"signed_out","detail":"You are not signed in."}`)
		case r.Method == "DELETE":
			e.secret, e.left = "", e.left+1
			w.WriteHeader(http.StatusNoContent)
		default:
			io.WriteString(w, `{"state":"active"}`)
		}
	}))
	t.Cleanup(e.Close)
	return e
}

func asksFor(r *http.Request, code string) bool {
	var in struct{ Code string }
	return json.NewDecoder(r.Body).Decode(&in) == nil && in.Code == code
}

// leftNow returns how many windows have signed out.
func (e *elsewhere) leftNow() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.left
}

// A computer is a shell and a browser with a person at it.
type computer struct {
	*desktop.Shell
	t     *testing.T
	links chan string
}

func newComputer(t *testing.T) *computer {
	d := &computer{t: t, links: make(chan string, 1)}
	d.Shell = newShell(&far{answer: func(*http.Request) *http.Response { return says(`{"total":1}`) }})
	d.Browse, d.Front = func(link string) { d.links <- link }, func() {}
	t.Cleanup(func() { d.Shell.Close() })
	return d
}

// post sends a request of the window's page, and reads the answer.
func (d *computer) post(path string, body any) (status int, said map[string]any) {
	d.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest("POST", path, strings.NewReader(string(b))))
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
		d.t.Fatalf("%s answers %q", path, w.Body)
	}
	return w.Code, said
}

// signIn starts a sign-in, and returns the parameters of the link that the
// browser got.
func (d *computer) signIn(at string) url.Values {
	d.t.Helper()
	if status, said := d.post("/desktop/sign-in", map[string]string{"at": at}); status != 200 {
		d.t.Fatalf("%d %v", status, said)
	}
	return d.led(<-d.links).Query()
}

// led returns where the page that the browser was started with leads.
func (d *computer) led(page string) *url.URL {
	d.t.Helper()
	res, err := (&http.Transport{}).RoundTrip(httptest.NewRequest("GET", page, nil))
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	link, err := res.Location()
	if err != nil || link.Path != "/desktop" {
		d.t.Fatalf("the browser got %v, %v", res.Status, err)
	}
	return link
}

// takes waits for the window's question who signed in, and answers yes.
func (d *computer) takes() (status int, said map[string]any) {
	d.t.Helper()
	if status, said = d.post("/desktop/sign-in/wait", nil); status != 200 || said["email"] != "ada@example.com" {
		d.t.Fatalf("it asks %d %v", status, said)
	}
	return d.post("/desktop/sign-in/answer", map[string]bool{"yes": true})
}

// comesBack is the browser's request on its way back.
func comesBack(t *testing.T, ask url.Values, code, state string) (int, string) {
	t.Helper()
	to := "http://127.0.0.1:" + ask.Get("port") + "/?" + url.Values{"code": {code}, "state": {state}}.Encode()
	req, err := http.NewRequest("GET", to, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Language", "fr") // the pages are in the window's language
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}
