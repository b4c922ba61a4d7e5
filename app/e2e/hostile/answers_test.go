package hostile

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"doorward/app/e2e/product"
)

// answers has some of every kind: pages, errors, the API, assets, and requests that
// could not be read.
func (h *target) answers() map[string]answer {
	h.t.Helper()
	all := map[string]answer{}
	_, link := h.invite("see@example.com")
	for _, path := range []string{
		"/", "/login", link, "/login/" + strings.Repeat("A", 43), "/setup/x", "/pending", "/nowhere", "/admin",
		"/ailoop",
		"/api/v1/me", "/api/v1/members", "/api/v1/nowhere", "/api/v1/openapi.json", "/healthz", "/favicon.ico",
		"/robots.txt", "/%00", "/a?b=" + strings.Repeat("x", 9000),
	} {
		all["a stranger's "+path[:min(20, len(path))]] = h.browser().get(path)
		all["an Admin's "+path[:min(20, len(path))]] = h.admin.get(path)
	}
	host := "Host: " + h.host() + "\r\n"
	for name, text := range map[string]string{
		"headers too large": "GET /login HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 17<<10) + "\r\n\r\n",
		"what is no HTTP":   "HELO door\r\n\r\n",
		"a foreign host":    "GET /login HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"a body too large": "POST /api/v1/invitations HTTP/1.1\r\n" + host +
			"Content-Type: application/json\r\nContent-Length: 10485760\r\n\r\n",
	} {
		if a, ok := h.raw(text); ok {
			all[name] = a
		}
	}
	return all
}

var _ = item(
	"39, 40",
	"a response without its headers is framed, sniffed, or runs someone else's script",
	headersEverywhere,
)

// The attacker looks for the one answer without security headers, usually an error.
// Every answer has all of them.
func headersEverywhere(t *testing.T) {
	h := behindTLS(t)
	for name, a := range h.answers() {
		for header, want := range map[string][]string{
			"Content-Security-Policy": {"default-src 'none'", "form-action 'self'", "base-uri 'none'",
				"frame-ancestors 'none'"},
			"X-Content-Type-Options": {"nosniff"}, "Referrer-Policy": {"no-referrer"},
			"Permissions-Policy":           {"camera=()"},
			"Cross-Origin-Resource-Policy": {"same-origin"}, "Strict-Transport-Security": {"max-age="},
		} {
			for _, part := range want {
				if !strings.Contains(a.header.Get(header), part) {
					t.Errorf("%s (%d): %s is %q", name, a.code, header, a.header.Get(header))
				}
			}
		}
		if policy := a.header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") ||
			strings.Contains(policy, "*") {
			t.Errorf("%s: the policy is %q", name, policy)
		}
	}
}

var _ = item("41", "a shared cache keeps a signed-in page, or one with a token", caches)

// A proxy, or the browser of a shared computer, caches what it may. Only the assets,
// whose names change with their content, may be cached.
func caches(t *testing.T) {
	h := openWithAdmin(t)
	for name, a := range h.answers() {
		if got := a.header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s (%d) may be kept: %q", name, a.code, got)
		}
	}
}

var _ = item("42", "the way back after signing in leads to another site", openRedirect)

// The email and the form are genuine, but the page after signing in is the
// attacker's: a copy that asks for more. Only a path on this server is followed.
func openRedirect(t *testing.T) {
	h := openWithAdmin(t)
	ada, _ := h.member("ada@example.com")
	ada.press("/", "/logout")
	for _, next := range []string{
		"//evil.example", "/\\evil.example", "\\/evil.example", "/%2fevil.example", "https:evil.example",
		"https://evil.example", "\t//evil.example", "javascript:alert(1)", "@evil.example",
		"/@evil.example/..//evil", "／／evil.example", "/\t/evil.example",
		"//127.0.0.1@evil.example", "/..//evil.example", "///evil.example",
		"/%5cevil.example", "data:text/html,x", "/%09/evil.example", "/\n/evil.example",
	} {
		_, link := h.fresh()
		b := h.browser()
		a := b.press("/login?next="+url.QueryEscape(next), link, "next", next)
		to := a.header.Get("Location")
		u, err := url.Parse(to)
		if a.code != 303 || err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(to, "/") ||
			strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\t\n") {
			t.Errorf("next=%q leads to %q (%d)", next, to, a.code)
		}
		b.get("/login?next="+url.QueryEscape(next)).lacks(`href="https://evil`, `href="//evil`, `action="//evil`)
	}
	_, link := h.fresh()
	h.browser().press("/login", link, "next", "/fleet").leads("/pending")
}

// fresh invites somebody new and returns their address and the path of a link
// that the shell printed.
func (h *target) fresh() (email, link string) {
	h.t.Helper()
	h.mu.Lock()
	h.made++
	email = fmt.Sprintf("fresh%d@example.com", h.made)
	h.mu.Unlock()
	m := objects(h.t, h.command("invite", email, "--role", "Fleet", "--print-link", "--json"))
	return email, path(str(m[0]["login_link"]))
}

var _ = item("44", "the pending page is searched for what it reveals about others", pendingPage)

// An attacker with a pending account looks at its page and its events for who else is
// here, who decides, what exists. They show that account's own invitation only.
func pendingPage(t *testing.T) {
	h := openWithAdmin(t)
	h.member("other@example.com")
	h.member("second-admin@example.com", "Admin")
	h.arrived("also-pending@example.com")
	eve, _ := h.arrived("eve@example.com")
	eve.get("/pending").want(200).lacks("other@example.com", "second-admin@example.com", "also-pending@example.com")
	w := h.dial()
	fmt.Fprintf(w, "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\nSec-Fetch-Site: same-origin\r\n\r\n",
		h.Listen, h.cookieName("dw"), eve.cookie("dw"))
	resp, err := http.ReadResponse(w.in, nil)
	if err != nil || resp.StatusCode >= 500 {
		t.Fatalf("the stream of a pending member: %v", err)
	}
	if resp.StatusCode != 200 {
		return // this kind of answer has none
	}
	h.invite("new@example.com")
	id := ""
	for _, m := range h.admin.api("GET", "/members?state=pending", nil).items() {
		if m["email"] == "eve@example.com" {
			id = str(m["id"])
		}
	}
	h.admin.api("POST", "/members/"+id+"/approve", nil).want(200)
	if err := w.SetReadDeadline(time.Now().Add(product.Patience)); err != nil {
		t.Fatal(err)
	}
	told := ""
	buf := make([]byte, 4096) // to the end of the event that says: look again
	for !strings.Contains(told, "data:") || !strings.HasSuffix(told, "\n\n") {
		n, err := resp.Body.Read(buf)
		if told += string(buf[:n]); err != nil {
			break
		}
	}
	for _, m := range h.admin.api("GET", "/members?limit=200", nil).items() {
		if str(m["id"]) != id && strings.Contains(told, str(m["id"])) {
			t.Errorf("the stream tells of %v: %s", m["email"], told)
		}
	}
	if strings.Contains(told, "@example") {
		t.Errorf("the stream tells an address: %s", told)
	}
}
