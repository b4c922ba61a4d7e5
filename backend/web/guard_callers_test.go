package web_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/web"
	"doorward/backend/web/webtest"
)

// whoAsks answers with the admitted caller.
func whoAsks(g **web.Server) fiber.Handler {
	return func(c *fiber.Ctx) error { return c.JSON((*g).Guard.Actor(c)) }
}

// Each class of route, and each kind of caller: below what it asks, equal and above.
func TestEachClassAdmitsWhomItSays(t *testing.T) {
	var server *web.Server
	classes := map[string]web.Class{
		"public":    web.Public(),
		"pending":   web.Pending(),
		"token":     web.PendingOrToken(),
		"member":    web.Member(),
		"manager":   web.Manager(),
		"readers":   web.Permission(access.May(access.Read, access.ResMembers)),
		"operator":  web.Operator(),
		"operator2": web.Machine(),
	}
	c := webtest.NewCallers(t, func(o *webtest.Options) {
		o.More = func(f *web.Face) {
			for name, n := range classes {
				f.Add(http.MethodGet, "/api/v1/x/"+name, n, whoAsks(&server))
			}
		}
	})
	server = c.Web
	callers := []string{"stranger", "suspended", "pending", "fleet", "admin", "weak token", "admin token"}
	for name, want := range map[string][]int{
		"public":    {200, 200, 200, 200, 200, 200, 200},
		"pending":   {401, 401, 200, 200, 200, 403, 403},
		"token":     {401, 401, 200, 200, 200, 200, 200},
		"member":    {401, 401, 403, 200, 200, 200, 200},
		"manager":   {401, 401, 403, 403, 200, 403, 200},
		"readers":   {401, 401, 403, 403, 200, 403, 200},
		"operator":  {404, 404, 404, 404, 404, 404, 404},
		"operator2": {404, 404, 404, 404, 404, 404, 404},
	} {
		for i, who := range callers {
			if got := c.As(who, "GET", "/x/"+name, ""); got.StatusCode != want[i] {
				t.Errorf("%s, for %s = %d, want %d: %s", name, who, got.StatusCode, want[i], got.Text)
			}
		}
	}
	for _, name := range []string{"member", "manager", "readers"} { // not that they lack a permission
		if got := c.As("pending", "GET", "/x/"+name, "").Object(t)["code"]; got != "pending" {
			t.Errorf("%s refuses who is pending with %v", name, got)
		}
	}
	local, err := c.Web.Face(true)
	c.Must(err)
	c.App = local.App()
	for name := range classes {
		c.As("stranger", "GET", "/x/"+name, "").Want(t, 200, `"via":"cli"`)
	}
}

// The audit log says by which face somebody came: it follows from the route, the secret, and
// on the operator's socket from what the window says.
func TestTheFaceOfACaller(t *testing.T) {
	var server *web.Server
	c := webtest.NewCallers(t, func(o *webtest.Options) {
		o.More = func(f *web.Face) {
			f.Add(http.MethodGet, "/x", web.PendingOrToken(), whoAsks(&server))
			f.Add(http.MethodGet, "/api/v1/x", web.PendingOrToken(), whoAsks(&server))
			f.Add(http.MethodGet, "/open", web.Public(), whoAsks(&server))
		}
	})
	server = c.Web
	window := webtest.Bearer(c.SignInDesktop(t, c.Admin))
	actor := func(a webtest.Answer) (got access.Actor) {
		t.Helper()
		a.Want(t, 200)
		c.Must(json.Unmarshal([]byte(a.Text), &got))
		return got
	}
	admin, fleet := c.IDs["admin"], c.IDs["fleet"]
	for name, tt := range map[string]struct {
		got    access.Actor
		member access.MemberID
		via    access.Source
		token  bool
	}{
		"nobody":               {actor(c.Stranger.Get("/open")), "", access.SourcePortal, false},
		"a page":               {actor(c.Fleet.Get("/x")), fleet, access.SourcePortal, false},
		"the console":          {actor(c.Fleet.API("GET", "/x", "")), fleet, access.SourceConsole, false},
		"a token":              {actor(c.As("admin token", "GET", "/x", "")), admin, access.SourceAPI, true},
		"a window":             {actor(c.Browser().API("GET", "/x", "", window)), admin, access.SourceDesktop, false},
		"a public page's user": {actor(c.Fleet.Get("/open")), "", access.SourcePortal, false},
	} {
		if tt.got.Member != tt.member || tt.got.Source != tt.via || (tt.got.Token != "") != tt.token ||
			tt.member != "" && tt.got.From == "" {
			t.Errorf("%s is %+v", name, tt.got)
		}
	}
}

