package service

import (
	"time"

	"doorward/backend/access"
	"doorward/backend/email"
	"doorward/backend/store"
)

// post puts an email into the outbox of this transaction.
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
	l, f, err := s.compose(tx, kind, m, goodUntil, f)
	if err != nil {
		return "", err
	}
	l.Priority = class
	if kind == access.RejectedMessage {
		l.Member = "" // there is no such member any more
	}
	return l.ID, tx.Messages.Post(l, f)
}

// compose is an email and all the facts that it tells. It fails where the email could
// not be written.
func (s *core) compose(
	tx *store.Tx,
	kind access.MessageKind,
	m *access.Member,
	goodUntil time.Time,
	f access.MessageFacts,
) (access.Message, access.MessageFacts, error) {
	settings, err := tx.Settings()
	if err != nil {
		return access.Message{}, f, err
	}
	f.Workspace, f.PublicURL, f.At = settings.Workspace, s.publicURL, tx.Now
	f.To, f.ToName = m.Email.Typed, m.Name
	subject, err := email.Subject(kind, f)
	if err != nil {
		return access.Message{}, f, err
	}
	id := access.MessageID(access.NewID())
	l := access.Message{
		ID:              id,
		Kind:            kind,
		Member:          m.ID,
		Recipient:       m.Email.Canonical,
		Subject:         subject,
		Priority:        kind.Priority(),
		HeaderMessageID: string(id) + "@" + s.host,
		State:           access.MessageQueued,
		At:              tx.Now,
		QueuedAt:        tx.Now,
		NextTry:         tx.Now,
		ExpiresAt:       goodUntil,
	}
	if !s.mail {
		l.State, l.NextTry, l.Detail = access.MessageHeld, time.Time{}, "No mail server is configured."
	}
	return l, f, nil
}

// about are the facts that emails about an invitation share.
func (s *core) about(tx *store.Tx, m *access.Member) (access.MessageFacts, error) {
	f := access.MessageFacts{Roles: m.Roles}
	by, err := s.named(tx, m.Invitation.By)
	f.Inviter, f.InviterEmail = by.name, by.email
	return f, err
}

// An identity is how somebody is shown to people.
type identity struct{ name, email string }

func (i identity) String() string {
	if i.email != "" {
		return i.email
	}
	return i.name
}

// named is how to show whoever did something. A member who is gone is shown by
// id: nothing else is left of them.
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

// link is the address behind a login link's secret.
func (s *core) link(secret access.Secret) string { return s.publicURL + "/login/" + secret.Reveal() }
