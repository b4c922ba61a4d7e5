package portal_test

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web/webtest"
)

// withGerman gives a server the German and the Arabic of a few sentences.
func withGerman(o *webtest.Options) {
	o.Frontend = webtest.Overlay{Front: fstest.MapFS{
		"messages/de.json": {Data: []byte(`{"portal.page.sign_in_title": "Anmelden",
			"portal.not_found.title": "Seite nicht gefunden", "portal.pending.title": "Freigabe steht aus",
			"portal.login.invitation_needed": "Bitten Sie einen Administrator von {{.Workspace}} um eine Einladung."}`)},
		"messages/ar.json": {Data: []byte(`{"portal.page.sign_in_title": "تسجيل الدخول"}`)},
	}, Back: o.Frontend}
}

var hereField = regexp.MustCompile(`name="here" value="([^"]*)"`)

func hereOf(t *testing.T, page webtest.Answer) string {
	t.Helper()
	m := hereField.FindStringSubmatch(page.Text)
	if m == nil {
		t.Fatalf("%s has no menu of languages", page.Request.URL)
	}
	return strings.ReplaceAll(m[1], "&amp;", "&")
}

func reads(header string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Accept-Language", header) }
}

func languageCookie(value string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "doorward-language", Value: value}) }
}

// A form, or whoever changes its field, sends the reader to another site after a language
// was chosen.
func TestLanguageLeadsNowhereElse(t *testing.T) {
	s := webtest.New(t)
	b := s.Browser()
	for _, to := range []string{
		"https://evil.example", "//evil.example", `/\evil.example`, `\\evil.example`, "/%5cevil.example",
		"///evil.example", "/.//evil.example", "/%2f/evil.example", "javascript:alert(1)", "evil.example",
		"/\t/evil.example", "/a\r\nSet-Cookie: a=b", "", "/" + strings.Repeat("x", 600), "http:/evil.example",
	} {
		a := b.Post(b.Get("/login"), "/language", "language", "de", "here", to)
		a.Want(t, http.StatusSeeOther)
		if at := a.Header.Get("Location"); at != "/" {
			t.Errorf("%q leads to %q", to, at)
		}
	}
}

// Another site changes the reader's language.
func TestLanguageIsChosenOnOurPages(t *testing.T) {
	s := webtest.New(t)
	b := s.Browser()
	page := b.Get("/login")
	token := webtest.CSRFField.FindStringSubmatch(page.Text)[1]
	for _, a := range []webtest.Answer{
		b.Do(http.MethodPost, "/language", map[string][]string{"language": {"de"}}),
		b.Do(http.MethodPost, "/language", map[string][]string{"language": {"de"}, "csrf": {token}},
			func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }),
	} {
		a.Want(t, http.StatusForbidden)
		if len(a.Header.Values("Set-Cookie")) > 0 && strings.Contains(a.HeaderText(), "doorward-language") {
			t.Error("the language was set")
		}
	}
	for _, unknown := range []string{"xx", "", "de\r\nSet-Cookie: a=b", strings.Repeat("d", 9000)} {
		a := b.Post(page, "/language", "language", unknown, "here", "/login")
		a.Want(t, http.StatusUnprocessableEntity)
		if strings.Contains(a.HeaderText(), "doorward-language") {
			t.Errorf("%.20q was set", unknown)
		}
	}
}

// The console keeps its language in the same cookie, which its script reads.
func TestLanguageCookie(t *testing.T) {
	s := webtest.New(t, withGerman)
	b := s.Browser()
	a := b.Post(b.Get("/login"), "/language", "language", "de", "here", "/login")
	a.Want(t, http.StatusSeeOther, "/login")
	var set *http.Cookie
	for _, c := range a.Cookies() {
		if c.Name == "doorward-language" {
			set = c
		}
	}
	if set == nil || set.Value != "de" || set.HttpOnly || !set.Secure || set.SameSite != http.SameSiteLaxMode ||
		set.Path != "/" || set.MaxAge != 31_536_000 || set.Domain != "" {
		t.Errorf("the cookie is %+v", set)
	}
	b.Get("/login").Want(t, 200, `<html lang="de" dir="ltr">`, "Anmelden", "einen Administrator von AI Loop",
		`<option value="de" lang="de" selected>Deutsch</option>`)
	for file, want := range map[string]string{
		"language.ts":     "'doorward-language'",
		"theme.svelte.ts": "'doorward-theme'",
		"cookie.ts":       "path=/; max-age=${value ? year : 0}; samesite=lax",
	} {
		console, err := os.ReadFile("../../../frontend/console/src/lib/" + file)
		s.Must(err)
		if !strings.Contains(string(console), want) {
			t.Errorf("the console's cookie is another: %s has no %s", file, want)
		}
	}
}

