package service

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/store"
)

// A MessageQuery filters emails.
type MessageQuery = store.MessageQuery

// List returns a page of the matching emails, newest first. A limit beyond MaxItems, and a
// cursor of another query, are Invalid.
func (s Outbox) List(ctx context.Context, actor access.Actor, q MessageQuery) (out store.Page[access.Message],
	err error) {
	if q.Limit, err = Limit(q.Limit); err != nil {
		return out, err
	}
	err = s.view(ctx, actor, access.May(access.Read, access.ResSettings), func(tx *store.Tx) error {
		out, err = tx.Messages.Find(q)
		return err
	})
	return out, err
}

// Get returns an email with its body. A body that would let its reader sign in as
// somebody else is shown to the operator only, who holds the data anyway; the
// body of an email that was sent or has ended is wiped.
func (s Outbox) Get(ctx context.Context, actor access.Actor, id access.MessageID) (m access.Message,
	w access.MessageBody, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResSettings), func(tx *store.Tx) error {
		if m, err = tx.Messages.Get(id); err != nil {
			return err
		}
		f, err := tx.Messages.Facts(id)
		if err != nil {
			return err
		}
		if m.Kind.HoldsSecret() && !actor.IsOperator() {
			f = s.emails.Redact(f)
		}
		look, err := s.look(tx)
		if err != nil {
			return err
		}
		w, err = s.emails.RenderIn(look, m.Kind, f)
		return err
	})
	return m, w, err
}

// Retry makes an email due at once, and restarts a paused queue. Conflict are an email that
// was sent or withdrawn, one whose link or content has expired meanwhile, and every email
// while no mail server is set up.
func (s Outbox) Retry(ctx context.Context, actor access.Actor, id access.MessageID) (m access.Message, err error) {
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResSettings)); err != nil {
			return err
		}
		if m, err = tx.Messages.Get(id); err != nil {
			return err
		}
		in, err := s.site(tx)
		if err != nil {
			return err
		}
		if !in.mail {
			return access.Errorf(access.Conflict,
				"No mail server is set up, so the email is held. Set one up in Email settings.").
				WithCode("no_mail_server")
		}
		if err := m.Requeue(tx.Now); err != nil {
			return err
		}
		if err := tx.Messages.Put(m); err != nil {
			return err
		}
		if err := resumeMail(tx); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionRetryMessage, string(id), string(m.Kind))
	})
	return m, err
}

// resumeMail makes a paused queue try the mail server at once.
func resumeMail(tx *store.Tx) error {
	h, err := tx.MailHealth()
	if err != nil || !h.Paused {
		return err
	}
	h.NextTry = tx.Now
	return tx.PutMailHealth(h)
}

// Delete removes an email from the outbox. One that a worker is handing over is
// left alone: Conflict (email_being_sent). Deleting an invitation that was not sent yet also voids its login
// link, which nobody was meant to have. (A sign-in email's link expires within a
// quarter of an hour and works only in the browser that requested it.)
func (s Outbox) Delete(ctx context.Context, actor access.Actor, id access.MessageID) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResSettings))
		if err != nil {
			return err
		}
		m, err := tx.Messages.Get(id)
		if err != nil {
			return err
		}
		if m.Lease.Owner != "" && tx.Now.Before(m.Lease.Until) {
			return access.Errorf(access.Conflict, "This email is being sent right now. Check again in a minute.").
				WithCode("email_being_sent")
		}
		detail := string(m.Kind)
		void, err := voidInvitation(tx, a, m)
		if void {
			detail += ", and its login link"
		}
		if err != nil {
			return err
		}
		if err := tx.Messages.Delete(id); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionDeleteMessage, string(id), detail)
	})
}

// voidInvitation voids the login link of an email that was not sent, if it is an
// invitation whose link is still open and whose member has no more permissions
// than the caller.
func voidInvitation(tx *store.Tx, a gate.Authorized, msg access.Message) (void bool, err error) {
	if msg.Done() || msg.Kind != access.InvitationMessage && msg.Kind != access.ExpiringMessage {
		return false, nil
	}
	m, err := tx.Members.Get(msg.Member)
	if err != nil || m.Message != msg.ID || m.Link.IsZero() {
		return false, unlessNotFound(err)
	}
	if err := a.Covers(&m); err != nil {
		return false, err
	}
	if _, err := voidLink(tx, &m); err != nil {
		return true, err
	}
	return true, tx.Members.Put(m)
}

// TestMail posts a test email to the caller's own address, and restarts a paused
// queue. Only the operator may give another address, and has to give one. Tested says how it
// went. Too many at once are TooMany.
func (s Outbox) TestMail(ctx context.Context, actor access.Actor, to access.Address) (msg access.Message, err error) {
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResSettings)); err != nil {
			return err
		}
		m := access.Member{ID: actor.Member, Email: to}
		switch {
		case actor.Member != "":
			if m, err = tx.Members.Get(actor.Member); err != nil {
				return err
			}
			if !to.IsZero() && to.Canonical != m.Email.Canonical {
				return access.Errorf(access.Forbidden, "You can send a test email only to your own address, "+
					"%s.", m.Email).
					On("email").WithCode("own_address_only")
			}
		case !actor.IsOperator():
			return access.Errorf(access.Forbidden,
				"This token's owner has no email address. On the server, `doorward mail-test EMAIL` sends a "+
					"test email.").WithCode("operator_only")
		case to.IsZero():
			return access.Errorf(access.Invalid, "Enter the address to send the test email to.").
				On("email").WithCode("email_missing")
		}
		if err := s.limit(tx, "test "+string(actor.Member), maxResends, time.Minute); err != nil {
			return err
		}
		if err := resumeMail(tx); err != nil {
			return err
		}
		id, err := s.post(tx, access.TestMessage, &m, tx.Now.Add(time.Hour), access.MessageFacts{})
		if err != nil {
			return err
		}
		if msg, err = tx.Messages.Get(id); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionTestMail, string(id), "")
	})
	return msg, err
}
