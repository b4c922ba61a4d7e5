package portal

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/web"
)

// A native window that is to act for a member on another server signs in as in
// RFC 8252: the system's browser opens /window, the member agrees, a code goes to
// the window over the computer's own loopback address, and the window redeems it
// with the secret that only it holds (RFC 7636, S256).

var errDesktopAuthorization = access.Errorf(access.Invalid,
	"This address is incomplete, or does not come from the Doorward desktop app. Press “Sign in” there again.").
	WithCode("bad_desktop_request")

const maxState = 128

func readDesktopAuthorization(value func(string) string) (a DesktopAuthorization, err error) {
	a.Challenge, a.State = strings.Clone(value("code_challenge")), strings.Clone(value("state"))
	a.Port, err = strconv.Atoi(value("port"))
	hash, bad := base64.RawURLEncoding.Strict().DecodeString(a.Challenge)
	if err != nil || bad != nil || len(hash) != len(a.hash) || a.Port < 1024 || a.Port > 65535 ||
		value("code_challenge_method") != "S256" || !isPlainState(a.State) {
		return a, errDesktopAuthorization
	}
	copy(a.hash[:], hash)
	return a, nil
}

func isPlainState(s string) bool {
	for _, r := range s {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_') {
			return false
		}
	}
	return s != "" && len(s) <= maxState
}

// desktopPage asks the member; it changes nothing.
func (s *Portal) desktopPage(c *fiber.Ctx) error {
	a, err := readDesktopAuthorization(func(name string) string { return c.Query(name) })
	if err != nil {
		return err
	}
	return s.showDesktop(c, http.StatusOK, DesktopPage{Authorization: a})
}

// showDesktop renders the page; its form leads back to the window.
func (s *Portal) showDesktop(c *fiber.Ctx, status int, p DesktopPage) error {
	lifetimes, err := s.service.Settings.Lifetimes(c.UserContext())
	if err != nil {
		return err
	}
	w := s.words(c)
	p.Leaf, p.Unused = s.leaf(c), w.Span(lifetimes.Of(access.LifetimeMemberIdle))
	p.Max = w.Span(lifetimes.Of(access.LifetimeMemberSession))
	p.Here = p.Authorization.path()
	p.Email, p.Minutes = web.PrincipalOf(c).Member.Email.Typed, int(access.ConfirmationCodeTTL/time.Minute)
	c.Set(
		fiber.HeaderContentSecurityPolicy,
		strings.Replace(web.ContentPolicy, "form-action 'self'", "form-action 'self' "+p.Authorization.back(), 1),
	)
	return s.page(c, status, pageDesktop, p)
}

func (s *Portal) authorizeDesktop(c *fiber.Ctx) error {
	a, err := readDesktopAuthorization(func(name string) string { return c.FormValue(name) })
	if err != nil {
		return err
	}
	code, err := s.authorizeConfirmed(c, a)
	if err != nil || code == "" {
		return err
	}
	back := url.Values{"code": {code.Reveal()}, "state": {a.State}}
	return c.Redirect(a.back()+"/?"+back.Encode(), http.StatusSeeOther)
}

// authorizeConfirmed authorizes the window if the session was confirmed lately.
// Otherwise it emails a code, answers with the page that asks for it, and returns
// no code for the window.
func (s *Portal) authorizeConfirmed(c *fiber.Ctx, a DesktopAuthorization) (access.Secret, error) {
	typed, again := strings.Clone(c.FormValue("code")), c.FormValue("again") != ""
	page := DesktopPage{Authorization: a, Sent: true}
	if typed != "" && !again {
		_, err := s.service.Sessions.ConfirmCode(c.UserContext(), s.web.Guard.Actor(c), typed)
		if access.Invalid.Is(err) || access.TooMany.Is(err) {
			page.Error = s.words(c).explain(access.Explain(err))
			return "", s.showDesktop(c, http.StatusUnprocessableEntity, page)
		}
		if err != nil {
			return "", err
		}
	}
	code, err := s.service.SignIn.AuthorizeDesktop(c.UserContext(), s.web.Guard.Actor(c), a.hash)
	if access.Explain(err).Code != "confirmation_required" {
		return code, err
	}
	sent, err := s.service.Sessions.SendConfirmation(c.UserContext(), s.web.Guard.Actor(c),
		strings.Clone(c.Get(fiber.HeaderUserAgent)))
	page.Held = sent.Held
	if access.TooMany.Is(err) {
		page.Error, err = s.words(c).explain(access.Explain(err)), nil
	}
	if err != nil {
		return "", err
	}
	return "", s.showDesktop(c, http.StatusOK, page)
}
