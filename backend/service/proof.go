package service

import (
	"doorward/backend/access"
	"doorward/backend/store"
)

// A proof is what coming by a link says of the mailbox that the account is
// named after. Only what an email carried there proves it. A link that an Admin
// copied, that the shell printed, or that was read in the outbox while no mail
// server is configured was in somebody else's hands: it opens the account of the
// one it was made for, which waits for a decision, and says nothing of the
// mailbox.
type proof struct {
	mailbox bool
	handed  access.Actor // who handed the link over; nobody where mailbox is proved, or the shell signs an Admin in
}

// proofOf is what a link proves that is redeemed now.
func proofOf(tx *store.Tx, l *access.LoginLink) (proof, error) {
	switch {
	case l.Purpose == access.ForRescue:
		return proof{}, nil
	case !l.HandedOverBy.IsZero():
		return proof{handed: l.HandedOverBy}, nil
	case l.Message == "":
		return proof{mailbox: true}, nil
	}
	letter, err := tx.Messages.Get(l.Message)
	if access.NotFound.Is(err) { // it was sent, and is forgotten; one that was not sent takes its link with it
		return proof{mailbox: true}, nil
	}
	if err == nil && letter.State == access.MessageHeld {
		return proof{handed: access.Operator}, nil
	}
	return proof{mailbox: err == nil}, err
}

// proofOfCode is what the code proves that came in the same email as the link
// of an ask.
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

// unmailed is who hands over what an email says that no mail server takes: only
// the operator reads it.
func (s *core) unmailed() access.Actor {
	if s.mail {
		return access.Actor{}
	}
	return access.Operator
}

// accept notes how a member came, and, the first time, voids the invitation and
// tells of it.
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
	if err := revokeLink(tx, m); err != nil || m.State != access.Pending { // another link may have brought them
		return err
	}
	return s.welcome(tx, m)
}
