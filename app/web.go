package app

import (
	"doorward/backend/access"
	"doorward/backend/web"
	"doorward/backend/web/api"
	"doorward/backend/web/events"
	"doorward/backend/web/portal"
)

// openWeb makes the server and mounts its packages.
func (a *App) openWeb() (err error) {
	o := web.Options{
		Service:        a.service,
		Frontend:       a.c.Frontend,
		Listen:         a.c.Listen,
		TrustedProxies: a.c.TrustedProxies,
		Logger:         a.log,
		Messages:       a.messages,
	}
	o.Bounds, _, _ = bounds()
	if a.machine != nil {
		o.Cluster = a.machine
	}
	if a.web, err = web.New(o); err != nil {
		return err
	}
	if a.machine != nil {
		a.machine.BeforeHandOver(a.web.Drain)
	}
	pages, err := portal.New(a.web, a.c.Frontend, a.messages)
	if err != nil {
		return err
	}
	options := api.Options{
		Operations: operations{a},
		Facts:      facts(a.c),
		MailFrom:   func(set access.Settings) string { return shownSender(a.c, set) },
		SetAtStart: setAtStart(a.c),
		PortalPage: pages.Preview,
	}
	if !a.server.IsZero() {
		options.MailServer = a.server.Name()
	}
	programs := api.New(a.web, options)
	return a.web.Mount(pages.Mount, programs.Mount, events.New(a.web, programs.Overview).Mount)
}
