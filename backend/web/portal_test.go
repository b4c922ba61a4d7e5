package web

import (
	"context"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
)

var bg = context.Background()

// The whole way of an invited person, by pages alone.
func TestInvitedPersonComesIn(t *testing.T) {
	h := newHouse(t)
	id, link := h.invite("ada@example.com", access.Fleet)
	g := h.guest()

	g.get(link).want(t, 200, "You are invited to AI Loop", "ada@example.com", "Fleet", "Accept the invitation")
	g.enter(link).want(t, http.StatusSeeOther, "/pending")
	waiting := g.get("/pending")
	waiting.want(t, 200, "Account Pending Approval", "ada@example.com", "Grace Hopper", "Fleet")
	g.get("/").want(t, http.StatusSeeOther, "/pending")
	g.get("/fleet/datalake").want(t, http.StatusSeeOther, "/pending")

	g.post(waiting, "/pending/note", "note", "I take over route planning.").want(t, http.StatusSeeOther, "/pending?saved=1")
	g.get("/pending?saved=1").want(t, 200, "I take over route planning.", "Saved")

	pendingSession := g.session()
	if _, err := h.service.Members.Approve(bg, h.admin, id, nil); err != nil {
		t.Fatal(err)
	}
	g.get("/pending").want(t, http.StatusSeeOther, "/")
	if g.session() == pendingSession || g.session() == "" {
		t.Error("the approval did not change the session's id")
	}
	if _, err := h.service.Gate.Principal(bg, pendingSession); !access.SignedOut.Is(err) {
		t.Errorf("the id from before the approval still opens: %v", err)
	}
	home := g.get("/")
	home.want(t, 200, "/fleet/datalake", "/fleet/flows")
	home.lacks(t, "/ailoop", `href="/admin"`)
	g.get("/fleet").want(t, 200, "Data Lake", "Flows")
	g.get("/fleet/datalake").want(t, 200, "No application is connected here")
	g.get("/ailoop/datalake").want(t, http.StatusForbidden, "AILoop Data Lake is not open to you")
	g.get("/admin").want(t, http.StatusForbidden)

	if _, err := h.service.Members.ChangeRoles(bg, h.admin, id, []access.RoleName{access.Fleet, access.AILoop}); err != nil {
		t.Fatal(err)
	}
	g.get("/ailoop/datalake").want(t, 200, "No application is connected here")
	if _, err := h.service.Members.Suspend(bg, h.admin, id); err != nil {
		t.Fatal(err)
	}
	g.get("/fleet").want(t, http.StatusForbidden, "suspended")
	g.get("/fleet").want(t, http.StatusSeeOther, "/login?next=%2Ffleet")
}

// A mail scanner opens every link in every way it knows, and posts the form
// that it finds without the page's cookie.
func TestScannersChangeNothing(t *testing.T) {
	h := newHouse(t)
	_, link := h.invite("ada@example.com", access.Fleet)
	for i := range 20 {
		s := h.guest()
		page := s.do([]string{http.MethodGet, http.MethodHead}[i%2], link, nil)
		page.want(t, 200)
		for _, c := range page.Cookies() {
			if c.Name == h.web.Cookies.names.session {
				t.Fatal("opening the link opened a session")
			}
		}
		h.guest().post(page, link).want(t, http.StatusForbidden)
		h.guest().do(http.MethodPost, link, map[string][]string{}).want(t, http.StatusForbidden)
	}
	h.guest().enter(link).want(t, http.StatusSeeOther, "/pending")
}

// A link that is unknown, malformed, used, expired or revoked is an oracle if
// its page differs.
func TestDeadLinksReadAlike(t *testing.T) {
	h := newHouse(t)
	_, used := h.invite("used@example.com", access.Fleet)
	h.guest().enter(used)
	id, revoked := h.invite("revoked@example.com", access.Fleet)
	if _, err := h.service.Invitations.Resend(bg, h.admin, id); err != nil {
		t.Fatal(err)
	}
	_, expired := h.invite("expired@example.com", access.Fleet)
	h.wait(access.DefaultInvitationTTL)
	links := map[string]string{"unknown": "/login/" + access.NewSecret().Reveal(), "malformed": "/login/short", "used": used, "revoked": revoked, "expired": expired}
	mask := regexp.MustCompile(`value="[^"]*"|/login/[A-Za-z0-9_-]+/renew`)
	var first, firstHeader string
	for name, link := range links {
		a := h.guest().get(link)
		a.want(t, http.StatusGone, "no longer good", "fresh")
		a.lacks(t, "example.com")
		for _, c := range a.Cookies() {
			a.Header.Set("Set-Cookie", c.Name)
		}
		a.Header.Del("Date")
		body, header := mask.ReplaceAllString(a.body, "…"), headerText(a.Header)
		if first == "" {
			first, firstHeader = body, header
		}
		if body != first || header != firstHeader {
			t.Errorf("the page of a link that is %s differs:\n%s\n%s", name, header, body)
		}
		renewed := h.guest()
		renewed.post(renewed.get(link), link+"/renew").want(t, 200, "fresh letter")
	}
}

