package hostile

import (
	"net/http"
	"strings"
	"testing"
)

var _ = item("30", "a session id is planted before someone signs in, or kept when permissions increase", fixation)

// The attacker puts a session of their own choice into the victim's browser, or
// keeps a copy of a pending member's, and waits for it to gain rights. Each gain of
// rights comes with a new secret, and the old one no longer works.
func fixation(t *testing.T) {
	h := openWithAdmin(t)
	id, link := h.invite("ada@example.com")
	ada := h.browser()
	planted := strings.Repeat("p", 43)
	ada.jar.SetCookies(ada.site(), []*http.Cookie{{Name: h.cookieName("dw"), Value: planted, Path: "/"}})
	ada.press("/login", link).leads("/pending")
	pending := ada.cookie("dw")
	if pending == planted {
		t.Fatal("the planted session was taken over")
	}
	h.admin.api("POST", "/members/"+id+"/approve", nil).want(200)
	ada.get("/fleet", header("Sec-Fetch-Mode", "navigate")).want(200)
	active := ada.cookie("dw")
	h.admin.api("PATCH", "/members/"+id, map[string]any{"roles": []string{"Fleet", "AILoop"}}).want(200)
	ada.get("/ailoop", header("Sec-Fetch-Mode", "navigate")).want(200)
	risen := ada.cookie("dw")
	if pending == active || active == risen {
		t.Error("a rise of rights left the session's secret as it was")
	}
	for _, old := range []string{planted, pending, active} {
		h.browser().api("GET", "/me", nil, header("Cookie", h.cookieName("dw")+"="+old)).want(401)
	}
	ada.api("GET", "/me", nil).want(200)
}

var _ = item("31", "cookies are stolen by a script, a neighboring host, or a plain connection", cookieFlags)

// A neighbouring host sets a cookie for the whole domain; a script reads one; a
// plain request carries one. Behind https every cookie has the prefix for which
// browsers prevent all three.
func cookieFlags(t *testing.T) {
	h := behindTLS(t)
	seen := 0
	check := func(a answer) {
		for _, c := range a.header.Values("Set-Cookie") {
			seen++
			name, _, _ := strings.Cut(c, "=")
			low := strings.ToLower(c)
			for _, flag := range []string{"; secure", "; httponly", "; samesite=", "; path=/"} {
				if !strings.Contains(low, flag) {
					t.Errorf("%s sets %s without %q", a.asked, name, flag)
				}
			}
			if !strings.HasPrefix(name, "__Host-") || strings.Contains(low, "domain=") ||
				strings.Contains(low, "samesite=none") ||
				strings.Contains(low, "path=/;") == strings.HasSuffix(low, "path=/") {
				t.Errorf("%s sets %s", a.asked, c)
			}
		}
	}
	_, link := h.invite("ada@example.com")
	ada := h.browser()
	for _, a := range []answer{
		ada.get("/login"), ada.get(link), ada.press(link, link), ada.get("/pending"), ada.get("/nowhere"),
		ada.press("/pending", "/logout"), h.admin.get("/"),
	} {
		check(a)
	}
	if seen < 3 {
		t.Errorf("only %d cookies were set", seen)
	}
	h.browser().api("GET", "/me", nil, header("Cookie", "dw="+h.admin.cookie("dw"))).want(401) // without the prefix
}

var _ = item("32", "a session id that the server never created is sent, and adopted", foreignSession)

// Fiber's own sessions accepted any id that a client sent (GHSA-98j2-3j3p-fw2v). An
// unknown one is signed out, and no id that was sent is set as a cookie.
func foreignSession(t *testing.T) {
	h := openWithAdmin(t)
	_, link := h.invite("ada@example.com")
	for _, id := range []string{
		strings.Repeat("a", 43), "attacker", strings.Repeat("x", 4000), "../../admin", h.admin.cookie("dw") + "x",
	} {
		b := h.browser(header("Cookie", h.cookieName("dw")+"="+id+"; "+h.cookieName("dw-browser")+"="+id))
		for _, path := range []string{"/", "/login", link, "/pending", "/api/v1/me"} {
			a := b.get(path)
			for _, c := range a.header.Values("Set-Cookie") {
				if strings.Contains(c, id) && len(id) != 43 {
					t.Errorf("GET %s gives %.20s back", path, id)
				}
			}
			if path != link && path != "/login" && a.code == 200 {
				t.Errorf("GET %s with an invented session = 200", path)
			}
		}
	}
}

var _ = item("34", "the cookie of someone who signed out is used again", signedOut)

// The laptop is shared; the back button, or a copy of the cookie, is tried after
// signing out. The session is deleted on the server, and Clear-Site-Data clears what
// the browser stored.
func signedOut(t *testing.T) {
	h := openWithAdmin(t)
	ada, _ := h.member("ada@example.com")
	old := ada.cookie("dw")
	a := ada.press("/", "/logout").want(200, 303)
	if got := a.header.Get("Clear-Site-Data"); !strings.Contains(got, "storage") { // the browser itself stays known
		t.Errorf("Clear-Site-Data is %q", got)
	}
	if ada.cookie("dw") != "" {
		t.Error("the browser keeps the cookie")
	}
	h.browser().api("GET", "/me", nil, header("Cookie", h.cookieName("dw")+"="+old)).want(401)
	h.browser().get("/fleet", header("Cookie", h.cookieName("dw")+"="+old)).want(303, 401)
}

var _ = item("35",
	"a second session keeps working after signing out everywhere, suspension, or losing permissions",
	everywhere)

// Two browsers are signed in, one of them a thief's. Fewer roles, a suspension or
// signing out everywhere takes effect in both at the next request.
func everywhere(t *testing.T) {
	h := openWithAdmin(t)
	ada, id := h.member("ada@example.com", "Fleet", "AILoop")
	second := func() *browser {
		b := h.browser()
		b.ask("ada@example.com").want(200)
		b.press("/login", h.newest("ada@example.com")).leads("/")
		return b
	}
	thief := second()
	thief.get("/ailoop").want(200)
	h.admin.api("PATCH", "/members/"+id, map[string]any{"roles": []string{"Fleet"}}).want(200)
	thief.get("/ailoop").want(403)
	ada.get("/ailoop").want(403)
	ada.press("/fleet", "/logout", "everywhere", "1").want(200)
	thief.api("GET", "/me", nil).want(401)

	again := second()
	again.api("GET", "/me", nil).want(200)
	h.admin.api("POST", "/members/"+id+"/suspend", nil).want(200)
	again.api("GET", "/me", nil).want(401, 403)
}

// newest waits for one more sign-in email to an address than at its last call, and
// returns the path of the newest link.
func (h *target) newest(email string) string {
	h.t.Helper()
	h.mu.Lock()
	if h.newestSeen == nil {
		h.newestSeen = map[string]int{}
	}
	h.newestSeen[email]++
	n := h.newestSeen[email]
	h.mu.Unlock()
	return path(h.mail(email, signIn, n).Link)
}