// Whoever reaches the operator's socket is the operator; the window that runs there says so,
// and may say for which Admin it acts. What it says counts there alone, and for an Admin alone.
func TestTheOperatorsWindowSaysForWhom(t *testing.T) {
	var server *web.Server
	c := webtest.NewCallers(t, func(o *webtest.Options) {
		o.More = func(f *web.Face) { f.Add(http.MethodGet, "/api/v1/x", web.Member(), whoAsks(&server)) }
	})
	server = c.Web
	local, err := c.Web.Face(true)
	c.Must(err)
	network := c.App
	admin, fleet := string(c.IDs["admin"]), string(c.IDs["fleet"])
	for _, tt := range []struct{ via, as, member, source string }{
		{"", "", "", "cli"},
		{"cli", "", "", "cli"},
		{"desktop", "", "", "cli"},
		{"window", "", "", "window"},
		{"window", admin, admin, "window"},
		{"window", fleet, "", "window"},
		{"window", access.NewID(), "", "window"},
		{"window", "../x", "", "window"},
		{"cli", admin, "", "cli"},
		{"", admin, "", "cli"},
	} {
		says := func(r *http.Request) {
			r.Header.Set("X-Doorward-Via", tt.via)
			r.Header.Set("X-Doorward-As", tt.as)
		}
		c.App = local.App()
		a := c.Stranger.API("GET", "/x", "", says)
		a.Want(t, 200)
		if got := a.Object(t); got["via"] != tt.source || got["member"] != orNil(tt.member) {
			t.Errorf("the window says %q and %q: %v", tt.via, tt.as, got)
		}
		c.App = network
		c.Stranger.API("GET", "/x", "", says).Want(t, http.StatusUnauthorized)
		if got := c.Fleet.API("GET", "/x", "", says).Object(t); got["member"] != fleet || got["via"] != "console" {
			t.Errorf("over the network, %q and %q make the caller %v", tt.via, tt.as, got)
		}
	}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// A page that is left open asks by itself, and says so: that is no use of the session, which
// ends as if nobody had asked.
func TestWhatAPageAsksByItselfIsNoUse(t *testing.T) {
	s := webtest.New(t)
	b, _ := s.SignedIn("ada@example.com", access.Fleet)
	b.Get("/").Want(t, 200) // the session gets a new secret
	seen := func() (at time.Time) {
		t.Helper()
		s.Must(s.Store.View(bg, func(tx *store.Tx) error {
			opened, _, err := tx.Sessions.Get(b.Session().Hash())
			at = opened.SeenAt
			return err
		}))
		return at
	}
	before := seen()
	s.Advance(access.TouchInterval)
	b.API("GET", "/me", "", func(r *http.Request) { r.Header.Set(web.HeaderBackground, "1") }).Want(t, 200)
	if got := seen(); !got.Equal(before) {
		t.Errorf("what the page asks by itself counts as use, at %s", got)
	}
	b.API("GET", "/me", "").Want(t, 200)
	if got := seen(); !got.Equal(s.Clock()) {
		t.Errorf("use of the session is not noted: %s, want %s", got, s.Clock())
	}
}
