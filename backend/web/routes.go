package web

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// A Face is everything that one kind of listener answers: the network's, or the
// operator's socket. Its routes are mounted through Add, AddPage and AddForm, or on
// App with Classify, which each take the class. A route that Fiber knows and that
// has none is a way in that nobody decided on: check refuses it.
type Face struct {
	s        *Server
	app      *fiber.App
	local    bool                            // whoever reaches it is the operator
	classes  map[string]Class                // by method and path
	wraps    int                             // how many handlers wrap every request
	refusals func(*fiber.Ctx, Refusal) error // answers people
}

// A Mount adds the routes of one room to a face. It is called once for each face.
type Mount func(*Face)

// Local reports whether whoever reaches the face is the operator.
func (f *Face) Local() bool { return f.local }

// App is what routes are mounted on that Add cannot mount. Each has to be classified.
func (f *Face) App() *fiber.App { return f.app }

// AnswerRefusals has answer say to people what the face refuses them.
func (f *Face) AnswerRefusals(answer func(*fiber.Ctx, Refusal) error) { f.refusals = answer }

// newFace makes a face with its routes, or says which of them has no class.
func (s *Server) newFace(local bool, mounts ...Mount) (*Face, error) {
	f := &Face{
		s:        s,
		local:    local,
		classes:  map[string]Class{},
		refusals: sentence,
	}
	f.app = fiber.New(s.fiberConfig(f.Fail))
	f.app.Server().ErrorHandler = f.answerRefused()
	if local {
		f.wrap(func(c *fiber.Ctx) error { c.Locals(localKey, true); return c.Next() })
	}
	f.wrap(f.outer)
	for _, mount := range mounts {
		mount(f)
	}
	f.wrap(func(*fiber.Ctx) error { return fiber.ErrNotFound })
	return f, f.check()
}

// wrap has h run for every request, in the order in which it is mounted.
func (f *Face) wrap(h fiber.Handler) {
	f.app.Use(h)
	f.wraps++
}

// Classify notes who may use a route.
func (f *Face) Classify(method, path string, n Class) { f.classes[method+" "+path] = n }

// guarded is h for whoever the class lets through.
func (f *Face) guarded(n Class, h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := f.s.Guard.Check(c, n); err != nil {
			return err
		}
		return h(c)
	}
}

// Add mounts one route.
func (f *Face) Add(method, path string, n Class, h fiber.Handler) {
	f.Classify(method, path, n)
	f.app.Add(method, path, f.guarded(n, h))
}

// AddPage mounts what GET and HEAD answer alike.
func (f *Face) AddPage(path string, n Class, h fiber.Handler) {
	f.Add(fiber.MethodGet, path, n, h)
	f.Add(fiber.MethodHead, path, n, h)
}

// formLimit is the largest form that is taken.
const formLimit = 16 << 10

// AddForm mounts what takes a form, which must be one of our own pages'.
func (f *Face) AddForm(path string, n Class, h fiber.Handler) {
	f.Add(fiber.MethodPost, path, n, func(c *fiber.Ctx) error {
		if len(body(c)) > formLimit {
			return fiber.ErrRequestEntityTooLarge
		}
		if err := f.s.Cookies.ownForm(c); err != nil {
			return err
		}
		return h(c)
	})
}

// check walks Fiber's own list of routes and names each that was mounted without
// a class, twice, or around the others without wrap.
func (f *Face) check() error {
	routes := handlersOf(f.app.GetRoutes(true)) // those that wrap others apart
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

// handlersOf is how many handlers each route has: Fiber makes one route of two
// that it is given one after the other.
func handlersOf(routes []fiber.Route) map[string]int {
	n := map[string]int{}
	for _, r := range routes {
		n[r.Method+" "+r.Path] += len(r.Handlers)
	}
	return n
}