// Two Doorwards run on one machine, on two ports. A browser sends the cookies of one to the
// other: the language and the theme that were chosen here were those of the pages there.
func TestTwoPortsHaveTwoLooks(t *testing.T) {
	open := func(port string) *webtest.Browser {
		s, public := webtest.New(t), webtest.URL+":"+port
		_, err := s.Service.Settings.Change(bg, access.Operator, service.SettingsChange{PublicURL: &public})
		s.Must(err)
		return s.Browser()
	}
	at := func(port string) func(*http.Request) {
		return func(r *http.Request) { r.Host = "door.example.com:" + port }
	}
	host, err := url.Parse(webtest.URL)
	if err != nil {
		t.Fatal(err)
	}
	choose := func(b *webtest.Browser, port, language, theme string) {
		token := webtest.CSRFField.FindStringSubmatch(b.Get("/login", at(port)).Text)[1]
		form := url.Values{"csrf": {token}, "language": {language}, "here": {"/login"}}
		b.Do(http.MethodPost, "/language", form, at(port)).Want(t, http.StatusSeeOther, "/login")
		byScript := &http.Cookie{Name: "doorward-theme-" + port, Value: theme, Path: "/"}
		b.Jar.SetCookies(host, []*http.Cookie{byScript})
	}
	one, other := open("8443"), open("9443")
	other.Jar = one.Jar
	choose(one, "8443", "de", "dark")
	other.Get("/login", at("9443"), reads("fr")).Want(t, http.StatusOK, `<html lang="fr"`)
	choose(other, "9443", "ja", "light")
	one.Get("/login", at("8443")).Want(t, http.StatusOK, `<html data-theme=dark lang="de"`)
	other.Get("/login", at("9443")).Want(t, http.StatusOK, `<html data-theme=light lang="ja"`)
}

// Somebody reads a page in a language that is not theirs: the cookie was written by
// anybody, the header is of a browser that somebody else set up.
func TestLanguageOfThePages(t *testing.T) {
	s := webtest.New(t, withGerman)
	english := []string{`lang="en" dir="ltr"`, "<h1>Sign in</h1>"}
	german := []string{`lang="de" dir="ltr"`, "<h1>Anmelden</h1>"}
	arabic := []string{`lang="ar" dir="rtl"`, "<h1>تسجيل الدخول</h1>"}
	type asked = []func(*http.Request)
	for name, row := range map[string]struct {
		change asked
		want   []string
	}{
		"nothing is said":    {nil, english},
		"the browser's":      {asked{reads("de-AT, en;q=0.8")}, german},
		"right to left":      {asked{reads("ar-EG")}, arabic},
		"chosen":             {asked{reads("ar"), languageCookie("de")}, german},
		"chosen, in English": {asked{reads("de"), languageCookie("en")}, english},
		"an unknown cookie":  {asked{reads("de"), languageCookie("xx")}, german},
		"markup":             {asked{reads("de"), languageCookie(`de><script>`)}, german},
		"an unknown header":  {asked{reads("sv"), languageCookie("")}, english},
		"what it lacks is in English": {asked{reads("de")},
			[]string{"Anmelden", "a link and a code", "Send me a link"}},
	} {
		t.Run(name, func(t *testing.T) {
			page := s.Browser().Get("/login", row.change...)
			page.Want(t, 200, row.want...)
			if page.Header.Get("Cache-Control") != "no-store" {
				t.Error("another reader may get this page from a cache")
			}
		})
	}
	s.Browser().Get("/nowhere", reads("de")).Want(t, http.StatusNotFound, `lang="de"`, "Seite nicht gefunden")
}

