package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/service"
)

// cookieNames are the names of our cookies. Over TLS they carry the prefix that
// browsers hold to: this host only, secure, no domain.
type cookieNames struct{ session, browser string }

func namesFor(secure bool) cookieNames {
	if secure {
		return cookieNames{"__Host-dw", "__Host-dw-browser"}
	}
	return cookieNames{"dw", "dw-browser"}
}

// browserLasts is how long a browser keeps the cookie by which it is known, from
// when it got it or last signed in: longer than any login link that is bound to
// it, and as long as it keeps an allowance of its own with the members that it
// has signed in.
const browserLasts = access.KnownBrowserTTL

func (s *Server) setCookie(c *fiber.Ctx, name, value string, lasts time.Duration) {
	cookie := &fiber.Cookie{Name: name, Value: value, Path: "/", HTTPOnly: true, Secure: s.secure, SameSite: fiber.CookieSameSiteLaxMode, MaxAge: int(lasts / time.Second)}
	if lasts < 0 {
		cookie.Expires = time.Unix(1, 0)
	}
	c.Cookie(cookie)
}

// sessionSecret is what the session cookie holds, in memory of its own.
func (s *Server) sessionSecret(c *fiber.Ctx) access.Secret {
	v := c.Cookies(s.names.session)
	if len(v) != access.SecretLength {
		return ""
	}
	return access.Secret(strings.Clone(v))
}

// browserSecret is what the browser cookie holds; empty where there is none.
func (s *Server) browserSecret(c *fiber.Ctx) access.Secret {
	v := c.Cookies(s.names.browser)
	if len(v) != access.SecretLength {
		return ""
	}
	return access.Secret(strings.Clone(v))
}

// browser is where the request comes from.
func (s *Server) browser(c *fiber.Ctx) service.Browser {
	return service.Browser{Secret: s.browserSecret(c), From: s.from(c).String(), Agent: strings.Clone(c.Get(fiber.HeaderUserAgent))}
}

// knownBrowser is browser, with a cookie set where there was none.
func (s *Server) knownBrowser(c *fiber.Ctx) service.Browser {
	b := s.browser(c)
	if b.Secret == "" {
		b.Secret = access.NewSecret()
		s.setCookie(c, s.names.browser, b.Secret.Reveal(), browserLasts)
	}
	return b
}

// formToken proves that a form was made by us for this session or browser.
func (s *Server) formToken(secret access.Secret) string {
	mac := hmac.New(sha256.New, s.formKey)
	mac.Write([]byte(secret.Reveal()))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:24])
}

// csrf is the token that forms on the answer to this request carry. A browser
// without a session is made known for it.
func (s *Server) csrf(c *fiber.Ctx) string {
	if secret, ok := c.Locals(secretKey).(access.Secret); ok {
		return s.formToken(secret)
	}
	return s.formToken(s.knownBrowser(c).Secret)
}

// ownForm refuses a form that another site sent, or that we did not make for
// this session or browser.
func (s *Server) ownForm(c *fiber.Ctx) error {
	if !s.sameOrigin(c, true) {
		return errForeignForm
	}
	given := c.FormValue("csrf")
	for _, secret := range []access.Secret{s.sessionSecret(c), s.browserSecret(c)} {
		if secret != "" && hmac.Equal([]byte(given), []byte(s.formToken(secret))) {
			return nil
		}
	}
	return errForeignForm
}

// sameOrigin reports whether the request comes from a page of ours. Where the
// browser says nothing of it, silence is the answer. A form on a page that is
// served with no-referrer has the origin null, so there the word of
// Sec-Fetch-Site, which no page can set, is the one that counts.
func (s *Server) sameOrigin(c *fiber.Ctx, silence bool) bool {
	site, origin := c.Get("Sec-Fetch-Site"), strings.ToLower(c.Get(fiber.HeaderOrigin))
	switch {
	case site != "" && site != "same-origin":
		return false
	case origin == "", origin == "null" && site != "":
		return site != "" || silence
	}
	return s.origins[origin]
}

// signIn hands the session to the browser.
func (s *Server) signIn(c *fiber.Ctx, e service.NewSession) {
	s.setCookie(c, s.names.session, e.Session.Reveal(), access.MemberSessionTTL)
	if b := s.browserSecret(c); b != "" {
		s.setCookie(c, s.names.browser, b.Reveal(), browserLasts)
	}
	c.Locals(secretKey, e.Session)
}

func (s *Server) dropSession(c *fiber.Ctx) { s.setCookie(c, s.names.session, "", -1) }
