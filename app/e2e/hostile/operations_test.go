package hostile

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
)

// An operation is one of the API, as the OpenAPI document lists it.
type operation struct{ method, path string }

// operations are those of the server's own OpenAPI document, and the pages.
func (h *target) operations() (all []operation) {
	h.t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	a := h.admin.get("/api/v1/openapi.json").want(200)
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		h.t.Fatal(err)
	}
	for p, methods := range doc.Paths {
		if !strings.HasPrefix(p, "/api/v1") {
			p = "/api/v1" + p
		}
		for m := range methods {
			if m = strings.ToUpper(m); slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, m) {
				all = append(all, operation{m, p})
			}
		}
	}
	if len(all) < 35 {
		h.t.Fatalf("the document lists only %d operations", len(all))
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return all
}

// fill writes values into the path. A parameter without a value gets an unknown id.
func (o operation) fill(values map[string]string) string {
	p := o.path
	for name, v := range values {
		p = strings.ReplaceAll(p, "{"+name+"}", v)
	}
	for strings.Contains(p, "{") {
		from, to := strings.IndexByte(p, '{'), strings.IndexByte(p, '}')
		p = p[:from] + strings.Repeat("a", 26) + p[to+1:]
	}
	return p
}

// body is the request's body, or nothing if its method has none.
func (o operation) body(text string) io.Reader {
	if o.method == "GET" {
		return nil
	}
	return strings.NewReader(text)
}

// pages are those of members and of the console, which strangers may not see.
var pages = []string{"/", "/ailoop", "/ailoop/datalake", "/ailoop/flows", "/fleet", "/fleet/datalake", "/fleet/flows",
	"/admin", "/admin/", "/admin/members", "/admin/requests", "/admin/settings", "/desktop"}

var _ = item("11, 29", "a pending member calls every operation and opens every page", pendingReachesNothing)

// Vaultwarden's invited but unconfirmed owner could purge the organisation
// (CVE-2026-43913): the route checked the role and not the state. Somebody invited as
// Admin calls every operation, with every identifier that exists, and reaches only
// their own pending page.
func pendingReachesNothing(t *testing.T) {
	h := openWithAdmin(t)
	eve, id := h.arrived("eve@example.com", "Admin")
	me := str(h.admin.api("GET", "/me", nil).object()["id"])
	before := len(h.audit())
	for _, op := range h.operations() {
		if op.path == "/api/v1/openapi.json" || op.path == "/api/v1/desktop" && op.method == "POST" ||
			op.path == "/api/v1/events" {
			continue // public, or its own stream
		}
		for _, of := range []string{id, me} {
			a := eve.do(
				op.method,
				op.fill(map[string]string{"id": of, "name": "Fleet"}),
				op.body("{}"),
				header("Content-Type", "application/json"),
				header("Sec-Fetch-Site", "same-origin"),
			)
			if a.code != 401 && a.code != 403 {
				t.Errorf("%s %s = %d: %.200s", op.method, op.path, a.code, a.body)
			}
			a.lacks(boss)
		}
	}
	for _, page := range pages {
		a := eve.get(page)
		if a.code == 303 && a.header.Get("Location") != "/pending" || a.code != 303 && a.code != 403 {
			t.Errorf("GET %s = %d to %q", page, a.code, a.header.Get("Location"))
		}
	}
	if after := len(h.audit()); after != before {
		t.Errorf("%d entries were added", after-before)
	}
	eve.get("/pending").want(200).has("Account Pending Approval")
	eve.press("/pending", "/pending/note", "note", "let me in").want(303)
	eve.press("/pending", "/logout").want(200)
}

var _ = item("101", "a stranger calls every operation and opens every page", strangersReachNothing)

// Each operation of the API and each page is called without credentials. A test in
// package web refuses a route that nobody classified
// (TestEveryRouteRefusesWhomItMust); this is the same from outside.
func strangersReachNothing(t *testing.T) {
	h := openWithAdmin(t)
	_, id := h.member("ada@example.com")
	for _, op := range h.operations() {
		if op.path == "/api/v1/openapi.json" || op.path == "/api/v1/desktop" && op.method == "POST" {
			continue // public
		}
		for _, who := range []change{
			header("X-Nobody", "1"), bearer("dw_" + strings.Repeat("x", 43)),
			header("Cookie", "dw="+strings.Repeat("x", 43)),
			header("Authorization", "Basic YWRtaW46YWRtaW4="),
		} {
			a := h.browser().do(
				op.method,
				op.fill(map[string]string{"id": id, "name": "Fleet"}),
				op.body("{}"),
				header("Content-Type", "application/json"),
				header("Sec-Fetch-Site", "same-origin"),
				who,
			)
			if a.code != 401 && a.code != 429 {
				t.Errorf("%s %s = %d: %.200s", op.method, op.path, a.code, a.body)
			}
			a.lacks(boss, "ada@example.com")
		}
	}
	for _, page := range append(pages, "/pending") {
		a := h.browser().get(page)
		if to := a.header.Get("Location"); a.code != 303 || !strings.HasPrefix(to, "/login") {
			t.Errorf("GET %s = %d to %q", page, a.code, to)
		}
	}
	for _, page := range []string{"/local/v1/doctor", "/local/v1/backup", "/local/v1/members/by-email?email=" + boss} {
		h.browser().get(page).want(404)
		h.browser(bearer(h.token("Admin"))).get(page).want(404)
	}
}
