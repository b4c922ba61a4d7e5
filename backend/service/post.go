package service

import (
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// post adds an email to the outbox in this transaction.
func (s *core) post(tx *store.Tx, kind access.MessageKind, m *access.Member, goodUntil time.Time,
	f access.MessageFacts) (access.MessageID, error) {
	return s.postAs(tx, kind.Priority(), kind, m, goodUntil, f)
}

// postAs is post for an email that is more urgent than others of its kind.
func (s *core) postAs(
	tx *store.Tx,
	class access.Priority,
	kind access.MessageKind,
	m *access.Member,
	goodUntil time.Time,
	f access.MessageFacts,
) (access.MessageID, error) {
	msg, f, err := s.compose(tx, kind, m, goodUntil, f)
	if err != nil {
		return "", err
	}
	msg.Priority = class
	if kind == access.RejectedMessage {
		msg.Member = "" // the member no longer exists
	}
	return msg.ID, tx.Messages.Post(msg, f)
}

// compose returns an email and all its facts. It fails where the email could not
// be rendered.
func (s *core) compose(
	tx *store.Tx,
	kind access.MessageKind,
	m *access.Member,
	goodUntil time.Time,
	f access.MessageFacts,
) (access.Message, access.MessageFacts, error) {
	in, err := s.site(tx)
	if err != nil {
		return access.Message{}, f, err
	}
	f.Workspace, f.PublicURL, f.At = in.Workspace, in.publicURL, tx.Now
	f.To, f.ToName, f.Language = m.Email.Typed, m.Name, m.Language
	subject, err := s.emails.Subject(kind, f)
	if err != nil {
		return access.Message{}, f, err
	}
	id := access.MessageID(access.NewID())
	msg := access.Message{
		ID:              id,
		Kind:            kind,
		Member:          m.ID,
		Recipient:       m.Email.Canonical,
		Subject:         subject,
		Priority:        kind.Priority(),
		HeaderMessageID: string(id) + "@" + in.host,
		State:           access.MessageQueued,
		At:              tx.Now,
		QueuedAt:        tx.Now,
		NextTry:         tx.Now,
		ExpiresAt:       goodUntil,
	}
	if !in.mail {
		msg.State, msg.NextTry, msg.Detail = access.MessageHeld, time.Time{}, access.NoMailServer
	}
	return msg, f, nil
}

// about returns the facts that all emails about an invitation share.
func (s *core) about(tx *store.Tx, m *access.Member) (access.MessageFacts, error) {
	f := access.MessageFacts{Roles: m.Roles}
	by, err := s.inviter(tx, m)
	f.Inviter, f.InviterEmail = by.name, by.email
	return f, err
}

// inviter returns how to show an invited person who invited them. It is empty unless that
// is a member: to them "the operator" would say nothing, and read like phishing. The
// emails and pages then name the workspace.
func (s *core) inviter(tx *store.Tx, m *access.Member) (identity, error) {
	if m.Invitation.By.Member == "" {
		return identity{}, nil
	}
	by, err := s.named(tx, m.Invitation.By)
	if by.email == "" {
		return identity{}, err
	}
	return by, err
}

// An identity is how a person is shown.
type identity struct{ name, email string }

func (i identity) String() string {
	if i.email != "" {
		return i.email
	}
	return i.name
}

// known is the name of a member who has one, to show beside the address.
func (i identity) known() string {
	if i.email == "" || i.name == i.email {
		return ""
	}
	return i.name
}

// named returns how to show an actor. A member who was deleted is shown by id:
// nothing else is left of them.
func (s *core) named(tx *store.Tx, actor access.Actor) (identity, error) {
	switch {
	case actor.IsSystem():
		return identity{name: "Doorward"}, nil
	case actor.Member == "" && actor.Token != "":
		return identity{name: "an API token"}, nil
	case actor.Member == "":
		return identity{name: "the operator"}, nil
	}
	m, err := tx.Members.Get(actor.Member)
	if access.NotFound.Is(err) {
		return identity{name: string(actor.Member)}, nil
	}
	return identity{name: m.DisplayName(), email: m.Email.Typed}, err
}
