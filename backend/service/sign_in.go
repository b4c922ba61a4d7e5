package service

import (
	"context"
	"slices"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A Browser is where a request comes from. Secret is the value of its cookie,
// empty where it has none.
type Browser struct {
	Secret access.Secret
	From   string
	Agent  string

	Language       access.Language // of its pages; empty: unknown
	LanguageChosen bool            // by whoever uses it, there; else it is the browser's
}

// speak gives a member who signs in the language of this browser's pages if none was chosen
// for them. An invited person who accepts may have chosen one themselves, on its
// page: that counts before what their inviter chose.
func (b Browser) speak(m *access.Member) {
	if b.Language != "" && (m.Language == "" || b.LanguageChosen && m.JoinedAt().IsZero()) {
		m.Language = b.Language
	}
}

func (b Browser) hash() access.SecretHash {
	if b.Secret == "" {
		return access.SecretHash{}
	}
	return b.Secret.Hash()
}

func (b Browser) by(id access.MemberID) access.Actor {
	return access.Actor{Member: id, Source: access.SourcePortal, From: b.From}
}

// A NewSession is a session that was just opened.
type NewSession struct {
	Session access.Secret
	Member  access.Member
}

// A LoginPreview is what the page of a login link shows before anything happens.
type LoginPreview struct {
	Member       access.MemberID
	Email        access.Address
	Name         string
	Language     access.Language // empty: none was chosen
	Verified     bool            // the address
	Purpose      access.LinkPurpose
	State        access.State
	InvitedBy    string // a name, if known
	InviterEmail string
	Roles        []access.RoleName
	Note         string // the Admin's
	ExpiresAt    time.Time
}

// PeekLink returns what a login link is for, and changes nothing. Its errors are
// those of RedeemLink.
func (s SignIn) PeekLink(ctx context.Context, secret access.Secret, b Browser) (out LoginPreview, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		l, m, err := usable(tx, secret, b)
		if err != nil {
			return err
		}
		by, err := s.inviter(tx, &m)
		out = LoginPreview{
			Member:       m.ID,
			Email:        m.Email,
			Name:         m.Name,
			Language:     m.Language,
			Verified:     !m.EmailVerifiedAt.IsZero(),
			Purpose:      l.Purpose,
			State:        m.State,
			InvitedBy:    by.name,
			InviterEmail: by.email,
			Roles:        m.Roles,
			Note:         m.Invitation.Note,
			ExpiresAt:    l.ExpiresAt,
		}
		return err
	})
	return out, err
}

// LinkOwner returns the member that a link was made for, whether or not it can be
// redeemed; empty where it is unknown. It is for telling somebody who is signed in
// whether a link is their own.
func (s SignIn) LinkOwner(ctx context.Context, secret access.Secret) (id access.MemberID, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		l, err := tx.LoginLinks.Get(secret.Hash())
		if access.Expired.Is(err) {
			return nil
		}
		id = l.Member
		return err
	})
	return id, err
}

// usable returns the link and its member, if the link may be redeemed here and
// now.
func usable(tx *store.Tx, secret access.Secret, b Browser) (l access.LoginLink, m access.Member, err error) {
	if l, err = tx.LoginLinks.Get(secret.Hash()); err != nil {
		return l, m, err
	}
	if m, err = loginMember(tx, &l); err != nil {
		return l, m, err
	}
	if l.Purpose == access.ForDesktop {
		return l, m, access.LinkExpired()
	}
	newest, err := isLatestRequest(tx, &l, &m)
	if err != nil {
		return l, m, err
	}
	if !newest {
		return l, m, access.LinkExpired()
	}
	if err := l.Check(b.hash(), tx.Now); err != nil {
		return l, m, err
	}
	if m.State == access.Suspended {
		return l, m, suspendedError()
	}
	return l, m, nil
}

// loginMember returns the member that a link was made for, if the link is still
// valid for them.
func loginMember(tx *store.Tx, l *access.LoginLink) (access.Member, error) {
	m, err := tx.Members.Get(l.Member)
	if access.NotFound.Is(err) || err == nil && (m.Email.Canonical != l.Address || m.Epoch != l.Epoch) {
		err = access.LinkExpired()
	}
	return m, err
}

// isLatestRequest reports whether a link is from its browser's latest request or,
// for links that open in any browser, from the member's latest. A link that was
// not requested always is.
func isLatestRequest(tx *store.Tx, l *access.LoginLink, m *access.Member) (bool, error) {
	switch {
	case l.Browser.IsZero() && l.Purpose == access.ForSignIn:
		return m.AnyBrowserLink == l.Hash, nil
	case l.Browser.IsZero():
		return true, nil
	}
	a, ok, err := tx.SignInRequests.Get(l.Browser)
	return ok && a.Link == l.Hash, err
}

