package desktop

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/messages"
)

// The window's own page, its native dialogs and its notices were in English whatever the
// system's language. Each sentence is one of the catalogue; in German none is English.
func TestWindowIsInTheSystemsLanguage(t *testing.T) {
	frontend := os.DirFS("../../frontend")
	catalog, err := messages.Open(frontend)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	file, err := os.ReadFile("../../frontend/messages/en.json")
	if err != nil || json.Unmarshal(file, &keys) != nil {
		t.Fatal(err)
	}
	v := messages.Values{"N": 3, "Name": "Ada", "Host": "door.example.com", "Email": "ada@example.com",
		"Connect": "", "Where": "", "Command": backUpCommand, "Browse": "", "SignIn": ""}
	checked := 0
	for key := range keys {
		if !regexp.MustCompile(`^window\.(start|dialog|notice|browser)\.`).MatchString(key) {
			continue
		}
		checked++
		english, german := catalog.In(access.English).Say(key, v), catalog.In(access.German).Say(key, v)
		if german == "" || english == german {
			t.Errorf("%s: %q, in German %q", key, english, german)
		}
		for _, l := range access.Languages {
			said := catalog.In(l).Say(key, v)
			if strings.HasPrefix(key, "window.dialog.") && strings.Contains(said, "%") {
				t.Errorf("%s in %s: %q, which a native dialog reads as a format", key, l, said)
			}
		}
	}
	if checked < 50 {
		t.Errorf("%d sentences were looked at", checked)
	}
}

// The start page has each of its sentences in the language, and the direction, and its script
// has the words that it asks for.
func TestStartPageIsInTheSystemsLanguage(t *testing.T) {
	text := func(l access.Language) string {
		w := httptest.NewRecorder()
		(&Shell{Frontend: os.DirFS("../../frontend"), language: l}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		return w.Body.String()
	}
	english, german, arabic := text(access.English), text(access.German), text(access.Arabic)
	if !strings.Contains(german, `<html lang="de" dir="ltr">`) || !strings.Contains(arabic, `<html lang="ar" dir="rtl">`) {
		t.Errorf("the page is %.60q, %.60q", german, arabic)
	}
	sentence := regexp.MustCompile(`>\s*([A-Z][^<>{}]{3,})<`)
	of := func(page string) (all []string) {
		for _, m := range sentence.FindAllStringSubmatch(page, -1) {
			all = append(all, strings.TrimSpace(m[1]))
		}
		return all
	}
	if n := len(of(english)); n < 25 {
		t.Errorf("the page has %d sentences", n)
	}
	for _, s := range of(german) {
		if s != "Doorward" && slices.Contains(of(english), s) {
			t.Errorf("in German it says %q", s)
		}
	}
	for _, id := range []string{"where", "host", "as-called", "as-host"} {
		if n := strings.Count(arabic, `id="`+id+`"`); n != 1 {
			t.Errorf("%s is %d times in the page", id, n)
		}
	}
	block := regexp.MustCompile(`(?s)id="words">(.*?)</script>`).FindStringSubmatch(german)
	var words map[string]string
	if block == nil || json.Unmarshal([]byte(block[1]), &words) != nil || words["here"] != "Dieser Computer" {
		t.Fatalf("the words of the script are %q", block)
	}
	script, err := page.ReadFile("page/start.js")
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, m := range regexp.MustCompile(`say\('(\w+)'`).FindAllStringSubmatch(string(script), -1) {
		asked = append(asked, m[1])
	}
	if !slices.Equal(slices.Compact(slices.Sorted(slices.Values(asked))), slices.Sorted(slices.Values(startWords))) {
		t.Errorf("the script asks for %q, and has %q", asked, startWords)
	}
}

// A notice says who waits: the newest, and how many.
func TestNoticeSaysWhoWaits(t *testing.T) {
	w := Watch{Say: (&Shell{Frontend: os.DirFS("../../frontend"), language: access.English}).Say}
	for want, got := range map[string]string{
		"Ada is waiting for your approval.":             w.sentence("Ada", 1),
		"Ada is waiting for your approval, and 2 more.": w.sentence("Ada", 3),
		"1 person is waiting for your approval.":        w.sentence("", 1),
		"2 people are waiting for your approval.":       w.sentence("", 2),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What a server is called, as it was typed, neither becomes a part of an answer nor of a sentence;
// a file that was dropped is refused in the same language.
func TestRefusalKeepsValuesApart(t *testing.T) {
	const host = `"><script>alert(1)</script>.example`
	for _, l := range []access.Language{access.English, access.German, access.Arabic} {
		s, w := &Shell{Frontend: os.DirFS("../../frontend"), language: l}, httptest.NewRecorder()
		s.refuse(w, (&remote{at: &url.URL{Host: host}}).outOfReach(errors.New("cut off")))
		want := map[access.Language]string{access.English: host + " does not answer.",
			access.German: host + " antwortet nicht.", access.Arabic: "\u2068" + host + "\u2069."}[l]
		var said struct{ Detail string }
		if json.Unmarshal(w.Body.Bytes(), &said) != nil || !strings.Contains(said.Detail, want) ||
			strings.Contains(w.Body.String(), "<") {
			t.Errorf("%s: %s", l, w.Body)
		}
		_, err := ReadDropped(nil)
		if is := s.explain(err).Message == access.Explain(err).Message; is != (l == access.English) {
			t.Errorf("%s: %q", l, s.explain(err).Message)
		}
	}
}
