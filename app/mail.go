package app

import (
	"cmp"
	"context"
	"net/mail"
	"net/url"

	"doorward/app/config"
	"doorward/backend/access"
	mailer "doorward/backend/mail"
	"doorward/backend/mail/smtp"
)

// setAtStart says which of the settings that the console has too were given at the start.
func setAtStart(c config.Config) access.SetAtStart {
	set := access.SetAtStart{
		PublicURL:  c.SetWith["url"],
		MailServer: c.SetWith["smtp-url"],
		MailFrom:   c.SetWith["mail-from"],
	}
	if a, err := mail.ParseAddress(c.MailFrom); err == nil && a.Name != "" {
		set.SenderName = set.MailFrom
	}
	return set
}

// sender returns whom emails come from by these settings: as given at the start, as an Admin
// set it, or doorward at the public URL's host. An address without a name gets the name that
// an Admin set.
func sender(c config.Config, set access.Settings) string {
	from := cmp.Or(set.Mail.From, config.DefaultFrom(publicURL(c, set)))
	if c.SetWith["mail-from"] != "" {
		from = c.MailFrom
	}
	a, err := mail.ParseAddress(from)
	if err != nil || a.Name != "" || set.Mail.FromName == "" {
		return from
	}
	return (&mail.Address{Name: set.Mail.FromName, Address: a.Address}).String()
}

// shownSender is sender as people write it, without quotes around the name.
func shownSender(c config.Config, set access.Settings) string {
	from := sender(c, set)
	if a, err := mail.ParseAddress(from); err == nil && a.Name != "" {
		return a.Name + " <" + a.Address + ">"
	}
	return from
}

func publicURL(c config.Config, set access.Settings) string {
	if c.SetWith["url"] != "" {
		return c.URL
	}
	return cmp.Or(set.PublicURL, c.URL)
}

// mailRoute returns how emails leave by these settings. What was given at the start takes
// precedence.
func (a *App) mailRoute(set access.Settings, password access.Password) (mailer.Route, error) {
	r := mailer.Route{
		Server: a.server,
		From:   sender(a.c, set),
		HELO:   smtp.HELO(hostOf(publicURL(a.c, set))),
	}
	if !r.Server.IsZero() || !set.Mail.Usable() {
		return r, nil
	}
	var err error
	r.Server, err = smtp.NewServer(set.Mail, password)
	return r, err
}

// mailNow is mailRoute by the settings as they are stored now.
func (a *App) mailNow(ctx context.Context) (mailer.Route, error) {
	return mailer.StoredRoute(ctx, a.store, a.mailRoute)
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "localhost"
	}
	return u.Hostname()
}