func suspendedError() *access.Error {
	return access.Errorf(access.Forbidden, "Your account is suspended. An administrator can restore it.").
		WithCode("suspended")
}

// RedeemLink opens a session with a login link, once. The error is DeadLink for a
// link that is unknown, malformed, used, expired or revoked; OtherBrowser where
// another browser requested it; Forbidden for a suspended member.
func (s SignIn) RedeemLink(ctx context.Context, secret access.Secret, b Browser) (out NewSession, err error) {
	session := access.NewSecret()
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		l, m, err := usable(tx, secret, b)
		if err != nil {
			return err
		}
		l.UsedAt = tx.Now
		if err := tx.LoginLinks.Put(l); err != nil {
			return err
		}
		if m.Link == l.Hash {
			m.Link = access.SecretHash{}
		}
		if m.AnyBrowserLink == l.Hash {
			m.AnyBrowserLink = access.SecretHash{}
		}
		if l.Purpose == access.ForSignIn {
			if err := spendRequest(tx, l.Browser); err != nil {
				return err
			}
		}
		p, err := proofOf(tx, &l)
		if err != nil {
			return err
		}
		out, err = s.acceptLink(tx, m, session, "link", p, b)
		return err
	})
	return out, err
}

// spendRequest voids the code that came with a redeemed link.
func spendRequest(tx *store.Tx, browser access.SecretHash) error {
	a, ok, err := tx.SignInRequests.Get(browser)
	if err != nil || !ok {
		return err
	}
	return tx.SignInRequests.Delete(a)
}

// acceptLink signs a member in. Opening an emailed link verifies the address; the
// first time, the member gets the email that they wait, and the Admins are
// notified.
func (s *core) acceptLink(
	tx *store.Tx,
	m access.Member,
	session access.Secret,
	method string,
	p proof,
	b Browser,
) (NewSession, error) {
	b.speak(&m) // before accept, which writes to them
	if err := s.accept(tx, &m, p, b); err != nil {
		return NewSession{}, err
	}
	out, err := s.openSession(tx, &m, session, method, b)
	if err != nil {
		return out, err
	}
	if err := tx.Members.Put(m); err != nil {
		return out, err
	}
	if err := tx.Browsers.Remember(&m, b.hash()); err != nil {
		return out, err
	}
	return out, tx.Record(b.by(m.ID), access.ActionSignIn, string(m.ID), method)
}

// welcome emails a pending member who came for the first time that they wait, and
// notifies the Admins.
func (s *core) welcome(tx *store.Tx, m *access.Member) error {
	f, err := s.about(tx, m)
	if err != nil {
		return err
	}
	if m.Message, err = s.post(tx, access.ReceivedMessage, m, time.Time{}, f); err != nil {
		return err
	}
	return s.tellAdmins(tx, m.ID)
}

// maxSessions is how many sessions a member has at once; a new one replaces the
// one that was used least recently.
const maxSessions = 20

// openSession opens a session for the member; the caller stores the member.
func (s *core) openSession(tx *store.Tx, m *access.Member, session access.Secret, method string, b Browser) (NewSession,
	error) {
	before := m.LastSignIn
	m.LastSignIn = tx.Now
	open, err := tx.Sessions.Of(m.ID, maxSessions)
	if err != nil {
		return NewSession{}, err
	}
	if len(open) == maxSessions {
		oldest := slices.MinFunc(open, func(a, b access.Session) int { return a.SeenAt.Compare(b.SeenAt) })
		if err := tx.Sessions.Delete(oldest.Hash, access.EndedSignedOut); err != nil {
			return NewSession{}, err
		}
	}
	rev, err := tx.Roles.Revision()
	if err != nil {
		return NewSession{}, err
	}
	opened := access.Session{Hash: session.Hash(), Member: m.ID, Method: method, OpenedAt: tx.Now, SeenAt: tx.Now,
		PermissionRevision: m.PermissionRevision + rev, Epoch: m.Epoch, PreviousSignIn: before, Address: b.From,
		UserAgent: access.Shorten(b.Agent, 200)}
	if method != access.MethodDesktop { // a window proves nothing itself: a browser authorized it
		opened.Confirm(m, method, tx.Now)
	}
	return NewSession{Session: session, Member: *m}, tx.Sessions.Put(opened)
}
