package service

import (
	"slices"
	"strings"
	"unicode/utf8"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/text"
)

// A MailChange says what to change of the mail settings; nil leaves a setting as it is. An
// empty Host removes the mail server with all that belongs to it; an empty From restores the
// default sender.
type MailChange struct {
	Host     *string
	Port     *int // zero: the usual one
	Security *access.MailSecurity
	User     *string
	Password *access.Password
	From     *string // an address, or a name and an address in angle brackets
}

func (c *MailChange) ofServer() bool {
	return c.Host != nil || c.Port != nil || c.Security != nil || c.User != nil || c.Password != nil
}

// The fields of the mail settings, as an error names them.
const (
	mailHost     = "mail_settings.host"
	mailPort     = "mail_settings.port"
	mailSecurity = "mail_settings.security"
	mailUser     = "mail_settings.user"
	mailPassword = "mail_settings.password"
	mailFrom     = "mail_settings.from"
)

// apply changes the settings, and returns what it changed, in words for the audit log.
func (c *MailChange) apply(m *access.MailSettings, set access.SetAtStart) (what []string, err error) {
	switch {
	case c.ofServer() && set.MailServer != "":
		return nil, access.AlreadySet(mailHost, set.MailServer)
	case c.From != nil && set.MailFrom != "":
		return nil, access.AlreadySet(mailFrom, set.MailFrom)
	}
	if c.From != nil {
		if err := c.applySender(m); err != nil {
			return nil, err
		}
		what = append(what, "sender")
	}
	if c.ofServer() {
		if err := c.applyServer(m); err != nil {
			return nil, err
		}
		what = append(what, strings.TrimSpace("mail server "+m.Server()))
	}
	if c.Password != nil {
		what = append(what, "mail password")
	}
	return what, nil
}

func (c *MailChange) applySender(m *access.MailSettings) error {
	before := *m
	m.From, m.FromName = "", ""
	if strings.TrimSpace(*c.From) == "" {
		if before.From == "" {
			m.FromName = before.FromName
		}
		return nil
	}
	name, from, err := address.ParseMailbox(*c.From)
	if err != nil {
		return access.Explain(err).On(mailFrom)
	}
	if name == "" && before.From == "" { // a name that was set alone, and did not stand in this field
		name = before.FromName
	}
	m.From, m.FromName = from.Canonical, name
	return nil
}

func (c *MailChange) applyServer(m *access.MailSettings) error {
	before := *m
	if c.Host != nil {
		m.Host = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(*c.Host), "."))
	}
	if m.Host == "" {
		m.Port, m.Security, m.User, m.HasPassword = 0, "", "", false
		return nil
	}
	if c.Security != nil {
		m.Security = *c.Security
	}
	if m.Security == "" {
		m.Security = access.MailStartTLS
	}
	switch {
	case c.Port != nil:
		m.Port = *c.Port
	case m.Security != before.Security:
		m.Port = 0
	}
	if m.Port == 0 {
		m.Port = access.DefaultMailPort[m.Security]
	}
	if c.User != nil {
		m.User = strings.TrimSpace(*c.User)
	}
	if err := checkServer(*m); err != nil {
		return err
	}
	return c.applyPassword(m, before)
}

func checkServer(m access.MailSettings) error {
	invalid := func(field, format string, args ...any) error {
		return access.Errorf(access.Invalid, format, args...).On(field).WithCode("mail_settings_invalid")
	}
	switch {
	case strings.Contains(m.Host, "/") || !text.IsHost(m.Host):
		return invalid(mailHost, "Enter only the host name, such as smtp.example.com. The port has its own field.")
	case access.DefaultMailPort[m.Security] == 0:
		return invalid(mailSecurity, "Choose starttls, tls or none.")
	case m.Port < 1 || m.Port > 65535:
		return invalid(mailPort, "The port must be a number from 1 to 65535. Most mail servers use 587 or 465.")
	case m.Security == access.MailPlain && !text.IsLoopback(m.Host):
		return invalid(mailSecurity, "Unencrypted email is allowed only to a mail server on this machine "+
			"(127.0.0.1, ::1 or localhost). Choose STARTTLS or TLS.")
	case tooLongOrBroken(m.User, access.MaxMailUser):
		return invalid(mailUser, "A username can have at most %d characters, all of them "+
			"printable.", access.MaxMailUser)
	}
	return nil
}

func tooLongOrBroken(s string, limit int) bool {
	control := func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }
	return utf8.RuneCountInString(s) > limit || strings.ContainsFunc(s, control)
}

// applyPassword decides what becomes of the password. A stored one is never sent to another
// server, as another user or less protected than it was stored for: whoever could change
// that alone could read it.
func (c *MailChange) applyPassword(m *access.MailSettings, before access.MailSettings) error {
	missing := func(e *access.Error) error { return e.On(mailPassword).WithCode("mail_password_missing") }
	if c.Password != nil {
		m.HasPassword = *c.Password != ""
	}
	moved := m.Host != before.Host || m.Port != before.Port || m.Security != before.Security || m.User != before.User
	switch {
	case m.User == "" && c.Password != nil && *c.Password != "":
		return access.Errorf(access.Invalid, "A password needs a username.").On(mailUser).
			WithCode("mail_settings_invalid")
	case m.User == "":
		m.HasPassword = false
	case !m.HasPassword:
		return missing(access.Errorf(access.Invalid, "Enter the password, or leave the username empty."))
	case c.Password == nil && moved:
		return missing(access.Errorf(access.Invalid,
			"Enter the password again. The saved one is not sent to another server or user."))
	case c.Password != nil && tooLongOrBroken(c.Password.Reveal(), access.MaxMailPassword):
		return missing(access.Errorf(access.Invalid,
			"The password is too long, or contains a control character, such as a line break from copying."))
	}
	return nil
}

// ParseMailSecurity returns how the connection is protected, by its name in the API.
func ParseMailSecurity(name string) access.MailSecurity {
	known := []access.MailSecurity{access.MailStartTLS, access.MailTLS, access.MailPlain}
	if i := slices.Index(known, access.MailSecurity(name)); i >= 0 {
		return known[i]
	}
	return "unknown"
}
