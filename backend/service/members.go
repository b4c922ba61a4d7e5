package service

import (
	"context"
	"reflect"
	"slices"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/store"
)

// change applies one change to a member, if the caller may change members: the
// rule, the check for the last Admin, the audit entry. A rule that changes
// nothing leaves no entry.
func (s *core) change(ctx context.Context, actor access.Actor, id access.MemberID, did access.AuditAction,
	rule func(tx *store.Tx, a gate.Authorized, m *access.Member) (detail string, err error)) (out MemberView,
	err error) {
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResMembers))
		if err != nil {
			return err
		}
		m, err := tx.Members.Get(id)
		if err != nil {
			return s.goneBefore(tx, id, err)
		}
		before := m
		detail, err := rule(tx, a, &m)
		if err != nil {
			return s.doneBefore(tx, &m, err)
		}
		if out, err = s.memberView(tx, m); err != nil || reflect.DeepEqual(m, before) {
			return err
		}
		if err := settle(tx, &before, &m); err != nil {
			return err
		}
		if err := tx.Members.Put(m); err != nil {
			return err
		}
		if err := adminsLeft(tx, &before); err != nil {
			return err
		}
		return tx.Record(actor, did, string(id), detail)
	})
	return out, err
}

// doneBefore tells an Admin who suspends or restores a member that another Admin
// already did, with name and time.
func (s *core) doneBefore(tx *store.Tx, m *access.Member, refusal error) error {
	code, last := access.Explain(refusal).Code, m.LastStatusChange
	if code != "already_suspended" && code != "not_suspended" || last.At.IsZero() {
		return refusal
	}
	who, err := s.named(tx, last.By)
	if err != nil {
		return err
	}
	if code == "already_suspended" {
		return access.Errorf(access.Conflict, "%s was already suspended by %s on %s.", m.DisplayName(), who,
			access.Moment(last.At)).WithCode(code)
	}
	return access.Errorf(access.Conflict, "%s was already restored by %s on %s.", m.DisplayName(), who,
		access.Moment(last.At)).WithCode(code)
}

// adminsLeft refuses a transaction that would leave no active Admin after a
// change to m, who was one.
func adminsLeft(tx *store.Tx, m *access.Member) error {
	c, err := tx.Counters()
	if err == nil && c.Admins == 0 && m.IsAdmin() {
		return access.LastAdmin()
	}
	return err
}

// ChangeRoles replaces a member's roles. It takes effect on the next request of
// every open session. Nobody changes their own (own_roles), or grants what they lack; roles
// that give more in the console than before need a confirmed session. The last active Admin
// stays one: Conflict (last_admin).
func (s Members) ChangeRoles(ctx context.Context, actor access.Actor, id access.MemberID,
	roles []access.RoleName) (MemberView, error) {
	ctx = s.urgentIf(ctx, func(tx *store.Tx) (bool, error) {
		m, err := tx.Members.Get(id)
		return within(roles, m.Roles), err
	})
	return s.change(ctx, actor, id, access.ActionChangeRoles,
		func(tx *store.Tx, a gate.Authorized, m *access.Member) (string, error) {
			if err := a.Covers(m); err != nil {
				return "", err
			}
			granted, err := a.Grantable(roles)
			if err != nil {
				return "", err
			}
			if err := s.mayRaise(tx, a, m, granted); err != nil {
				return "", err
			}
			detail := access.RoleNames(m.Roles) + " → " + access.RoleNames(granted)
			return detail, m.ChangeRoles(actor, granted, tx.Now)
		})
}

// urgentIf marks a change that only takes access away, judged by the state before
// it: such a change is written even while the disk is nearly full.
func (s *core) urgentIf(ctx context.Context, less func(tx *store.Tx) (bool, error)) context.Context {
	takes := false
	err := s.store.View(ctx, func(tx *store.Tx) (err error) {
		takes, err = less(tx)
		return err
	})
	if err != nil || !takes {
		return ctx // the change itself returns the error
	}
	return store.Urgent(ctx)
}

// within reports whether every element of some is in all.
func within[T comparable](some, all []T) bool {
	return !slices.ContainsFunc(some, func(one T) bool { return !slices.Contains(all, one) })
}

