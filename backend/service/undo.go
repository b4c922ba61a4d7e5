package service

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// Undo takes back the last approval, suspension or change of roles of a member, if the
// actor made it at a screen within access.UndoTTL and nothing else has changed since. The
// email about it is deleted unsent; sessions that it ended are open again. A link that a
// suspension revoked stays revoked. It is refused once the email is under way.
func (s Members) Undo(ctx context.Context, actor access.Actor, id access.MemberID) (out MemberView, err error) {
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		m, missing := tx.Members.Get(id)
		a, err := s.gate.Authorize(tx, actor, neededToUndo(m.Undo))
		if err != nil {
			return err
		}
		if missing != nil {
			return s.goneBefore(tx, id, missing)
		}
		if err := a.Covers(&m); err != nil {
			return err
		}
		before := m
		was, err := m.UndoneBy(actor, tx.Now)
		if err != nil {
			return err
		}
		// No confirmation is asked for: the actor could end this access seconds ago, and
		// gets it back to what it was and no further.
		if _, err := a.Grantable(was.Roles); err != nil {
			return err
		}
		if err := unpost(tx, was.Posted); err != nil {
			return err
		}
		if was.Action == access.ActionSuspend {
			if err := tx.Schedule.Clear(endAfterUndo(id, was.Until)); err != nil {
				return err
			}
		}
		if err := tx.Members.Put(m); err != nil {
			return err
		}
		if err := adminsLeft(tx, &before); err != nil {
			return err
		}
		if err := tx.Record(actor, access.ActionUndo, string(id), undone(&before, was)); err != nil {
			return err
		}
		out, err = s.memberView(tx, m)
		return err
	})
	return out, err
}

// neededToUndo is the permission that the change needed, too.
func neededToUndo(u *access.Undo) access.Permission {
	if u != nil && u.Action != access.ActionApprove {
		return access.May(access.Change, access.ResMembers)
	}
	return access.May(access.Decide, access.ResMembers)
}

// unpost deletes the email about a change, which must not have left yet: an Admin may
// have had it sent at once.
func unpost(tx *store.Tx, id access.MessageID) error {
	if id == "" {
		return nil
	}
	msg, err := tx.Messages.Get(id)
	if err != nil {
		return unlessNotFound(err)
	}
	if msg.Done() || msg.Attempts > 0 || !msg.Lease.Until.IsZero() {
		return access.Errorf(access.Conflict, "It is too late to undo this: the email about it is already on its way.").
			WithCode("undo_expired")
	}
	return tx.Messages.Delete(id)
}

// endAfterUndo ends the sessions of a suspended member once the suspension can no longer
// be undone.
func endAfterUndo(id access.MemberID, at time.Time) store.Due {
	return store.Due{At: at, Kind: store.DueSessions, Ref: string(access.EndedSuspended) + "/" + string(id)}
}

// undone says what was undone: "approval as Fleet".
func undone(before *access.Member, was access.Undo) string {
	switch was.Action {
	case access.ActionApprove:
		return "approval as " + access.RoleNames(before.Roles)
	case access.ActionSuspend:
		return "suspension"
	}
	return "roles " + access.RoleNames(was.Roles) + " → " + access.RoleNames(before.Roles)
}

// settle ends the sessions of a suspended member where a further change, from before to
// m, has ended the time for an undo: who signs in anew keeps that session.
func settle(tx *store.Tx, before, m *access.Member) error {
	u := before.Undo
	if u == nil || u.Action != access.ActionSuspend || m.Undo == u || !tx.Now.Before(u.Until) {
		return nil
	}
	if err := tx.Schedule.Clear(endAfterUndo(m.ID, u.Until)); err != nil {
		return err
	}
	return endSessions(tx, m.ID, access.EndedSuspended)
}
