package access

import (
	"net/url"
	"strings"
)

// A Brand is how the workspace looks to the people who are invited to it: on the portal's
// pages and in emails. What is empty is as Doorward comes.
type Brand struct {
	Accent     Colour `json:"accent,omitempty"`
	AccentDark Colour `json:"accent_dark,omitempty"` // empty: made from Accent
	Footer     string `json:"footer,omitempty"`      // a sentence at the end of pages and emails
	Contact    string `json:"contact,omitempty"`     // a link after it: mailto: or https:
	Logo       Logo   `json:"logo,omitzero"`
}

// MaxFooter and MaxContact limit the footer's text and link, in characters.
const (
	MaxFooter  = 200
	MaxContact = 300
)

// A Logo describes the image that is shown in place of Doorward's sign. The image itself is
// in a record of its own.
type Logo struct {
	Hash   string `json:"hash,omitempty"` // SHA-256 of the image in hex; empty: there is none
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
}

// The box, in CSS pixels, into which a logo is fitted where it is shown. The image has up to
// twice as many pixels each way, for dense screens.
const (
	LogoBoxWidth  = 160
	LogoBoxHeight = 48
)

// Box returns the size in CSS pixels at which the logo is shown.
func (l Logo) Box() (width, height int) {
	w, h := l.Width, l.Height
	if w > LogoBoxWidth {
		w, h = LogoBoxWidth, max(1, (h*LogoBoxWidth+w/2)/w)
	}
	if h > LogoBoxHeight {
		w, h = max(1, (w*LogoBoxHeight+h/2)/h), LogoBoxHeight
	}
	return w, h
}

// Accents returns the accent colours of the light and of the dark theme.
func (b Brand) Accents() (light, dark Accent) {
	light, dark = LightTheme.Accent, DarkTheme.Accent
	if b.Accent != "" {
		light, dark = LightTheme.with(b.Accent), DarkTheme.with(DarkTheme.Nearest(b.Accent))
	}
	if b.AccentDark != "" {
		dark = DarkTheme.with(b.AccentDark)
	}
	return light, dark
}

// HasAccent reports whether an accent colour was chosen.
func (b Brand) HasAccent() bool { return b.Accent != "" || b.AccentDark != "" }

// Check returns what is wrong with the brand, with the field: a colour on which text could not
// be read, more than one line, a link that is none, a logo that this server did not make.
func (b Brand) Check() error {
	for _, c := range []struct {
		field string
		theme Theme
		value Colour
	}{{"accent", LightTheme, b.Accent}, {"accent_dark", DarkTheme, b.AccentDark}} {
		if c.value == "" {
			continue
		}
		if is, err := ParseColour(c.field, string(c.value)); err != nil || is != c.value {
			return Errorf(Invalid, "Enter the color as # followed by six digits or letters from A to F, such as "+
				"#1d6b57.").
				On(c.field).WithCode("colour_invalid")
		}
		if err := c.theme.check(c.field, c.value); err != nil {
			return err
		}
	}
	if err := CheckText("footer", b.Footer, MaxFooter); err != nil {
		return err
	}
	if strings.ContainsAny(b.Footer, "\r\n") {
		return Errorf(Invalid, "The footer must be a single line. Remove the line "+
			"break.").On("footer").WithCode("text_invalid")
	}
	if is, err := ParseContact("contact", b.Contact); err != nil || is != b.Contact {
		return contactInvalid("contact")
	}
	l := b.Logo
	if l == (Logo{}) {
		return nil
	}
	if !isHash(l.Hash) || l.Width < 1 || l.Height < 1 || l.Width > 2*LogoBoxWidth || l.Height > 2*LogoBoxHeight {
		return Errorf(Invalid, "This logo was not created by this server.").On("logo").WithCode("logo_invalid")
	}
	return nil
}

func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// ParseContact reads where a footer's link leads: an email address, with or without mailto:
// before it, or a web address that begins with https. It returns the link, empty for none.
func ParseContact(field, typed string) (string, error) {
	s := strings.TrimSpace(typed)
	if s == "" {
		return "", nil
	}
	if len(s) > MaxContact || CheckText(field, s, MaxContact) != nil {
		return "", contactInvalid(field)
	}
	if !strings.Contains(s, ":") {
		s = "mailto:" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", contactInvalid(field)
	}
	switch u.Scheme {
	case "https":
		if u.Host == "" || u.User != nil || u.Opaque != "" || !isWebHost(u.Hostname()) {
			return "", contactInvalid(field)
		}
		u.Host = strings.ToLower(u.Host)
		return checkedLink(field, u.String())
	case "mailto":
		if u.RawQuery != "" || u.Fragment != "" || !isMailTo(u.Opaque) {
			return "", contactInvalid(field)
		}
		return checkedLink(field, "mailto:"+u.Opaque)
	}
	return "", contactInvalid(field)
}

func checkedLink(field, s string) (string, error) {
	if len(s) > MaxContact {
		return "", contactInvalid(field)
	}
	return s, nil
}

func contactInvalid(field string) error {
	return Errorf(Invalid, "The contact must be an email address, such as help@example.com, or a web address that "+
		"begins with https://.").On(field).WithCode("contact_invalid")
}

// isWebHost and isMailTo accept plain ASCII only: a link shows where it leads, and letters of
// other scripts may look like these. A domain in another script is written as xn--….
func isWebHost(host string) bool {
	return host != "" && strings.Contains(host, ".") && !strings.HasPrefix(host, ".") &&
		isPlain(strings.ToLower(host), ".-")
}

func isMailTo(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	return found && local != "" && isPlain(strings.ToLower(local), ".-_+") && isWebHost(domain)
}

func isPlain(s, others string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune(others, r)
	})
}

// ContactLabel is what a link to the contact says: where it leads, and nothing else.
func (b Brand) ContactLabel() string {
	for _, scheme := range []string{"mailto:", "https://"} {
		if rest, ok := strings.CutPrefix(b.Contact, scheme); ok {
			return strings.TrimSuffix(rest, "/")
		}
	}
	return b.Contact
}
