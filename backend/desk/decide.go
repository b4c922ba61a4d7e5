package desk

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/policy"
	"doorward/backend/store"
)

// Approve lets a waiting member in, with these roles or the ones they were
// invited with: the decision, its audit entry and the letter are kept together
// or not at all. The second of two Admins is told who decided, what and when.
// What an inviter offered who may not offer it any more is not taken over unseen:
// the roles have to be named then.
func (d *Desk) Approve(ctx context.Context, by access.By, id access.MemberID, roles []access.RoleName) (out Card, err error) {
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		a, err := d.may(tx, by, access.May(access.Decide, access.ResMembers))
		if err != nil {
			return err
		}
		m, err := tx.Member(id)
		if err != nil {
			return d.goneBefore(tx, id, err)
		}
		if m.State != access.Pending {
			return d.decided(tx, m)
		}
		if err := a.covers(&m); err != nil {
			return err
		}
		want := roles
		if len(want) == 0 {
			if err := d.stillOffered(tx, a, &m); err != nil {
				return err
			}
			want = m.Roles
		}
		granted, err := a.roles(want)
		if err != nil {
			return err
		}
		if err := d.mayRaise(tx, a, &m, granted); err != nil {
			return err
		}
		if err := m.Approve(by, granted, tx.Now); err != nil {
			return err
		}
		f, err := d.about(tx, &m)
		if err != nil {
			return err
		}
		if m.Letter, err = d.keepLetter(tx, &m, access.ApprovedLetter, f); err != nil {
			return err
		}
		if err := tx.PutMember(m); err != nil {
			return err
		}
		if err := tx.Record(by, access.DidApprove, string(id), access.RoleNames(m.Roles)); err != nil {
			return err
		}
		out, err = d.card(tx, m)
		return err
	})
	return out, err
}

// stillOffered refuses to approve with the roles of the invitation where whoever
// invited may not grant them any more.
func (d *Desk) stillOffered(tx *store.Tx, a asker, m *access.Member) error {
	able, err := inviterAble(tx, a.policy, m)
	if err != nil || able {
		return err
	}
	who, err := d.named(tx, m.Invitation.By)
	if err != nil {
		return err
	}
	return access.Errorf(
		access.Conflict,
		"%s invited %s as %s, and may not grant that any more. Choose the roles yourself to approve.",
		who,
		m.Called(),
		access.RoleNames(m.Roles),
	).On("roles").WithCode("inviter_lost_rights")
}

// inviterAble reports whether whoever invited a member could invite to these
// roles today. The operator and what has no member behind it always could.
func inviterAble(tx *store.Tx, p *policy.Policy, m *access.Member) (bool, error) {
	if m.Invitation.By.Member == "" {
		return true, nil
	}
	inviter, err := tx.Member(m.Invitation.By.Member)
	if err != nil {
		return false, unlessNotFound(err)
	}
	rights, err := p.Rights(inviter.State, inviter.Roles)
	if err != nil || !rights[access.May(access.DoInvite, access.ResMembers)] {
		return false, err
	}
	return asker{Rights: rights, policy: p}.covers(m) == nil, nil
}

// keepLetter posts a letter beside an invitation that may still be under way:
// the member's delivery stays that of the invitation until it was opened.
func (d *Desk) keepLetter(tx *store.Tx, m *access.Member, kind access.LetterKind, f LetterFacts) (access.LetterID, error) {
	id, err := d.post(tx, kind, m, time.Time{}, f)
	if m.Came().IsZero() && m.Letter != "" {
		id = m.Letter
	}
	return id, err
}

// decided tells the slower of two Admins who was faster.
func (d *Desk) decided(tx *store.Tx, m access.Member) error {
	who, err := d.named(tx, m.Decision.By)
	if err != nil {
		return err
	}
	if m.Decision.At.IsZero() {
		return access.Errorf(access.Conflict, "%s is not waiting for a decision.", m.Called()).WithCode("already_decided")
	}
	return access.Errorf(access.Conflict, "%s was approved already, by %s on %s.", m.Called(), who, momentWords(m.Decision.At)).WithCode("already_decided")
}

// rejectedKept is how long the letter to somebody who was turned away waits for
// a mail server: nothing else keeps that address.
const rejectedKept = 3 * 24 * time.Hour

// Reject turns a waiting member away and deletes the account with all that was
// theirs. What stays is an audit entry without the address, and a keyed hash of
// it. With tell, a letter says so, with the reason if there is one.
func (d *Desk) Reject(ctx context.Context, by access.By, id access.MemberID, reason string, tell bool) error {
	reason, err := access.CleanText("reason", reason, 200)
	if err != nil {
		return err
	}
	return d.store.Update(ctx, func(tx *store.Tx) error {
		a, err := d.may(tx, by, access.May(access.Decide, access.ResMembers))
		if err != nil {
			return err
		}
		m, err := tx.Member(id)
		if err != nil {
			return d.goneBefore(tx, id, err)
		}
		if m.State != access.Pending {
			return d.decided(tx, m)
		}
		if err := firstOf(m.Reject(by), a.covers(&m)); err != nil {
			return err
		}
		if err := tx.DeleteMember(m, access.EndedRejected); err != nil {
			return err
		}
		if err := tx.RememberRejection(m.Email.Canonical, by); err != nil {
			return err
		}
		if tell {
			if _, err := d.post(tx, access.RejectedLetter, &m, tx.Now.Add(rejectedKept), LetterFacts{Reason: reason}); err != nil {
				return err
			}
		}
		if err := tx.RememberDecision(id, store.FinalDecision{Decision: access.Decision{By: by, At: tx.Now}, Why: access.EndedRejected}); err != nil {
			return err
		}
		return tx.Record(by, access.DidReject, string(id), "")
	})
}

// goneBefore tells an Admin who acts on somebody whom another one rejected or
// removed a short while ago who that was. Of somebody whom nobody remembers it
// says what the store said.
func (d *Desk) goneBefore(tx *store.Tx, id access.MemberID, otherwise error) error {
	if !access.NotFound.Is(otherwise) {
		return otherwise
	}
	was, ok, err := tx.Decision(id)
	if err != nil || !ok {
		return firstOf(err, otherwise)
	}
	who, err := d.named(tx, was.By)
	if err != nil {
		return err
	}
	if was.Why == access.EndedRemoved {
		return access.Errorf(access.NotFound, "This account was removed already, by %s on %s.", who, momentWords(was.At))
	}
	return access.Errorf(access.Conflict, "This request was rejected already, by %s on %s.", who, momentWords(was.At)).WithCode("already_decided")
}

// momentWords is a moment in a sentence for an Admin.
func momentWords(t time.Time) string { return t.Format("2 January 2006 at 15:04 UTC") }

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
