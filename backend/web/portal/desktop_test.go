package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

// A malicious page requests an authorization: the code can go nowhere but to a
// port of the reader's own computer, and only with the strong challenge method.
func TestWindowPageLeadsNowhereElse(t *testing.T) {
	c := webtest.NewCallers(t)
	bad := map[string][]string{
		"a plain challenge":     {"code_challenge_method", "plain"},
		"no method":             {"code_challenge_method", ""},
		"a short challenge":     {"code_challenge", "c2hvcnQ"},
		"a padded one":          {"code_challenge", webtest.Challenge() + "="},
		"a name for a port":     {"port", "80@evil.example"},
		"a port that is a path": {"port", "4000/x"},
		"a port of the system":  {"port", "22"},
		"no such port":          {"port", "65536"},
		"no mark":               {"state", ""},
		"a mark that breaks":    {"state", "a\r\nSet-Cookie: b=c"},
		"a long mark":           {"state", strings.Repeat("x", 129)},
	}
	for name, change := range bad {
		t.Run(name, func(t *testing.T) {
			before := c.Records()
			a := c.Admin.Get("/desktop?" + webtest.DesktopForm(change...).Encode())
			a.Want(t, http.StatusUnprocessableEntity, "Press “Sign in” there again")
			fields := []string{}
			form := webtest.DesktopForm(change...)
			for field := range form {
				fields = append(fields, field, form.Get(field))
			}
			page := c.Admin.Get("/desktop?" + webtest.DesktopForm().Encode())
			a = c.Admin.Post(page, "/desktop", fields...)
			a.Want(t, http.StatusUnprocessableEntity)
			if a.Header.Get("Location") != "" || c.Records() != before {
				t.Errorf("it leads to %q, or something was kept", a.Header.Get("Location"))
			}
		})
	}
}

// Another site cannot press the button, and opening the page authorizes nothing.
func TestWindowIsLetInByTheMemberAlone(t *testing.T) {
	c := webtest.NewCallers(t)
	before := c.Records()
	page := c.Admin.Get("/desktop?" + webtest.DesktopForm().Encode())
	page.Want(t, http.StatusOK, "Admin@Example.com")
	if got := page.Header.Get("Content-Security-Policy"); !strings.Contains(got,
		"form-action 'self' http://127.0.0.1:40123;") {
		t.Errorf("the policy: %s", got)
	}
	form := webtest.DesktopForm("csrf", "forged")
	c.Admin.Do(http.MethodPost, "/desktop", form).Want(t, http.StatusForbidden)
	form.Set("csrf", webtest.CSRFField.FindStringSubmatch(page.Text)[1])
	c.Admin.Do(http.MethodPost, "/desktop", form, func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}).Want(t, http.StatusForbidden)
	if c.Records() != before {
		t.Error("something was kept")
	}
	c.Fleet.Get("/desktop?"+webtest.DesktopForm().Encode()).
		Want(t, http.StatusForbidden, "You don’t have access to the desktop app")
	c.Pending.Get("/desktop?"+webtest.DesktopForm().Encode()).Want(t, http.StatusSeeOther, "/pending")
	a := c.Stranger.Get("/desktop?" + webtest.DesktopForm().Encode())
	a.Want(t, http.StatusSeeOther)
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil || to.Path != "/login" || to.Query().Get("next") != "/desktop?"+webtest.DesktopForm().Encode() {
		t.Errorf("the stranger is led to %q", a.Header.Get("Location"))
	}
}

// An intercepted code is redeemed with another secret: it is refused, and void
// from then on.
func TestWindowCodeNeedsItsSecret(t *testing.T) {
	c := webtest.NewCallers(t)
	code := c.Admin.AuthorizeDesktop(t)
	c.RedeemDesktop(code, "another").Want(t, http.StatusGone, "desktop_sign_in_expired")
	c.RedeemDesktop(code, webtest.Verifier).Want(t, http.StatusGone)
	c.RedeemDesktop("no-code", webtest.Verifier).Want(t, http.StatusGone, "desktop_sign_in_expired")
	code = c.Admin.AuthorizeDesktop(t, "state", "of-another-try")
	c.RedeemDesktop(code, webtest.Verifier).Want(t, http.StatusCreated)
	c.RedeemDesktop(code, webtest.Verifier).Want(t, http.StatusGone)
}

// A window may do what its member may, is distinguished in the audit log, is
// listed with the member's sessions, and is refused as soon as it is ended there.
func TestWindowActsForItsMember(t *testing.T) {
	c := webtest.NewCallers(t)
	secret := c.SignInDesktop(t, c.Admin)
	as := func(method, path, body string) webtest.Answer {
		return c.Browser().API(method, path, body, webtest.Bearer(secret))
	}
	as("GET", "/me", "").Want(t, 200, `"sign_in_method":"desktop"`, `"email":"Admin@Example.com"`)
	as("POST", "/invitations", `{"email":"new@example.com","roles":["Fleet"]}`).Want(t, 201)
	entries := as("GET", "/audit?limit=1", "").Items(t)
	if entries[0]["action"] != "invited" || entries[0]["source"] != "desktop" || entries[0]["actor"] == nil {
		t.Errorf("the audit log says %v", entries[0])
	}
	var listed map[string]any
	for _, s := range as("GET", c.Fill("/members/{admin}/sessions"), "").Items(t) {
		if s["method"] == "desktop" {
			listed = s
		}
	}
	if listed == nil || listed["current"] != true || listed["agent"] != "Doorward-Desktop (ada-laptop)" {
		t.Fatalf("its session is listed as %v", listed)
	}
	c.Admin.API("DELETE", c.Fill("/members/{admin}/sessions/")+listed["id"].(string), "").Want(t, 204)
	as("GET", "/me", "").Want(t, 401)
}

func TestWindowLeaves(t *testing.T) {
	c := webtest.NewCallers(t)
	secret := c.SignInDesktop(t, c.Admin)
	c.Browser().API("DELETE", "/desktop", "", webtest.Bearer(secret)).Want(t, 204)
	c.Browser().API("GET", "/me", "", webtest.Bearer(secret)).Want(t, 401)
	c.Admin.API("DELETE", "/desktop", "").Want(t, 422, "not_a_window")
	c.Admin.API("GET", "/me", "").Want(t, 200)
}

// Secrets are swapped: a window's secret opens no page in a browser, a browser's
// secret does not work for a window, and neither does an API token.
func TestWindowSecretIsNoCookie(t *testing.T) {
	c := webtest.NewCallers(t)
	secret := c.SignInDesktop(t, c.Admin)
	b := c.Browser()
	for _, value := range []string{secret.Reveal(), strings.TrimPrefix(secret.Reveal(), access.DesktopSecretPrefix)} {
		b.Get("/", func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: webtest.SessionCookie, Value: value})
		}).Want(t, http.StatusSeeOther, "/login")
	}
	b.API("GET", "/me", "", webtest.Bearer(c.Admin.Session())).Want(t, 401)
	b.API("GET", "/me", "", webtest.Bearer(access.DesktopSecretPrefix+c.Admin.Session())).Want(t, 401)
	b.Get("/", webtest.Bearer(secret)).Want(t, http.StatusSeeOther, "/login")
	c.Advance(8 * 24 * time.Hour)
	b.API("GET", "/me", "", webtest.Bearer(secret)).Want(t, 401)
}
