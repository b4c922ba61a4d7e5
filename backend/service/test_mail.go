package service

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A MailTest is what is known about a test email.
type MailTest struct {
	Message  access.Message
	Overview Overview
	Known    bool // the mail server has answered, or there is none
}

// Tested returns what is known about a test email. It checks no permission: only the caller
// who has just posted it knows its id.
func (s Outbox) Tested(ctx context.Context, id access.MessageID) (t MailTest, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		if t.Message, err = tx.Messages.Get(id); err != nil {
			return err
		}
		if t.Overview, err = s.counted(tx); err != nil {
			return err
		}
		h := t.Overview.Mail
		refused := h.Paused && !h.TriedAt.Before(t.Message.QueuedAt)
		t.Known = t.Message.State != access.MessageQueued || refused
		return nil
	})
	return t, err
}
