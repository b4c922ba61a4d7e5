package desk

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
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
	if newest, err := newestAsked(tx, &l); err != nil || !newest {
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

// newestAsked reports whether a link is the one that its browser asked for last;
// a link that nobody asked for is.
func newestAsked(tx *store.Tx, l *access.Login) (bool, error) {
	if l.Browser.IsZero() {
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
		if l.Purpose == access.ForSignIn {
			if err := spendAsk(tx, l.Browser); err != nil {
				return err
			}
		}
		out, err = d.arrive(tx, m, session, "link", l.Purpose != access.ForRescue, b)
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

// arrive signs a member in. Whoever opened a letter has proved the address: the
// first time, they are told that they wait, and so are the Admins.
func (d *Desk) arrive(tx *store.Tx, m access.Member, session access.Secret, method string, proves bool, b Browser) (Entry, error) {
	if proves && m.Prove(tx.Now) {
		if err := revokeLink(tx, &m); err != nil { // another letter proved the address
			return Entry{}, err
		}
		if err := d.proved(tx, &m, b); err != nil {
			return Entry{}, err
		}
	}
	out, err := d.enter(tx, &m, session, method, b)
	if err != nil {
		return out, err
	}
	if err := tx.PutMember(m); err != nil {
		return out, err
	}
	return out, tx.Record(b.by(m.ID), access.DidSignIn, string(m.ID), method)
}

func (d *Desk) proved(tx *store.Tx, m *access.Member, b Browser) error {
	if err := tx.Record(b.by(m.ID), access.DidProve, string(m.ID), ""); err != nil || m.State != access.Pending {
		return err
	}
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
		if err := tx.DeleteSession(oldest.Hash, ""); err != nil {
			return Entry{}, err
		}
	}
	rev, err := tx.RolesRevision()
	if err != nil {
		return Entry{}, err
	}
	s := access.Session{Hash: session.Hash(), Member: m.ID, Method: method, OpenedAt: tx.Now, SeenAt: tx.Now,
		Rights: m.Rights + rev, Epoch: m.Epoch, Before: before, From: b.From, Agent: access.Shorten(b.Agent, 200)}
	return Entry{Session: session, Member: *m}, tx.PutSession(s)
}

// RenewLink answers a wish for a fresh letter on the page of a link that is no
// longer good, or that was asked for in another browser. The letter goes to the
// link's own address; a stranger learns nothing, so there is no answer but an
// error of ours.
func (d *Desk) RenewLink(ctx context.Context, secret access.Secret, b Browser) error {
	fresh := access.NewSecret()
	return d.store.Update(ctx, func(tx *store.Tx) error {
		l, err := tx.Login(secret.Hash())
		if access.Expired.Is(err) || err == nil && l.Purpose == access.ForWindow {
			return nil
		}
		if err != nil {
			return err
		}
		m, err := tx.Member(l.Member)
		if access.NotFound.Is(err) || err == nil && (m.State == access.Suspended || m.Email.Canonical != l.Address) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := d.limitAsks(tx, m.Email, b); err != nil {
			return unlessTooMany(err)
		}
		if l.Purpose == access.ForInvitation && m.State == access.Pending && m.ProvedAt.IsZero() {
			if err := d.renewNow(tx, &m, fresh); err != nil {
				return err
			}
			return tx.Record(b.by(m.ID), access.DidRenew, string(m.ID), "")
		}
		if b.Secret == "" {
			return nil
		}
		return putAsk(tx, ask(tx, m.Email, b), true)
	})
}

func unlessTooMany(err error) error {
	if access.TooMany.Is(err) {
		return nil
	}
	return err
}

func ask(tx *store.Tx, a access.Address, b Browser) access.Ask {
	return access.Ask{Browser: b.hash(), Address: a, From: b.From, Agent: access.Shorten(b.Agent, 200), At: tx.Now, ExpiresAt: tx.Now.Add(access.SignInLasts)}
}

// Ask notes that a browser asks for a sign-in letter. It does the same for
// every address, known or not: one record, in one transaction; whether there is
// a letter is found out after the answer. An older ask of the browser is void,
// and with it its code and its link, which are good only while the ask names
// them: to look for that link here would take longer where there is one.
func (d *Desk) Ask(ctx context.Context, a access.Address, b Browser) error {
	return d.store.Update(ctx, func(tx *store.Tx) error {
		err := d.limitAsks(tx, a, b)
		if err := unlessTooMany(err); err != nil {
			return err
		}
		return putAsk(tx, ask(tx, a, b), err == nil) // reads alike; too many: there is no letter
	})
}

// putAsk keeps an ask in place of an older one of the same browser.
func putAsk(tx *store.Tx, a access.Ask, answer bool) error {
	old, had, err := tx.Ask(a.Browser)
	if err != nil {
		return err
	}
	if had {
		if err := tx.DeleteAsk(old); err != nil {
			return err
		}
	}
	if answer {
		return tx.PutAsk(a)
	}
	return tx.ChangeAsk(a)
}

// answersAtOnce is how many asks one transaction answers.
const answersAtOnce = 4

// AnswerAsks posts the sign-in letters that were asked for. It returns how many
// asks it took off the queue.
func (d *Desk) AnswerAsks(ctx context.Context) (n int, err error) {
	for {
		var took int
		err := d.store.Update(ctx, func(tx *store.Tx) error {
			asks, err := tx.NextAsks(answersAtOnce)
			if took = len(asks); err != nil {
				return err
			}
			for _, a := range asks {
				if err := d.answer(tx, a); err != nil {
					return err
				}
			}
			return nil
		})
		if n += took; err != nil || took == 0 {
			return n, err
		}
	}
}

func (d *Desk) answer(tx *store.Tx, a access.Ask) error {
	if err := tx.Answered(a); err != nil {
		return err
	}
	m, err := tx.MemberByAddress(a.Address.Canonical)
	if access.NotFound.Is(err) || err == nil && m.State == access.Suspended || !tx.Now.Before(a.ExpiresAt) {
		return nil
	}
	if err != nil {
		return err
	}
	secret, code := access.NewSecret(), newCode()
	a.Link, a.Member, a.Epoch, a.Code = secret.Hash(), m.ID, m.Epoch, tx.CodeHash(a.Browser, code)
	if err := tx.PutLogin(access.Login{Hash: a.Link, Purpose: access.ForSignIn, Member: m.ID, Address: m.Email.Canonical,
		Browser: a.Browser, Epoch: m.Epoch, MadeAt: tx.Now, ExpiresAt: a.ExpiresAt}); err != nil {
		return err
	}
	if err := tx.ChangeAsk(a); err != nil {
		return err
	}
	id, err := d.post(tx, access.SignInLetter, &m, a.ExpiresAt, LetterFacts{Link: d.link(secret), Code: code, Until: a.ExpiresAt, Device: a.Agent})
	if err != nil || m.State != access.Active {
		return err
	}
	m.Letter = id
	return tx.PutMember(m)
}

// newCode is six random digits.
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return fmt.Sprintf("%06d", n)
}

// RedeemCode opens a session with the code from a letter, in the browser that
// asked for it. A wrong guess is counted, also where there is nothing to guess.
func (d *Desk) RedeemCode(ctx context.Context, code string, b Browser) (out Entry, err error) {
	session := access.NewSecret()
	var verdict error
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		verdict = access.WrongCode()
		a, ok, err := tx.Ask(b.hash())
		if err != nil || !ok {
			return err
		}
		if verdict = a.Guess(tx.CodeHash(a.Browser, code), tx.Now); verdict != nil {
			return tx.ChangeAsk(a)
		}
		m, err := tx.Member(a.Member)
		if access.NotFound.Is(err) || err == nil && (m.Email.Canonical != a.Address.Canonical || m.Epoch != a.Epoch) {
			verdict = access.WrongCode()
			return tx.DeleteAsk(a)
		}
		if err != nil {
			return err
		}
		if err := tx.DeleteAsk(a); err != nil {
			return err
		}
		if m.State == access.Suspended {
			verdict = suspendedError()
			return nil
		}
		out, err = d.arrive(tx, m, session, "code", true, b)
		return err
	})
	return out, firstOf(err, verdict)
}

// Asked is the address that a browser asked a letter for, as typed; empty
// where it asked for none.
func (d *Desk) Asked(ctx context.Context, b Browser) (typed string, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		a, ok, err := tx.Ask(b.hash())
		if ok && tx.Now.Before(a.ExpiresAt) {
			typed = a.Address.Typed
		}
		return err
	})
	return typed, err
}
