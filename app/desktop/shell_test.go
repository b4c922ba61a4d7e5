package desktop_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"doorward/app/desktop"
	"doorward/backend/access"
)

// A far is the Doorward behind the window: it records requests and gives set
// answers.
type far struct {
	asked  []*http.Request
	answer func(*http.Request) *http.Response
}

func (f *far) RoundTrip(r *http.Request) (*http.Response, error) {
	f.asked = append(f.asked, r)
	return f.answer(r), nil
}

func says(body string, headers ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: http.StatusOK, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func newShell(f *far, open ...error) *desktop.Shell {
	frontend := fstest.MapFS{
		"dist/index.html":   {Data: []byte("<html><head></head><body>the console</body></html>")},
		"dist/assets/a.js":  {Data: []byte("1")},
		"tokens.css":        {Data: []byte("/* tokens */")},
		"portal/portal.css": {Data: []byte("/* door */")},
	}
	for _, l := range []access.Language{access.English, access.German, access.Arabic} {
		name := "messages/" + string(l) + ".json"
		catalogue, err := os.ReadFile("../../frontend/" + name)
		if err != nil {
			panic(err)
		}
		frontend[name] = &fstest.MapFile{Data: catalogue}
	}
	return &desktop.Shell{
		Frontend:   frontend,
		Alive:      &desktop.Alive{Grace: time.Hour},
		Workspaces: &desktop.Workspaces{},
		Vault:      &desktop.Vault{},
		Open: func(context.Context) (desktop.Opened, error) {
			for _, err := range open {
				return desktop.Opened{}, err
			}
			return desktop.Opened{Name: "here", Via: f, Close: func() error { return nil }}, nil
		},
	}
}

func do(s http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader("{}"))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// A page sets the headers that say who asks: the window replaces them.
func TestPageCannotSayWhoAsks(t *testing.T) {
	f := &far{answer: func(*http.Request) *http.Response { return says(`{"total":1}`) }}
	s := newShell(f)
	do(s, "POST", "/desktop/open")
	do(s, "POST", "/api/v1/members/x/approve?y=1", "Cookie", "dw=stolen", "Authorization", "Bearer dw_x", "Origin",
		"https://evil.example", "X-Doorward-Via", "cli", "X-Doorward-As", "somebody")
	got := f.asked[len(f.asked)-1]
	if got.URL.Path != "/api/v1/members/x/approve" || got.URL.RawQuery != "y=1" {
		t.Errorf("it went to %s", got.URL)
	}
	for name, want := range map[string]string{
		"Cookie":         "",
		"Authorization":  "",
		"Origin":         "",
		"Sec-Fetch-Site": "same-origin",
		"X-Doorward-Via": "window",
		"X-Doorward-As":  "",
	} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
	}
}

// A server answers with a page of its own: nothing of it runs in the window.
func TestAnswersCannotRun(t *testing.T) {
	f := &far{answer: func(r *http.Request) *http.Response {
		if r.URL.Path == "/api/v1/members" {
			return says(`{"total":1}`)
		}
		return says(`<script>go.desktop.Window.Save()</script>`, "Content-Type", "text/html", "Set-Cookie", "a=b",
			"Location", "https://evil.example")
	}}
	s := newShell(f)
	do(s, "POST", "/desktop/open")
	h := do(s, "GET", "/api/v1/me").Header()
	if h.Get("Content-Security-Policy") != "default-src 'none'; sandbox" ||
		h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the answer may run: %v", h)
	}
	if h.Get("Set-Cookie") != "" || h.Get("Location") != "" {
		t.Errorf("the answer keeps or leads: %v", h)
	}
	header := do(s, "GET", "/api/v1/outbox/x/page").Header()
	if got := header.Get("Content-Security-Policy"); got != "default-src 'none'; style-src 'unsafe-inline'; sandbox" ||
		header.Get("Set-Cookie") != "" {
		t.Errorf("an email may do more than have a look: %v", header)
	}
	asked := len(f.asked)
	for _, path := range []string{"/local/v1/backup", "/setup/x", "/ailoop"} {
		if code := do(s, "GET", path).Code; code != http.StatusNotFound || len(f.asked) != asked {
			t.Errorf("%s went through: %d", path, code)
		}
	}
}

