package service

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store"
)

// Days returns the last n days: how many people were invited, accepted, were
// approved and were rejected on each.
func (s Dashboard) Days(ctx context.Context, actor access.Actor, n int) (out []store.Day, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		out, err = tx.Days(n)
		return err
	})
	return out, err
}

// An Overview is what an Admin sees first.
type Overview struct {
	access.Counters
	Mail       access.MailHealth
	MailServer bool // emails can be sent
	PublicURL  string
	Settings   access.Settings
	Unusual    access.Unusual
	Clock      store.ClockState
}

// Overview returns all counts, from counters that are stored with each change.
func (s Dashboard) Overview(ctx context.Context, actor access.Actor) (out Overview, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		out, err = s.counted(tx)
		return err
	})
	return out, err
}

// Shared is Overview for many readers at once. It checks no permission: the
// caller asks the gate for each reader.
func (s Dashboard) Shared(ctx context.Context) (out Overview, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		out, err = s.counted(tx)
		return err
	})
	return out, err
}

func (s *core) counted(tx *store.Tx) (out Overview, err error) {
	in, err := s.site(tx)
	if err != nil {
		return out, err
	}
	out.MailServer, out.PublicURL, out.Settings = in.mail, in.publicURL, in.Settings
	out.Clock = s.store.Clock()
	if out.Counters, err = tx.Counters(); err != nil {
		return out, err
	}
	if out.Unusual, err = unusual(tx, out.Counters); err != nil {
		return out, err
	}
	out.Mail, err = tx.MailHealth()
	return out, err
}
