package desk

import (
	"context"
	"reflect"

	"doorward/backend/access"
	"doorward/backend/store"
)

// change runs one change on a member for whoever may change members: the rule,
// the last-Admin guard, the record. A rule that leaves all as it was leaves no
// record either.
func (d *Desk) change(ctx context.Context, by access.By, id access.MemberID, did access.Deed, rule func(tx *store.Tx, a asker, m *access.Member) (detail string, err error)) (out Card, err error) {
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		a, err := d.may(tx, by, access.May(access.Change, access.ResMembers))
		if err != nil {
			return err
		}
		m, err := tx.Member(id)
		if err != nil {
			return d.goneBefore(tx, id, err)
		}
		before := m
		detail, err := rule(tx, a, &m)
		if err != nil {
			return d.doneBefore(tx, &m, err)
		}
		if out, err = d.card(tx, m); err != nil || reflect.DeepEqual(m, before) {
			return err
		}
		if err := tx.PutMember(m); err != nil {
			return err
		}
		if err := adminsLeft(tx, &before); err != nil {
			return err
		}
		return tx.Record(by, did, string(id), detail)
	})
	return out, err
}

// doneBefore tells an Admin who suspends or restores a member whom another one
// has suspended or restored already who that was, and when.
func (d *Desk) doneBefore(tx *store.Tx, m *access.Member, refusal error) error {
	did, known := map[string]string{"already_suspended": "suspended", "not_suspended": "restored"}[access.Explain(refusal).Code]
	if !known || m.Standing.At.IsZero() {
		return refusal
	}
	who, err := d.named(tx, m.Standing.By)
	if err != nil {
		return err
	}
	return access.Errorf(access.Conflict, "%s was %s already, by %s on %s.", m.Called(), did, who, momentWords(m.Standing.At)).WithCode(access.Explain(refusal).Code)
}

// adminsLeft refuses a transaction that would leave no active Admin where m was
// one.
func adminsLeft(tx *store.Tx, m *access.Member) error {
	c, err := tx.Counters()
	if err == nil && c.Admins == 0 && m.IsAdmin() {
		return access.LastAdmin()
	}
	return err
}

// ChangeAccess gives a member these roles instead. It takes effect on the next
// request of every open session.
func (d *Desk) ChangeAccess(ctx context.Context, by access.By, id access.MemberID, roles []access.RoleName) (Card, error) {
	return d.change(ctx, by, id, access.DidChange, func(tx *store.Tx, a asker, m *access.Member) (string, error) {
		if err := a.covers(m); err != nil {
			return "", err
		}
		granted, err := a.roles(roles)
		if err != nil {
			return "", err
		}
		if err := d.mayRaise(tx, a, m, granted); err != nil {
			return "", err
		}
		detail := access.RoleNames(m.Roles) + " → " + access.RoleNames(granted)
		return detail, m.ChangeRoles(by, granted, tx.Now)
	})
}

// mayRaise asks for a confirmation where these roles give a member more in the
// console than they have now.
func (d *Desk) mayRaise(tx *store.Tx, a asker, m *access.Member, roles []access.RoleName) error {
	before, err := a.policy.Rights(m.State, m.Roles)
	if err != nil {
		return err
	}
	after, err := a.policy.Rights(access.Active, roles)
	if err != nil {
		return err
	}
	return confirmedToGrant(tx, a, before, after)
}

// covers refuses to act on a member who may do more than the asker.
func (a asker) covers(m *access.Member) error {
	for _, name := range m.Roles {
		r, ok := a.policy.Role(name)
		if !ok {
			continue // a role that is gone opens nothing
		}
		for _, g := range r.Permissions {
			if !a.Rights[g] {
				return above(m, g)
			}
		}
	}
	return nil
}

func above(m *access.Member, g access.Permission) error {
	has := "has"
	if m.State == access.Pending {
		has = "is invited to"
	}
	return access.Errorf(
		access.Forbidden,
		"%s %s more access than you have (%s), so you cannot act on the account. An Admin can.",
		m.Called(),
		has,
		g,
	).WithCode("member_above_own")
}

// Rename gives a member another name.
func (d *Desk) Rename(ctx context.Context, by access.By, id access.MemberID, name string) (Card, error) {
	return d.change(ctx, by, id, access.DidRename, func(tx *store.Tx, a asker, m *access.Member) (string, error) {
		if by.Member != id {
			if err := a.covers(m); err != nil {
				return "", err
			}
		}
		clean, err := access.CleanText("name", name, 200)
		m.Name = clean
		return "", err
	})
}

// Suspend keeps an active member out: sessions and links end at once.
func (d *Desk) Suspend(ctx context.Context, by access.By, id access.MemberID) (Card, error) {
	return d.change(store.Urgent(ctx), by, id, access.DidSuspend, func(tx *store.Tx, a asker, m *access.Member) (string, error) {
		if err := a.covers(m); err != nil {
			return "", err
		}
		if err := m.Suspend(by, tx.Now); err != nil {
			return "", err
		}
		if err := revokeLink(tx, m); err != nil {
			return "", err
		}
		return "", d.endSessions(tx, m.ID, access.EndedSuspended)
	})
}

// Restore lets a suspended member in again.
func (d *Desk) Restore(ctx context.Context, by access.By, id access.MemberID) (Card, error) {
	return d.change(ctx, by, id, access.DidRestore, func(tx *store.Tx, a asker, m *access.Member) (string, error) {
		if err := a.covers(m); err != nil {
			return "", err
		}
		if err := d.mayRaise(tx, a, m, m.Roles); err != nil {
			return "", err
		}
		return "", m.Restore(by, tx.Now)
	})
}

// Remove deletes a member with all that was theirs.
func (d *Desk) Remove(ctx context.Context, by access.By, id access.MemberID) error {
	return d.store.Update(ctx, func(tx *store.Tx) error {
		a, err := d.may(tx, by, access.May(access.Change, access.ResMembers))
		if err != nil {
			return err
		}
		m, err := tx.Member(id)
		if err != nil {
			return d.goneBefore(tx, id, err)
		}
		if err := firstOf(m.Remove(by), a.covers(&m)); err != nil {
			return err
		}
		if err := tx.DeleteMember(m, access.EndedRemoved); err != nil {
			return err
		}
		if err := tx.RememberDecision(id, store.FinalDecision{Decision: access.Decision{By: by, At: tx.Now}, Why: access.EndedRemoved}); err != nil {
			return err
		}
		if err := adminsLeft(tx, &m); err != nil {
			return err
		}
		return tx.Record(by, access.DidRemove, string(id), "")
	})
}

// SetQuiet turns the letters about people waiting off, or on, for oneself.
func (d *Desk) SetQuiet(ctx context.Context, by access.By, quiet bool) error {
	return d.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := d.may(tx, by, access.May(access.Decide, access.ResMembers)); err != nil {
			return err
		}
		if by.Member == "" {
			return access.Errorf(access.Invalid, "The operator gets no letters. An Admin can turn theirs off while signed in.").WithCode("no_member")
		}
		m, err := tx.Member(by.Member)
		if err != nil || m.Quiet == quiet {
			return err
		}
		m.Quiet = quiet
		if err := tx.PutMember(m); err != nil {
			return err
		}
		return tx.Record(by, access.DidNotify, string(m.ID), map[bool]string{true: "off", false: "on"}[quiet])
	})
}
