package portal

import (
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/gate"
)

func (s *Portal) loginPage(c *fiber.Ctx) error {
	if p, err := s.web.Guard.Identify(c); err == nil {
		to := "/"
		if p.Member.State == access.Pending {
			to = "/pending"
		}
		return c.Redirect(to, http.StatusSeeOther)
	} else if sessionEnded(err) != nil {
		return err
	}
	return s.page(c, http.StatusOK, pageLogin, LoginPage{Leaf: s.leaf(c), Next: nextOf(c)})
}

// ask answers alike for every address: the email, if there is one, is made
// afterwards.
func (s *Portal) ask(c *fiber.Ctx) error {
	if err := s.web.Guard.SlowAttempts(c); err != nil {
		return err
	}
	typed := strings.Clone(c.FormValue("email"))
	to, err := address.Parse(typed)
	if err != nil {
		return s.page(c, http.StatusUnprocessableEntity, pageLogin, LoginPage{
			Leaf:  s.leaf(c),
			Email: typed,
			Error: s.words(c).explain(access.Explain(err)),
			Next:  nextOf(c),
		})
	}
	if err := s.service.SignIn.Request(c.UserContext(), to, s.web.Cookies.KnownBrowser(c)); err != nil {
		return err
	}
	p, err := s.codePage(c, to.Typed, "")
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, pageLoginCode, p)
}

func (s *Portal) codePage(c *fiber.Ctx, email, wrong string) (LoginCodePage, error) {
	lifetimes, err := s.service.Settings.Lifetimes(c.UserContext())
	return LoginCodePage{
		Leaf:    s.leaf(c),
		Email:   email,
		Error:   wrong,
		Next:    nextOf(c),
		Minutes: int(lifetimes.Of(access.LifetimeSignInLink) / time.Minute),
	}, err
}

// maxCodeShown is how much of a rejected code is shown again in the field.
const maxCodeShown = 40

func (s *Portal) redeemCode(c *fiber.Ctx) error {
	if err := s.web.Guard.SlowAttempts(c); err != nil {
		return err
	}
	viewer := s.viewer(c)
	if viewer != nil { // signed in since the page was opened
		if answered, err := s.beforeCode(c, viewer); answered || err != nil {
			return err
		}
	}
	e, err := s.service.SignIn.RedeemCode(c.UserContext(), strings.Clone(c.FormValue("code")), s.web.Cookies.Browser(c))
	if access.Invalid.Is(err) {
		why := access.Explain(err)
		if why.Code == access.WrongCode().Code { // malformed input is not a guess
			s.web.Guard.Notice(c, access.TraceWrongCode)
		}
		p, err := s.codePage(c, strings.Clone(c.FormValue("email")), s.words(c).explain(why))
		if err != nil {
			return err
		}
		p.Code = access.Shorten(strings.Clone(c.FormValue("code")), maxCodeShown)
		return s.page(c, http.StatusUnprocessableEntity, pageLoginCode, p)
	}
	if err != nil {
		return err
	}
	return s.replaced(c, viewer, e)
}

// beforeCode answers a member who is signed in before a code is checked or used, and reports
// whether it did. Whoever is signed in with the code's own address is led on, as by a link:
// the link in the same email may have used up the code. Before somebody else signs in, they
// choose. A form without an address cannot say whom its code is for, so it leads on.
func (s *Portal) beforeCode(c *fiber.Ctx, viewer *gate.Principal) (bool, error) {
	email := strings.Clone(c.FormValue("email"))
	whose, wrong := address.Parse(email)
	own := wrong == nil && whose.Canonical == viewer.Member.Email.Canonical
	switch {
	case own && viewer.Member.EmailVerifiedAt.IsZero(): // the code verifies the address
		return false, nil
	case own:
		return true, c.Redirect(onward(c, &viewer.Member), http.StatusSeeOther)
	case c.FormValue("switch") != "":
		return false, nil
	case wrong != nil:
		return true, c.Redirect(begin(viewer), http.StatusSeeOther)
	}
	p, err := s.codePage(c, email, "")
	if err != nil {
		return true, err
	}
	p.SignedInAs, p.Choice = viewer.Member.Email.Typed, choiceOf(viewer)
	p.Code = access.Shorten(strings.Clone(c.FormValue("code")), maxCodeShown)
	return true, s.page(c, http.StatusOK, pageLoginCode, p)
}
