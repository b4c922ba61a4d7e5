package portal_test

import (
	"context"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web/webtest"
)

var bg = context.Background()

// An invited person's way from the invitation to the approved account, by pages
// alone.
func TestInvitedPersonComesIn(t *testing.T) {
	s := webtest.New(t)
	id, link := s.Invite("ada@example.com", access.Fleet)
	b := s.Browser()

	b.Get(link).Want(t, 200, "You are invited to AI Loop", "ada@example.com", "Fleet", "Accept the invitation")
	b.RedeemLink(link).Want(t, http.StatusSeeOther, "/pending")
	waiting := b.Get("/pending")
	waiting.Want(t, 200, "Account Pending Approval", "ada@example.com", "Grace Hopper", "Fleet")
	b.Get("/").Want(t, http.StatusSeeOther, "/pending")
	b.Get("/fleet/datalake").Want(t, http.StatusSeeOther, "/pending")

	b.Post(waiting, "/pending/note", "note", "I take over route planning.").
		Want(t, http.StatusSeeOther, "/pending?saved=1")
	b.Get("/pending?saved=1").Want(t, 200, "I take over route planning.", "Saved")

	pendingSession := b.Session()
	if _, err := s.Service.Members.Approve(bg, s.Admin, id, nil); err != nil {
		t.Fatal(err)
	}
	b.Get("/pending").Want(t, http.StatusSeeOther, "/")
	if b.Session() == pendingSession || b.Session() == "" {
		t.Error("the approval did not change the session's id")
	}
	if _, err := s.Service.Gate.Principal(bg, pendingSession); !access.SignedOut.Is(err) {
		t.Errorf("the id from before the approval still opens: %v", err)
	}
	home := b.Get("/")
	home.Want(t, 200, "/fleet/datalake", "/fleet/flows")
	home.Lacks(t, "/ailoop", `href="/admin"`)
	b.Get("/fleet").Want(t, 200, "Data Lake", "Flows")
	b.Get("/fleet/datalake").Want(t, 200, "no application is connected here yet")
	b.Get("/ailoop/datalake").Want(t, http.StatusForbidden, "You don’t have access to the AILoop Data Lake section")
	b.Get("/admin").Want(t, http.StatusForbidden)

	if _, err := s.Service.Members.ChangeRoles(bg, s.Admin, id,
		[]access.RoleName{access.Fleet, access.AILoop}); err != nil {
		t.Fatal(err)
	}
	b.Get("/ailoop/datalake").Want(t, 200, "no application is connected here yet")
	act := func(verb func(context.Context, access.Actor, access.MemberID) (service.MemberView, error)) {
		t.Helper()
		_, err := verb(bg, s.Admin, id)
		s.Must(err)
	}
	act(s.Service.Members.Suspend)
	b.Get("/fleet").Want(t, http.StatusForbidden, "suspended")
	b.Get("/fleet").Want(t, http.StatusForbidden, "suspended")
	act(s.Service.Members.Undo) // the browser must not have lost its session meanwhile
	b.Get("/fleet").Want(t, 200, "Data Lake", "Flows")

	act(s.Service.Members.Suspend)
	s.Advance(access.UndoTTL)
	act(s.Service.Members.Unsuspend)
	b.Get("/fleet").Want(t, http.StatusSeeOther, "/login?next=%2Ffleet")
}

// A mail scanner opens every link with every method it knows, and posts the form
// that it finds without the page's cookie.
func TestScannersChangeNothing(t *testing.T) {
	srv := webtest.New(t)
	_, link := srv.Invite("ada@example.com", access.Fleet)
	for i := range 20 {
		s := srv.Browser()
		page := s.Do([]string{http.MethodGet, http.MethodHead}[i%2], link, nil)
		page.Want(t, 200)
		for _, c := range page.Cookies() {
			if c.Name == webtest.SessionCookie {
				t.Fatal("opening the link opened a session")
			}
		}
		srv.Browser().Post(page, link).Want(t, http.StatusForbidden)
		srv.Browser().Do(http.MethodPost, link, map[string][]string{}).Want(t, http.StatusForbidden)
	}
	srv.Browser().RedeemLink(link).Want(t, http.StatusSeeOther, "/pending")
}

