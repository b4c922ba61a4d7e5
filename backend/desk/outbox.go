package desk

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// Outbox is a page of letters, newest first.
func (d *Desk) Outbox(ctx context.Context, by access.By, cursor string, limit int) (out store.Page[access.Letter], err error) {
	if limit, err = Limit(limit); err != nil {
		return out, err
	}
	err = d.view(ctx, by, access.May(access.Read, access.ResSettings), func(tx *store.Tx) error {
		out, err = tx.Letters(cursor, limit)
		return err
	})
	return out, err
}

// Letter is a letter with its words. What would let its reader in as somebody
// else is shown to the operator alone, who holds the data anyway; the words of
// one that is done with are gone.
func (d *Desk) Letter(ctx context.Context, by access.By, id access.LetterID) (l access.Letter, w access.Words, err error) {
	err = d.view(ctx, by, access.May(access.Read, access.ResSettings), func(tx *store.Tx) error {
		if l, err = tx.Letter(id); err != nil {
			return err
		}
		if w, err = tx.Words(id); l.Kind.HoldsSecret() && !by.IsOperator() {
			w = redact(w)
		}
		return err
	})
	return l, w, err
}

// RetryLetter makes a letter due at once, and starts a paused queue again.
func (d *Desk) RetryLetter(ctx context.Context, by access.By, id access.LetterID) (l access.Letter, err error) {
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := d.may(tx, by, access.May(access.Change, access.ResSettings)); err != nil {
			return err
		}
		if l, err = tx.Letter(id); err != nil {
			return err
		}
		if !d.mail {
			return access.Errorf(access.Conflict, "No mail server is configured, so the letter is kept here. Set DOORWARD_SMTP_URL and start again.").WithCode("no_mail_server")
		}
		if err := l.Requeue(tx.Now); err != nil {
			return err
		}
		if err := tx.PutLetter(l); err != nil {
			return err
		}
		h, err := tx.MailHealth()
		if err != nil {
			return err
		}
		if h.Paused {
			h.NextTry = tx.Now
			if err := tx.PutMailHealth(h); err != nil {
				return err
			}
		}
		return tx.Record(by, access.DidRetryLetter, string(id), string(l.Kind))
	})
	return l, err
}

// DropLetter takes a letter out of the outbox. One that is being handed over
// just now is left alone. An invitation that was not sent yet takes its login
// link with it: nobody was to have it. (A sign-in letter's link ends within a
// quarter of an hour and is good only in the browser that asked.)
func (d *Desk) DropLetter(ctx context.Context, by access.By, id access.LetterID) error {
	return d.store.Update(ctx, func(tx *store.Tx) error {
		a, err := d.may(tx, by, access.May(access.Change, access.ResSettings))
		if err != nil {
			return err
		}
		l, err := tx.Letter(id)
		if err != nil {
			return err
		}
		if l.Lease.Owner != "" && tx.Now.Before(l.Lease.Until) {
			return access.Errorf(access.Conflict, "This letter is being sent just now. Look again in a minute.").WithCode("letter_taken")
		}
		detail := string(l.Kind)
		void, err := voidInvitation(tx, a, l)
		if void {
			detail += ", and its login link"
		}
		if err != nil {
			return err
		}
		return firstOf(tx.DeleteLetter(id), tx.Record(by, access.DidDropLetter, string(id), detail))
	})
}

// voidInvitation voids the login link in a letter that was not sent, if it is
// an invitation whose link is still open, to somebody who may do no more than
// the asker.
func voidInvitation(tx *store.Tx, a asker, l access.Letter) (void bool, err error) {
	if l.Done() || l.Kind != access.InvitationLetter && l.Kind != access.ExpiringLetter {
		return false, nil
	}
	m, err := tx.Member(l.Member)
	if err != nil || m.Letter != l.ID || m.Link.IsZero() {
		return false, unlessNotFound(err)
	}
	if err := a.covers(&m); err != nil {
		return false, err
	}
	return true, firstOf(revokeLink(tx, &m), tx.PutMember(m))
}

