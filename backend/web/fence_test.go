package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
	"doorward/backend/store/kv/faulty"
	"doorward/backend/web"
	"doorward/backend/web/api"
	"doorward/backend/web/webtest"
)

// filled is a route's path with something in the place of each parameter.
func filled(c *webtest.Callers, path string) string {
	return strings.NewReplacer(":id", string(c.IDs["fleet"]), ":name", "Fleet", ":session", access.NewID(),
		":token", access.NewSecret().Reveal(), "*", "x").Replace(path)
}

// A machine leads, is stopped for a while, and goes on. Meanwhile another leads, and an Admin
// was suspended there, and that was answered. This machine remembers the Admin's session and
// permissions, and nobody has told it yet. It must not serve a single route on the strength of
// that, on any face; what depends on nobody's permissions it may answer.
func TestEveryRouteWaitsForTheFence(t *testing.T) {
	m := &webtest.Machines{}
	m.Lead(webtest.First, true)
	c := webtest.NewCallers(t, webtest.WithConsole, m.In, func(o *webtest.Options) {
		o.API.Operations = machineOperations{}
	})
	c.Admin.Get("/").Want(t, 200)
	m.CutOff()
	before := c.Records()
	fenced, open := 0, 0
	for _, local := range []bool{false, true} {
		f, err := c.Web.Face(local)
		c.Must(err)
		c.App = f.App()
		for route, n := range f.Classes() {
			method, path, _ := strings.Cut(route, " ")
			if isOpen(n) {
				continue
			}
			fenced++
			a := c.Admin.Do(method, filled(c, path), nil, func(r *http.Request) {
				r.Header.Set("Sec-Fetch-Site", "same-origin")
			})
			refusedByFence(t, c, route, a)
		}
	}
	if c.Records() != before {
		t.Error("what was refused has changed something")
	}
	for _, local := range []bool{false, true} {
		f, err := c.Web.Face(local)
		c.Must(err)
		c.App = f.App()
		for route, n := range f.Classes() {
			method, path, _ := strings.Cut(route, " ")
			if !isOpen(n) || path == "/readyz" {
				continue
			}
			open++
			a := c.Admin.Do(method, filled(c, path), nil)
			if a.StatusCode == http.StatusServiceUnavailable {
				t.Errorf("%s (%s), which depends on nobody's permissions, is refused: %s", route, n, a.Main())
			}
		}
	}
	if fenced < 100 || open < 40 {
		t.Errorf("only %d and %d routes were tried", fenced, open)
	}
}

// The operator's operations on the machine itself.
type machineOperations struct{}

func (machineOperations) Compact(context.Context) ([]access.MachineCompacted, error) { return nil, nil }
func (machineOperations) Verify(context.Context) (map[string]int, error)             { return nil, nil }
func (machineOperations) Backup(context.Context, io.Writer) error                    { return nil }
func (machineOperations) Machines(context.Context) []api.Check                       { return nil }
func (machineOperations) Doctor(context.Context) []api.Check                         { return nil }

// isOpen reports whether a route depends on nobody's permissions.
func isOpen(n web.Class) bool { return n == web.Public() || n == web.Static() || n == web.Machine() }

func refusedByFence(t *testing.T, c *webtest.Callers, route string, a webtest.Answer) {
	t.Helper()
	if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "2" {
		t.Errorf("%s = %d, after %q: %s", route, a.StatusCode, a.Header.Get("Retry-After"), a.Main())
	}
	switch {
	case strings.HasPrefix(route, "HEAD "):
	case strings.Contains(route, " /api/") || strings.Contains(route, " /local/"):
		c.Problem(t, a)
		if code := a.Object(t)["code"]; code != "no_majority" {
			t.Errorf("%s is refused with %v", route, code)
		}
	default:
		a.Want(t, http.StatusServiceUnavailable, "One moment, please", "nothing was changed")
	}
	a.Lacks(t, "Admin@Example.com", "grace@example.org")
}

