package app_test

import (
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"doorward/app"
	"doorward/app/cli"
	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web/webtest"
)

// A way is how people come to a route: by a command, the console, or both.
type way struct {
	command string // a command line that sends the request; xid stands for the id of a member, email or token
	console bool   // the console sends it
	reason  string // why one of the two does not; empty where both do
}

const (
	ofTheOperator = "it is the operator's own, on the socket in the data directory"
	ofAnAccount   = "the command line speaks for the operator, who has no account here"
	ofTheWindow   = "the native window calls it (app/desktop), for its own session"
	byForm        = "it is a form of the console; the command line has none, and scripts use the API"
)

// ways has every route of the API that changes something; of one that changes several things
// (PATCH), every field. A new verb that has a route and is not here has perhaps been given no
// command, or no button.
var ways = map[string]way{
	"POST /api/v1/invitations":       {"invite ada@example.com --role Fleet", true, ""},
	"POST /api/v1/invitations/batch": {"import -", true, ""},
	"POST /api/v1/invitations/check": {"", true, "it changes nothing; a command checks with import --dry-run"},

	"POST /api/v1/members/:id/approve":    {"approve xid", true, ""},
	"POST /api/v1/members/:id/reject":     {"reject xid --yes", true, ""},
	"POST /api/v1/members/:id/resend":     {"resend xid", true, ""},
	"POST /api/v1/members/:id/suspend":    {"suspend xid", true, ""},
	"POST /api/v1/members/:id/unsuspend":  {"unsuspend xid", true, ""},
	"DELETE /api/v1/members/:id":          {"remove xid --yes", true, ""},
	"POST /api/v1/members/:id/login-link": {"", true, "a command prints the link when it invites: --print-link"},
	"POST /api/v1/members/:id/undo":       {"", true, "it is offered for the seconds after a press"},
	"POST /api/v1/members/:id/sign-out":   {"", true, "no command is about sessions: suspend closes all of them"},
	"DELETE /api/v1/members/:id/sessions/:session": {
		"", true, "no command is about sessions: suspend closes all of them"},

	"PATCH /api/v1/members/:id roles":         {"access xid --role Fleet", true, ""},
	"PATCH /api/v1/members/:id name":          {"", true, byForm},
	"PATCH /api/v1/members/:id internal_note": {"", true, byForm},

	"PUT /api/v1/roles/:name":    {"", true, byForm},
	"DELETE /api/v1/roles/:name": {"", true, byForm},

	"POST /api/v1/outbox/:id/retry": {"outbox retry xid", true, ""},
	"DELETE /api/v1/outbox/:id":     {"", true, "no command deletes an email; reject and remove delete a member's"},

	"PATCH /api/v1/settings workspace":             {"", true, byForm},
	"PATCH /api/v1/settings invitation_expires_in": {"", true, byForm},
	"PATCH /api/v1/settings lifetimes":             {"", true, byForm},
	"PATCH /api/v1/settings public_url":            {"", true, byForm},
	"PATCH /api/v1/settings mail_settings":         {"", true, byForm},
	"PATCH /api/v1/settings checklist_hidden":      {"", true, byForm},
	"PATCH /api/v1/settings appearance":            {"", true, byForm},

	"POST /api/v1/settings/public-url/check": {"", true, byForm},
	"PUT /api/v1/settings/logo":              {"", true, byForm},
	"DELETE /api/v1/settings/logo":           {"", true, byForm},
	"POST /api/v1/settings/mail/test":        {"", true, "mail-test sends to any address, by a route of its own"},
	"POST /api/v1/clock":                     {"", true, "doctor --clock-is-right has a route of its own"},

	"POST /api/v1/tokens":       {"token add backup --role Fleet", true, ""},
	"DELETE /api/v1/tokens/:id": {"token revoke xid", true, ""},

	"PATCH /api/v1/me name":             {"", true, ofAnAccount},
	"PATCH /api/v1/me language":         {"", true, ofAnAccount},
	"PATCH /api/v1/me notify_requests":  {"", true, ofAnAccount},
	"POST /api/v1/me/confirmation":      {"", true, ofAnAccount},
	"POST /api/v1/me/confirmation/code": {"", true, ofAnAccount},
	"POST /api/v1/desktop":              {"", false, ofTheWindow},
	"DELETE /api/v1/desktop":            {"", false, ofTheWindow},

	"POST /local/v1/setup":      {"setup --email ada@example.com", false, ofTheOperator},
	"POST /local/v1/login-link": {"login-link ada@example.com", false, ofTheOperator},
	"POST /local/v1/mail-test":  {"mail-test ada@example.com", false, ofTheOperator},
	"POST /local/v1/compact":    {"compact", false, ofTheOperator},
	"POST /local/v1/clock":      {"doctor --clock-is-right", false, ofTheOperator},
}

// A verb got its route, and no command or no button: nobody but a program could use it, and
// nothing said so.
func TestEveryChangeHasItsCommandAndItsButton(t *testing.T) {
	routes, buttons := changing(t), buttons(t)
	for _, route := range routes {
		way, known := ways[route]
		if !known {
			t.Errorf("%s is not in ways: which command sends it, and does the console?", route)
			continue
		}
		if way.console != slices.Contains(buttons, route) {
			t.Errorf("that the console sends %s is %v, but ways says %v", route, !way.console, way.console)
		}
		if complete := way.command != "" && way.console; complete != (way.reason == "") {
			t.Errorf("%s: ways gives the reason %q, and needs one exactly where a way is missing", route, way.reason)
		}
	}
	for route, way := range ways {
		if !slices.Contains(routes, route) {
			t.Errorf("%s is in ways, and there is no such route", route)
		}
		if way.command == "" {
			continue
		}
		if sent := sentBy(t, way.command); !slices.Contains(sent, route) {
			t.Errorf("doorward %s sends %q, not %s", way.command, sent, route)
		}
	}
}

