package desk

import (
	"context"
	"slices"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A Browser is where a request comes from. Secret is what its cookie holds,
// empty where there is none.
type Browser struct {
	Secret access.Secret
	From   string
	Agent  string
}

func (b Browser) hash() access.SecretHash {
	if b.Secret == "" {
		return access.SecretHash{}
	}
	return b.Secret.Hash()
}

func (b Browser) by(id access.MemberID) access.By {
	return access.By{Member: id, Via: access.ViaDoor, From: b.From}
}

// An Entry is a session that was just opened.
type Entry struct {
	Session access.Secret
	Member  access.Member
}

// A Peek is what the page behind a login link says before anything happens.
type Peek struct {
	Email        access.Address
	Name         string
	Purpose      access.Purpose
	State        access.State
	InvitedBy    string // a name, where there is one
	InviterEmail string
	Roles        []access.RoleName
	Note         string // the Admin's
	ExpiresAt    time.Time
}

// PeekLink looks behind a login link and changes nothing. Its errors are those
// of RedeemLink.
func (d *Desk) PeekLink(ctx context.Context, secret access.Secret, b Browser) (out Peek, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		l, m, err := usable(tx, secret, b)
		if err != nil {
			return err
		}
		by, err := d.named(tx, m.Invitation.By)
		out = Peek{Email: m.Email, Name: m.Name, Purpose: l.Purpose, State: m.State, InvitedBy: by.name, InviterEmail: by.email, Roles: m.Roles, Note: m.Invitation.Note, ExpiresAt: l.ExpiresAt}
		return err
	})
	return out, err
}

// usable is the link and its member, if the link may be redeemed here and now.
func usable(tx *store.Tx, secret access.Secret, b Browser) (l access.Login, m access.Member, err error) {
	if l, err = tx.Login(secret.Hash()); err != nil {
		return l, m, err
	}
	if m, err = stillOf(tx, &l); err != nil {
		return l, m, err
	}
	if l.Purpose == access.ForWindow {
		return l, m, access.DeadLink()
	}
	if newest, err := newestAsked(tx, &l, &m); err != nil || !newest {
		return l, m, firstOf(err, access.DeadLink())
	}
	if err := l.Check(b.hash(), tx.Now); err != nil {
		return l, m, err
	}
	if m.State == access.Suspended {
		return l, m, suspendedError()
	}
	return l, m, nil
}

// stillOf is the member that a link was made for, if it is still theirs.
func stillOf(tx *store.Tx, l *access.Login) (access.Member, error) {
	m, err := tx.Member(l.Member)
	if access.NotFound.Is(err) || err == nil && (m.Email.Canonical != l.Address || m.Epoch != l.Epoch) {
		err = access.DeadLink()
	}
	return m, err
}

// newestAsked reports whether a link is the one that its browser asked for last,
// or, of those that open in any browser, the member's last. A link that nobody
// asked for is.
func newestAsked(tx *store.Tx, l *access.Login, m *access.Member) (bool, error) {
	switch {
	case l.Browser.IsZero() && l.Purpose == access.ForSignIn:
		return m.AnyLink == l.Hash, nil
	case l.Browser.IsZero():
		return true, nil
	}
	a, ok, err := tx.Ask(l.Browser)
	return ok && a.Link == l.Hash, err
}

func suspendedError() *access.Error {
	return access.Errorf(access.Forbidden, "Your access is suspended. An administrator can restore it.").WithCode("suspended")
}

// RedeemLink opens a session with a login link, once. The error is DeadLink for
// a link that is unknown, malformed, used, expired or revoked; OtherBrowser
// where it was asked for elsewhere; Forbidden for a suspended member.
func (d *Desk) RedeemLink(ctx context.Context, secret access.Secret, b Browser) (out Entry, err error) {
	session := access.NewSecret()
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		l, m, err := usable(tx, secret, b)
		if err != nil {
			return err
		}
		l.UsedAt = tx.Now
		if err := tx.PutLogin(l); err != nil {
			return err
		}
		if m.Link == l.Hash {
			m.Link = access.SecretHash{}
		}
		if m.AnyLink == l.Hash {
			m.AnyLink = access.SecretHash{}
		}
		if l.Purpose == access.ForSignIn {
			if err := spendAsk(tx, l.Browser); err != nil {
				return err
			}
		}
		p, err := proofOf(tx, &l)
		if err != nil {
			return err
		}
		out, err = d.arrive(tx, m, session, "link", p, b)
		return err
	})
	return out, err
}

// spendAsk voids the code that came with a link that was redeemed.
func spendAsk(tx *store.Tx, browser access.SecretHash) error {
	a, ok, err := tx.Ask(browser)
	if err != nil || !ok {
		return err
	}
	return tx.DeleteAsk(a)
}

// arrive signs a member in. Whoever opened a letter has proved the address; the
// first time that somebody comes, they are told that they wait, and so are the
// Admins.
func (d *Desk) arrive(
	tx *store.Tx,
	m access.Member,
	session access.Secret,
	method string,
	p proof,
	b Browser,
) (Entry, error) {
	if err := d.accept(tx, &m, p, b); err != nil {
		return Entry{}, err
	}
	out, err := d.enter(tx, &m, session, method, b)
	if err != nil {
		return out, err
	}
	if err := firstOf(tx.PutMember(m), tx.Know(&m, b.hash())); err != nil {
		return out, err
	}
	return out, tx.Record(b.by(m.ID), access.DidSignIn, string(m.ID), method)
}

// welcome tells a pending member who came for the first time that they wait,
// and the Admins that somebody does.
func (d *Desk) welcome(tx *store.Tx, m *access.Member) error {
	f, err := d.about(tx, m)
	if err != nil {
		return err
	}
	if m.Letter, err = d.post(tx, access.ReceivedLetter, m, time.Time{}, f); err != nil {
		return err
	}
	return d.tellAdmins(tx, m.ID)
}

// mostSessions is how many sessions a member has at once; the one that was
// used least lately makes room.
const mostSessions = 20

// enter opens a session for the member; the caller keeps the member.
func (d *Desk) enter(tx *store.Tx, m *access.Member, session access.Secret, method string, b Browser) (Entry, error) {
	before := m.LastSignIn
	m.LastSignIn = tx.Now
	open, err := tx.Sessions(m.ID, mostSessions)
	if err != nil {
		return Entry{}, err
	}
	if len(open) == mostSessions {
		oldest := slices.MinFunc(open, func(a, b access.Session) int { return a.SeenAt.Compare(b.SeenAt) })
		if err := tx.DeleteSession(oldest.Hash, access.EndedSignedOut); err != nil {
			return Entry{}, err
		}
	}
	rev, err := tx.RolesRevision()
	if err != nil {
		return Entry{}, err
	}
	s := access.Session{Hash: session.Hash(), Member: m.ID, Method: method, OpenedAt: tx.Now, SeenAt: tx.Now,
		Rights: m.Rights + rev, Epoch: m.Epoch, Before: before, From: b.From, Agent: access.Shorten(b.Agent, 200)}
	if method != access.MethodWindow { // nobody showed anything there: a browser let it in
		s.Confirm(m, method, tx.Now)
	}
	return Entry{Session: session, Member: *m}, tx.PutSession(s)
}
