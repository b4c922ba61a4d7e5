package portal

import (
	"cmp"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/service"
	"doorward/backend/web"
)

// viewer returns who is signed in on a public page; nil if no member is.
func (s *Portal) viewer(c *fiber.Ctx) *gate.Principal {
	if !s.web.Cookies.HasSession(c) {
		return nil
	}
	p, err := s.web.Guard.Identify(c)
	if err != nil {
		return nil
	}
	return p
}

// begin is where a signed-in member begins.
func begin(p *gate.Principal) string {
	if p.Member.State == access.Pending {
		return "/pending"
	}
	return "/"
}

// choiceOf is what the viewer is asked before another member signs in.
func choiceOf(viewer *gate.Principal) Choice {
	name := viewer.Member.DisplayName()
	return Choice{Current: name, CurrentEmail: beside(viewer.Member.Email.Typed, name), Stay: begin(viewer)}
}

// beside returns the address to show beside a name: nothing where the name is the
// address.
func beside(email, name string) string {
	if email == name {
		return ""
	}
	return email
}

// replaced is entered, where the viewer was signed in before. Another member's session
// ends: this browser loses its cookie, and it could not be ended here any more.
func (s *Portal) replaced(c *fiber.Ctx, viewer *gate.Principal, e service.NewSession) error {
	if viewer != nil && viewer.Member.ID != e.Member.ID {
		actor := access.Actor{
			Member: viewer.Member.ID,
			Source: access.SourcePortal,
			From:   s.web.Cookies.Browser(c).From,
		}
		if err := s.service.Gate.SignOut(c.UserContext(), actor, web.SecretOf(c)); err != nil {
			return err
		}
	}
	return s.entered(c, e)
}

// entered gives the session to the browser and redirects.
func (s *Portal) entered(c *fiber.Ctx, e service.NewSession) error {
	s.web.Cookies.SignIn(c, e)
	return c.Redirect(onward(c, &e.Member), http.StatusSeeOther)
}

// onward is where a member goes from the form that signed them in.
func onward(c *fiber.Ctx, m *access.Member) string {
	if m.State == access.Pending {
		return "/pending"
	}
	return cmp.Or(nextOf(c), "/")
}