// changing returns the API's routes that change something, the operator's included.
func changing(t *testing.T) (routes []string) {
	s := webtest.New(t)
	f, err := s.Web.Face(true)
	s.Must(err)
	fields := fieldsOf(s)
	for _, r := range f.App().GetRoutes(true) {
		api := strings.HasPrefix(r.Path, "/api/") || strings.HasPrefix(r.Path, "/local/")
		switch route := r.Method + " " + r.Path; {
		case !api || r.Method == http.MethodGet || r.Method == http.MethodHead:
		case r.Method == http.MethodPatch:
			for _, field := range fields[route] {
				routes = append(routes, route+" "+field)
			}
		default:
			routes = append(routes, route)
		}
	}
	return routes
}

var braces = regexp.MustCompile(`\{([a-z]+)\}`)

// routeOf is how the server writes a route of the API's document.
func routeOf(method, path string) string {
	return method + " /api/v1" + braces.ReplaceAllString(path, ":$1")
}

// fieldsOf returns the fields that each PATCH of the API's document takes.
func fieldsOf(s *webtest.Server) map[string][]string {
	var document struct {
		Paths map[string]struct {
			Patch struct {
				RequestBody struct {
					Content map[string]struct {
						Schema struct {
							Ref string `json:"$ref"`
						}
					}
				}
			}
		}
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	s.Must(json.Unmarshal([]byte(s.Browser().Get("/api/v1/openapi.json").Text), &document))
	all := map[string][]string{}
	for p, o := range document.Paths {
		name := path.Base(o.Patch.RequestBody.Content["application/json"].Schema.Ref)
		for field := range document.Components.Schemas[name].Properties {
			all[routeOf(http.MethodPatch, p)] = append(all[routeOf(http.MethodPatch, p)], field)
		}
	}
	return all
}

var (
	// a call of the console's client, whose paths its compiler compares with the API's document
	call = regexp.MustCompile(`api\.(POST|PUT|PATCH|DELETE)\('([^']+)'(?:,.*\bbody: \{ (\w+))?`)
	// a call of change in pages/settings/settings.svelte.ts
	changeCall = regexp.MustCompile(`\bchange\(\{ (\w+)`)
)

// buttons returns the routes that the console's code calls.
func buttons(t *testing.T) (routes []string) {
	for name, text := range sources(t, "../frontend/console/src") {
		if strings.HasSuffix(name, ".test.ts") {
			continue
		}
		for _, m := range call.FindAllStringSubmatch(text, -1) {
			route := routeOf(m[1], m[2])
			if m[1] == http.MethodPatch {
				route += " " + m[3]
			}
			routes = append(routes, route)
		}
		if strings.HasPrefix(name, "pages/settings/") {
			for _, m := range changeCall.FindAllStringSubmatch(text, -1) {
				routes = append(routes, "PATCH /api/v1/settings "+m[1])
			}
		}
	}
	return routes
}

// sources returns the text of every file below a folder, without installed packages.
func sources(t *testing.T, dir string) map[string]string {
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "node_modules" {
			return fs.SkipDir
		}
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// sentBy returns the routes that a command sends requests to, to a server that accepts all.
func sentBy(t *testing.T, command string) []string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dw") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket, err := net.Listen("unix", filepath.Join(dir, app.SocketName))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var sent []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		route := r.Method + " " + strings.Replace(r.URL.Path, "/xid", "/:id", 1)
		sent = append(sent, route)
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body) // a GET has none
		for field := range body {
			sent = append(sent, route+" "+field)
		}
		_, _ = io.WriteString(w, `{"id": "xid", "state": "sent"}`)
	}))
	server.Listener.Close()
	server.Listener = socket
	server.Start()
	defer server.Close()
	var said strings.Builder
	code := cli.Program{
		Name:   "doorward",
		Stdin:  strings.NewReader("email,role\nada@example.com,Fleet\n"),
		Stdout: &said,
		Stderr: &said,
		Env:    func(string) string { return "" },
	}.Main(append(strings.Fields(command), "--data", dir))
	if code == 2 {
		t.Errorf("doorward %s is no command: %s", command, said.String())
	}
	mu.Lock()
	defer mu.Unlock()
	return sent
}

// A verb that no part of the program calls: only its own tests used it.
func TestEveryVerbIsCalled(t *testing.T) {
	var text strings.Builder
	for _, dir := range []string{"../backend/web", "../backend/jobs", "."} {
		for name, src := range sources(t, dir) {
			if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				text.WriteString(src)
			}
		}
	}
	found := 0
	nouns := reflect.TypeFor[service.Service]()
	for i := range nouns.NumField() {
		noun := nouns.Field(i)
		for j := range noun.Type.NumMethod() {
			verb := noun.Type.Method(j)
			if noun.Anonymous || noun.Name == "Gate" || !takesActor(verb) {
				continue // the gate is asked by the verbs themselves
			}
			found++
			if !regexp.MustCompile(`\.` + noun.Name + `\.` + verb.Name + `\b`).MatchString(text.String()) {
				t.Errorf("nothing calls the verb %s.%s", noun.Name, verb.Name)
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d verbs were found", found)
	}
}

// takesActor reports whether a method has a parameter for its caller.
func takesActor(m reflect.Method) bool {
	for n := 1; n < m.Type.NumIn(); n++ {
		if m.Type.In(n) == reflect.TypeFor[access.Actor]() {
			return true
		}
	}
	return false
}
