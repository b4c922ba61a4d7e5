package web

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
)

const verifier = "the-window-s-own-secret-that-nobody-else-has-seen"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// windowForm is what a window asks for, with some of it changed.
func windowForm(change ...string) url.Values {
	v := url.Values{"code_challenge": {challenge()}, "code_challenge_method": {"S256"}, "state": {"its-mark"}, "port": {"40123"}}
	for i := 0; i+1 < len(change); i += 2 {
		v.Set(change[i], change[i+1])
	}
	return v
}

// letIn is the code that g lets a window have.
func (g *guest) letIn(t *testing.T) string {
	t.Helper()
	page := g.get("/desktop?" + windowForm().Encode())
	page.want(t, http.StatusOK, "Let the Doorward window in?")
	form := windowForm()
	fields := []string{}
	for name := range form {
		fields = append(fields, name, form.Get(name))
	}
	a := g.post(page, "/desktop", fields...)
	a.want(t, http.StatusSeeOther)
	back, err := url.Parse(a.Header.Get("Location"))
	if err != nil || back.Host != "127.0.0.1:40123" || back.Query().Get("state") != "its-mark" {
		t.Fatalf("it leads to %q", a.Header.Get("Location"))
	}
	return back.Query().Get("code")
}

// redeem sends a code as a window does.
func (h *house) redeem(code, verifier string) answer {
	return h.guest().api(http.MethodPost, "/desktop", fmt.Sprintf(`{"code":%q,"code_verifier":%q}`, code, verifier), func(r *http.Request) {
		r.Header.Set("User-Agent", "Doorward-Desktop (ada-laptop)")
	})
}

func (h *house) window(t *testing.T, g *guest) access.Secret {
	t.Helper()
	a := h.redeem(g.letIn(t), verifier)
	a.want(t, http.StatusCreated, `"workspace":"AI Loop"`)
	return access.Secret(a.object(t)["secret"].(string))
}

// A page that asks for a window can lead the code nowhere but to a port of the
// reader's own computer, and only by the strong method.
func TestWindowPageLeadsNowhereElse(t *testing.T) {
	c := newCast(t)
	bad := map[string][]string{
		"a plain challenge":     {"code_challenge_method", "plain"},
		"no method":             {"code_challenge_method", ""},
		"a short challenge":     {"code_challenge", "c2hvcnQ"},
		"a padded one":          {"code_challenge", challenge() + "="},
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
			before := c.everything()
			a := c.admin.get("/desktop?" + windowForm(change...).Encode())
			a.want(t, http.StatusUnprocessableEntity, "Press Sign in there again")
			fields := []string{}
			form := windowForm(change...)
			for field := range form {
				fields = append(fields, field, form.Get(field))
			}
			page := c.admin.get("/desktop?" + windowForm().Encode())
			a = c.admin.post(page, "/desktop", fields...)
			a.want(t, http.StatusUnprocessableEntity)
			if a.Header.Get("Location") != "" || c.everything() != before {
				t.Errorf("it leads to %q, or something was kept", a.Header.Get("Location"))
			}
		})
	}
}

// Another site cannot press the button, and looking at the page presses nothing.
func TestWindowIsLetInByTheMemberAlone(t *testing.T) {
	c := newCast(t)
	before := c.everything()
	page := c.admin.get("/desktop?" + windowForm().Encode())
	page.want(t, http.StatusOK, "Admin@Example.com")
	if got := page.Header.Get("Content-Security-Policy"); !strings.Contains(got, "form-action 'self' http://127.0.0.1:40123;") {
		t.Errorf("the policy: %s", got)
	}
	form := windowForm("csrf", "forged")
	c.admin.do(http.MethodPost, "/desktop", form).want(t, http.StatusForbidden)
	form.Set("csrf", csrfField.FindStringSubmatch(page.body)[1])
	c.admin.do(http.MethodPost, "/desktop", form, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }).want(t, http.StatusForbidden)
	if c.everything() != before {
		t.Error("something was kept")
	}
	c.fleet.get("/desktop?"+windowForm().Encode()).want(t, http.StatusForbidden, "The Doorward window is not open to you")
	c.pending.get("/desktop?"+windowForm().Encode()).want(t, http.StatusSeeOther, "/pending")
	a := c.stranger.get("/desktop?" + windowForm().Encode())
	a.want(t, http.StatusSeeOther)
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil || to.Path != "/login" || to.Query().Get("next") != "/desktop?"+windowForm().Encode() {
		t.Errorf("the stranger is led to %q", a.Header.Get("Location"))
	}
}

