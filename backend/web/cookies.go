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

// Cookies know browsers by the secrets that they were handed, and forms by the
// token that was put into them. They are safe for concurrent use.
type Cookies struct {
	names   cookieNames
	secure  bool // the public URL is https
	formKey []byte
	origins map[string]bool
	sources *sources
}

// browserLasts is how long a browser keeps the cookie by which it is known, from
// when it got it or last signed in: longer than any login link that is bound to
// it, and as long as it keeps an allowance of its own with the members that it
// has signed in.
const browserLasts = access.KnownBrowserTTL

func (k *Cookies) set(c *fiber.Ctx, name, value string, lasts time.Duration) {
	cookie := &fiber.Cookie{
		Name:     name,
		Value:    value,
		Path:     "/",
		HTTPOnly: true,
		Secure:   k.secure,
		SameSite: fiber.CookieSameSiteLaxMode,
		MaxAge:   int(lasts / time.Second),
	}
	if lasts < 0 {
		cookie.Expires = time.Unix(1, 0)
	}
	c.Cookie(cookie)
}

// session is what the session cookie holds, in memory of its own.
func (k *Cookies) session(c *fiber.Ctx) access.Secret {
	v := c.Cookies(k.names.session)
	if len(v) != access.SecretLength {
		return ""
	}
	return access.Secret(strings.Clone(v))
}

// secret is what the browser cookie holds; empty where there is none.
func (k *Cookies) secret(c *fiber.Ctx) access.Secret {
	v := c.Cookies(k.names.browser)
	if len(v) != access.SecretLength {
		return ""
	}
	return access.Secret(strings.Clone(v))
}

// Browser is where the request comes from.
func (k *Cookies) Browser(c *fiber.Ctx) service.Browser {
	return service.Browser{
		Secret: k.secret(c),
		From:   k.sources.from(c).String(),
		Agent:  strings.Clone(c.Get(fiber.HeaderUserAgent)),
	}
}

// KnownBrowser is Browser, with a cookie set where there was none.
func (k *Cookies) KnownBrowser(c *fiber.Ctx) service.Browser {
	b := k.Browser(c)
	if b.Secret == "" {
		b.Secret = access.NewSecret()
		k.set(c, k.names.browser, b.Secret.Reveal(), browserLasts)
	}
	return b
}

// tokenFor proves that a form was made by us for this session or browser.
func (k *Cookies) tokenFor(secret access.Secret) string {
	mac := hmac.New(sha256.New, k.formKey)
	mac.Write([]byte(secret.Reveal()))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:24])
}

// FormToken is the token that forms on the answer to this request carry. A browser
// without a session is made known for it.
func (k *Cookies) FormToken(c *fiber.Ctx) string {
	if secret, ok := c.Locals(secretKey).(access.Secret); ok {
		return k.tokenFor(secret)
	}
	return k.tokenFor(k.KnownBrowser(c).Secret)
}

// ownForm refuses a form that another site sent, or that we did not make for
// this session or browser.
func (k *Cookies) ownForm(c *fiber.Ctx) error {
	if !k.sameOrigin(c, true) {
		return errForeignForm
	}
	given := c.FormValue("csrf")
	for _, secret := range []access.Secret{k.session(c), k.secret(c)} {
		if secret != "" && hmac.Equal([]byte(given), []byte(k.tokenFor(secret))) {
			return nil
		}
	}
	return errForeignForm
}

// sameOrigin reports whether the request comes from a page of ours. Where the
// browser says nothing of it, silence is the answer. A form on a page that is
// served with no-referrer has the origin null, so there the word of
// Sec-Fetch-Site, which no page can set, is the one that counts.
func (k *Cookies) sameOrigin(c *fiber.Ctx, silence bool) bool {
	site, origin := c.Get("Sec-Fetch-Site"), strings.ToLower(c.Get(fiber.HeaderOrigin))
	switch {
	case site != "" && site != "same-origin":
		return false
	case origin == "", origin == "null" && site != "":
		return site != "" || silence
	}
	return k.origins[origin]
}

// SignIn hands the session to the browser.
func (k *Cookies) SignIn(c *fiber.Ctx, e service.NewSession) {
	k.set(c, k.names.session, e.Session.Reveal(), access.MemberSessionTTL)
	if b := k.secret(c); b != "" {
		k.set(c, k.names.browser, b.Reveal(), browserLasts)
	}
	c.Locals(secretKey, e.Session)
}

// SignOut takes the session from the browser; it ends none.
func (k *Cookies) SignOut(c *fiber.Ctx) { k.set(c, k.names.session, "", -1) }
