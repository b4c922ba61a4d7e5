package desk

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A Wait is what the waiting page says.
type Wait struct {
	Workspace string
	Member    access.Member
	InvitedBy string
}

// WaitOf is what the waiting page says to a pending member.
func (d *Desk) WaitOf(ctx context.Context, id access.MemberID) (out Wait, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		if out.Member, err = tx.Member(id); err != nil {
			return err
		}
		by, err := d.named(tx, out.Member.Invitation.By)
		if err != nil {
			return err
		}
		out.InvitedBy = by.name
		s, err := tx.Settings()
		out.Workspace = s.Workspace
		return err
	})
	return out, err
}

// Note keeps a word from a pending member to whoever decides.
func (d *Desk) Note(ctx context.Context, by access.By, text string) error {
	text, err := access.CleanText("note", text, 200)
	if err != nil {
		return err
	}
	return d.store.Update(ctx, func(tx *store.Tx) error {
		m, err := d.waiting(tx, by)
		if err != nil || m.Note == text {
			return err
		}
		if err := d.limit(tx, "note "+string(m.ID), 10, resendsEvery); err != nil {
			return err
		}
		m.Note = text
		if err := tx.PutMember(m); err != nil {
			return err
		}
		return tx.Record(by, access.DidNote, string(m.ID), "")
	})
}

// waiting is the pending member who asks, and may do what the pending may.
func (d *Desk) waiting(tx *store.Tx, by access.By) (m access.Member, err error) {
	if by.Token != "" {
		return m, access.NotAllowed(access.May(access.Wait, access.ResDoor))
	}
	if _, err = d.may(tx, by, access.May(access.Wait, access.ResDoor)); err != nil {
		return m, err
	}
	if m, err = tx.Member(by.Member); err != nil {
		return m, err
	}
	if m.State != access.Pending {
		return m, access.Errorf(access.Conflict, "Your account is not waiting for a decision any more. Open the front page.").WithCode("already_decided")
	}
	return m, nil
}

// Withdraw takes a pending member's own request back: the account and all that
// was theirs is deleted, and the address is free again.
func (d *Desk) Withdraw(ctx context.Context, by access.By) error {
	return d.store.Update(ctx, func(tx *store.Tx) error {
		m, err := d.waiting(tx, by)
		if err != nil {
			return err
		}
		if err := tx.DeleteMember(m, access.EndedWithdrawn); err != nil {
			return err
		}
		return tx.Record(by, access.DidWithdraw, string(m.ID), "")
	})
}
