package hostile

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

var _ = item("55", "paths that lead out of the served directory, in every spelling", traversal)

// Dots, encoded dots, backslashes, zero bytes, overlong UTF-8, twice encoded:
// no path leads to a file or past the guard.
func traversal(t *testing.T) {
	h := openWithAdmin(t)
	for _, path := range []string{
		"/../../etc/passwd", "/assets/../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd",
		"/assets/..%2f..%2fetc%2fpasswd", "/assets/..%5c..%5cetc", "/assets/%252e%252e%252fetc",
		"/assets/%c0%ae%c0%ae/etc", "/assets/portal.css%00.html",
		"//etc/passwd", "/assets//etc/passwd", "/admin/assets/../../../etc/passwd",
		"/admin/assets/..%2f..%2f..%2fgo.mod",
		"/admin/assets/%2e%2e%2findex.html", "/.git/config", "/doorward.toml", "/instance.key",
		"/assets/....//....//etc/passwd", "/assets/%5c..%5c..", "/assets/\\..\\..", "/assets/",
		"/admin/assets/", "/assets/.", "/login/..", "/api/v1/../../local/v1/doctor",
		"/api/v1/%2e%2e/%2e%2e/local/v1/doctor", "/local%2fv1%2fdoctor",
	} {
		a, ok := h.raw("GET " + path + " HTTP/1.1\r\nHost: " + h.Listen + "\r\n\r\n")
		if !ok {
			continue
		}
		for _, word := range []string{"root:", "module doorward", "[core]", "checks"} {
			if strings.Contains(a.body, word) {
				t.Errorf("GET %s = %d with %q", path, a.code, word)
			}
		}
		if a.code == 200 && !strings.Contains(path, "/login") || a.code >= 500 {
			t.Errorf("GET %s = %d", path, a.code)
		}
	}
}

var _ = item("57", "a million items at once, and cursors that were edited or belong to another list", cursors)

// The attacker requests a whole list at once, to copy everything or to stall the
// server; decodes a cursor to learn keys; and makes one up to reach other lists.
// None of it works.
func cursors(t *testing.T) {
	h := openWithAdmin(t)
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() { h.command("invite", fmt.Sprintf("c%d@example.com", i), "--role", "Fleet") })
	}
	wg.Wait()
	good := str(h.admin.api("GET", "/members?limit=2", nil).object()["next"])
	if good == "" {
		t.Fatal("there is no next page")
	}
	h.admin.api("GET", "/members?limit=2&cursor="+good, nil).want(200)
	for _, query := range []string{
		"limit=1000000000", "limit=201", "limit=-1", "limit=0x10", "limit=1e9", "limit=99999999999999999999",
		"cursor=AAAA", "cursor=../../x", "cursor=" + strings.Repeat("A", 4000), "cursor=" + good[:len(good)-2],
		"cursor=" + flip(good[0]) + good[1:], "cursor=" + good + "AAAA",
	} {
		for _, list := range []string{"/members", "/outbox", "/audit", "/login-requests"} {
			a := h.admin.api("GET", list+"?"+query, nil)
			if a.code != 422 && a.code != 400 {
				t.Errorf("GET %s?%.40s = %d", list, query, a.code)
			}
		}
	}
	for _, other := range []string{
		"/members?state=active", "/members?role=Fleet", "/members?q=c", "/outbox?limit=2", "/audit?limit=2",
		"/login-requests?limit=2",
	} {
		sep := "?"
		if strings.Contains(other, "?") {
			sep = "&"
		}
		if a := h.admin.api("GET", other+sep+"cursor="+good, nil); a.code != 422 && a.code != 400 {
			t.Errorf("the cursor of /members is taken by %s: %d", other, a.code)
		}
	}
}

var _ = item("65", "protected paths in other spellings: slashes, case, encodings, dots", pathVariants)

// The guard compares one spelling of a path and the router another, and the attacker
// finds the difference. A path that does not match exactly is not found.
func pathVariants(t *testing.T) {
	h := openWithAdmin(t)
	fleet, _ := h.member("fleet@example.com")
	for _, path := range []string{
		"//admin", "/admin//", "/ADMIN", "/Admin", "/admin/.", "/./admin", "/admin%2f", "/%61dmin", "/admin;x=1",
		"/admin%00", "/fleet/../admin", "/fleet/%2e%2e/admin", "/admin%20", "/admin\\", "/ailoop/", "/AILOOP",
		"//ailoop",
		"/ailoop%2fdatalake", "/fleet/..;/ailoop", "/ailoop?x", "/ailoop#x",
		"/api/v1/members/", "/api/v1//members", "/API/v1/members", "/api/v1/MEMBERS",
		"/api/v1/members%2f", "/api/v1/members;x", "/api/v1/%6dembers", "/api/v1/./members",
		"/api//v1/members", "/api/v1/members/%2e%2e/members", "/local/v1/doctor", "/x/../local/v1/doctor",
	} {
		session := h.cookieName("dw") + "=" + fleet.cookie("dw")
		for who, cookie := range map[string]string{"a member": session, "a stranger": "x=y"} {
			a, ok := h.raw("GET " + path + " HTTP/1.1\r\nHost: " + h.Listen + "\r\nCookie: " + cookie + "\r\n\r\n")
			if ok && a.code == 200 || strings.Contains(a.body, boss) {
				t.Errorf("%s gets %s = %d", who, path, a.code)
			}
			if a.code >= 500 {
				t.Errorf("%s gets %s = %d", who, path, a.code)
			}
		}
	}
}