// TestMail posts a test letter to an address: the asker's own, unless another
// is given, which only the operator may.
func (d *Desk) TestMail(ctx context.Context, by access.By, to access.Address) (l access.Letter, err error) {
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := d.may(tx, by, access.May(access.Change, access.ResSettings)); err != nil {
			return err
		}
		m := access.Member{ID: by.Member, Email: to}
		switch {
		case by.Member != "":
			if m, err = tx.Member(by.Member); err != nil {
				return err
			}
			if !to.IsZero() && to.Canonical != m.Email.Canonical {
				return access.Errorf(access.Forbidden, "A test letter goes to your own address, %s.", m.Email).On("email").WithCode("own_address_only")
			}
		case !by.IsOperator():
			return access.Errorf(access.Forbidden, "This token belongs to nobody with an address. On the server, `doorward mail-test EMAIL` sends a test letter.").WithCode("operator_only")
		case to.IsZero():
			return access.Errorf(access.Invalid, "Give the address that the test letter goes to.").On("email").WithCode("email_missing")
		}
		if err := d.limit(tx, "test "+string(by.Member), resendsAtOnce, time.Minute); err != nil {
			return err
		}
		id, err := d.post(tx, access.TestLetter, &m, tx.Now.Add(time.Hour), LetterFacts{})
		if err != nil {
			return err
		}
		if l, err = tx.Letter(id); err != nil {
			return err
		}
		return tx.Record(by, access.DidTestMail, string(id), "")
	})
	return l, err
}

// An AuditLine is an audit entry with names beside the ids, as far as those
// members are still here.
type AuditLine struct {
	access.AuditEntry
	ByName string
	ToName string
}

// Audit is a page of the audit log, newest first.
func (d *Desk) Audit(ctx context.Context, by access.By, cursor string, limit int) (out store.Page[AuditLine], err error) {
	if limit, err = Limit(limit); err != nil {
		return out, err
	}
	err = d.view(ctx, by, access.May(access.Read, access.ResAudit), func(tx *store.Tx) error {
		p, err := tx.Audit(cursor, limit)
		if err != nil {
			return err
		}
		out.Next, out.Total = p.Next, p.Total
		out.Items, err = d.lines(tx, p.Items)
		return err
	})
	return out, err
}

// AuditSince are the entries after seq, oldest first, at most a page.
func (d *Desk) AuditSince(ctx context.Context, by access.By, seq uint64) (out []AuditLine, err error) {
	err = d.view(ctx, by, access.May(access.Read, access.ResAudit), func(tx *store.Tx) error {
		entries, err := tx.AuditSince(seq, MostItems)
		if err != nil {
			return err
		}
		out, err = d.lines(tx, entries)
		return err
	})
	return out, err
}

func (d *Desk) lines(tx *store.Tx, entries []access.AuditEntry) ([]AuditLine, error) {
	out := make([]AuditLine, 0, len(entries))
	for _, e := range entries {
		by, err := d.named(tx, e.By)
		if err != nil {
			return nil, err
		}
		l := AuditLine{AuditEntry: e, ByName: by.String()}
		if id, err := access.ParseMemberID(e.To); err == nil {
			m, err := tx.Member(id)
			if err != nil && !access.NotFound.Is(err) {
				return nil, err
			}
			l.ToName = m.Email.Typed
		}
		out = append(out, l)
	}
	return out, nil
}

// VerifyAudit walks the whole audit chain. It returns how many entries are
// sound; a Conflict names the first that is not.
func (d *Desk) VerifyAudit(ctx context.Context, by access.By) (int, error) {
	if err := d.view(ctx, by, access.May(access.Read, access.ResAudit), func(*store.Tx) error { return nil }); err != nil {
		return 0, err
	}
	return d.store.VerifyAudit(ctx)
}
