package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

// An invited person accepts, closes the tab and opens the email's link again, which is
// all that they have. While they are signed in it leads on, before and after the
// approval, and by a press of an old page's button too. Nobody else gets more than
// before.
func TestOwnLinkLeadsOn(t *testing.T) {
	s := webtest.New(t)
	id, link := s.Invite("ada@example.com", access.Fleet)
	b, stranger := s.Browser(), s.Browser()
	page := b.Get(link)
	b.Post(page, link).Want(t, http.StatusSeeOther, "/pending")
	b.Get(link).Want(t, http.StatusSeeOther, "/pending")
	b.Post(b.Get("/pending"), link).Want(t, http.StatusSeeOther, "/pending")
	if _, err := s.Service.Members.Approve(bg, s.Admin, id, nil); err != nil {
		t.Fatal(err)
	}
	if a := b.Get(link); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/" {
		t.Errorf("after the approval: %d %q", a.StatusCode, a.Header.Get("Location"))
	}
	other, _ := s.SignedIn("eve@example.com", access.Fleet)
	for _, by := range []*webtest.Browser{stranger, other} {
		by.Get(link).Want(t, http.StatusGone, "Send me a new link")
	}
}

// The link of a copied invitation verifies no address. The emailed link that follows
// still does, so its page opens for the member who is signed in already.
func TestOwnLinkStillVerifies(t *testing.T) {
	s := webtest.New(t)
	id, _ := s.Invite("ada@example.com", access.Fleet)
	link, err := s.Service.Invitations.CopyLink(bg, s.Admin, id)
	s.Must(err)
	b := s.Browser()
	b.RedeemLink(strings.TrimPrefix(link, webtest.URL)).Want(t, http.StatusSeeOther, "/pending")
	b.Post(b.Get("/pending"), "/login", "email", "ada@example.com")
	if _, err := s.Service.SignIn.AnswerRequests(bg); err != nil {
		t.Fatal(err)
	}
	mailed, _ := s.SignInEmail()
	b.RedeemLink(mailed).Want(t, http.StatusSeeOther, "/pending")
	b.Get("/pending").Want(t, http.StatusOK, "Your email address is verified")
}

// An Admin copies an invitation's link and tries it in her own browser. She does not
// become the invited person without a word: the page names both, she chooses, and only
// the choice ends her session.
func TestLinkOfSomebodyElseAsks(t *testing.T) {
	s := webtest.New(t)
	admin, _ := s.SignedIn("eve@example.com", access.Admin)
	admin.Get("/")
	_, link := s.Invite("ada@example.com", access.Fleet)
	page := admin.Get(link)
	page.Want(t, http.StatusOK, "You are signed in as", "eve@example.com", "ada@example.com", `href="/"`,
		`name="switch" value="1"`)
	before := admin.Session()
	admin.Post(page, link).Want(t, http.StatusSeeOther, link) // by a page from before she signed in
	if admin.Session() != before {
		t.Error("a press without a choice changed the session")
	}
	admin.Get("/").Want(t, http.StatusOK, "Console")
	admin.Post(page, link, "switch", "1").Want(t, http.StatusSeeOther, "/pending")
	admin.Get("/pending").Want(t, http.StatusOK, "ada@example.com")
	if _, err := s.Service.Gate.Principal(bg, before); !access.SignedOut.Is(err) {
		t.Errorf("her own session goes on where nobody can end it: %v", err)
	}
}