// mayRaise requires a confirmation where these roles give a member more
// permissions in the console than they have now.
func (s *core) mayRaise(tx *store.Tx, a gate.Authorized, m *access.Member, roles []access.RoleName) error {
	before, err := a.Policy.Permissions(m.State, m.Roles)
	if err != nil {
		return err
	}
	after, err := a.Policy.Permissions(access.Active, roles)
	if err != nil {
		return err
	}
	return confirmedToGrant(tx, a, before, after)
}

// Rename changes a member's name; an empty one removes it. Everyone with the permission may
// change their own. A name that is too long, or not plain text in one line, is Invalid.
func (s Members) Rename(ctx context.Context, actor access.Actor, id access.MemberID, name string) (MemberView, error) {
	return s.change(ctx, actor, id, access.ActionRename,
		func(tx *store.Tx, a gate.Authorized, m *access.Member) (string, error) {
			if actor.Member != id {
				if err := a.Covers(m); err != nil {
					return "", err
				}
			}
			clean, err := access.CleanText("name", name, access.MaxName)
			m.Name = clean
			return "", err
		})
}

// WriteNote replaces the internal note about a member, whatever their state. The audit entry
// does not repeat it, so that it is gone once the member is.
func (s Members) WriteNote(ctx context.Context, actor access.Actor, id access.MemberID, note string) (MemberView,
	error) {
	var written string
	out, err := s.change(ctx, actor, id, access.ActionInternalNote,
		func(_ *store.Tx, a gate.Authorized, m *access.Member) (string, error) {
			if err := a.Covers(m); err != nil {
				return "", err
			}
			err := m.WriteNote(actor, note)
			written = m.InternalNote
			return "", err
		})
	out.AdminsNote = written
	return out, err
}

// Suspend blocks an active member: their sessions and links end at once. It is Conflict for
// a pending member, and for one who is suspended already, which names who did it and when; and
// for the last active Admin. Nobody suspends themselves.
func (s Members) Suspend(ctx context.Context, actor access.Actor, id access.MemberID) (MemberView, error) {
	return s.change(store.Urgent(ctx), actor, id, access.ActionSuspend,
		func(tx *store.Tx, a gate.Authorized, m *access.Member) (string, error) {
			if err := a.Covers(m); err != nil {
				return "", err
			}
			if err := m.Suspend(actor, tx.Now); err != nil {
				return "", err
			}
			if err := revokeLink(tx, m, access.WithdrawnForSuspended); err != nil {
				return "", err
			}
			if m.Undo != nil { // their epoch has risen: they are of no use meanwhile
				return "", tx.Schedule.Put(endAfterUndo(id, m.Undo.Until))
			}
			return "", endSessions(tx, m.ID, access.EndedSuspended)
		})
}

// Unsuspend restores a suspended member, who signs in anew: the sessions of before stay
// closed. It needs a confirmed session where the member's roles open the console. Of a member
// who is not suspended it is Conflict, which says who was faster, if anybody was.
func (s Members) Unsuspend(ctx context.Context, actor access.Actor, id access.MemberID) (MemberView, error) {
	return s.change(ctx, actor, id, access.ActionUnsuspend,
		func(tx *store.Tx, a gate.Authorized, m *access.Member) (string, error) {
			if err := a.Covers(m); err != nil {
				return "", err
			}
			if err := s.mayRaise(tx, a, m, m.Roles); err != nil {
				return "", err
			}
			return "", m.Unsuspend(actor, tx.Now)
		})
}

// Remove deletes a member with all that belongs to the account; the address is free again.
// A second caller gets NotFound, with who removed it and when. Nobody removes themselves, and
// the last active Admin stays.
func (s Members) Remove(ctx context.Context, actor access.Actor, id access.MemberID) error {
	return s.store.Update(store.Urgent(ctx), func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResMembers))
		if err != nil {
			return err
		}
		m, err := tx.Members.Get(id)
		if err != nil {
			return s.goneBefore(tx, id, err)
		}
		if err := m.Remove(actor); err != nil {
			return err
		}
		if err := a.Covers(&m); err != nil {
			return err
		}
		if err := tx.Members.Delete(m, access.EndedRemoved); err != nil {
			return err
		}
		if err := tx.Members.RememberDecision(id, store.FinalDecision{
			Decision: access.Decision{By: actor, At: tx.Now},
			Why:      access.EndedRemoved,
		}); err != nil {
			return err
		}
		if err := adminsLeft(tx, &m); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionRemove, string(id), "")
	})
}