func TestOpen(t *testing.T) {
	locked := access.Errorf(access.Unavailable, "Another program has it open.").WithCode("data_dir_in_use")
	tests := []struct {
		name   string
		far    string
		fails  []error
		status int
		want   string
	}{
		{"with an Admin", `{"total":2}`, nil, 200, `{"at":"","fresh":false,"name":"here"}`},
		{"without one", `{"total":0}`, nil, 200, `{"at":"","fresh":true,"name":"here"}`},
		{"locked", "", []error{locked}, 503, `"detail":"Another program has it open."`},
		{"a fault that is ours", "", []error{os.ErrPermission}, 503, "Something went wrong on our side"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newShell(&far{answer: func(*http.Request) *http.Response { return says(tt.far) }}, tt.fails...)
			w := do(s, "POST", "/desktop/open")
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("%d %s, want %d with %s", w.Code, w.Body, tt.status, tt.want)
			}
		})
	}
}

func TestPagesAreJoinedToTheWindow(t *testing.T) {
	s := newShell(&far{})
	for path, toolkit := range map[string]bool{
		"/":                       false,
		"/login":                  true,
		"/admin/":                 false,
		"/admin/requests":         true,
		"/admin/settings/members": true,
	} {
		w := do(s, "GET", path)
		body := w.Body.String()
		if w.Code != 200 || strings.Count(body, "/desktop/bridge.js") != 1 ||
			strings.Contains(body, "/wails/ipc.js") != toolkit {
			t.Errorf("%s: %d %s", path, w.Code, body)
		}
	}
	for path, want := range map[string]string{
		"/admin/assets/a.js":  "1",
		"/desktop/portal.css": "/* tokens *//* door */",
	} {
		if w := do(s, "GET", path); w.Body.String() != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// An invitation raises the count; a notification is for somebody who has
// accepted, and shows their name as plain text, whatever it contains.
func TestWatchTellsOfNewOnes(t *testing.T) {
	counts := []string{
		`{"pending":2,"accepted":1}`, `{"pending":3,"accepted":1}`, `{"pending":3,"accepted":2}`,
		`{"pending":0,"accepted":0}`,
	}
	next := 0
	f := &far{answer: func(r *http.Request) *http.Response {
		switch r.URL.Path {
		case "/api/v1/events":
			return says("event: login-request\ndata: {}\n\nevent: overview\ndata: {}\n\nevent: overview\ndata: {}\n\n")
		case "/api/v1/login-requests":
			return says(
				`{"items":[{"email":"a@example.com","accepted_at":"2030-01-01T00:00:00Z"},{"email":"b@example.com","name":"<a ` +
					`href='https://evil.example'>Bob</a>","accepted_at":"2030-01-02T00:00:00Z"},{"email":"c@example.com"}]}`,
			)
		}
		next++
		return says(counts[next-1])
	}}
	ctx, cancel := context.WithCancel(context.Background())
	var titles, notices []string
	w := desktop.Watch{
		Name:   "Night Watch",
		Say:    newShell(f).Say,
		Notify: func(title, body string) { notices = append(notices, title+": "+body) },
		Title: func(s string) {
			if titles = append(titles, s); s == "Night Watch · Doorward" {
				cancel()
			}
		},
	}
	w.Run(ctx, desktop.Opened{Via: f})
	if got := strings.Join(titles,
		", "); got != "(2) Night Watch · Doorward, (3) Night Watch · Doorward, Night Watch · Doorward" {
		t.Errorf("titles: %s", got)
	}
	if got := strings.Join(notices,
		", "); got != "Night Watch · Doorward: a href='https://evil.example'Bob/a is waiting for your approval, "+
		"and 1 more." {
		t.Errorf("notices: %s", got)
	}
}

// The session was ended: the watch does not go on asking with a dead secret.
func TestWatchEndsWithTheSession(t *testing.T) {
	f := &far{answer: func(*http.Request) *http.Response {
		res := says(`{}`)
		res.StatusCode = http.StatusUnauthorized
		return res
	}}
	(&desktop.Watch{}).Run(t.Context(), desktop.Opened{Via: f})
	if len(f.asked) != 1 {
		t.Errorf("it asked %d times", len(f.asked))
	}
}

func TestAliveNoticesThatThePageIsGone(t *testing.T) {
	lost := make(chan bool, 1)
	a := &desktop.Alive{Grace: time.Millisecond, Lost: func() { lost <- true }}
	ctx, gone := context.WithCancel(context.Background())
	gone()
	a.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	select {
	case <-lost:
	case <-time.After(patience):
		t.Fatal("nobody noticed")
	}
}

func TestAliveNoticesThatThePageNeverCame(t *testing.T) {
	lost := make(chan bool, 1)
	a := &desktop.Alive{Grace: time.Millisecond, Lost: func() { lost <- true }}
	a.Expect()
	select {
	case <-lost:
	case <-time.After(patience):
		t.Fatal("nobody noticed")
	}
}

func TestFrame(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "window.json")
	if got := desktop.LoadFrame(file); got != desktop.DefaultFrame {
		t.Errorf("without a file: %+v", got)
	}
	want := desktop.Frame{X: 10, Y: 20, Width: 900, Height: 700, Maximised: true}
	if err := desktop.SaveFrame(file, want); err != nil || desktop.LoadFrame(file) != want {
		t.Errorf("kept %+v (%v), want %+v", desktop.LoadFrame(file), err, want)
	}
	for _, bad := range []string{"{", `{"Width":1,"Height":700}`, `{"Width":900,"Height":999999}`} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := desktop.LoadFrame(file); got != desktop.DefaultFrame {
			t.Errorf("%s opened %+v", bad, got)
		}
	}
}