// A page for the code is left open, and meanwhile somebody else signs in in that browser.
// The code does not change who is signed in without a word, and is not used up by the
// question. Only the choice ends the session, which nobody could end afterwards.
func TestCodeOfSomebodyElseAsks(t *testing.T) {
	s := webtest.New(t)
	s.SignedIn("ada@example.com", access.Fleet)
	eve, _ := s.SignedIn("eve@example.com", access.Admin)
	eve.Get("/")
	b, page, code := askedForCode(s, "ada@example.com")
	giveSession(b, eve)
	before := b.Session()
	asks := b.Post(page, "/login/code", "code", code, "email", "ada@example.com")
	asks.Want(t, http.StatusOK, "You are signed in as", "eve@example.com", "ada@example.com", `href="/"`,
		`name="switch" value="1"`, `value="`+code+`"`)
	if b.Session() != before {
		t.Error("a press without a choice changed the session")
	}
	b.Post(page, "/login/code", "code", code).Want(t, http.StatusSeeOther, "/") // of nobody's address
	b.Get("/").Want(t, http.StatusOK, "Console")
	b.Post(asks, "/login/code", "code", code, "email", "ada@example.com", "switch", "1").
		Want(t, http.StatusSeeOther, "/")
	b.Get("/").Want(t, http.StatusOK, "ada@example.com")
	if _, err := s.Service.Gate.Principal(bg, before); !access.SignedOut.Is(err) {
		t.Errorf("the session goes on where nobody can end it: %v", err)
	}
}

// askedForCode returns a browser that requested a code, its page for the code, and the code.
func askedForCode(s *webtest.Server, email string) (b *webtest.Browser, page webtest.Answer, code string) {
	s.T.Helper()
	b = s.Browser()
	page = b.Post(b.Get("/login"), "/login", "email", email)
	_, err := s.Service.SignIn.AnswerRequests(bg)
	s.Must(err)
	_, code = s.SignInEmail()
	return b, page, code
}

// giveSession gives a browser the session cookie of another one; nil: it loses its own.
func giveSession(b, from *webtest.Browser) {
	here, err := url.Parse(webtest.URL)
	b.Server.Must(err)
	cookie := &http.Cookie{Name: webtest.SessionCookie, Path: "/", MaxAge: -1}
	if from != nil {
		cookie.Value, cookie.MaxAge = from.Session().Reveal(), 0
	}
	b.Jar.SetCookies(here, []*http.Cookie{cookie})
}

// The page for the code is left open, and its own reader signs in meanwhile, by the link in
// the same email: the code was used up with it, and was answered as a wrong one. Whoever is
// signed in already is led on, and no code is checked or used.
func TestCodeOfOnesOwnLeadsOn(t *testing.T) {
	s := webtest.New(t)
	ada, _ := s.SignedIn("ada@example.com", access.Fleet)
	ada.Get("/")
	b, page, code := askedForCode(s, "ADA@example.com")
	link, _ := s.SignInEmail()
	ledOn := func() {
		t.Helper()
		before := b.Session()
		for _, typed := range []string{code, "0000-0000", "K7PQ"} {
			b.Post(page, "/login/code", "code", typed, "email", "ADA@example.com").Want(t, http.StatusSeeOther, "/")
			b.Post(page, "/login/code", "code", typed, "email", "ada@example.com", "switch", "1", "next", "/fleet").
				Want(t, http.StatusSeeOther, "/fleet")
		}
		if b.Session() != before {
			t.Error("the session is another one")
		}
	}
	giveSession(b, ada)
	ledOn()
	giveSession(b, nil)
	b.RedeemLink(link).Want(t, http.StatusSeeOther, "/") // nothing was used up
	b.Get("/").Want(t, http.StatusOK)
	ledOn()
}

// The address of whoever accepted by a link that was handed over is still to be verified:
// their own code does that. Once it is, they are led on like everybody else.
func TestCodeOfOnesOwnVerifiesTheAddress(t *testing.T) {
	s := webtest.New(t)
	id, _ := s.Invite("handed@example.com", access.Fleet)
	handed, err := s.Service.Invitations.CopyLink(bg, s.Admin, id)
	s.Must(err)
	b, page, code := askedForCode(s, "handed@example.com")
	b.RedeemLink(strings.TrimPrefix(handed, webtest.URL)).Want(t, http.StatusSeeOther, "/pending")
	b.Post(page, "/login/code", "code", code, "email", "handed@example.com").
		Want(t, http.StatusSeeOther, "/pending")
	b.Get("/pending").Want(t, http.StatusOK, "You verified your email address")
	b.Post(page, "/login/code", "code", code, "email", "handed@example.com", "next", "/fleet").
		Want(t, http.StatusSeeOther, "/pending")
}

