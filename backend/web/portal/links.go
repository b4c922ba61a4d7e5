package portal

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/service"
	"doorward/backend/text"
	"doorward/backend/web"
)

// secretParam returns the token in the path; one of the wrong length is no token.
func secretParam(c *fiber.Ctx) access.Secret {
	t := c.Params("token")
	if len(t) != access.SecretLength {
		return ""
	}
	return access.Secret(strings.Clone(t))
}

// cleanLink returns the token in the path without what mail programs and people stick
// to the end of a link: a full stop, a bracket, the parameters of a link scanner. It is
// empty where nothing is stuck to a token.
func cleanLink(c *fiber.Ctx) string {
	t := c.Params("token")
	if len(t) <= access.SecretLength || isTokenByte(t[access.SecretLength]) {
		return ""
	}
	for i := range access.SecretLength {
		if !isTokenByte(t[i]) {
			return ""
		}
	}
	return strings.Clone(t[:access.SecretLength])
}

func isTokenByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_'
}

// isOwn reports whether a link that cannot be redeemed is the viewer's own.
func (s *Portal) isOwn(c *fiber.Ctx, p *gate.Principal, token access.Secret) (bool, error) {
	if p == nil {
		return false, nil
	}
	owner, err := s.service.SignIn.LinkOwner(c.UserContext(), token)
	return owner == p.Member.ID, err
}

// linkPage shows the page of a login link. It changes nothing. Whoever is signed in as
// the link's own member is led on, also by a link that was used: it is all that an
// invited person has, and they open it again.
func (s *Portal) linkPage(c *fiber.Ctx) error {
	if clean := cleanLink(c); clean != "" {
		return c.Redirect("/login/"+clean, http.StatusSeeOther)
	}
	token, viewer := secretParam(c), s.viewer(c)
	b := s.web.Cookies.Browser(c)
	peek, err := s.service.SignIn.PeekLink(c.UserContext(), token, b)
	if err != nil {
		return s.linkRefused(c, viewer, token, err)
	}
	l := s.leaf(c)
	if viewer == nil { // whoever holds the link reads what the email is written in
		l.words = s.pages.words(web.LanguageFor(c, peek.Language))
	}
	p := LinkPage{
		Leaf:         l,
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
	switch {
	case viewer == nil:
	case viewer.Member.ID != peek.Member:
		p.SignedInAs, p.Choice = viewer.Member.Email.Typed, choiceOf(viewer)
	case peek.Verified: // else the link still verifies the address
		return c.Redirect(begin(viewer), http.StatusSeeOther)
	}
	return s.page(c, http.StatusOK, pageLink, p)
}

// linkRefused is the page for a link that cannot be redeemed. Links that are no
// longer valid, or never were, read alike, unless the viewer is their member.
func (s *Portal) linkRefused(c *fiber.Ctx, viewer *gate.Principal, token access.Secret, err error) error {
	if own, err := s.isOwn(c, viewer, token); own || err != nil {
		return cmp.Or(err, c.Redirect(begin(viewer), http.StatusSeeOther))
	}
	l, shown := s.leaf(c), access.Explain(err)
	l.Here = "/login/" + cmp.Or(token.Reveal(), strings.Repeat("0", access.SecretLength))
	action := l.Here + "/renew"
	switch {
	case shown.Code == "link_dead":
		s.web.Guard.NoticeRefusal(c, err, shown, http.StatusGone)
		return s.page(c, http.StatusGone, pageLinkDead, LinkDeadPage{Leaf: l, Action: action})
	case shown.Code == "wrong_browser":
		return s.page(c, http.StatusForbidden, pageWrongBrowser, WrongBrowserPage{Leaf: l, Action: action})
	}
	return err
}

func (s *Portal) redeemLink(c *fiber.Ctx) error {
	if err := s.web.Guard.SlowAttempts(c); err != nil {
		return err
	}
	token, viewer := secretParam(c), s.viewer(c)
	b := s.web.Cookies.Browser(c)
	other, err := s.isSwitch(c, viewer, token, b)
	if err != nil {
		return err
	}
	if other && c.FormValue("switch") == "" { // signed in since the page was opened
		return c.Redirect("/login/"+token.Reveal(), http.StatusSeeOther)
	}
	e, err := s.service.SignIn.RedeemLink(c.UserContext(), token, b)
	if err != nil {
		return s.linkRefused(c, viewer, token, err)
	}
	return s.replaced(c, viewer, e)
}

// isSwitch reports whether redeeming the link would sign the viewer out and
// another member in.
func (s *Portal) isSwitch(c *fiber.Ctx, viewer *gate.Principal, token access.Secret, b service.Browser) (bool, error) {
	if viewer == nil {
		return false, nil
	}
	peek, err := s.service.SignIn.PeekLink(c.UserContext(), token, b)
	if access.Expired.Is(err) || access.Forbidden.Is(err) {
		return false, nil // RedeemLink says why
	}
	return err == nil && peek.Member != viewer.Member.ID, err
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
