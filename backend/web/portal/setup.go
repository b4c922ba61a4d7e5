package portal

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/service"
)

func (s *Portal) setupPage(c *fiber.Ctx) error {
	if clean := cleanLink(c); clean != "" {
		return c.Redirect("/setup/"+clean, http.StatusSeeOther)
	}
	if err := s.service.Setup.IsOpen(c.UserContext(), secretParam(c)); err != nil {
		return err
	}
	return s.showSetup(c, http.StatusOK, SetupPage{WorkspaceName: access.DefaultWorkspace})
}

func (s *Portal) showSetup(c *fiber.Ctx, code int, p SetupPage) error {
	p.Leaf, p.Action = s.leaf(c), "/setup/"+secretParam(c).Reveal()
	return s.page(c, code, pageSetup, p)
}

// setUp makes the first Admin. A mistake is shown beside its field.
func (s *Portal) setUp(c *fiber.Ctx) error {
	if err := s.web.Guard.SlowAttempts(c); err != nil {
		return err
	}
	p := SetupPage{
		WorkspaceName: strings.Clone(c.FormValue("workspace")),
		Name:          strings.Clone(c.FormValue("name")),
		Email:         strings.Clone(c.FormValue("email")),
	}
	to, err := address.Parse(p.Email)
	var e service.NewSession
	if err == nil {
		e, err = s.service.Setup.SetUp(c.UserContext(), secretParam(c), service.FirstAdmin{
			Email:     to,
			Name:      p.Name,
			Workspace: p.WorkspaceName,
		}, s.web.Cookies.Browser(c))
	}
	if access.Invalid.Is(err) {
		shown := access.Explain(err)
		p.Errors = map[string]string{shown.Field: shown.Message}
		return s.showSetup(c, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	s.web.Cookies.SignIn(c, e)
	return c.Redirect("/", http.StatusSeeOther)
}