// Somebody double-clicks Accept: two forms, and the browser shows the second answer and
// drops the first, with its cookie. The second gets the first one's answer. Another
// browser, another form and another link do not.
func TestSecondSubmissionGetsTheFirstAnswer(t *testing.T) {
	s := webtest.New(t)
	_, link := s.Invite("ada@example.com", access.Fleet)
	b := s.Browser()
	page := b.Get(link)
	var both sync.WaitGroup
	answers := make([]webtest.Answer, 2)
	for i := range answers {
		both.Go(func() { answers[i] = b.Post(page, link) })
	}
	both.Wait()
	sessions := map[string]bool{}
	for _, a := range append(answers, b.Do(http.MethodPost, link, map[string][]string{
		"csrf": {webtest.CSRFField.FindStringSubmatch(page.Text)[1]},
	}, func(r *http.Request) {
		r.Header.Del("Cookie") // the first answer's cookie never arrived
		for _, c := range b.Jar.Cookies(r.URL) {
			if c.Name == webtest.BrowserCookie {
				r.AddCookie(c)
			}
		}
	})) {
		a.Want(t, http.StatusSeeOther, "/pending")
		for _, c := range a.Cookies() {
			if c.Name == webtest.SessionCookie {
				sessions[c.Value] = true
			}
		}
	}
	if len(sessions) != 1 {
		t.Errorf("%d sessions were opened", len(sessions))
	}
	thief := s.Browser()
	thief.Post(thief.Get(link), link).Want(t, http.StatusGone)

	ask := s.Browser()
	form := ask.Get("/login")
	for range 2 {
		ask.Post(form, "/login", "email", "ada@example.com").Want(t, http.StatusOK, "Check your email")
	}
	if n, err := s.Service.SignIn.AnswerRequests(bg); n != 1 || err != nil {
		t.Errorf("two presses of one button cause %d emails: %v", n, err)
	}
	ask.Post(ask.Get("/login"), "/login", "email", "ada@example.com").Want(t, http.StatusOK)
	if n, err := s.Service.SignIn.AnswerRequests(bg); n != 1 || err != nil {
		t.Errorf("asking for another email causes %d: %v", n, err)
	}
}

// A mail program, or who copies a link, sticks something to its end. The token in front
// of it is the link. What has no token in it stays dead.
func TestLinkWithSomethingStuckToIt(t *testing.T) {
	s := webtest.New(t)
	_, link := s.Invite("ada@example.com", access.Fleet)
	for _, stuck := range []string{".", ")", ",", "&data=05%7C02", "%20", "/", "%3E", "...", "./"} {
		b := s.Browser()
		at := link + stuck
		for range 2 { // a slash and something else
			if a := b.Get(at); a.StatusCode == http.StatusSeeOther {
				at = a.Header.Get("Location")
			}
		}
		if at != link {
			t.Errorf("%q leads to %q", stuck, at)
		}
	}
	setup := "/setup/" + access.NewSecret().Reveal()
	s.Browser().Get(setup+").").Want(t, http.StatusSeeOther, setup)
	dots := "/login/" + strings.Repeat(".", 50)
	for _, bad := range []string{link + "x", link + "-", link[:len(link)-1] + ".", dots} {
		s.Browser().Get(bad).Want(t, http.StatusGone)
	}
	s.Browser().Get("//evil.example/").Lacks(t, "evil.example")
	if to := s.Browser().Get("//evil.example/").Header.Get("Location"); strings.Contains(to, "evil") {
		t.Errorf("a slash at the end leads to %q", to)
	}
}
