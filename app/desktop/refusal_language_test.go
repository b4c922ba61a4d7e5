package desktop_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"doorward/backend/access"
)

// speaks makes the window's page one in that language.
func (d *computer) speaks(language string) {
	d.t.Helper()
	d.post("/desktop/open", struct{}{})
	do(d, "GET", "/api/v1/me", "Accept-Language", language)
}

// A refusal was in English, whatever the window speaks. Its code is the same in every language.
func TestRefusalsAreInTheWindowsLanguage(t *testing.T) {
	strange := httptest.NewServer(http.NotFoundHandler())
	defer strange.Close()
	host := strings.TrimPrefix(strange.URL, "http://")
	for _, row := range []struct{ language, path, at, code, want string }{
		{"en", "/desktop/sign-in", strange.URL, "no_doorward",
			"There is no Doorward at " + host + ". Check the address."},
		{"de", "/desktop/sign-in", strange.URL, "no_doorward",
			"Unter " + host + " gibt es kein Doorward. Prüfen Sie die Adresse."},
		{"ar", "/desktop/sign-in", strange.URL, "no_doorward",
			"لا يوجد خادم Doorward على \u2068" + host + "\u2069. تحقّق من العنوان."},
		{"de", "/desktop/sign-in", "", "bad_place",
			"Geben Sie die Adresse des Servers ein, zum Beispiel door.example.com."},
		{"ar", "/desktop/sign-in", "ftp://door.example.com", "bad_place", "يجب أن يبدأ العنوان بـ https."},
		{"de", "/desktop/open", strange.URL, "sign_in_needed", "Sie sind bei " + host + " nicht angemeldet."},
		{"de", "/desktop/sign-in/wait", "", "sign_in_over", "Es läuft gerade keine Anmeldung. Beginnen Sie eine neue."},
	} {
		keyring.MockInit()
		d := newComputer(t)
		d.speaks(row.language)
		status, said := d.post(row.path, map[string]string{"at": row.at})
		if status < 400 || said["detail"] != row.want || said["code"] != row.code {
			t.Errorf("%s, %s: %d %v, want %q", row.language, row.path, status, said, row.want)
		}
		if fields, _ := said["errors"].([]any); row.path == "/desktop/sign-in" {
			if len(fields) != 1 || fields[0].(map[string]any)["message"] != row.want {
				t.Errorf("%s, %s: of the field it says %v", row.language, row.path, fields)
			}
		}
	}
}

// The first Admin is made by the server, whose refusals stand in the window's page.
func TestSetupIsRefusedInTheWindowsLanguage(t *testing.T) {
	f := &far{answer: func(*http.Request) *http.Response { return says(`{"total":0}`) }}
	d := &computer{t: t, Shell: newShell(f)}
	d.speaks("de-CH")
	do(d, "POST", "/desktop/setup")
	last := f.asked[len(f.asked)-1]
	if language := last.Header.Get("Accept-Language"); last.URL.Path != "/local/v1/setup" || language != "de" {
		t.Errorf("%s was asked for in %q", last.URL.Path, language)
	}
}

// The pages of the sign-in in the browser were in English. A server says whose account it is: what
// it says neither becomes a part of the page nor turns the sentence around.
func TestSignInPagesAreInTheWindowsLanguage(t *testing.T) {
	for _, row := range []struct{ language, html, agreed, asking, failed, nothing string }{
		{"en", `<html lang="en" dir="ltr">`, "It asks whether to sign in as ", "Answer in the window first",
			"did not accept the sign-in", "press “Open the browser again” or “Sign in”."},
		{"de", `<html lang="de" dir="ltr">`, "Es fragt, ob Sie sich als ", "Antworten Sie zuerst im Fenster",
			"hat die Anmeldung nicht angenommen", "„Browser noch einmal öffnen“ oder „Anmelden“."},
		{"ar", `<html lang="ar" dir="rtl">`, "تسأل هل تريد تسجيل الدخول باسم \u2068", "أجب في النافذة أولًا",
			"\u2069 تسجيل الدخول.", "«فتح المتصفح مرة أخرى» أو «تسجيل الدخول»."},
	} {
		keyring.MockInit()
		e, d := newElsewhere(t), newComputer(t)
		e.bad = "a-bad-code"
		e.email = "<img src=x onerror=alert(1)>\u2069\u202e&@example.com" + strings.Repeat("a", 1000)
		d.speaks(row.language)
		ask := d.signIn(e.URL)
		read := func(code, state string, want ...string) {
			t.Helper()
			_, page := comesBack(t, ask, code, state)
			for _, want := range append(want, row.html) {
				if !strings.Contains(page, want) {
					t.Errorf("%s: without %q: %s", row.language, want, page)
				}
			}
			if strings.Contains(page, "<img") || strings.Contains(page, "\u202e") ||
				strings.Count(page, "\u2068") != strings.Count(page, "\u2069") ||
				strings.Contains(page, strings.Repeat("a", 300)) {
				t.Errorf("%s: the page is %s", row.language, page)
			}
		}
		const email = "&lt;img src=x onerror=alert(1)&gt;&amp;@example.com"
		read("the-code", "not-the-state", row.nothing)
		read(e.bad, ask.Get("state"), row.failed)
		read("the-code", ask.Get("state"), row.agreed, email)
		read("another-code", ask.Get("state"), row.asking, email)
	}
}

// What a Doorward says that cannot be opened stands in the window's page.
func TestOpeningIsRefusedInTheWindowsLanguage(t *testing.T) {
	locked := access.Errorf(access.NoData,
		"Another Doorward is using the data directory %s. Stop it first, or choose another directory.", "/srv/d").
		WithCode("data_dir_in_use")
	for language, want := range map[string]string{
		"en": locked.Message,
		"de": "Ein anderes Doorward verwendet das Datenverzeichnis /srv/d. Beenden Sie es zuerst, oder wählen " +
			"Sie ein anderes Verzeichnis.",
		"ar": "يستخدم خادم Doorward آخر مجلد البيانات \u2068/srv/d\u2069. أوقفه أولًا، أو اختر مجلدًا آخر.",
	} {
		d := &computer{t: t, Shell: newShell(&far{}, locked)}
		d.speaks(language)
		if _, said := d.post("/desktop/open", struct{}{}); said["detail"] != want || said["code"] != "data_dir_in_use" {
			t.Errorf("%s: %v", language, said)
		}
	}
}
