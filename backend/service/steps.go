package service

import (
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// Steps are parts of verbs that package jobs uses for scheduled work. Each runs
// inside the transaction that it is given. None checks a permission: there is no
// caller, only a due time.
type Steps struct{ *core }

// Remind posts the email that an invitation is about to expire, with a new link
// that replaces the older one; the caller stores the member.
func (s Steps) Remind(tx *store.Tx, m *access.Member) error {
	return s.sendInvitation(tx, m, access.NewSecret(), access.ExpiringMessage, access.PriorityDigest, access.Actor{})
}

// TellUndecided posts the email that a pending account was removed undecided.
func (s Steps) TellUndecided(tx *store.Tx, to *access.Member, gone access.Member) error {
	f := access.MessageFacts{Waited: access.Seconds(gone.UndecidedTTL())}
	return s.tellOf(tx, access.UndecidedMessage, to, []access.Member{gone}, f)
}

// TellRequests posts the email about people who wait for a decision.
func (s Steps) TellRequests(tx *store.Tx, to *access.Member, pending []access.Member) error {
	return s.tellOf(tx, access.RequestsMessage, to, pending, access.MessageFacts{})
}

func (s *core) tellOf(tx *store.Tx, kind access.MessageKind, to *access.Member, pending []access.Member,
	f access.MessageFacts) error {
	for _, m := range pending {
		f.Pending = append(f.Pending, access.PendingPerson{
			Name:  m.Name,
			Email: m.Email.Typed,
			Roles: m.Roles,
			Since: m.JoinedAt(),
		})
	}
	_, err := s.post(tx, kind, to, time.Time{}, f)
	return err
}

// EndSessions continues to delete the sessions of a member whose epoch has risen.
func (s Steps) EndSessions(tx *store.Tx, id access.MemberID, why access.EndReason) error {
	return endSessions(tx, id, why)
}

// DeleteTokens continues to delete the API tokens of a member whose token epoch
// has risen.
func (s Steps) DeleteTokens(tx *store.Tx, id access.MemberID) error {
	return deleteTokens(tx, access.System, id)
}