func headerText(h http.Header) string {
	var b strings.Builder
	if err := h.Write(&b); err != nil {
		return err.Error()
	}
	return b.String()
}

// A forwarded or phished sign-in link is opened in another browser than the one
// that asked for it.
func TestSignInLinkIsBoundToItsBrowser(t *testing.T) {
	h := newHouse(t)
	h.arrived("ada@example.com", access.Fleet)
	g := h.guest()
	g.post(g.get("/login"), "/login", "email", "ADA@Example.COM").want(t, 200, "Look in your mail", "ADA@Example.COM")
	if n, err := h.service.SignIn.AnswerRequests(bg); n != 1 || err != nil {
		t.Fatalf("answered %d asks: %v", n, err)
	}
	link, code := h.signInLetter()

	thief := h.guest()
	page := thief.get(link)
	page.want(t, http.StatusForbidden, "browser")
	page.lacks(t, "ada@example.com")
	thief.post(page, link).want(t, http.StatusForbidden)
	thief.post(page, "/login/code", "code", code).want(t, http.StatusUnprocessableEntity, "not right")
	g.post(g.get("/login"), "/login/code", "code", "0000-0000").want(t, http.StatusUnprocessableEntity, "not right")
	g.post(g.get("/login"), "/login/code", "code", " "+strings.ToLower(code[:4])+"\u00a0\u2013 "+code[5:]+".").
		want(t, http.StatusSeeOther, "/")
	g.get("/").want(t, 200, "Fleet")
	g.get(link).want(t, http.StatusGone)
}

// signInLetter finds the link and the code in the newest email.
func (h *house) signInLetter() (link, code string) {
	h.t.Helper()
	page, err := h.service.Outbox.List(bg, access.Operator, "", 0)
	h.must(err)
	at := slices.IndexFunc(page.Items, func(l access.Message) bool { return l.Kind == access.SignInMessage })
	_, w, err := h.service.Outbox.Get(bg, access.Operator, page.Items[at].ID)
	h.must(err)
	link = regexp.MustCompile(regexp.QuoteMeta(houseURL) + `(/login/[A-Za-z0-9_-]{43})`).FindStringSubmatch(w.Text)[1]
	code = regexp.MustCompile(`(?m)^[0-9A-Z]{4}-[0-9A-Z]{4}$`).FindString(w.Text)
	return link, code
}

// Another site posts to us with the victim's cookies, in each way that browsers
// tell us of, and with a form token of its own session.
func TestForeignFormsAreRefused(t *testing.T) {
	h := newHouse(t)
	g, _ := h.arrived("ada@example.com", access.Fleet)
	other, _ := h.arrived("eve@example.com", access.Fleet)
	page, evil := g.get("/"), other.get("/")
	token := csrfField.FindStringSubmatch(page.body)[1]
	for name, change := range map[string]func(*http.Request){
		"cross-site": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"same-site":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"a null origin": func(r *http.Request) {
			r.Header.Set("Origin", "null")
			r.Header.Del("Sec-Fetch-Site")
		},
		"a null origin of another site": func(r *http.Request) {
			r.Header.Set("Origin", "null")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		},
		"an evil origin":     func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"our host over http": func(r *http.Request) { r.Header.Set("Origin", "http://door.example.com") },
	} {
		a := g.do(http.MethodPost, "/logout", map[string][]string{"csrf": {token}}, change)
		if a.StatusCode != http.StatusForbidden {
			t.Errorf("a form with %s was taken: %d", name, a.StatusCode)
		}
	}
	g.post(evil, "/logout").want(t, http.StatusForbidden, "nothing was changed")
	g.do(http.MethodPost, "/logout", map[string][]string{}).want(t, http.StatusForbidden)
	g.get("/").want(t, 200)
	own := g.do(http.MethodPost, "/logout", map[string][]string{"csrf": {token}}, func(r *http.Request) {
		r.Header.Set("Origin", "null") // so Chromium sends the forms of pages with no-referrer
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	})
	own.want(t, 200, "signed out")
	g.get("/").want(t, http.StatusSeeOther, "/login")
}

