package service

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/gate"
	"doorward/backend/policy"
	"doorward/backend/store"
)

// Approve activates a pending member with these roles, or with those of the
// invitation; the decision, its audit entry and the email are stored together or
// not at all. The second of two Admins is told who decided, what and when. If the
// inviter may no longer grant the roles of the invitation, they do not apply by
// default: the approver has to name the roles.
func (s Members) Approve(ctx context.Context, actor access.Actor, id access.MemberID,
	roles []access.RoleName) (out MemberView, err error) {
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.Decide, access.ResMembers))
		if err != nil {
			return err
		}
		m, err := tx.Members.Get(id)
		if err != nil {
			return s.goneBefore(tx, id, err)
		}
		if m.State != access.Pending {
			return s.decided(tx, m)
		}
		if err := a.Covers(&m); err != nil {
			return err
		}
		want := roles
		if len(want) == 0 {
			if err := s.stillOffered(tx, a, &m); err != nil {
				return err
			}
			want = m.Roles
		}
		granted, err := a.Grantable(want)
		if err != nil {
			return err
		}
		if err := s.mayRaise(tx, a, &m, granted); err != nil {
			return err
		}
		if err := m.Approve(actor, granted, tx.Now); err != nil {
			return err
		}
		f, err := s.about(tx, &m)
		if err != nil {
			return err
		}
		if err := s.postApproved(tx, &m, f); err != nil {
			return err
		}
		if err := tx.Members.Put(m); err != nil {
			return err
		}
		if err := tx.Record(actor, access.ActionApprove, string(id), access.RoleNames(m.Roles)); err != nil {
			return err
		}
		out, err = s.memberView(tx, m)
		return err
	})
	return out, err
}

// stillOffered refuses to approve with the roles of the invitation where the
// inviter may no longer grant them.
func (s *core) stillOffered(tx *store.Tx, a gate.Authorized, m *access.Member) error {
	able, err := inviterAble(tx, a.Policy, m)
	if err != nil || able {
		return err
	}
	who, err := s.named(tx, m.Invitation.By)
	if err != nil {
		return err
	}
	return access.Errorf(
		access.Conflict,
		"%s invited %s as %s, but can no longer grant that. To approve, choose the roles yourself.",
		who,
		m.DisplayName(),
		access.RoleNames(m.Roles),
	).On("roles").WithCode("inviter_lost_rights")
}

// inviterAble reports whether the inviter of a member could invite to these roles
// today. The operator, and a token without an owner, always could.
func inviterAble(tx *store.Tx, p *policy.Policy, m *access.Member) (bool, error) {
	if m.Invitation.By.Member == "" {
		return true, nil
	}
	inviter, err := tx.Members.Get(m.Invitation.By.Member)
	if err != nil {
		return false, unlessNotFound(err)
	}
	rights, err := p.Permissions(inviter.State, inviter.Roles)
	if err != nil || !rights[access.May(access.DoInvite, access.ResMembers)] {
		return false, err
	}
	return gate.Authorized{Permissions: rights, Policy: p}.Covers(m) == nil, nil
}

// postApproved posts the email about an approval, which waits while the approval can be
// undone. The invitation may not have been delivered yet: until the member accepts,
// their delivery state stays that of the invitation.
func (s *core) postApproved(tx *store.Tx, m *access.Member, f access.MessageFacts) error {
	msg, f, err := s.compose(tx, access.ApprovedMessage, m, time.Time{}, f)
	if err != nil {
		return err
	}
	if m.Undo != nil {
		m.Undo.Posted = msg.ID
		if msg.State == access.MessageQueued {
			msg.NextTry = m.Undo.Until
		}
	}
	if !m.JoinedAt().IsZero() || m.Message == "" {
		m.Message = msg.ID
	}
	return tx.Messages.Post(msg, f)
}

// decided tells the second of two Admins about the first one's decision.
func (s *core) decided(tx *store.Tx, m access.Member) error {
	who, err := s.named(tx, m.Decision.By)
	if err != nil {
		return err
	}
	if m.Decision.At.IsZero() {
		return access.Errorf(access.Conflict, "%s is not waiting for a decision.", m.DisplayName()).
			WithCode("already_decided")
	}
	return access.Errorf(access.Conflict, "%s was already approved by %s on %s.", m.DisplayName(), who,
		access.Moment(m.Decision.At)).WithCode("already_decided")
}

// rejectionTTL is how long the email to a rejected person waits for a mail
// server: it is the only record of that address.
const rejectionTTL = 3 * 24 * time.Hour

// Reject deletes a pending member with all that belongs to the account. What
// stays is an audit entry without the address, and a keyed hash of the address.
// With tell, an email says so, with the reason if there is one; the reason is
// stored nowhere else, and without tell it is Invalid. A request that was decided already is
// Conflict (already_decided), with who, what and when.
func (s Members) Reject(ctx context.Context, actor access.Actor, id access.MemberID, reason string, tell bool) error {
	reason, err := access.CleanText("reason", reason, access.MaxNote)
	if err != nil {
		return err
	}
	if reason != "" && !tell {
		return reasonUntold()
	}
	return s.store.Update(ctx, func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.Decide, access.ResMembers))
		if err != nil {
			return err
		}
		m, err := tx.Members.Get(id)
		if err != nil {
			return s.goneBefore(tx, id, err)
		}
		if m.State != access.Pending {
			return s.decided(tx, m)
		}
		if err := m.Reject(actor); err != nil {
			return err
		}
		if err := a.Covers(&m); err != nil {
			return err
		}
		if err := tx.Members.Delete(m, access.EndedRejected); err != nil {
			return err
		}
		if err := tx.Members.RememberRejection(m.Email.Canonical, actor); err != nil {
			return err
		}
		if tell {
			if _, err := s.post(tx, access.RejectedMessage, &m, tx.Now.Add(rejectionTTL), access.MessageFacts{
				Reason: reason,
			}); err != nil {
				return err
			}
		}
		if err := tx.Members.RememberDecision(id, store.FinalDecision{
			Decision: access.Decision{By: actor, At: tx.Now},
			Why:      access.EndedRejected,
		}); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionReject, string(id), "")
	})
}

func reasonUntold() *access.Error {
	return access.Errorf(
		access.Invalid,
		"The reason is only included in the email. Send the email too, or leave the reason out.",
	).On("reason").WithCode("reason_untold")
}

// goneBefore tells an Admin who acts on a member that another Admin has just
// rejected or removed who did so. Where nothing is remembered it returns the
// store's own error.
func (s *core) goneBefore(tx *store.Tx, id access.MemberID, otherwise error) error {
	if !access.NotFound.Is(otherwise) {
		return otherwise
	}
	was, ok, err := tx.Members.Decision(id)
	if err != nil {
		return err
	}
	if !ok {
		return otherwise
	}
	who, err := s.named(tx, was.By)
	if err != nil {
		return err
	}
	if was.Why == access.EndedRemoved {
		return access.Errorf(access.NotFound, "This account was already removed by %s on %s.", who,
			access.Moment(was.At))
	}
	return access.Errorf(access.Conflict, "This request was already rejected by %s on %s.", who,
		access.Moment(was.At)).
		WithCode("already_decided")
}
