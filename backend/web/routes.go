package web

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// AnswerRefusals sets the function that shows the face's refusals to people.
func (f *Face) AnswerRefusals(answer func(*fiber.Ctx, Refusal) error) { f.refusals = answer }

// wrap runs h for every request, in mounting order.
func (f *Face) wrap(h fiber.Handler) {
	f.app.Use(h)
	f.wraps++
}

// Classify records who may use a route.
func (f *Face) Classify(method, path string, n Class) { f.classes[method+" "+path] = n }

// Admission returns what admits callers to a route of the class, and refuses the others: the
// one way to the guard, so that on a machine of a cluster nobody is admitted before it is sure
// of its lead. A server alone has no fence.
func (f *Face) Admission(n Class) fiber.Handler {
	check := func(c *fiber.Ctx) error { return f.s.Guard.check(c, n) }
	if f.s.cluster == nil || !n.needsLead() {
		return check
	}
	return func(c *fiber.Ctx) error {
		if err := f.s.fenced(c); err != nil {
			f.notDone(c)
			return err
		}
		return check(c)
	}
}

// guarded runs h only for callers that the class admits.
func (f *Face) guarded(n Class, h fiber.Handler) fiber.Handler {
	admit := f.Admission(n)
	return func(c *fiber.Ctx) error {
		if err := admit(c); err != nil {
			return err
		}
		if f.s.cluster != nil && n == Static() {
			return f.static(c, h)
		}
		return h(c)
	}
}

// static answers with what every copy of the program has. During an upgrade the machine that
// leads may run another version: its pages name files that only that one has.
func (f *Face) static(c *fiber.Ctx, h fiber.Handler) error {
	err := h(c)
	if _, leads := f.s.cluster.Leader(); leads || !errors.Is(err, fiber.ErrNotFound) {
		return err
	}
	here, err := f.elsewhere(c)
	if here {
		return h(c)
	}
	return err
}

// answersHere reports whether this machine answers a request even if it does not lead.
func (f *Face) answersHere(c *fiber.Ctx) bool {
	for route, n := range f.classes {
		method, pattern, _ := strings.Cut(route, " ")
		if n.here && method == c.Method() && fiber.RoutePatternMatch(c.Path(), pattern, f.app.Config()) {
			return true
		}
	}
	return false
}

// Add mounts one route.
func (f *Face) Add(method, path string, n Class, h fiber.Handler) {
	f.Classify(method, path, n)
	f.app.Add(method, path, f.guarded(n, h))
}

// AddPage mounts a page, for GET and HEAD.
func (f *Face) AddPage(path string, n Class, h fiber.Handler) {
	f.Add(fiber.MethodGet, path, n, h)
	f.Add(fiber.MethodHead, path, n, h)
}

// formLimit is the size of the largest form that is accepted.
const formLimit = 16 << 10

// AddForm mounts a handler of forms, which must come from our own pages. The form of one
// page, sent twice within a minute, is handled once.
func (f *Face) AddForm(path string, n Class, h fiber.Handler) {
	f.Add(fiber.MethodPost, path, n, func(c *fiber.Ctx) error {
		if len(body(c)) > formLimit {
			return fiber.ErrRequestEntityTooLarge
		}
		if err := f.s.Cookies.ownForm(c); err != nil {
			return err
		}
		return f.s.once.answer(c, f.s.Cookies.sender(c), h)
	})
}

// check goes through Fiber's own list of routes and names each that was mounted
// without a class, twice, or as a wrapper without wrap.
func (f *Face) check() error {
	routes := handlersOf(f.app.GetRoutes(true)) // without those that wrap others
	var faults []string
	for key, n := range routes {
		switch {
		case f.classes[key] == Class{}:
			faults = append(faults, key+" has no class")
		case n > 1:
			faults = append(faults, key+" is mounted twice")
		}
	}
	for key, n := range handlersOf(f.app.GetRoutes()) {
		want := 0
		if _, path, _ := strings.Cut(key, " "); path == "/" {
			want = f.wraps
		}
		if n-routes[key] != want {
			faults = append(faults, key+" is wrapped by a handler without a class")
		}
	}
	for key := range f.classes {
		if routes[key] == 0 {
			faults = append(faults, key+" has a class and is not mounted")
		}
	}
	if len(faults) == 0 {
		return nil
	}
	slices.Sort(faults)
	return fmt.Errorf("the server does not start, because of its routes: %w", errors.New(strings.Join(faults, "; ")))
}

// handlersOf counts each route's handlers: Fiber merges two mounts of the same
// route into one.
func handlersOf(routes []fiber.Route) map[string]int {
	n := map[string]int{}
	for _, r := range routes {
		n[r.Method+" "+r.Path] += len(r.Handlers)
	}
	return n
}
