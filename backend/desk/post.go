package desk

import (
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// post renders a letter and puts it into the outbox of this transaction.
func (d *Desk) post(tx *store.Tx, kind access.LetterKind, m *access.Member, goodUntil time.Time, f LetterFacts) (access.LetterID, error) {
	return d.postAs(tx, kind.Class(), kind, m, goodUntil, f)
}

// postAs is post for a letter that is more urgent than others of its kind.
func (d *Desk) postAs(
	tx *store.Tx,
	class access.Class,
	kind access.LetterKind,
	m *access.Member,
	goodUntil time.Time,
	f LetterFacts,
) (access.LetterID, error) {
	l, words, err := d.write(tx, kind, m, goodUntil, f)
	if err != nil {
		return "", err
	}
	l.Class = class
	if kind == access.RejectedLetter {
		l.Member = "" // there is no such member any more
	}
	return l.ID, tx.Post(l, words)
}

// write is a letter and what it says.
func (d *Desk) write(
	tx *store.Tx,
	kind access.LetterKind,
	m *access.Member,
	goodUntil time.Time,
	f LetterFacts,
) (l access.Letter, words access.Words, err error) {
	settings, err := tx.Settings()
	if err != nil {
		return l, words, err
	}
	f.Workspace, f.PublicURL, f.At = settings.Workspace, d.publicURL, tx.Now
	f.To, f.ToName = m.Email.Typed, m.Name
	if words, err = d.letters.Render(kind, f); err != nil {
		return l, words, err
	}
	id := access.LetterID(access.NewID())
	l = access.Letter{ID: id, Kind: kind, Member: m.ID, To: m.Email.Canonical, Subject: words.Subject, Class: kind.Class(),
		MessageID: string(id) + "@" + d.host, State: access.LetterQueued, At: tx.Now, QueuedAt: tx.Now, NextTry: tx.Now, GoodUntil: goodUntil}
	if !d.mail {
		l.State, l.NextTry, l.Detail = access.LetterKept, time.Time{}, "No mail server is configured."
	}
	return l, words, nil
}

// about are the facts that letters about an invitation share.
func (d *Desk) about(tx *store.Tx, m *access.Member) (LetterFacts, error) {
	f := LetterFacts{Roles: roleStrings(m.Roles)}
	by, err := d.named(tx, m.Invitation.By)
	f.Inviter, f.InviterEmail = by.name, by.email
	return f, err
}

func roleStrings(roles []access.RoleName) []string {
	s := make([]string, len(roles))
	for i, r := range roles {
		s[i] = string(r)
	}
	return s
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
func (d *Desk) named(tx *store.Tx, by access.By) (identity, error) {
	switch {
	case by.IsSystem():
		return identity{name: "Doorward"}, nil
	case by.Member == "" && by.Token != "":
		return identity{name: "an API token"}, nil
	case by.Member == "":
		return identity{name: "the operator"}, nil
	}
	m, err := tx.Member(by.Member)
	if access.NotFound.Is(err) {
		return identity{name: string(by.Member)}, nil
	}
	return identity{name: m.Called(), email: m.Email.Typed}, err
}

// link is the address behind a login link's secret.
func (d *Desk) link(secret access.Secret) string { return d.publicURL + "/login/" + secret.Reveal() }
