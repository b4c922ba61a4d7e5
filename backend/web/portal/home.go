package portal

import (
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/text"
	"doorward/backend/web"
)

// logOut ends the session, or all of the member's. The cookie that makes this a
// known browser stays, unless the member signs out everywhere: it opens nothing.
func (s *Portal) logOut(c *fiber.Ctx) error {
	everywhere, tokens := c.FormValue("everywhere") != "", c.FormValue("tokens") != ""
	var err error
	if everywhere {
		err = s.service.Sessions.SignOutEverywhere(c.UserContext(), s.web.Guard.Actor(c), web.PrincipalOf(c).Member.ID,
			tokens)
	} else {
		err = s.service.Gate.SignOut(c.UserContext(), s.web.Guard.Actor(c), web.SecretOf(c))
	}
	s.web.Cookies.SignOut(c) // also where the session cannot be ended: this browser is signed out in any case
	if everywhere {
		s.web.Cookies.ForgetBrowser(c)
	}
	// Not "cookies": that would clear the cookies of the whole registered domain, and
	// sign this browser out of every other service of the company.
	c.Set("Clear-Site-Data", `"storage"`)
	if err != nil {
		return err
	}
	return s.page(
		c,
		http.StatusOK,
		pageMessage,
		signedOutPage(s.bareLeaf(c), everywhere, tokens),
	)
}

func (s *Portal) home(c *fiber.Ctx) error {
	return s.showHome(c, http.StatusOK, func(p *HomePage) { p.NameSaved = c.Query("saved") != "" })
}

// rename changes the member's own name.
func (s *Portal) rename(c *fiber.Ctx) error {
	name := strings.Clone(c.FormValue("name"))
	_, err := s.service.Account.Rename(c.UserContext(), s.web.Guard.Actor(c), name)
	if access.Invalid.Is(err) {
		return s.showHome(c, http.StatusUnprocessableEntity, func(p *HomePage) {
			p.NewName, p.NameError = name, p.words.explain(access.Explain(err))
		})
	}
	if err != nil {
		return err
	}
	return c.Redirect("/?saved=1#account", http.StatusSeeOther)
}

func (s *Portal) showHome(c *fiber.Ctx, code int, more func(*HomePage)) error {
	p := web.PrincipalOf(c)
	h := HomePage{
		Leaf:       s.leaf(c),
		Name:       p.Member.Name,
		NewName:    p.Member.Name,
		Email:      p.Member.Email.Typed,
		Roles:      text.Strings(p.Member.Roles),
		LastSignIn: p.PreviousSignIn(),
		Now:        time.Now(),
	}
	h.Sections = openSections(p)
	h.Admin = p.Permissions.CanManage()
	var err error
	if h.Tokens, err = s.service.Tokens.Owned(c.UserContext(), p.Actor, p.Member.ID); err != nil {
		return err
	}
	if p.May(access.May(access.Read, access.ResMembers)) == nil {
		o, err := s.service.Dashboard.Overview(c.UserContext(), s.web.Guard.Actor(c))
		if err != nil {
			return err
		}
		h.Pending = o.Pending
	}
	more(&h)
	return s.page(c, code, pageHome, h)
}