// The sign-in page is public, and leads on whoever is signed in. A machine that is not sure
// takes them for a stranger.
func TestPublicPagesTrustNoMemory(t *testing.T) {
	m := &webtest.Machines{}
	m.Lead(webtest.First, true)
	c := webtest.NewCallers(t, m.In)
	c.Admin.Get("/login").Want(t, http.StatusSeeOther)
	m.CutOff()
	page := c.Admin.Get("/login")
	page.Want(t, http.StatusOK)
	page.Lacks(t, "Admin@Example.com")
}

// Each request asks once, however many parts of it depend on the answer, and one that depends
// on nobody's permissions does not ask.
func TestTheFenceIsPassedOnce(t *testing.T) {
	m := &webtest.Machines{}
	m.Lead(webtest.First, true)
	c := webtest.NewCallers(t, webtest.WithConsole, m.In)
	for path, want := range map[string]int{"/": 1, "/admin": 1, "/api/v1/me": 1, "/login": 1, "/healthz": 0,
		"/api/v1/openapi.json": 0, "/nothing": 0} {
		before, _ := m.Asked()
		c.Admin.Get(path)
		if asked, _ := m.Asked(); asked-before != want {
			t.Errorf("GET %s has asked %d times, want %d", path, asked-before, want)
		}
	}
}

// A reading engine notes whether what reads it serves a request that has passed the fence.
type reading struct {
	*faulty.Store
	m           *webtest.Machines
	sure, other atomic.Int64
}

func (e *reading) View(ctx context.Context, fn func(kv.Tx) error) error {
	if kv.IsSure(ctx, e.m) {
		e.sure.Add(1)
	} else {
		e.other.Add(1)
	}
	return e.Store.View(ctx, fn)
}

// What a handler reads from the store goes by the fence that its request has passed, so that the
// other machines are not asked twice.
func TestHandlersReadBehindTheFence(t *testing.T) {
	open, engine := enginetest.Controlled()
	m := &webtest.Machines{}
	m.Lead(webtest.First, true)
	e := &reading{m: m}
	c := webtest.NewCallersOn(t, func(c kv.Config) (s kv.Store, err error) {
		if _, err = open(c); err != nil {
			return nil, err
		}
		e.Store = engine()
		return e, nil
	}, webtest.WithConsole, m.In)
	for _, path := range []string{"/", "/api/v1/overview", "/api/v1/members", "/api/v1/audit"} {
		sure, other := e.sure.Load(), e.other.Load()
		c.Admin.Get(path).Want(t, http.StatusOK)
		if e.sure.Load() == sure && path != "/" || e.other.Load() != other {
			t.Errorf("GET %s has read %d times behind the fence, and %d times outside", path, e.sure.Load()-sure,
				e.other.Load()-other)
		}
	}
}

var errCutOff = errors.New("no majority has answered")

func confirming(confirm func(context.Context) error) *webtest.Machines {
	m := &webtest.Machines{}
	m.Answer(confirm)
	return m
}

// A machine has two seconds to make sure. What comes at the end of them, or later, is too late,
// and nobody waits longer.
func TestTwoSecondsToMakeSure(t *testing.T) {
	tests := []struct {
		name string
		at   time.Duration
		says error
		sure bool
		took time.Duration
	}{
		{"at once", 0, nil, true, 0},
		{"before the end", web.FenceTime - 1, nil, true, web.FenceTime - 1},
		{"at the end", web.FenceTime, nil, false, web.FenceTime},
		{"after it", web.FenceTime + 1, nil, false, web.FenceTime},
		{"never", time.Hour, nil, false, web.FenceTime},
		{"no, at once", 0, errCutOff, false, 0},
		{"no, before the end", web.FenceTime - 1, errCutOff, false, web.FenceTime - 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				confirm := web.Sure(confirming(func(ctx context.Context) error {
					select {
					case <-time.After(tt.at):
						return tt.says
					case <-ctx.Done():
						return ctx.Err()
					}
				}))
				began := time.Now()
				err := confirm(t.Context())
				if took := time.Since(began); (err == nil) != tt.sure || took != tt.took {
					t.Errorf("after %v it says %v", took, err)
				}
				if e := access.Explain(err); err != nil && e.Code != "no_majority" {
					t.Errorf("it refuses with %s", e.Code)
				}
			})
		})
	}
}

