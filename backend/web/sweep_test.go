package web_test

import (
	"net/http"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// Each kind of caller calls every route. Callers without access are refused
// before anything is looked at, whatever the route.
func TestEveryRouteRefusesWhomItMust(t *testing.T) {
	c := webtest.NewCallers(t, webtest.WithConsole)
	fleetMay := map[string]bool{
		"open fleet":          true,
		"open fleet/datalake": true,
		"open fleet/flows":    true,
		"member":              true,
		"pending":             true,
		"public":              true,
	}
	tests := []struct {
		who  string
		may  func(class string) bool
		code map[int]bool
	}{
		{"stranger", func(n string) bool { return n == "public" }, map[int]bool{401: true, 303: true, 404: true}},
		{"suspended", func(n string) bool { return n == "public" }, map[int]bool{
			401: true,
			303: true,
			403: true,
			404: true,
		}},
		{"pending", func(n string) bool { return n == "public" || n == "pending" }, map[int]bool{
			403: true,
			303: true,
			404: true,
		}},
		{"fleet", func(n string) bool { return fleetMay[n] }, map[int]bool{403: true, 404: true}},
		// pages accept no tokens
		{"weak token", func(n string) bool { return fleetMay[n] }, map[int]bool{
			401: true,
			303: true,
			403: true,
			404: true,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.who, func(t *testing.T) {
			tried := 0
			for route, n := range network(t, c.Server).Classes() {
				method, path, _ := strings.Cut(route, " ")
				if tt.may(n.String()) {
					continue
				}
				tried++
				path = strings.NewReplacer(":id", string(c.IDs["admin"]), ":name", "Fleet", ":session", access.NewID(),
					"*", "x").Replace(path)
				a := raw(c, tt.who, method, path)
				if !tt.code[a.StatusCode] || a.StatusCode == 404 && n != web.Operator() {
					t.Errorf("%s (%s) = %d: %s", route, n, a.StatusCode, a.Main())
				}
				if to := a.Header.Get("Location"); a.StatusCode == 303 && to != "/pending" &&
					!strings.HasPrefix(to, "/login") {
					t.Errorf("%s leads to %s", route, to)
				}
				a.Lacks(t, "Admin@Example.com", "grace@example.org")
			}
			if tried < 30 {
				t.Errorf("only %d routes were tried", tried)
			}
		})
	}
	for name, want := range map[string]string{"admin": "active", "fleet": "active", "pending": "pending"} {
		c.As("admin", "GET", c.Fill("/members/{"+name+"}"), "").Want(t, 200, `"state":"`+want+`"`)
	}
}

// raw sends a request to any path.
func raw(c *webtest.Callers, who, method, path string) webtest.Answer {
	api, ok := strings.CutPrefix(path, "/api/v1")
	if ok {
		return c.As(who, method, api, "")
	}
	b := map[string]*webtest.Browser{
		"fleet":     c.Fleet,
		"pending":   c.Pending,
		"suspended": c.Suspended,
		"stranger":  c.Stranger,
	}[who]
	if b == nil {
		return c.Browser().Do(method, path, nil, webtest.Bearer(c.Tokens["weak"]))
	}
	return b.Do(method, path, nil, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") })
}

// Another site, or a script outside our pages, makes a browser change something
// with its owner's cookies, in every possible way.
func TestAPITakesOnlyOurOwnPages(t *testing.T) {
	c := webtest.NewCallers(t)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	tests := []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"nothing said", func(r *http.Request) { r.Header.Del("Sec-Fetch-Site") }, 403},
		{"cross-site", set("Sec-Fetch-Site", "cross-site"), 403},
		{"same-site", set("Sec-Fetch-Site", "same-site"), 403},
		{"none", set("Sec-Fetch-Site", "none"), 403},
		{"a null origin, and nothing else said", func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "null")
		}, 403},
		{"a null origin from a frame", func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Origin", "null")
		}, 403},
		{"another origin", set("Origin", "https://evil.example"), 403},
		{"ours on another port", set("Origin", "https://door.example.com:8443"), 403},
		{"one that begins like ours", set("Origin", "https://door.example.com.evil.example"), 403},
		{"text/plain", set("Content-Type", "text/plain"), 415},
		{"a form", set("Content-Type", "application/x-www-form-urlencoded"), 415},
		{"another charset", set("Content-Type", "application/json; charset=utf-7"), 415},
		{"gzip", set("Content-Encoding", "gzip"), 415},
		{"an origin of ours", func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "https://DOOR.example.com")
		}, 200},
		{"a page of ours", func(*http.Request) {}, 200},
	}
	for _, tt := range tests {
		a := c.Admin.API("PATCH", c.Fill("/members/{fleet}"), `{"name":"`+tt.name+`"}`, tt.change)
		if a.StatusCode != tt.status || a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s = %d, want %d; %v", tt.name, a.StatusCode, tt.status, a.Header)
		}
		got := c.As("admin", "GET", c.Fill("/members/{fleet}"), "").Object(t)["name"]
		if changed := got == tt.name; changed != (tt.status == 200) {
			t.Errorf("%s: the name is %v", tt.name, got)
		}
	}
	a := c.Admin.API("GET", c.Fill("/members/{fleet}"), "", set("X-HTTP-Method-Override", "DELETE"),
		set("X-Method-Override", "DELETE"))
	a.Want(t, 200)
	c.As("admin", "GET", c.Fill("/members/{fleet}"), "").Want(t, 200)
}