// Whoever sits down next at a shared computer has the history, the cache and
// the cookies of the one who has left.
func TestLogOutLeavesNothing(t *testing.T) {
	h := newHouse(t)
	for _, everywhere := range []string{"", "1"} {
		g, _ := h.arrived("ada"+everywhere+"@example.com", access.Fleet)
		home := g.get("/")
		if home.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("the home page may be kept: %v", home.Header)
		}
		old := g.session()
		out := g.post(home, "/logout", "everywhere", everywhere)
		out.want(t, 200, "signed out")
		out.lacks(t, "@example.com", "Fleet")
		if c := out.Header.Get("Clear-Site-Data"); everywhere != "" && !strings.Contains(c, `"cookies"`) ||
			!strings.Contains(c, `"storage"`) || out.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("what is left in the browser: %v", out.Header)
		}
		dropped := false
		for _, c := range out.Cookies() {
			dropped = dropped || c.Name == h.web.Cookies.names.session && c.Value == "" && c.Expires.Before(time.Now())
		}
		if !dropped {
			t.Errorf("the session's cookie stays: %v", out.Header["Set-Cookie"])
		}
		if _, err := h.service.Gate.Principal(bg, old); !access.SignedOut.Is(err) {
			t.Errorf("the session still opens: %v", err)
		}
		replay := func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: h.web.Cookies.names.session, Value: old.Reveal()})
		}
		h.guest().get("/", replay).want(t, http.StatusSeeOther, "/login")
		h.guest().api("GET", "/me", "", replay).want(t, http.StatusUnauthorized)
	}
}

func TestSetupWorksOnce(t *testing.T) {
	h := newHouse(t) // has an Admin
	h.guest().get("/setup/"+access.NewSecret().Reveal()).want(t, http.StatusGone, "Setup is closed")
}

func TestWithdraw(t *testing.T) {
	h := newHouse(t)
	id, link := h.invite("ada@example.com", access.Fleet)
	g := h.guest()
	g.enter(link)
	g.post(g.get("/pending"), "/pending/withdraw").want(t, 200, "You have withdrawn")
	if _, err := h.service.Members.Get(bg, h.admin, id); !access.NotFound.Is(err) {
		t.Errorf("the withdrawn account is still there: %v", err)
	}
	g.get("/pending").want(t, http.StatusSeeOther, "/login")
}

func TestRejectedWhileWaiting(t *testing.T) {
	h := newHouse(t)
	id, link := h.invite("ada@example.com", access.Fleet)
	g := h.guest()
	g.enter(link)
	if err := h.service.Members.Reject(bg, h.admin, id, "", false); err != nil {
		t.Fatal(err)
	}
	g.get("/pending").want(t, http.StatusForbidden, "not approved")
	g.get("/pending").want(t, http.StatusSeeOther, "/login")
	h.guest().get(link).want(t, http.StatusGone)
}

