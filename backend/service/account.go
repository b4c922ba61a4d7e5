package service

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A PendingView is what the pending page shows.
type PendingView struct {
	Workspace string
	Member    access.Member
	InvitedBy string
	NoMail    bool // no mail server is configured: nobody is emailed about the decision
}

// PendingView returns what the pending page shows to a pending member; NotFound if there is
// no such member. Whoever calls it has admitted the member already.
func (s Account) PendingView(ctx context.Context, id access.MemberID) (out PendingView, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		if out.Member, err = tx.Members.Get(id); err != nil {
			return err
		}
		by, err := s.inviter(tx, &out.Member)
		if err != nil {
			return err
		}
		out.InvitedBy = by.name
		in, err := s.site(tx)
		out.Workspace, out.NoMail = in.Workspace, !in.mail
		return err
	})
	return out, err
}

// Note stores a message from a pending member to the approver, in place of an older one. A
// text that is too long, or no plain text, is Invalid; too many changes within a while are
// TooMany. A member who is not pending any more gets Conflict (already_decided).
func (s Account) Note(ctx context.Context, actor access.Actor, text string) error {
	text, err := access.CleanText("note", text, access.MaxNote)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *store.Tx) error {
		m, err := s.waiting(tx, actor)
		if err != nil || m.Note == text {
			return err
		}
		if err := s.limit(tx, "note "+string(m.ID), 10, resendInterval); err != nil {
			return err
		}
		m.Note = text
		if err := tx.Members.Put(m); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionNote, string(m.ID), "")
	})
}

// waiting returns the calling member, who must be pending and have the
// permission.
func (s *core) waiting(tx *store.Tx, actor access.Actor) (m access.Member, err error) {
	if actor.Token != "" {
		return m, access.NotAllowed(access.May(access.Wait, access.ResPortal))
	}
	if _, err = s.gate.Authorize(tx, actor, access.May(access.Wait, access.ResPortal)); err != nil {
		return m, err
	}
	if m, err = tx.Members.Get(actor.Member); err != nil {
		return m, err
	}
	if m.State != access.Pending {
		return m, access.Errorf(access.Conflict,
			"Your account is no longer waiting for a decision. Open the home page.").WithCode("already_decided")
	}
	return m, nil
}

// Withdraw deletes a pending member's own account with all that belongs to it;
// the address is free again. A member who is not pending any more keeps the account, and gets
// Conflict (already_decided).
func (s Account) Withdraw(ctx context.Context, actor access.Actor) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		m, err := s.waiting(tx, actor)
		if err != nil {
			return err
		}
		if err := tx.Members.Delete(m, access.EndedWithdrawn); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionWithdraw, string(m.ID), "")
	})
}

// MuteDigest turns the emails about waiting people off, or on, for the caller. What is so
// already is left alone, without an audit entry. The operator, who gets no emails, is Invalid.
func (s Account) MuteDigest(ctx context.Context, actor access.Actor, quiet bool) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := s.gate.Authorize(tx, actor, access.May(access.Decide, access.ResMembers)); err != nil {
			return err
		}
		if actor.Member == "" {
			return access.Errorf(access.Invalid,
				"The server operator does not receive emails. An Admin can turn theirs off while signed "+
					"in.").WithCode("no_member")
		}
		m, err := tx.Members.Get(actor.Member)
		if err != nil || m.MuteDigest == quiet {
			return err
		}
		m.MuteDigest = quiet
		if err := tx.Members.Put(m); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionChangeNotifications, string(m.ID), map[bool]string{
			true:  "off",
			false: "on",
		}[quiet])
	})
}

// SetLanguage stores the language of the caller's own emails, also of a pending member's. An
// API token may not set it: whoever reads the emails chooses.
func (s Account) SetLanguage(ctx context.Context, actor access.Actor, l access.Language) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		m, err := s.own(tx, actor, access.Errorf(access.Forbidden,
			"Only a member who is signed in can choose the language of their emails.").WithCode("no_member"))
		if err != nil || m.Language == l {
			return err
		}
		m.Language = l
		return tx.Members.Put(m)
	})
}

// Rename changes the caller's own name and returns it as it is kept. A pending member may not:
// it would change under the eyes of whoever decides. An API token may not either.
func (s Account) Rename(ctx context.Context, actor access.Actor, name string) (kept string, err error) {
	if kept, err = access.CleanText("name", name, access.MaxName); err != nil {
		return "", err
	}
	return kept, s.store.Update(ctx, func(tx *store.Tx) error {
		m, err := s.own(tx, actor, access.Errorf(access.Forbidden,
			"Only a member who is signed in can change their own name.").WithCode("no_member"))
		if err != nil {
			return err
		}
		if m.State == access.Pending {
			return access.PendingError()
		}
		if m.Name == kept {
			return nil
		}
		if err := s.limit(tx, "rename "+string(m.ID), 10, resendInterval); err != nil {
			return err
		}
		m.Name = kept
		if err := tx.Members.Put(m); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionRename, string(m.ID), "")
	})
}

// own returns the caller, who must be a member with a session of their own, active or pending.
// For an API token and the operator it returns the refusal.
func (s *core) own(tx *store.Tx, actor access.Actor, refusal error) (m access.Member, err error) {
	if _, err := s.gate.Permissions(tx, actor); err != nil {
		return m, err
	}
	if actor.Member == "" || actor.Token != "" {
		return m, refusal
	}
	if m, err = tx.Members.Get(actor.Member); err != nil {
		return m, err
	}
	if m.State != access.Active && m.State != access.Pending {
		return m, access.SignedOutError()
	}
	return m, nil
}