// The lead is lost while a request is on its way. Before its handler, nobody is admitted. In
// it, the store refuses; what had been decided by then, and what was answered, stands: the
// request had come before anybody else led.
func TestTheLeadIsLostOnTheWay(t *testing.T) {
	var lose func()
	open, engine := enginetest.Controlled()
	m := &webtest.Machines{}
	m.Lead(webtest.First, true)
	var s *webtest.Server
	store := func(c *fiber.Ctx) error {
		_, err := s.Service.Members.Rename(c.UserContext(), s.Admin, s.Admin.Member, "Other")
		if err != nil {
			return err
		}
		return c.SendString("kept")
	}
	handlers := map[string]fiber.Handler{
		"/api/v1/during": func(c *fiber.Ctx) error { lose(); return store(c) },
		"/api/v1/after":  func(c *fiber.Ctx) error { err := store(c); lose(); return err },
		"/api/v1/memory": func(c *fiber.Ctx) error { lose(); return c.SendString("kept") },
	}
	s = webtest.NewOn(t, open, m.In, func(o *webtest.Options) {
		o.More = func(f *web.Face) {
			for path, handler := range handlers {
				f.Add(http.MethodGet, path, web.Member(), handler)
			}
		}
	})
	s.Web.ForwardWithin(0)
	secret := s.Token(s.Admin, access.Admin)
	lose = func() {
		m.CutOff()
		m.Lead("", false)
		engine().Lead(false)
	}
	win := func() {
		m.Answer(nil)
		m.Lead(webtest.First, true)
		engine().Lead(true)
	}
	tests := []struct {
		name, path string
		before     func()
		status     int
		says       string
	}{
		{"never", "/api/v1/me", func() {}, 200, `"state":"active"`},
		{"before, unnoticed", "/api/v1/memory", m.CutOff, 503, "no_majority"},
		{"before, noticed", "/api/v1/memory", func() { lose() }, 503, "no_leader"},
		{"during", "/api/v1/during", func() {}, 503, "store_unavailable"},
		{"during, and only memory follows", "/api/v1/memory", func() {}, 200, "kept"},
		{"after", "/api/v1/after", func() {}, 200, "kept"},
	}
	for _, tt := range tests {
		win()
		tt.before()
		a := s.Browser().Get(tt.path, webtest.Bearer(secret))
		if a.StatusCode != tt.status || !strings.Contains(a.Text, tt.says) {
			t.Errorf("%s = %d %s", tt.name, a.StatusCode, a.Text)
		}
	}
	win()
}

// A monitor, or a proxy that chooses among the machines, asks whether requests can be served.
func TestReadyIsWhoeverCanServe(t *testing.T) {
	open, engine := enginetest.Controlled()
	m := &webtest.Machines{}
	m.Lead(webtest.First, true)
	s := webtest.NewOn(t, open, m.In)
	tests := []struct {
		name   string
		change func()
		ready  bool
	}{
		{"leads", func() {}, true},
		{"leads, and is not sure", m.CutOff, false},
		{"leads, and its store takes no writes", func() { m.Answer(nil); engine().Fail(kv.ErrReadOnly) }, false},
		{"nobody leads", func() { engine().Fail(nil); m.Lead("", false) }, false},
		{"another leads, out of reach", func() { m.Lead("other", false) }, false},
	}
	for _, tt := range tests {
		tt.change()
		a := s.Browser().Get("/readyz", func(r *http.Request) { r.Host = "10.0.0.7:8080" })
		want := http.StatusServiceUnavailable
		if tt.ready {
			want = http.StatusOK
		}
		if a.StatusCode != want || strings.Contains(a.Text, "<") || a.Text == "ready\n" != tt.ready {
			t.Errorf("%s: %d %s", tt.name, a.StatusCode, a.Text)
		}
		s.Browser().Get("/healthz").Want(t, 200, "ok")
	}
}
