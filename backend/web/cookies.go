package web

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/service"
)

// Cookies identify browsers by the secrets in their cookies, and forms by the
// token that they contain. They are safe for concurrent use.
type Cookies struct {
	site    func() *site
	formKey []byte
	sources *sources
}

// browserLasts is how long a browser keeps the cookie that identifies it, from
// when it got it or last signed in: longer than any login link that is bound to
// it, and as long as the browser has a request limit of its own with the members
// that it has signed in.
const browserLasts = access.KnownBrowserTTL

func (k *Cookies) set(c *fiber.Ctx, name, value string, lasts time.Duration) {
	cookie := &fiber.Cookie{
		Name:     name,
		Value:    value,
		Path:     "/",
		HTTPOnly: true,
		Secure:   k.site().secure,
		SameSite: fiber.CookieSameSiteLaxMode,
		MaxAge:   int(lasts / time.Second),
	}
	if lasts < 0 {
		cookie.Expires = time.Unix(1, 0)
	}
	c.Cookie(cookie)
}

// session returns a copy of the session cookie's value.
func (k *Cookies) session(c *fiber.Ctx) access.Secret {
	v := c.Cookies(k.site().names.session)
	if len(v) != access.SecretLength {
		return ""
	}
	return access.Secret(strings.Clone(v))
}

// secret returns the browser cookie's value; empty where there is none.
func (k *Cookies) secret(c *fiber.Ctx) access.Secret {
	v := c.Cookies(k.site().names.browser)
	if len(v) != access.SecretLength {
		return ""
	}
	return access.Secret(strings.Clone(v))
}

// sender returns the secret by which a form's browser is known: its own, or where it
// lost that, the session's.
func (k *Cookies) sender(c *fiber.Ctx) access.Secret { return cmp.Or(k.secret(c), k.session(c)) }

// HasSession reports whether the request has the cookie of a session, valid or not.
func (k *Cookies) HasSession(c *fiber.Ctx) bool { return k.session(c) != "" }

// Browser returns where the request comes from.
func (k *Cookies) Browser(c *fiber.Ctx) service.Browser {
	_, chosen := chosenLanguage(c)
	return service.Browser{
		Secret:         k.secret(c),
		From:           k.sources.from(c).String(),
		Agent:          strings.Clone(c.Get(fiber.HeaderUserAgent)),
		Language:       LanguageFor(c, ""),
		LanguageChosen: chosen,
	}
}

// KnownBrowser is Browser, and sets a cookie where there was none.
func (k *Cookies) KnownBrowser(c *fiber.Ctx) service.Browser {
	b := k.Browser(c)
	if b.Secret == "" {
		b.Secret = access.NewSecret()
		k.set(c, k.site().names.browser, b.Secret.Reveal(), browserLasts)
	}
	return b
}

// tokenFor is the token by which a form proves that we made it for this session
// or browser.
func (k *Cookies) tokenFor(secret access.Secret) string {
	mac := hmac.New(sha256.New, k.formKey)
	mac.Write([]byte(secret.Reveal()))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:24])
}

// FormToken returns the token for the forms in the response to this request. A
// browser without a session gets a cookie for it. What follows the dot is another one
// for each page, so that the form of one page, sent twice, can be told from the forms of
// two pages that say the same.
func (k *Cookies) FormToken(c *fiber.Ctx) string {
	secret, ok := c.Locals(secretKey).(access.Secret)
	if !ok {
		secret = k.KnownBrowser(c).Secret
	}
	return k.tokenFor(secret) + "." + access.NewID()[:pageMark]
}

// pageMark is how long the mark of a page in its form token is.
const pageMark = 8

// ownForm refuses a form that another site sent, or that we did not make for this
// session or browser.
func (k *Cookies) ownForm(c *fiber.Ctx) error {
	if !k.sameOrigin(c, true) {
		return errForeignForm
	}
	given, _, _ := strings.Cut(c.FormValue("csrf"), ".")
	for _, secret := range []access.Secret{k.session(c), k.secret(c)} {
		if secret != "" && hmac.Equal([]byte(given), []byte(k.tokenFor(secret))) {
			return nil
		}
	}
	return errForeignForm
}

// sameOrigin reports whether the request comes from one of our pages. Where the
// browser says nothing of that, the result is silence. A form on a page that is
// served with no-referrer, as ours are, has the origin null: that says nothing
// either. So Sec-Fetch-Site, which no page can set, decides there; for browsers
// without it (Safari before 16.4), the form's token does.
func (k *Cookies) sameOrigin(c *fiber.Ctx, silence bool) bool {
	site, origin := c.Get("Sec-Fetch-Site"), strings.ToLower(c.Get(fiber.HeaderOrigin))
	switch {
	case site != "" && site != "same-origin":
		return false
	case origin == "", origin == "null":
		return site != "" || silence
	}
	return k.site().origins[origin]
}

// SignIn gives the session to the browser.
func (k *Cookies) SignIn(c *fiber.Ctx, e service.NewSession) {
	k.set(c, k.site().names.session, e.Session.Reveal(), access.MaxSessionTTL)
	if b := k.secret(c); b != "" {
		k.set(c, k.site().names.browser, b.Reveal(), browserLasts)
	}
	c.Locals(secretKey, e.Session)
}

// SignOut removes the session's cookie from the browser; the session itself goes
// on.
func (k *Cookies) SignOut(c *fiber.Ctx) { k.set(c, k.site().names.session, "", -1) }

// ForgetBrowser also removes the cookie that makes this a known browser.
func (k *Cookies) ForgetBrowser(c *fiber.Ctx) { k.set(c, k.site().names.browser, "", -1) }

// SetLanguage keeps a language for the browser.
func (k *Cookies) SetLanguage(c *fiber.Ctx, l access.Language) {
	c.Cookie(&fiber.Cookie{
		Name:     SharedCookie(c, languageCookie),
		Value:    string(l),
		Path:     "/",
		Secure:   k.site().secure,
		SameSite: fiber.CookieSameSiteLaxMode,
		MaxAge:   int(languageTTL / time.Second),
	})
}
