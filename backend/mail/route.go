package mail

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/mail/smtp"
	"doorward/backend/store"
)

// FixedRoute is a Route that no settings change.
func FixedRoute(r Route) func(access.Settings, access.Password) (Route, error) {
	return func(access.Settings, access.Password) (Route, error) { return r, nil }
}

// StoredRoute returns the route by the settings as they are stored now. It fails if the
// sender is not an address.
func StoredRoute(ctx context.Context, s *store.Store,
	route func(access.Settings, access.Password) (Route, error)) (r Route, err error) {
	err = s.View(ctx, func(tx *store.Tx) error {
		r, err = routeIn(tx, route)
		return err
	})
	return r, err
}

func routeIn(tx *store.Tx, route func(access.Settings, access.Password) (Route, error)) (Route, error) {
	set, err := tx.Settings()
	if err != nil {
		return Route{}, err
	}
	password, err := tx.MailPassword()
	if err != nil {
		return Route{}, err
	}
	r, err := route(set, password)
	if err != nil {
		return Route{}, err
	}
	r.revision = set.Mail.Revision
	r.name, r.from, err = smtp.ParseFrom(r.From)
	return r, err
}
