package hostile

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

var _ = item("36", "another site sends our forms and calls our API with the visitor's cookies", crossSite)

// A page of the attacker's posts to us from the browser of somebody who is signed
// in: as a form, by fetch, from a frame without an origin, from another port, with the
// form token of another session.
func crossSite(t *testing.T) {
	h := openWithAdmin(t)
	ada, id := h.member("ada@example.com")
	bob, _ := h.member("bob@example.com")
	for name, from := range map[string][]change{
		"nothing said":           {header("Sec-Fetch-Site", "")},
		"cross-site":             {header("Sec-Fetch-Site", "cross-site")},
		"same-site":              {header("Sec-Fetch-Site", "same-site")},
		"none":                   {header("Sec-Fetch-Site", "none")},
		"null origin":            {header("Sec-Fetch-Site", ""), header("Origin", "null")},
		"another origin":         {header("Origin", "https://evil.example")},
		"another port":           {header("Origin", "http://127.0.0.1:1")},
		"an origin like ours":    {header("Origin", h.URL+".evil.example")},
		"cross-site, our origin": {header("Sec-Fetch-Site", "cross-site"), header("Origin", h.URL)},
	} {
		clean := func(r *http.Request) {
			if r.Header.Get("Sec-Fetch-Site") == "" {
				r.Header.Del("Sec-Fetch-Site")
			}
		}
		if a := h.admin.api(
			"PATCH",
			"/members/"+id,
			map[string]any{"name": "Changed"},
			append(from, clean)...,
		); a.code != 403 {
			t.Errorf("%s = %d", name, a.code)
		}
	}
	page := ada.proof("/")
	ada.post("/logout", nil).want(403)
	ada.post("/logout", []string{"csrf", bob.proof("/")}).want(403)
	ada.post("/logout", []string{"csrf", page}, header("Sec-Fetch-Site", "cross-site")).want(403)
	ada.post("/logout", []string{"csrf", page}, header("Origin", "https://evil.example")).want(403)
	ada.do("GET", "/logout?csrf="+page, nil).want(404, 405)
	h.admin.api("GET", "/members/"+id, nil).want(200).lacks("Changed")
	ada.post("/logout", []string{"csrf", page}).want(200)
	ada.post("/logout", []string{"csrf", page}).want(401, 403) // the form token ended with its session
}

var _ = item("37", "a form, or plain text, is sent to the API as if it were JSON", contentTypes)

// A form can be sent across sites without a preflight, and its text can be made to
// parse as JSON. The API accepts only JSON with the content type of JSON.
func contentTypes(t *testing.T) {
	h := openWithAdmin(t)
	_, id := h.member("ada@example.com")
	for _, kind := range []string{
		"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json",
		"application/json; charset=utf-7", "application/xml", "application/json-patch+json", "application/javascript",
		"*/*",
	} {
		a := h.admin.api("PATCH", "/members/"+id, `{"name":"Changed"}`, header("Content-Type", kind))
		if a.code != 415 {
			t.Errorf("%q = %d", kind, a.code)
		}
	}
	h.admin.api("GET", "/members/"+id, nil).want(200).lacks("Changed")
	for _, kind := range []string{
		"application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8",
	} {
		h.admin.api("PATCH", "/members/"+id, `{"name":"Ada"}`, header("Content-Type", kind)).want(200)
	}
}

var _ = item("38", "an image, a prefetch, or a method in a header changes something", readingChangesNothing)

// Scanners and prefetching send GET, HEAD and OPTIONS, and some frameworks take another
// method from a header. Every path, requested so by an Admin's browser, leaves the
// audit log and every list unchanged.
func readingChangesNothing(t *testing.T) {
	h := openWithAdmin(t)
	_, id := h.member("ada@example.com")
	h.arrived("eve@example.com")
	h.admin.get("/").want(200)
	before := h.everything()
	for _, op := range h.operations() {
		if op.path == "/api/v1/events" {
			continue
		}
		for _, m := range []string{"GET", "HEAD", "OPTIONS"} {
			a := h.admin.do(
				m,
				op.fill(map[string]string{"id": id, "name": "Fleet"}),
				nil,
				header("X-HTTP-Method-Override", op.method),
				header("X-HTTP-Method", op.method),
				header("X-Method-Override", op.method),
			)
			if a.code >= 500 {
				t.Errorf("%s %s = %d", m, op.path, a.code)
			}
		}
	}
	for _, page := range append(
		[]string{"/logout", "/pending/withdraw", "/pending/note", "/login/code", "/setup/" + strings.Repeat("A", 43)},
		pages...,
	) {
		for _, m := range []string{"GET", "HEAD", "OPTIONS"} {
			h.admin.do(m, page+"?_method=DELETE", nil, header("X-HTTP-Method-Override", "POST"))
		}
	}
	for _, m := range []string{"TRACE", "CONNECT", "PROPFIND", "PATCH", "QUERY"} {
		if a := h.admin.do(m, "/login", nil); a.code < 400 || a.code >= 500 {
			t.Errorf("%s /login = %d", m, a.code)
		}
	}
	if after := h.everything(); after != before {
		t.Errorf("asking changed something:\n%s\n%s", before, after)
	}
}

// everything is all members, tokens, roles and audit entries, without the times of
// last use.
func (h *target) everything() string {
	h.t.Helper()
	var b strings.Builder
	fmt.Fprintln(&b, len(h.audit()))
	for _, m := range h.admin.api("GET", "/members?limit=200", nil).items() {
		fmt.Fprintln(&b, m["id"], m["email"], m["name"], m["state"], m["roles"])
	}
	for _, list := range []string{"/tokens", "/roles", "/settings"} {
		b.WriteString(h.admin.api("GET", list, nil).want(200).body)
	}
	return b.String()
}

var _ = item("43", "a page of another origin reads our responses with the visitor's cookies", otherOrigins)

// Some servers allow any origin that asks to read their answers, with cookies. No
// origin is allowed here.
func otherOrigins(t *testing.T) {
	h := openWithAdmin(t)
	for _, origin := range []string{"https://evil.example", "null", "http://127.0.0.1:1", h.URL + ".evil.example",
		h.URL} {
		for _, method := range []string{"GET", "OPTIONS", "PATCH"} {
			for _, path := range []string{"/api/v1/me", "/api/v1/members", "/", "/login", "/nowhere"} {
				a := h.admin.do(
					method,
					path,
					nil,
					header("Origin", origin),
					header("Access-Control-Request-Method", "PATCH"),
					header("Access-Control-Request-Headers", "content-type"),
				)
				for name := range a.header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s %s for %s answers %s", method, path, origin, name)
					}
				}
			}
		}
	}
}