// The window is closed while the program is told to end.
func TestTheFrameIsKeptTwiceAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "window.json")
	var all sync.WaitGroup
	failed := make([]error, 16)
	for i := range failed {
		all.Go(func() { failed[i] = desktop.SaveFrame(file, desktop.DefaultFrame) })
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("%v is left (%v)", left, err)
	}
}

// The store refuses a directory that holds a foreign file, so the frame must not
// be stored there.
func TestTheFrameIsNotKeptAmongTheData(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	data := t.TempDir()
	if file := desktop.FrameFile(data); strings.HasPrefix(file, data) || file == desktop.FrameFile(t.TempDir()) {
		t.Errorf("the window's place is kept in %s", file)
	}
}

func TestReadDropped(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, other := file("a.CSV", "email,role\n"), file("a.txt", "x")
	tests := map[string]struct {
		paths []string
		code  string
	}{
		"one": {[]string{good}, ""}, "two": {[]string{good, good}, "not_a_csv"}, "none": {nil, "not_a_csv"},
		"another kind": {[]string{other}, "not_a_csv"},
		"gone":         {[]string{dir + "/no.csv"}, "unreadable"},
		"large":        {[]string{file("b.csv", strings.Repeat("x", 1<<20+1))}, "too_large"},
		"binary":       {[]string{file("c.csv", "\xff\xfe")}, "not_utf8"},
	}
	for name, tt := range tests {
		text, err := desktop.ReadDropped(tt.paths)
		if tt.code == "" && (err != nil || text != "email,role\n") || tt.code != "" && access.Explain(err).
			Code != tt.code {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

// A backup breaks off: it leaves the file that was there, and no part of a new
// one.
func TestBackUp(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.backup")
	body := io.Reader(strings.NewReader("all of it"))
	f := &far{answer: func(*http.Request) *http.Response {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(body)}
	}}
	o := desktop.Opened{Via: f}
	if err := desktop.BackUp(context.Background(), o, file); err != nil {
		t.Fatal(err)
	}
	body = io.MultiReader(strings.NewReader("half"), brokenOff{})
	if err := desktop.BackUp(context.Background(), o, file); err == nil {
		t.Error("a part was taken for the whole")
	}
	got, err := os.ReadFile(file)
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".doorward-*"))
	if string(got) != "all of it" || err != nil || len(left) != 0 {
		t.Errorf("left %q (%v) and %q", got, err, left)
	}
}

type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestNeedsDisplay(t *testing.T) {
	if err := desktop.NeedsDisplay(func(string) string { return "" }); access.Explain(err).Code != "no_display" {
		t.Errorf("without a display: %v", err)
	}
	if err := desktop.NeedsDisplay(func(name string) string {
		return map[string]string{
			"DISPLAY": ":1",
		}[name]
	}); err != nil {
		t.Errorf("with one: %v", err)
	}
}
