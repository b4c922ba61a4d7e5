package portal

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/web"
)

// setLanguage keeps the language that was chosen on a page, and leads back to that page. For
// somebody who is signed in it is also the language of their emails and of other browsers.
func (s *Portal) setLanguage(c *fiber.Ctx) error {
	l, err := access.ParseLanguage(strings.Clone(c.FormValue("language")))
	if err != nil {
		return err
	}
	if p := s.viewer(c); p != nil {
		actor := access.Actor{Member: p.Member.ID, Source: access.SourcePortal, From: s.web.Cookies.Browser(c).From}
		if err := s.service.Account.SetLanguage(c.UserContext(), actor, l); err != nil {
			return err
		}
	}
	s.web.Cookies.SetLanguage(c, l)
	return c.Redirect(safePath(strings.Clone(c.FormValue("here"))), http.StatusSeeOther)
}

// here is where the page of this request can be opened again, in another language. The
// answer to a form cannot: there it is the page that has the form.
func here(c *fiber.Ctx) string {
	path := strings.Clone(c.Path())
	switch {
	case web.IsSafe(c):
		return safePath(strings.Clone(c.OriginalURL()))
	case path == "/login", path == "/login/code":
		return "/login" + nextQuery(nextOf(c))
	case path == "/pending/note":
		return "/pending"
	case strings.HasSuffix(path, "/renew"):
		return safePath(strings.TrimSuffix(path, "/renew"))
	case strings.HasPrefix(path, "/login/"), strings.HasPrefix(path, "/setup/"):
		return safePath(path)
	}
	return "/"
}