// The code is worth nothing with another secret, and nothing after that.
func TestWindowCodeNeedsItsSecret(t *testing.T) {
	c := newCast(t)
	code := c.admin.letIn(t)
	c.redeem(code, "another").want(t, http.StatusGone, "window_dead")
	c.redeem(code, verifier).want(t, http.StatusGone)
	c.redeem("no-code", verifier).want(t, http.StatusGone, "window_dead")
	code = c.admin.letIn(t)
	c.redeem(code, verifier).want(t, http.StatusCreated)
	c.redeem(code, verifier).want(t, http.StatusGone)
}

// A window does what its member may, is told apart in the audit log, is listed
// with the member's sessions, and is out as soon as it is ended there.
func TestWindowActsForItsMember(t *testing.T) {
	c := newCast(t)
	secret := c.window(t, c.admin)
	as := func(method, path, body string) answer { return c.guest().api(method, path, body, bearer(secret)) }
	as("GET", "/me", "").want(t, 200, `"sign_in_method":"desktop"`, `"email":"Admin@Example.com"`)
	as("POST", "/invitations", `{"email":"new@example.com","roles":["Fleet"]}`).want(t, 201)
	entries := as("GET", "/audit?limit=1", "").items(t)
	if entries[0]["action"] != "invited" || entries[0]["source"] != "desktop" || entries[0]["actor"] == nil {
		t.Errorf("the audit log says %v", entries[0])
	}
	var listed map[string]any
	for _, s := range as("GET", c.fill("/members/{admin}/sessions"), "").items(t) {
		if s["method"] == "desktop" {
			listed = s
		}
	}
	if listed == nil || listed["current"] != true || listed["agent"] != "Doorward-Desktop (ada-laptop)" {
		t.Fatalf("its session is listed as %v", listed)
	}
	c.admin.api("DELETE", c.fill("/members/{admin}/sessions/")+listed["id"].(string), "").want(t, 204)
	as("GET", "/me", "").want(t, 401)
}

func TestWindowLeaves(t *testing.T) {
	c := newCast(t)
	secret := c.window(t, c.admin)
	c.guest().api("DELETE", "/desktop", "", bearer(secret)).want(t, 204)
	c.guest().api("GET", "/me", "", bearer(secret)).want(t, 401)
	c.admin.api("DELETE", "/desktop", "").want(t, 422, "not_a_window")
	c.admin.api("GET", "/me", "").want(t, 200)
}

// A window's secret opens no page in a browser, a browser's secret is no
// window's, and neither is an API token.
func TestWindowSecretIsNoCookie(t *testing.T) {
	c := newCast(t)
	secret := c.window(t, c.admin)
	g := c.guest()
	for _, value := range []string{secret.Reveal(), strings.TrimPrefix(secret.Reveal(), access.DesktopSecretPrefix)} {
		g.get("/", func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: c.web.Cookies.names.session, Value: value})
		}).want(t, http.StatusSeeOther, "/login")
	}
	g.api("GET", "/me", "", bearer(c.admin.session())).want(t, 401)
	g.api("GET", "/me", "", bearer(access.DesktopSecretPrefix+c.admin.session())).want(t, 401)
	g.get("/", bearer(secret)).want(t, http.StatusSeeOther, "/login")
	c.wait(8 * 24 * time.Hour)
	g.api("GET", "/me", "", bearer(secret)).want(t, 401)
}