// A phishing mail leads through our sign-in page to somewhere else.
func TestNextLeadsNowhereElse(t *testing.T) {
	h := newHouse(t)
	for _, next := range []string{"//evil.example", `/\evil.example`, "/%2f/evil.example", "https:evil.example", "\t//evil.example", "javascript:alert(1)", "/@evil", "https://door.example.com@evil.example", "/\u2215evil", "/a//b", `/%5cevil`} {
		if got := safePath(next); got != "/" && (!strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.Contains(got, `\`) || strings.Contains(strings.ToLower(got), "%2f") || strings.Contains(strings.ToLower(got), "%5c")) {
			t.Errorf("safePath(%q) = %q", next, got)
		}
	}
	if got := safePath("/fleet/datalake"); got != "/fleet/datalake" {
		t.Errorf("a path of ours became %q", got)
	}
	h.guest().get("/fleet/flows").want(t, http.StatusSeeOther, "/login?next=%2Ffleet%2Fflows")
}

func TestSessionLimits(t *testing.T) {
	h := newHouse(t)
	g, _ := h.arrived("ada@example.com", access.Fleet)
	g.get("/").want(t, 200)
	h.wait(access.MemberIdleTTL - time.Minute)
	g.get("/").want(t, 200)
	h.wait(access.MemberIdleTTL)
	g.get("/").want(t, http.StatusSeeOther, "/login")
}

// Pages that hold what somebody typed must show it, not run it.
func TestTypedTextIsShownNotRun(t *testing.T) {
	h := newHouse(t)
	_, link := h.invite("ada@example.com", access.Fleet)
	g := h.guest()
	g.enter(link)
	g.post(g.get("/pending"), "/pending/note", "note", `<img src=x onerror=1>{{7*7}}`).want(t, http.StatusSeeOther)
	a := g.get("/pending")
	a.want(t, 200, "&lt;img src=x onerror=1&gt;{{7*7}}")
	a.lacks(t, "<img src=x")
	g.post(a, "/pending/note", "note", strings.Repeat("x", 201)).want(t, http.StatusUnprocessableEntity, "the most is 200")
	h.guest().get("/login").want(t, 200)
	l := h.guest()
	l.post(l.get("/login"), "/login", "email", `"><script>@x`).want(t, http.StatusUnprocessableEntity, "role=\"alert\"")
}

// The operator's socket and the network are served from two goroutines at once,
// and Close ends both, however early it comes.
func TestServeTwoFacesAtOnce(t *testing.T) {
	h := newHouse(t)
	ended := make(chan error, 2)
	for _, local := range []bool{true, false} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		h.must(err)
		go func() { ended <- h.web.Serve(l, local) }()
	}
	h.must(h.web.Close())
	for range 2 {
		select {
		case <-ended:
		case <-time.After(patience):
			t.Fatal("a face is served for ever")
		}
	}
}

// The waiting page's script asks ahead what became of the request. Its answer
// must not cost the page that is opened then the session by which it knows why.
func TestRejectedPageIsSeenAfterTheScriptHasLooked(t *testing.T) {
	h := newHouse(t)
	id, link := h.invite("eve@example.com", access.Fleet)
	g := h.guest()
	g.enter(link)
	h.must(h.service.Members.Reject(bg, h.admin, id, "", false))
	mode := func(m string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Sec-Fetch-Mode", m) }
	}
	g.do(http.MethodGet, "/pending", nil, mode("cors")).want(t, http.StatusForbidden)
	g.do(http.MethodGet, "/pending", nil, mode("navigate")).want(t, http.StatusForbidden, "Your request was not approved")
	g.do(http.MethodGet, "/pending", nil, mode("navigate")).want(t, http.StatusSeeOther)
}

// A browser that has signed a member in is known to that member for a year from its
// last sign-in. Signing out keeps that, signing out everywhere does not, and the
// cookie by itself opens nothing.
func TestABrowserStaysKnown(t *testing.T) {
	h := newHouse(t)
	g, _ := h.arrived("ada@example.com", access.Fleet)
	lasts := func(a answer) (seconds int) {
		for _, c := range a.Cookies() {
			if c.Name == h.web.Cookies.names.browser {
				seconds = c.MaxAge
				if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode {
					t.Errorf("the cookie is %+v", c)
				}
			}
		}
		return seconds
	}
	year := int(access.KnownBrowserTTL / time.Second)
	g.post(g.get("/"), "/logout").want(t, 200)
	page := g.get("/login")
	g.post(page, "/login", "email", "ada@example.com").want(t, 200)
	_, err := h.service.SignIn.AnswerRequests(bg)
	h.must(err)
	link, _ := h.signInLetter()
	in := g.post(g.get(link), link)
	in.want(t, http.StatusSeeOther)
	if n := lasts(in); n != year {
		t.Errorf("signing in renews the cookie for %d s, want %d", n, year)
	}
	if n := lasts(h.guest().get("/login")); n != year {
		t.Errorf("a fresh browser has its cookie for %d s, want %d", n, year)
	}
	g.post(g.get("/"), "/logout").want(t, 200)
	g.get("/").want(t, http.StatusSeeOther, "/login")
	g.get("/api/v1/me").want(t, http.StatusUnauthorized)
}

// What was copied with too much, or too little, around it: the page says what a code
// looks like, and none of it counts as a guess.
func TestPastedCodes(t *testing.T) {
	h := newHouse(t)
	h.arrived("ada@example.com", access.Fleet)
	g := h.guest()
	g.post(g.get("/login"), "/login", "email", "ada@example.com").
		want(t, 200, `maxlength="40"`, `autocomplete="one-time-code"`, `autocapitalize="characters"`)
	_, err := h.service.SignIn.AnswerRequests(bg)
	h.must(err)
	_, code := h.signInLetter()
	for range 2 * access.MaxCodeAttempts {
		for _, slip := range []string{code[:8], code + "X", "my code", ""} {
			g.post(g.get("/login"), "/login/code", "code", slip).
				want(t, http.StatusUnprocessableEntity, "eight letters and digits")
		}
	}
	g.post(g.get("/login"), "/login/code", "code", "\t"+strings.ToLower(code)+"\r\n").want(t, http.StatusSeeOther)
}