// The page of a link that is unknown, malformed, used, expired or revoked is an
// oracle if it differs from the others.
func TestDeadLinksReadAlike(t *testing.T) {
	s := webtest.New(t)
	_, used := s.Invite("used@example.com", access.Fleet)
	s.Browser().RedeemLink(used)
	id, revoked := s.Invite("revoked@example.com", access.Fleet)
	if _, err := s.Service.Invitations.Resend(bg, s.Admin, id); err != nil {
		t.Fatal(err)
	}
	_, expired := s.Invite("expired@example.com", access.Fleet)
	s.Advance(access.DefaultInvitationTTL)
	links := map[string]string{
		"unknown":   "/login/" + access.NewSecret().Reveal(),
		"malformed": "/login/short",
		"used":      used,
		"revoked":   revoked,
		"expired":   expired,
	}
	mask := regexp.MustCompile(`value="[^"]*"|/login/[A-Za-z0-9_-]+/renew`)
	var first, firstHeader string
	for name, link := range links {
		a := s.Browser().Get(link)
		a.Want(t, http.StatusGone, "has expired or was already used", "new link")
		a.Lacks(t, "example.com")
		for _, c := range a.Cookies() {
			a.Header.Set("Set-Cookie", c.Name)
		}
		a.Header.Del("Date")
		body, header := mask.ReplaceAllString(a.Text, "…"), a.HeaderText()
		if first == "" {
			first, firstHeader = body, header
		}
		if body != first || header != firstHeader {
			t.Errorf("the page of a link that is %s differs:\n%s\n%s", name, header, body)
		}
		renewed := s.Browser()
		renewed.Post(renewed.Get(link), link+"/renew").Want(t, 200, "we sent a new one")
	}
}

// A forwarded or phished sign-in link is opened in another browser than the one
// that requested it.
func TestSignInLinkIsBoundToItsBrowser(t *testing.T) {
	s := webtest.New(t)
	s.SignedIn("ada@example.com", access.Fleet)
	b := s.Browser()
	b.Post(b.Get("/login"), "/login", "email", "ADA@Example.COM").Want(t, 200, "Check your email", "ADA@Example.COM")
	if n, err := s.Service.SignIn.AnswerRequests(bg); n != 1 || err != nil {
		t.Fatalf("answered %d asks: %v", n, err)
	}
	link, code := s.SignInEmail()

	thief := s.Browser()
	page := thief.Get(link)
	page.Want(t, http.StatusForbidden, "browser")
	page.Lacks(t, "ada@example.com")
	thief.Post(page, link).Want(t, http.StatusForbidden)
	thief.Post(page, "/login/code", "code", code).Want(t, http.StatusUnprocessableEntity, "is wrong or has expired")
	b.Post(b.Get("/login"), "/login/code", "code", "0000-0000").
		Want(t, http.StatusUnprocessableEntity, "is wrong or has expired")
	b.Post(b.Get("/login"), "/login/code", "code", " "+strings.ToLower(code[:4])+"\u00a0\u2013 "+code[5:]+".").
		Want(t, http.StatusSeeOther, "/")
	b.Get("/").Want(t, 200, "Fleet")
	thief.Get(link).Want(t, http.StatusGone)
	b.Get(link).Want(t, http.StatusSeeOther, "/") // its own member is led on
}

// Another site posts to us with the victim's cookies, with every combination of
// headers that browsers send, and with a form token of its own session.
func TestForeignFormsAreRefused(t *testing.T) {
	s := webtest.New(t)
	b, _ := s.SignedIn("ada@example.com", access.Fleet)
	other, _ := s.SignedIn("eve@example.com", access.Fleet)
	page, evil := b.Get("/"), other.Get("/")
	token := webtest.CSRFField.FindStringSubmatch(page.Text)[1]
	for name, change := range map[string]func(*http.Request){
		"cross-site": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"same-site":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"a null origin of another site": func(r *http.Request) {
			r.Header.Set("Origin", "null")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		},
		"an evil origin":     func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"our host over http": func(r *http.Request) { r.Header.Set("Origin", "http://door.example.com") },
	} {
		a := b.Do(http.MethodPost, "/logout", map[string][]string{"csrf": {token}}, change)
		if a.StatusCode != http.StatusForbidden {
			t.Errorf("a form with %s was taken: %d", name, a.StatusCode)
		}
	}
	b.Post(evil, "/logout").Want(t, http.StatusForbidden, "nothing was changed")
	b.Do(http.MethodPost, "/logout", map[string][]string{}).Want(t, http.StatusForbidden)
	b.Get("/").Want(t, 200)
	own := b.Do(http.MethodPost, "/logout", map[string][]string{"csrf": {token}}, func(r *http.Request) {
		r.Header.Set("Origin", "null") // as Chromium sends for forms of pages with no-referrer
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	})
	own.Want(t, 200, "signed out")
	b.Get("/").Want(t, http.StatusSeeOther, "/login")
}

