package app

import (
	"doorward/backend/web"
	"doorward/backend/web/api"
	"doorward/backend/web/events"
	"doorward/backend/web/portal"
)

// openWeb makes the server and gives it its rooms.
func (a *App) openWeb() (err error) {
	o := web.Options{
		Service:        a.service,
		Frontend:       a.c.Frontend,
		Listen:         a.c.Listen,
		TrustedProxies: a.c.TrustedProxies,
		Logger:         a.log,
	}
	o.Bounds, _, _ = bounds()
	if a.web, err = web.New(o); err != nil {
		return err
	}
	pages, err := portal.New(a.web, portal.Options{Service: a.service, Frontend: a.c.Frontend, Logger: a.log})
	if err != nil {
		return err
	}
	options := api.Options{
		Service:    a.service,
		Operations: operations{a},
		Facts:      facts(a.c),
		MailFrom:   a.c.MailFrom,
		Logger:     a.log,
	}
	if !a.server.IsZero() {
		options.MailServer = a.server.Name()
	}
	operations := api.New(a.web, options)
	streams := events.New(a.web, events.Options{Service: a.service, Overview: operations.Overview, Logger: a.log})
	return a.web.Mount(pages.Mount, operations.Mount, streams.Mount)
}
