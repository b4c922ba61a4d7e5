package portal

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/text"
)

// secretParam returns the token in the path; one of the wrong length is no token.
func secretParam(c *fiber.Ctx) access.Secret {
	t := c.Params("token")
	if len(t) != access.SecretLength {
		return ""
	}
	return access.Secret(strings.Clone(t))
}

// linkPage shows the page of a login link. It changes nothing.
func (s *Portal) linkPage(c *fiber.Ctx) error {
	token := secretParam(c)
	b := s.web.Cookies.Browser(c)
	peek, err := s.service.SignIn.PeekLink(c.UserContext(), token, b)
	if err != nil {
		return s.linkRefused(c, token, err)
	}
	p := LinkPage{
		Leaf:         s.leaf(c),
		Action:       "/login/" + token.Reveal(),
		Invitation:   peek.Purpose == access.ForInvitation && peek.State == access.Pending,
		Email:        peek.Email.Typed,
		Inviter:      peek.InvitedBy,
		InviterEmail: beside(peek.InviterEmail, peek.InvitedBy),
		Roles:        text.Strings(peek.Roles),
		Until:        peek.ExpiresAt,
		Now:          time.Now(),
		Note:         peek.Note,
	}
	return s.page(c, http.StatusOK, pageLink, p)
}

// beside returns the address to show beside a name: nothing where the name is the
// address.
func beside(email, name string) string {
	if email == name {
		return ""
	}
	return email
}

// linkRefused is the page for a link that cannot be redeemed. Links that are no
// longer valid, or never were, read alike.
func (s *Portal) linkRefused(c *fiber.Ctx, token access.Secret, err error) error {
	action := "/login/" + cmp.Or(token.Reveal(), strings.Repeat("0", access.SecretLength)) + "/renew"
	shown := access.Explain(err)
	switch {
	case shown.Code == "link_dead":
		s.web.Guard.NoticeRefusal(c, err, shown, http.StatusGone)
		return s.page(c, http.StatusGone, pageLinkDead, LinkDeadPage{Leaf: s.leaf(c), Action: action})
	case shown.Code == "wrong_browser":
		return s.page(c, http.StatusForbidden, pageWrongBrowser, WrongBrowserPage{Leaf: s.leaf(c), Action: action})
	}
	return err
}

func (s *Portal) redeemLink(c *fiber.Ctx) error {
	if err := s.web.Guard.SlowAttempts(c); err != nil {
		return err
	}
	token := secretParam(c)
	e, err := s.service.SignIn.RedeemLink(c.UserContext(), token, s.web.Cookies.Browser(c))
	if err != nil {
		return s.linkRefused(c, token, err)
	}
	return s.entered(c, e)
}

func (s *Portal) renewLink(c *fiber.Ctx) error {
	if err := s.web.Guard.SlowAttempts(c); err != nil {
		return err
	}
	if err := s.service.SignIn.RenewLink(c.UserContext(), secretParam(c), s.web.Cookies.KnownBrowser(c)); err != nil {
		return err
	}
	return s.page(c, http.StatusOK, pageLinkRenewed, LinkRenewedPage{Leaf: s.leaf(c)})
}