// The next user of a shared computer has the history, the cache and the cookies
// of the one who signed out. Only our own cookies go: Clear-Site-Data with
// "cookies" clears those of the whole registered domain, and signed people out of
// everything else there (nextcloud/server#11847).
func TestLogOutLeavesNothing(t *testing.T) {
	s := webtest.New(t)
	for _, everywhere := range []string{"", "1"} {
		b, _ := s.SignedIn("ada"+everywhere+"@example.com", access.Fleet)
		home := b.Get("/")
		if home.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("the home page may be kept: %v", home.Header)
		}
		old := b.Session()
		out := b.Post(home, "/logout", "everywhere", everywhere)
		out.Want(t, 200, "signed out")
		out.Lacks(t, "@example.com", "Fleet")
		if out.Header.Get("Clear-Site-Data") != `"storage"` || out.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("what is left in the browser: %v", out.Header)
		}
		dropped := map[string]bool{}
		for _, c := range out.Cookies() {
			dropped[c.Name] = c.Value == "" && c.Expires.Before(time.Now())
		}
		if !dropped[webtest.SessionCookie] || dropped[webtest.BrowserCookie] != (everywhere != "") {
			t.Errorf("the cookies that stay: %v", out.Header["Set-Cookie"])
		}
		if _, err := s.Service.Gate.Principal(bg, old); !access.SignedOut.Is(err) {
			t.Errorf("the session still opens: %v", err)
		}
		replay := func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: webtest.SessionCookie, Value: old.Reveal()})
		}
		s.Browser().Get("/", replay).Want(t, http.StatusSeeOther, "/login")
		s.Browser().API("GET", "/me", "", replay).Want(t, http.StatusUnauthorized)
	}
}

func TestSetupWorksOnce(t *testing.T) {
	s := webtest.New(t) // has an Admin
	s.Browser().Get("/setup/"+access.NewSecret().Reveal()).Want(t, http.StatusGone, "Setup is closed")
}

func TestWithdraw(t *testing.T) {
	s := webtest.New(t)
	id, link := s.Invite("ada@example.com", access.Fleet)
	b := s.Browser()
	b.RedeemLink(link)
	b.Post(b.Get("/pending"), "/pending/withdraw").Want(t, 200, "Request withdrawn")
	if _, err := s.Service.Members.Get(bg, s.Admin, id); !access.NotFound.Is(err) {
		t.Errorf("the withdrawn account is still there: %v", err)
	}
	b.Get("/pending").Want(t, http.StatusSeeOther, "/login")
}

func TestRejectedWhileWaiting(t *testing.T) {
	s := webtest.New(t)
	id, link := s.Invite("ada@example.com", access.Fleet)
	b := s.Browser()
	b.RedeemLink(link)
	if err := s.Service.Members.Reject(bg, s.Admin, id, "", false); err != nil {
		t.Fatal(err)
	}
	b.Get("/pending").Want(t, http.StatusForbidden, "not approved")
	b.Get("/pending").Want(t, http.StatusSeeOther, "/login")
	s.Browser().Get(link).Want(t, http.StatusGone)
}

// Somebody was redirected to the sign-in page: after the sign-in they reach the
// page they wanted.
func TestNextLeadsBack(t *testing.T) {
	s := webtest.New(t)
	s.Browser().Get("/fleet/flows").Want(t, http.StatusSeeOther, "/login?next=%2Ffleet%2Fflows")
}

func TestSessionLimits(t *testing.T) {
	s := webtest.New(t)
	b, _ := s.SignedIn("ada@example.com", access.Fleet)
	b.Get("/").Want(t, 200)
	s.Advance(access.MemberIdleTTL - time.Minute)
	b.Get("/").Want(t, 200)
	s.Advance(access.MemberIdleTTL)
	b.Get("/").Want(t, http.StatusSeeOther, "/login")
}

// A member who has no console could not correct how everybody calls them.
func TestAMemberChangesTheirName(t *testing.T) {
	s := webtest.New(t)
	id, link := s.Invite("ada@example.com", access.Fleet)
	b := s.Browser()
	b.RedeemLink(link)
	b.Post(b.Get("/pending"), "/account/name", "name", "Grace Hopper").
		Want(t, http.StatusForbidden, "pending approval")
	if _, err := s.Service.Members.Approve(bg, s.Admin, id, nil); err != nil {
		t.Fatal(err)
	}
	b.Post(b.Get("/"), "/account/name", "name", " Ada <b>Lovelace</b> ").
		Want(t, http.StatusSeeOther, "/?saved=1#account")
	home := b.Get("/?saved=1")
	home.Want(t, 200, "<h1>Hello, Ada.</h1>", `value="Ada &lt;b&gt;Lovelace&lt;/b&gt;"`,
		"Name saved.")
	b.Get("/").Lacks(t, "Name saved.")
	b.Post(home, "/account/name", "name", strings.Repeat("x", 201)).
		Want(t, http.StatusUnprocessableEntity, "can have at most 200", "<details open>", `aria-invalid="true"`, "Hello, Ada")
}

