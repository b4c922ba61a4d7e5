package portal

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
)

// setLanguage keeps the language that was chosen on a page, and leads back to that page. For
// a signed-in member it is also the language of their emails and of other browsers.
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