// Somebody sends bodies that two parsers read differently, or that cost too much
// to parse.
func TestAPIBodies(t *testing.T) {
	c := webtest.NewCallers(t)
	pad := func(n int) string {
		const head, tail = `{"email":"x@example.com","roles":["Fleet"],"note":"`, `"}`
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
	}
	tests := []struct {
		name, body string
		status     int
		code       string
	}{
		{"at the limit", pad(web.MaxBody), 422, "text_too_long"},
		{"one byte more", pad(web.MaxBody + 1), 413, "body_too_large"},
		{"100,000 brackets", strings.Repeat("[", 60_000), 400, "bad_body"},
		{"a key twice", `{"email":"a@example.com","email":"b@example.com","roles":["Fleet"]}`, 400, "bad_body"},
		{"a key twice, once escaped", `{"email":"a@example.com","\u0065mail":"b@example.com","roles":["Fleet"]}`, 400,
			"bad_body"},
		{"a key in capitals", `{"EMAIL":"a@example.com","roles":["Fleet"]}`, 422, "unknown_field"},
		{"something after it", `{"email":"a@example.com","roles":["Fleet"]} {}`, 400, "bad_body"},
		{"a byte order mark", "\ufeff" + `{"email":"a@example.com","roles":["Fleet"]}`, 400, "bad_body"},
		{"no number", `{"email":1e999,"roles":["Fleet"]}`, 0, ""},
		{"not UTF-8", "{\"email\":\"a\xff@example.com\",\"roles\":[\"Fleet\"]}", 400, "bad_body"},
		{"half a character", `{"email":"a@example.com","name":"\ud83d","roles":["Fleet"]}`, 400, "bad_body"},
		{"its other half", `{"email":"a@example.com","name":"\ude00","roles":["Fleet"]}`, 400, "bad_body"},
		{"half, and no other half", `{"email":"a@example.com","name":"\ud83d\u0041","roles":["Fleet"]}`, 400,
			"bad_body"},
		{"two first halves", `{"email":"a@example.com","name":"\ud83d\ud83d","roles":["Fleet"]}`, 400, "bad_body"},
		{
			"a whole one, and no such role",
			`{"email":"a@example.com","name":"\ud83d\uDE00","roles":["Nobody"]}`,
			422,
			"unknown_role",
		},
		{"a list", `[]`, 422, ""},
		{"null", `null`, 0, ""},
		{"nothing", ``, 400, "bad_body"},
		{"100 keys", `{` + strings.TrimSuffix(strings.Repeat(`"a":1,`, 100), ",") + `}`, 400, "bad_body"},
	}
	for _, tt := range tests {
		a := c.Admin.API("POST", "/invitations", tt.body)
		if tt.status != 0 && a.StatusCode != tt.status || a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("%s = %d, want %d: %.200s", tt.name, a.StatusCode, tt.status, a.Text)
			continue
		}
		c.Problem(t, a)
		if tt.code != "" && tt.code != "text_too_long" && a.Object(t)["code"] != tt.code {
			t.Errorf("%s: %.200s", tt.name, a.Text)
		}
	}
	if found := c.As("admin", "GET", "/members?state=pending", "").Items(t); len(found) != 1 {
		t.Errorf("a refused body invited somebody: %v", found)
	}
}
