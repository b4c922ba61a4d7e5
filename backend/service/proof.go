package service

import (
	"doorward/backend/access"
	"doorward/backend/store"
)

// A proof is what using a link says about the mailbox of the account. Only a link
// that an email carried to the mailbox verifies the address. A link that an Admin
// copied, that the shell printed, or that was read in the outbox while no mail
// server is configured was seen by somebody else: it opens the account it was
// made for, which waits for a decision, and verifies nothing.
type proof struct {
	mailbox bool
	handed  access.Actor // who handed the link over; nobody where the mailbox is proved, or the shell signs an Admin in
}

// proofOf returns what a link proves that is redeemed now.
func proofOf(tx *store.Tx, l *access.LoginLink) (proof, error) {
	switch {
	case l.Purpose == access.ForRescue:
		return proof{}, nil
	case !l.HandedOverBy.IsZero():
		return proof{handed: l.HandedOverBy}, nil
	case l.Message == "":
		return proof{mailbox: true}, nil
	}
	message, err := tx.Messages.Get(l.Message)
	if access.NotFound.Is(err) { // it was sent, and the record deleted; deleting an unsent email deletes its link too
		return proof{mailbox: true}, nil
	}
	if err == nil && message.State == access.MessageHeld {
		return proof{handed: access.Operator}, nil
	}
	return proof{mailbox: err == nil}, err
}

// proofOfCode returns what a code proves, which came in the same email as the
// link of the sign-in request.
func proofOfCode(tx *store.Tx, a *access.SignInRequest) (proof, error) {
	l, err := tx.LoginLinks.Get(a.Link)
	if access.Expired.Is(err) {
		return proof{mailbox: true}, nil
	}
	if err != nil {
		return proof{}, err
	}
	return proofOf(tx, &l)
}

// unmailed returns who hands over the content of an email while there is no mail
// server: only the operator can read it.
func (s site) unmailed() access.Actor {
	if s.mail {
		return access.Actor{}
	}
	return access.Operator
}

// accept records how a member came and, the first time, voids the invitation and
// sends the notifications.
func (s *core) accept(tx *store.Tx, m *access.Member, p proof, b Browser) error {
	first, did := m.JoinedAt().IsZero(), access.ActionVerifyLater
	switch {
	case p.mailbox && m.VerifyEmail(tx.Now):
		if first {
			did = access.ActionVerifyEmail
		}
	case !p.handed.IsZero() && m.Accept(p.handed, tx.Now):
		did = access.ActionAccept
	default:
		return nil
	}
	if err := tx.Record(b.by(m.ID), did, string(m.ID), ""); err != nil || !first {
		return err
	}
	err := revokeLink(tx, m, access.WithdrawnForAccepted) // they may have used another link
	if err != nil || m.State != access.Pending {
		return err
	}
	return s.welcome(tx, m)
}
