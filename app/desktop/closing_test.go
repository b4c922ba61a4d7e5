package desktop_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"doorward/app/desktop"
)

// The window closes and takes the way in from everybody; or it holds up the end of a
// session; or it hides where nothing leads back to it.
func TestLeaving(t *testing.T) {
	for name, c := range map[string]struct {
		leaving desktop.Leaving
		want    desktop.Choice
	}{
		"a client of a server elsewhere": {desktop.Leaving{Back: true}, desktop.ChoiceQuit},
		"nobody has chosen":              {desktop.Leaving{Serving: true, Back: true}, desktop.ChoiceAsk},
		"nothing leads back":             {desktop.Leaving{Serving: true}, desktop.ChoiceAsk},
		"the session ends": {desktop.Leaving{Serving: true, Ending: true, Back: true,
			Kept: desktop.ChoiceBackground}, desktop.ChoiceQuit},
		"to the background": {desktop.Leaving{Serving: true, Back: true, Kept: desktop.ChoiceBackground},
			desktop.ChoiceBackground},
		"no longer a way back": {desktop.Leaving{Serving: true, Kept: desktop.ChoiceBackground}, desktop.ChoiceAsk},
		"by Quit": {desktop.Leaving{Serving: true, Back: true, Quitting: true, Kept: desktop.ChoiceBackground},
			desktop.ChoiceAsk},
		"to quit": {desktop.Leaving{Serving: true, Back: true, Kept: desktop.ChoiceQuit}, desktop.ChoiceQuit},
	} {
		if got := c.leaving.Does(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// newServing is a computer whose Doorward runs in the window's program, and counts how
// often it was closed.
func newServing(t *testing.T) (d *computer, closed *int) {
	d, closed = newComputer(t), new(int)
	d.Frontend = os.DirFS("../../frontend")
	via := &far{answer: func(r *http.Request) *http.Response {
		if r.URL.Path == "/api/v1/overview" {
			return says(`{"pending":3}`)
		}
		return says(`{"total":1,"items":[{"id":"grace"}]}`)
	}}
	d.Open = func(context.Context) (desktop.Opened, error) {
		return desktop.Opened{Name: "here", Via: via, Serves: true, Close: func() error { *closed++; return nil }}, nil
	}
	d.Closing = desktop.Closing{Back: func() bool { return true }, Tray: func() bool { return false }}
	return d, closed
}

// The window changes to a Doorward elsewhere: people still come to the one that runs in
// its program.
func TestChangingWorkspacesEndsNoServer(t *testing.T) {
	e := newElsewhere(t)
	d := in(t, e)
	here, closed := newServing(t)
	d.Open = here.Open
	for _, at := range []string{"", e.URL, ""} {
		if status, said := d.post("/desktop/open", map[string]string{"at": at}); status != 200 || said["at"] != at {
			t.Fatalf("%d %v", status, said)
		}
		if *closed > 0 || !d.Serving(t.Context()) {
			t.Errorf("at %q it was closed %d times", at, *closed)
		}
	}
	d.post("/desktop/open", map[string]string{"at": e.URL})
	if err := d.Shell.Close(); err != nil || *closed != 1 {
		t.Errorf("at the end it was closed %d times, %v", *closed, err)
	}
}

// Nobody can come to a Doorward without an Admin, or to one that only shows here: closing
// the window ends nothing.
func TestNotServing(t *testing.T) {
	d := newComputer(t)
	d.post("/desktop/open", struct{}{})
	if d.Serving(t.Context()) {
		t.Error("a client serves")
	}
	d, _ = newServing(t)
	if d.Serving(t.Context()) {
		t.Error("it serves before anything is open")
	}
	d.Open = func(context.Context) (desktop.Opened, error) {
		via := &far{answer: func(*http.Request) *http.Response { return says(`{"total":0}`) }}
		return desktop.Opened{Name: "here", Via: via, Serves: true, Close: func() error { return nil }}, nil
	}
	d.post("/desktop/open", struct{}{})
	if d.Serving(t.Context()) {
		t.Error("it serves without an Admin")
	}
}

// The question is in the language of the page, says who waits, and offers no background
// that nothing leads back from.
func TestClosingQuestion(t *testing.T) {
	d, _ := newServing(t)
	d.post("/desktop/open", struct{}{})
	asks := func() string { return do(d, "GET", "/desktop/closing").Body.String() }
	if said := asks(); !strings.Contains(said, "3 people are waiting for approval.") ||
		!strings.Contains(said, "start Doorward again") || !strings.Contains(said, `"back":true`) {
		t.Errorf("it asks %s", said)
	}
	d.Closing.Tray = func() bool { return true }
	if said := asks(); !strings.Contains(said, "system tray") {
		t.Errorf("with a tray it asks %s", said)
	}
	d.Closing.Back = func() bool { return false }
	if said := asks(); strings.Contains(said, "system tray") || !strings.Contains(said, `"back":false`) {
		t.Errorf("without a way back it asks %s", said)
	}
	for key, text := range words(t, asks()) {
		if text == "" || strings.HasPrefix(text, "window.") {
			t.Errorf("%s is %q", key, text)
		}
	}
}

// The console is in German, and the tray in English.
func TestWindowSpeaksTheLanguageOfItsPage(t *testing.T) {
	d, _ := newServing(t)
	d.Frontend = fstest.MapFS{
		"dist/index.html":  {},
		"messages/en.json": {Data: []byte(`{"window.tray.quit": "Quit"}`)},
		"messages/de.json": {Data: []byte(`{"window.tray.quit": "Beenden"}`)},
	}
	d.post("/desktop/open", struct{}{})
	for _, c := range []struct{ header, want string }{{"", "Quit"}, {"de-AT, en;q=0.5", "Beenden"}, {"", "Beenden"}} {
		do(d, "GET", "/api/v1/me", "Accept-Language", c.header)
		if got := d.Say("window.tray.quit", nil); got != c.want {
			t.Errorf("after %q: %q", c.header, got)
		}
	}
}

func words(t *testing.T, said string) map[string]string {
	t.Helper()
	var in struct{ Words map[string]string }
	if err := json.Unmarshal([]byte(said), &in); err != nil || len(in.Words) < 10 {
		t.Fatalf("%v: %s", err, said)
	}
	return in.Words
}

// A choice is kept for the next start, one that is none is refused, and one that could not
// be kept is not acted on.
func TestClosingIsRemembered(t *testing.T) {
	d, _ := newServing(t)
	d.Workspaces.File = filepath.Join(t.TempDir(), "w.json")
	var did []desktop.Choice
	d.Closing.Do = func(c desktop.Choice) { did = append(did, c) }
	for _, body := range []map[string]any{{"do": ""}, {"do": "reboot"}, {"do": 1}, {}} {
		if status, said := d.post("/desktop/closing", body); status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d %v", body, status, said)
		}
	}
	if len(did) > 0 {
		t.Fatalf("it did %q", did)
	}
	again := func() desktop.Choice { return (&desktop.Workspaces{File: d.Workspaces.File}).Closing() }
	d.post("/desktop/closing", map[string]any{"do": "background"})
	if got := again(); got != desktop.ChoiceAsk {
		t.Errorf("without being told it remembers %q", got)
	}
	d.post("/desktop/closing", map[string]any{"do": "background", "remember": true})
	if got := again(); got != desktop.ChoiceBackground {
		t.Errorf("it remembers %q", got)
	}
	if len(did) != 2 || did[1] != desktop.ChoiceBackground {
		t.Errorf("it did %q", did)
	}
	for _, choice := range []desktop.Choice{desktop.ChoiceQuit, desktop.ChoiceAsk} {
		if status, said := d.post("/desktop/closing/kept", map[string]any{"do": choice}); status != 200 ||
			again() != choice {
			t.Errorf("%d %v: it remembers %q", status, said, again())
		}
	}
	if status, _ := d.post("/desktop/closing/kept", map[string]any{"do": "x"}); status != 422 || len(did) != 2 {
		t.Errorf("%d, it did %q", status, did)
	}
	d.Workspaces.File = filepath.Join(d.Workspaces.File, "x", "w.json")
	if status, said := d.post("/desktop/closing", map[string]any{"do": "quit", "remember": true}); status != 503 ||
		len(did) != 2 {
		t.Errorf("%d %v, it did %q", status, said, did)
	}
}

// A damaged file holds a choice that there is not: it asks.
func TestUnknownClosing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w.json")
	if err := os.WriteFile(file, []byte(`{"close":"reboot"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := (&desktop.Workspaces{File: file}).Closing(); got != desktop.ChoiceAsk {
		t.Errorf("it is %q", got)
	}
}

// A stream that the server breaks off ends the answer, and neither the program nor the
// words of a test on its output.
func TestBrokenStream(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Write([]byte("part"))
	}))
	defer server.Close()
	f := &far{answer: func(*http.Request) *http.Response {
		res, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}}
	s := newShell(&far{answer: func(*http.Request) *http.Response { return says(`{"total":1}`) }})
	s.Open = func(context.Context) (desktop.Opened, error) {
		return desktop.Opened{Name: "here", As: "x", Via: swaps{f}, Close: func() error { return nil }}, nil
	}
	do(s, "POST", "/desktop/open")
	if got := do(s, "GET", "/api/v1/events").Body.String(); got != "part" {
		t.Errorf("it got %q", got)
	}
}

// swaps answers the window's own question itself.
type swaps struct{ *far }

func (s swaps) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/api/v1/members" {
		return says(`{"total":1}`), nil
	}
	return s.far.RoundTrip(r)
}
