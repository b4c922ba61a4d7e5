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

// checkSetup returns what the form says and, by field, everything that is wrong with it.
func checkSetup(w *words, p SetupPage) (in service.FirstAdmin, faults map[string]string) {
	in.Language, faults = w.Language(), map[string]string{}
	check := func(field, value, empty string, err error) {
		switch {
		case strings.TrimSpace(value) == "":
			faults[field] = empty
		case err != nil:
			faults[field] = w.explain(access.Explain(err))
		}
	}
	var err error
	in.Workspace, err = access.CleanText("workspace", p.WorkspaceName, access.MaxWorkspace)
	check("workspace", p.WorkspaceName, w.say("portal.setup.workspace_empty"), err)
	in.Name, err = access.CleanText("name", p.Name, access.MaxName)
	check("name", p.Name, w.say("portal.setup.name_empty"), err)
	in.Email, err = address.Parse(p.Email)
	check("email", p.Email, w.say("portal.setup.email_empty"), err)
	return in, faults
}

// setUp makes the first Admin and leads to the console, whose dashboard has the setup
// checklist. Mistakes are shown beside their fields, all at once.
func (s *Portal) setUp(c *fiber.Ctx) error {
	if err := s.web.Guard.SlowAttempts(c); err != nil {
		return err
	}
	p := SetupPage{
		WorkspaceName: strings.Clone(c.FormValue("workspace")),
		Name:          strings.Clone(c.FormValue("name")),
		Email:         strings.Clone(c.FormValue("email")),
	}
	in, faults := checkSetup(s.words(c), p)
	if len(faults) > 0 {
		p.Errors = faults
		return s.showSetup(c, http.StatusUnprocessableEntity, p)
	}
	e, err := s.service.Setup.SetUp(c.UserContext(), secretParam(c), in, s.web.Cookies.Browser(c))
	if access.Invalid.Is(err) {
		p.Errors = map[string]string{access.Explain(err).Field: s.words(c).explain(access.Explain(err))}
		return s.showSetup(c, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	s.web.Cookies.SignIn(c, e)
	return c.Redirect("/admin/", http.StatusSeeOther)
}
