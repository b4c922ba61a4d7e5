package portal

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/web"
)

// sections are the workspace's sections, as the portal shows them.
var sections = []struct {
	name, title string
	resources   []struct{ name, title string }
}{
	{"ailoop", "AILoop", []struct{ name, title string }{{"datalake", "Data Lake"}, {"flows", "Flows"}}},
	{"fleet", "Fleet", []struct{ name, title string }{{"datalake", "Data Lake"}, {"flows", "Flows"}}},
}

// openSections returns the sections that the principal may open, each with the
// pages that they may open.
func openSections(p *gate.Principal) (open []Section) {
	for _, sec := range sections {
		in := Section{Name: sec.title, Path: "/" + sec.name}
		for _, r := range sec.resources {
			if p.May(access.May(access.Open, access.Resource(sec.name+"/"+r.name))) == nil {
				in.Resources = append(in.Resources, Resource{r.title, in.Path + "/" + r.name})
			}
		}
		if len(in.Resources) > 0 || p.May(access.May(access.Open, access.Resource(sec.name))) == nil {
			open = append(open, in)
		}
	}
	return open
}

// Places that are no sections, and have sentences of their own.
const (
	consolePlace = "/admin"
	desktopPlace = "/desktop"
)

// sectionTitle returns the name of the page at a path, or a place; empty for other paths.
func sectionTitle(p string) string {
	first, second, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	for _, sec := range sections {
		if sec.name != first {
			continue
		}
		for _, r := range sec.resources {
			if r.name == second {
				return sec.title + " " + r.title
			}
		}
		return sec.title
	}
	if first == "admin" {
		return consolePlace
	}
	if first == "desktop" {
		return desktopPlace
	}
	return ""
}

func (s *Portal) section(c *fiber.Ctx) error {
	for _, sec := range openSections(web.PrincipalOf(c)) {
		if sec.Path == c.Path() {
			return s.page(c, http.StatusOK, pageSection, SectionPage{Leaf: s.leaf(c), Section: sec})
		}
	}
	return fiber.ErrNotFound
}

func (s *Portal) resource(c *fiber.Ctx) error {
	for _, sec := range openSections(web.PrincipalOf(c)) {
		for _, r := range sec.Resources {
			if r.Path == c.Path() {
				return s.page(c, http.StatusOK, pageResource, ResourcePage{Leaf: s.leaf(c), Section: sec, Resource: r})
			}
		}
	}
	return fiber.ErrNotFound
}
