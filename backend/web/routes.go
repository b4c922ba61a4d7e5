package web

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// A face is everything that one kind of listener answers: the network's, or the
// operator's socket. Its routes are mounted through add, addPage, addForm and
// mount, which each take the class. A route that Fiber knows and that none of
// them mounted is a way in that nobody decided on: check refuses it.
type face struct {
	s       *Server
	app     *fiber.App
	local   bool                  // whoever reaches it is the operator
	classes map[string]routeClass // by method and path
	wraps   int                   // how many handlers wrap every request
}

// newFace makes a face with its routes, or says which of them has no class.
func (s *Server) newFace(local bool, mounts ...func(*face)) (*face, error) {
	f := &face{
		s:       s,
		app:     fiber.New(s.fiberConfig()),
		local:   local,
		classes: map[string]routeClass{},
	}
	f.app.Server().ErrorHandler = s.answerRefused(f.app)
	if local {
		f.wrap(func(c *fiber.Ctx) error { c.Locals(localKey, true); return c.Next() })
	}
	f.wrap(s.outer)
	for _, mount := range mounts {
		mount(f)
	}
	f.wrap(func(*fiber.Ctx) error { return fiber.ErrNotFound })
	return f, f.check()
}

// wrap has h run for every request, in the order in which it is mounted.
func (f *face) wrap(h fiber.Handler) {
	f.app.Use(h)
	f.wraps++
}

// classify notes who may use a route.
func (f *face) classify(method, path string, n routeClass) { f.classes[method+" "+path] = n }

// guarded is h for whoever the class lets through.
func (f *face) guarded(n routeClass, h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := f.s.guard(c, n); err != nil {
			return err
		}
		return h(c)
	}
}

// add mounts one route.
func (f *face) add(method, path string, n routeClass, h fiber.Handler) {
	f.classify(method, path, n)
	f.app.Add(method, path, f.guarded(n, h))
}

// addPage mounts what GET and HEAD answer alike.
func (f *face) addPage(path string, n routeClass, h fiber.Handler) {
	f.add(fiber.MethodGet, path, n, h)
	f.add(fiber.MethodHead, path, n, h)
}

// addForm mounts what takes a form, which must be one of our own pages'.
func (f *face) addForm(path string, n routeClass, h fiber.Handler) {
	f.add(fiber.MethodPost, path, n, func(c *fiber.Ctx) error {
		if len(body(c)) > formLimit {
			return fiber.ErrRequestEntityTooLarge
		}
		if err := f.s.ownForm(c); err != nil {
			return err
		}
		return h(c)
	})
}

// check walks Fiber's own list of routes and names each that was mounted without
// a class, twice, or around the others without wrap.
func (f *face) check() error {
	routes := handlersOf(f.app.GetRoutes(true)) // those that wrap others apart
	var faults []string
	for key, n := range routes {
		switch {
		case f.classes[key] == routeClass{}:
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

// handlersOf is how many handlers each route has: Fiber makes one route of two
// that it is given one after the other.
func handlersOf(routes []fiber.Route) map[string]int {
	n := map[string]int{}
	for _, r := range routes {
		n[r.Method+" "+r.Path] += len(r.Handlers)
	}
	return n
}