// Somebody types markup into a form. Pages that show it again must show it, not
// run it.
func TestTypedTextIsShownNotRun(t *testing.T) {
	s := webtest.New(t)
	_, link := s.Invite("ada@example.com", access.Fleet)
	b := s.Browser()
	b.RedeemLink(link)
	b.Post(b.Get("/pending"), "/pending/note", "note", `<img src=x onerror=1>{{7*7}}`).Want(t, http.StatusSeeOther)
	a := b.Get("/pending")
	a.Want(t, 200, "&lt;img src=x onerror=1&gt;{{7*7}}")
	a.Lacks(t, "<img src=x")
	b.Post(a, "/pending/note", "note", strings.Repeat("x", 201)).
		Want(t, http.StatusUnprocessableEntity, "can have at most 200")
	s.Browser().Get("/login").Want(t, 200)
	l := s.Browser()
	l.Post(l.Get("/login"), "/login", "email", `"><script>@x`).Want(t, http.StatusUnprocessableEntity, "role=\"alert\"")
}

// The operator's socket and the network are served from two goroutines at once,
// and Close ends both, however early it is called.
func TestServeTwoFacesAtOnce(t *testing.T) {
	s := webtest.New(t)
	ended := make(chan error, 2)
	for _, local := range []bool{true, false} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		s.Must(err)
		go func() { ended <- s.Web.Serve(l, local) }()
	}
	s.Must(s.Web.Close())
	for range 2 {
		select {
		case <-ended:
		case <-time.After(webtest.Patience):
			t.Fatal("a face is served for ever")
		}
	}
}

// The pending page's script fetches the result of the request first. That must
// not end the session, by which the page that is opened next knows what to say.
func TestRejectedPageIsSeenAfterTheScriptHasLooked(t *testing.T) {
	s := webtest.New(t)
	id, link := s.Invite("eve@example.com", access.Fleet)
	b := s.Browser()
	b.RedeemLink(link)
	s.Must(s.Service.Members.Reject(bg, s.Admin, id, "", false))
	mode := func(m string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Sec-Fetch-Mode", m) }
	}
	b.Do(http.MethodGet, "/pending", nil, mode("cors")).Want(t, http.StatusForbidden)
	b.Do(http.MethodGet, "/pending", nil, mode("navigate")).
		Want(t, http.StatusForbidden, "Your request was not approved")
	b.Do(http.MethodGet, "/pending", nil, mode("navigate")).Want(t, http.StatusSeeOther)
}

// A browser that has signed a member in is known to that member for a year from
// its last sign-in. Signing out does not change that, signing out everywhere
// does, and the cookie alone opens nothing.
func TestABrowserStaysKnown(t *testing.T) {
	s := webtest.New(t)
	b, _ := s.SignedIn("ada@example.com", access.Fleet)
	lasts := func(a webtest.Answer) (seconds int) {
		for _, c := range a.Cookies() {
			if c.Name == webtest.BrowserCookie {
				seconds = c.MaxAge
				if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode {
					t.Errorf("the cookie is %+v", c)
				}
			}
		}
		return seconds
	}
	year := int(access.KnownBrowserTTL / time.Second)
	b.Post(b.Get("/"), "/logout").Want(t, 200)
	page := b.Get("/login")
	b.Post(page, "/login", "email", "ada@example.com").Want(t, 200)
	_, err := s.Service.SignIn.AnswerRequests(bg)
	s.Must(err)
	link, _ := s.SignInEmail()
	in := b.Post(b.Get(link), link)
	in.Want(t, http.StatusSeeOther)
	if n := lasts(in); n != year {
		t.Errorf("signing in renews the cookie for %d s, want %d", n, year)
	}
	if n := lasts(s.Browser().Get("/login")); n != year {
		t.Errorf("a fresh browser has its cookie for %d s, want %d", n, year)
	}
	b.Post(b.Get("/"), "/logout").Want(t, 200)
	b.Get("/").Want(t, http.StatusSeeOther, "/login")
	b.Get("/api/v1/me").Want(t, http.StatusUnauthorized)
}

// Somebody pastes a code with too much, or too little: the page says what a code
// looks like, and none of it counts as a guess.
func TestPastedCodes(t *testing.T) {
	s := webtest.New(t)
	s.SignedIn("ada@example.com", access.Fleet)
	b := s.Browser()
	b.Post(b.Get("/login"), "/login", "email", "ada@example.com").
		Want(t, 200, `maxlength="40"`, `autocomplete="one-time-code"`, `autocapitalize="characters"`)
	_, err := s.Service.SignIn.AnswerRequests(bg)
	s.Must(err)
	_, code := s.SignInEmail()
	for range 2 * access.MaxCodeAttempts {
		for _, slip := range []string{code[:8], code + "X", "my code", ""} {
			b.Post(b.Get("/login"), "/login/code", "code", slip).
				Want(t, http.StatusUnprocessableEntity, "eight letters and digits")
		}
	}
	b.Post(b.Get("/login"), "/login/code", "code", "\t"+strings.ToLower(code)+"\r\n").Want(t, http.StatusSeeOther)
}