// Whoever changes the language loses what they were doing, or gets a page that only a form
// can open.
func TestLanguageLeadsBack(t *testing.T) {
	s := webtest.New(t, withGerman)
	_, link := s.Invite("ada@example.com", access.Fleet)
	b := s.Browser()
	choose := func(page webtest.Answer, want string) {
		t.Helper()
		at := hereOf(t, page)
		if at != want {
			t.Errorf("%s %s leads back to %q, not %q", page.Request.Method, page.Request.URL, at, want)
		}
		b.Post(page, "/language", "language", "de", "here", at).Want(t, http.StatusSeeOther, want)
		again := b.Get(at)
		again.Want(t, again.StatusCode, `lang="de"`)
		if again.StatusCode != http.StatusOK && again.StatusCode != http.StatusGone {
			t.Errorf("%s = %d", at, again.StatusCode)
		}
	}
	choose(b.Get("/login?next=%2Ffleet"), "/login?next=%2Ffleet")
	choose(b.Post(b.Get("/login"), "/login", "email", "eve@example.com", "next", "/fleet"), "/login?next=%2Ffleet")
	choose(b.Post(b.Get("/login"), "/login", "email", "eve@", "next", "//evil.example"), "/login")
	choose(b.Get(link), link)
	choose(b.Get("/login/short"), "/login/"+strings.Repeat("0", access.SecretLength))
	dead := b.Get("/login/short")
	choose(b.Post(dead, "/login/"+strings.Repeat("0", access.SecretLength)+"/renew"),
		"/login/"+strings.Repeat("0", access.SecretLength))
	b.RedeemLink(link)
	waiting := b.Get("/pending")
	waiting.Want(t, 200, "Freigabe steht aus")
	choose(waiting, "/pending")
	choose(b.Post(waiting, "/pending/note", "note", strings.Repeat("x", 300)), "/pending")

	c := webtest.NewCallers(t, withGerman)
	b = c.Admin
	form := webtest.DesktopForm()
	asks := b.Get("/desktop?" + form.Encode())
	choose(asks, "/desktop?"+form.Encode())
}

// ownLanguage is the language that a member's account has.
func ownLanguage(s *webtest.Server, email string) access.Language {
	s.T.Helper()
	m, err := s.Service.Members.ByAddress(bg, access.Operator, s.Address(email))
	s.Must(err)
	return m.Language
}

// A member chooses a language at the foot of a page, and the next email, or the next browser,
// is in the old one.
func TestAMemberKeepsTheLanguage(t *testing.T) {
	s := webtest.New(t, withGerman)
	b, _ := s.SignedIn("ada@example.com", access.Fleet)
	if l := ownLanguage(s, "ada@example.com"); l != access.English {
		t.Errorf("before: %q", l)
	}
	b.Get("/", reads("de")).Want(t, http.StatusOK, `lang="en"`) // their own, not the browser's
	b.Post(b.Get("/"), "/language", "language", "de", "here", "/").Want(t, http.StatusSeeOther, "/")
	if l := ownLanguage(s, "ada@example.com"); l != access.German {
		t.Errorf("a member chose German and has %q", l)
	}
	without := func(r *http.Request) { // a browser in which nothing was chosen
		kept := r.Cookies()
		r.Header.Del("Cookie")
		for _, c := range kept {
			if c.Name != "doorward-language" {
				r.AddCookie(c)
			}
		}
	}
	b.Get("/", without, reads("fr")).Want(t, http.StatusOK, `lang="de"`)
	b.Get("/ailoop", without, reads("fr")).Want(t, http.StatusForbidden, `lang="de"`)
	b.Get("/", languageCookie("ar")).Want(t, http.StatusOK, `lang="ar"`)
	s.Browser().Get("/login", reads("fr")).Want(t, http.StatusOK, `lang="fr"`)
}

// Somebody else's form, or a session that has ended, changes a member's language.
func TestNobodyElseChangesTheLanguage(t *testing.T) {
	s := webtest.New(t, withGerman)
	b, id := s.SignedIn("ada@example.com", access.Fleet)
	b.Do(http.MethodPost, "/language", map[string][]string{"language": {"de"}}).Want(t, http.StatusForbidden)
	page := b.Get("/")
	_, err := s.Service.Members.Suspend(bg, s.Admin, id)
	s.Must(err)
	b.Post(page, "/language", "language", "de", "here", "/")
	if l := ownLanguage(s, "ada@example.com"); l != access.English {
		t.Errorf("the member reads %q", l)
	}
}

