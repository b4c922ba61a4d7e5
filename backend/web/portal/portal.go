// Package portal has the pages that invited people and members see: setup,
// sign-in, waiting for approval, home, the sections, and authorizing a native
// window. It owns their routes, their models and their texts, and shows people
// the server's refusals.
//
// It decides nothing: it parses forms into types, asks the service, and renders.
// Every template is rendered once at start, so one with a mistake stops the
// server before a visitor sees it. The pages work without JavaScript.
package portal

import (
	"bytes"
	"io/fs"
	"net/http"
	"sync/atomic"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/messages"
	"doorward/backend/service"
	"doorward/backend/web"
)

// A Portal is the pages of invited people and members. It is safe for concurrent
// use.
type Portal struct {
	web     *web.Server
	service *service.Service
	pages   *pages
	settled atomic.Bool // there is somebody, or there has been an Admin
}

// New returns the portal of a server. frontend holds portal/ and tokens.css. It
// fails where a page's template does not parse, or has a sentence that the catalogue lacks.
func New(s *web.Server, frontend fs.FS, catalog *messages.Catalog) (*Portal, error) {
	pages, err := newPages(frontend, catalog)
	if err != nil {
		return nil, err
	}
	return &Portal{web: s, service: s.Service, pages: pages}, nil
}

func (s *Portal) asset(c *fiber.Ctx) error {
	f, ok := s.pages.assets["/assets/"+c.Params("name")]
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	return f.Send(c)
}

// words are the sentences in the caller's language.
func (s *Portal) words(c *fiber.Ctx) *words { return s.pages.words(web.LanguageOf(c)) }

// bareLeaf is leaf for a page without forms: no member is signed in, and no cookie is set.
func (s *Portal) bareLeaf(c *fiber.Ctx) Leaf {
	name, brand := s.web.Look(c.UserContext())
	return Leaf{Workspace: name, Look: lookOf(brand), words: s.words(c)}
}

// leaf returns what every page has, for this caller.
func (s *Portal) leaf(c *fiber.Ctx) Leaf {
	l := s.bareLeaf(c)
	l.Here = here(c)
	if p := web.PrincipalOf(c); p != nil {
		l.SignedInAs = p.Member.Email.Typed
	}
	l.CSRF = s.web.Cookies.FormToken(c)
	return l
}

// page renders a page. A page that cannot be rendered is an internal error, shown
// as plain text that needs no template.
func (s *Portal) page(c *fiber.Ctx, code int, name string, data any) error {
	var b bytes.Buffer
	if err := s.pages.render(&b, name, data); err != nil {
		s.web.Log.ErrorContext(c.UserContext(), "a page could not be rendered", "page", name, "err", err)
		return c.Status(http.StatusInternalServerError).
			SendString(s.words(c).say("portal.page.broken"))
	}
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	return c.Status(code).Send(themed(b.Bytes(), c.Cookies(web.SharedCookie(c, themeCookie))))
}

// themeCookie is set by the console when a member chooses a theme there. It holds that
// choice for the portal's pages, which have no script to read it from anywhere else. It is
// a [web.SharedCookie].
const themeCookie = "doorward-theme"

// themed gives a page the theme that was chosen. Without a choice, and for any other
// value, the page follows the system.
func themed(page []byte, chosen string) []byte {
	if chosen != "light" && chosen != "dark" {
		return page
	}
	return bytes.Replace(page, []byte("<html "), []byte("<html data-theme="+chosen+" "), 1)
}
