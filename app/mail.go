package app

import (
	"cmp"
	"context"
	"net/mail"

	"doorward/app/config"
	"doorward/backend/access"
	mailer "doorward/backend/mail"
	"doorward/backend/mail/smtp"
)

// setAtStart says which of the settings that the console has too were given at the start.
func setAtStart(c config.Config) access.SetAtStart {
	return access.SetAtStart{
		PublicURL:  c.SetWith["url"],
		MailServer: c.SetWith["smtp-url"],
		MailFrom:   c.SetWith["mail-from"],
	}
}

// sender returns whom emails come from by these settings: as given at the start, as an Admin
// set it, or doorward at the public URL's host.
func sender(c config.Config, set access.Settings) string {
	switch {
	case c.SetWith["mail-from"] != "":
		return c.MailFrom
	case set.Mail.From == "":
		return config.DefaultFrom(publicURL(c, set))
	case set.Mail.FromName == "":
		return set.Mail.From
	}
	return (&mail.Address{Name: set.Mail.FromName, Address: set.Mail.From}).String()
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