// Whoever accepts an invitation gets their next email in a language that they have not read
// so far: not that of the invitation, of its page, or of what they chose there.
func TestWhoAcceptsKeepsTheLanguageOfThePage(t *testing.T) {
	s := webtest.New(t, withGerman)
	for name, row := range map[string]struct {
		invited access.Language
		browser func(*http.Request)
		want    access.Language
	}{
		"nobody chose":           {"", reads("de-AT"), access.German},
		"the browser says none":  {"", reads(""), access.English},
		"the inviter chose":      {access.Arabic, reads("de"), access.Arabic},
		"they chose on the page": {access.Arabic, languageCookie("de"), access.German},
	} {
		t.Run(name, func(t *testing.T) {
			email := strings.ReplaceAll(name, " ", ".") + "@example.com"
			in, err := s.Service.Invitations.Invite(bg, access.Operator, service.NewInvitation{
				Email:    s.Address(email),
				Roles:    []access.RoleName{access.Fleet},
				Language: row.invited,
			})
			s.Must(err)
			link, b := strings.TrimPrefix(in.Link, webtest.URL), s.Browser()
			page := b.Get(link, row.browser)
			page.Want(t, http.StatusOK, `lang="`+string(row.want)+`"`)
			form := map[string][]string{"csrf": {webtest.CSRFField.FindStringSubmatch(page.Text)[1]}}
			b.Do(http.MethodPost, link, form, row.browser).Want(t, http.StatusSeeOther, "/pending")
			if l := ownLanguage(s, email); l != row.want {
				t.Errorf("they read %q, not %q", l, row.want)
			}
			b.Get("/pending", reads("fr")).Want(t, http.StatusOK, `lang="`+string(row.want)+`"`)
		})
	}
}

// The first Admin sets everything up in German, and their first email is in English.
func TestTheFirstAdminKeepsTheLanguageOfThePage(t *testing.T) {
	s, setup := fresh(t)
	b := s.Browser()
	page := b.Get(setup)
	form := map[string][]string{
		"csrf": {webtest.CSRFField.FindStringSubmatch(page.Text)[1]}, "workspace": {"AI Loop"}, "name": {"Grace"},
		"email": {"grace@example.org"},
	}
	b.Do(http.MethodPost, setup, form, reads("de")).Want(t, http.StatusSeeOther, "/admin/")
	if l := ownLanguage(s, "grace@example.org"); l != access.German {
		t.Errorf("the first Admin reads %q", l)
	}
}

// Somebody who reads German mistypes an address or a code, or writes too long a note, and is
// told so in English.
func TestRefusalsInTheReadersLanguage(t *testing.T) {
	s := webtest.New(t)
	german := func() *webtest.Browser {
		b := s.Browser()
		b.Post(b.Get("/login"), "/language", "language", "de", "here", "/login").Want(t, http.StatusSeeOther)
		return b
	}
	b := german()
	page := b.Get("/login")
	for _, row := range []struct{ path, field, value, want string }{
		{"/login", "email", "ada", "Eine E-Mail-Adresse muss ein @ enthalten, zum Beispiel ada@example.com."},
		{"/login", "email", "ada@example", "Nach dem @ steht etwas wie example.com."},
		{"/login", "email", "ada@ex\u0430mple.com", "(lateinisch und kyrillisch)"},
		{"/login/code", "code", "123", "Ein Code hat acht Buchstaben und Ziffern, wie K7PQ-3XMD."},
		{"/login/code", "code", "0000-0000", "Dieser Code ist falsch oder abgelaufen."},
	} {
		b.Post(page, row.path, row.field, row.value).Want(t, http.StatusUnprocessableEntity, `lang="de"`, row.want)
	}
	pending := german()
	_, link := s.Invite("eva@example.com", access.Fleet)
	pending.RedeemLink(link)
	pending.Post(pending.Get("/pending"), "/pending/note", "note", strings.Repeat("x", 201)).
		Want(t, http.StatusUnprocessableEntity, "Das Feld „Notiz“ hat 201 Zeichen, höchstens 200 sind erlaubt.")
}
