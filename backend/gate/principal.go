package gate

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"doorward/backend/access"
	"doorward/backend/policy"
	"doorward/backend/store"
)

// A Principal is who a request comes from, as of now, for every way in. Requests
// share it: do not change it.
type Principal struct {
	Actor       access.Actor // without From and Via, which only the request knows
	Member      access.Member
	Permissions policy.Permissions
	Method      string // how the session was opened; empty for tokens
	Stale       bool   // permissions have risen since the session got its id: call Rotate

	session access.Session
	token   access.Token
	used    *atomic.Int64 // the minute of the token's last use, since 1970
	manages bool

	lifetimes access.Lifetimes // the settings', for the session
}

// May returns an error unless the principal has the permission.
func (p *Principal) May(needed access.Permission) error {
	if p.Permissions[needed] {
		return nil
	}
	return access.NotAllowed(needed)
}

// ConfirmedUntil returns when the session's confirmation expires; zero where the
// session needs a new one.
func (p *Principal) ConfirmedUntil(now time.Time) time.Time {
	return p.session.ConfirmedUntil(&p.Member, now)
}

// ExpiresAt returns when the session ends if it is not used until then; zero for
// tokens.
func (p *Principal) ExpiresAt() time.Time {
	if p.session.OpenedAt.IsZero() {
		return time.Time{}
	}
	return p.session.ExpiresAt(p.lifetimes, p.manages)
}

// PreviousSignIn is when the member last signed in before this session; zero:
// never.
func (p *Principal) PreviousSignIn() time.Time { return p.session.PreviousSignIn }

// A SessionEndedError is the error for a session that was ended from elsewhere than
// its own browser.
type SessionEndedError struct {
	Why    access.EndReason
	Stored bool // it is still stored, and is good again if what ended it is undone
}

func (e *SessionEndedError) Error() string { return "this session was ended: " + string(e.Why) }

// Unwrap makes an ended session count as signed out.
func (e *SessionEndedError) Unwrap() error { return access.SignedOutError() }

// Principal returns the holder of the session secret, with their current
// permissions. Without a valid session the error is SignedOut: a
// *SessionEndedError where the reason is known.
func (g *Gate) Principal(ctx context.Context, secret access.Secret) (*Principal, error) {
	p, err := g.Listener(ctx, secret)
	if err != nil {
		return nil, err
	}
	if now := g.store.Now(); now.Sub(p.session.SeenAt) >= access.TouchInterval {
		g.touch(ctx, secret.Hash(), now)
		if touched, err := g.Listener(ctx, secret); err == nil {
			p = touched // so that its ExpiresAt is that of a session just used
		}
	}
	return p, nil
}

// Listener is Principal for an event stream, and for what an open page asks while
// nobody uses it. It does not count as use of the session, so a page that is left
// open does not keep the session alive.
func (g *Gate) Listener(ctx context.Context, secret access.Secret) (*Principal, error) {
	if !secret.OpensSession() {
		return nil, access.SignedOutError().Because(access.ErrUnknownCode)
	}
	h := secret.Hash()
	p, read := g.known.get(h)
	if p == nil {
		var err error
		if p, err = g.load(ctx, h); err != nil {
			return nil, err
		}
		g.known.put(h, p, read)
	}
	if !p.session.IsValid(p.lifetimes, p.manages, g.store.Now()) {
		return nil, access.SignedOutError()
	}
	return p, nil
}

// OperatorAs returns the operator, acting at the native console in the name of an active
// Admin. The error is NotFound where the member is none: they would act for somebody
// with fewer permissions than they have.
func (g *Gate) OperatorAs(ctx context.Context, id access.MemberID) (*Principal, error) {
	p := &Principal{Permissions: allPermissions, Method: MethodOperator}
	err := g.store.View(ctx, func(tx *store.Tx) (err error) {
		p.Member, err = tx.Members.Get(id)
		if err == nil && !p.Member.IsAdmin() {
			err = access.NoSuchMember()
		}
		return err
	})
	p.Actor = access.Actor{Member: id, Source: access.SourceDesktop, AtMachine: true}
	return p, err
}

// MethodOperator is how the operator comes: by holding the machine.
const MethodOperator = "operator"

func (g *Gate) load(ctx context.Context, h access.SecretHash) (*Principal, error) {
	p := &Principal{}
	err := g.store.View(ctx, func(tx *store.Tx) error {
		opened, ok, err := tx.Sessions.Get(h)
		if err != nil {
			return err
		}
		if ok {
			p.Member, err = tx.Members.Get(opened.Member)
		}
		if !ok || access.NotFound.Is(err) {
			return ended(tx, h)
		}
		if err != nil {
			return err
		}
		pol, err := g.Policy(tx)
		if err != nil {
			return err
		}
		if p.Permissions, err = pol.Permissions(p.Member.State, p.Member.Roles); err != nil {
			return err
		}
		settings, err := tx.Settings()
		if err != nil {
			return err
		}
		p.session, p.Method, p.lifetimes = opened, opened.Method, settings.Lifetimes
		p.Actor = access.Actor{Member: opened.Member, Session: h}
		p.Stale = opened.PermissionRevision < p.Member.PermissionRevision+pol.Revision()
		p.manages = p.Permissions[access.May(access.Read, access.ResMembers)]
		if p.Member.State == access.Suspended {
			return &SessionEndedError{Why: access.EndedSuspended, Stored: true}
		}
		if opened.Epoch != p.Member.Epoch {
			return access.SignedOutError()
		}
		return nil
	})
	return p, err
}

func ended(tx *store.Tx, h access.SecretHash) error {
	why, err := tx.Sessions.EndReason(h)
	if err != nil {
		return err
	}
	switch why {
	case "":
		return access.SignedOutError().Because(access.ErrUnknownCode)
	case access.EndedSignedOut:
		return access.SignedOutError()
	}
	return &SessionEndedError{Why: why}
}

// touch records that a session is in use. A failure is ignored: it must keep
// nobody out.
func (g *Gate) touch(ctx context.Context, h access.SecretHash, now time.Time) {
	err := g.store.Update(ctx, func(tx *store.Tx) error {
		opened, ok, err := tx.Sessions.Get(h)
		if err != nil || !ok || now.Sub(opened.SeenAt) < access.TouchInterval {
			return err
		}
		opened.SeenAt = now
		return tx.Sessions.Put(opened)
	})
	if err != nil {
		g.log.WarnContext(ctx, "the use of a session was not noted", "err", err)
	}
}

// TokenPrincipal returns the principal that an API token acts for, with its
// current permissions.
func (g *Gate) TokenPrincipal(ctx context.Context, secret access.Secret) (*Principal, error) {
	h := secret.Hash()
	p, read := g.known.get(h)
	if p == nil {
		p = &Principal{}
		if err := g.store.View(ctx, func(tx *store.Tx) error { return g.loadToken(tx, h, p) }); err != nil {
			return nil, err
		}
		g.known.put(h, p, read)
	}
	now := g.store.Now()
	if !p.token.IsValid(now) {
		return nil, badToken()
	}
	if minute := now.Unix() / 60; p.used.Swap(minute) != minute {
		g.uses.note(p.token.ID, now.Truncate(time.Minute))
	}
	return p, nil
}

func (g *Gate) loadToken(tx *store.Tx, h access.SecretHash, p *Principal) error {
	t, ok, err := tx.Tokens.ByHash(h)
	if err != nil {
		return err
	}
	if !ok {
		return badToken().Because(access.ErrUnknownCode)
	}
	if !t.IsValid(tx.Now) {
		return badToken()
	}
	p.token, p.used = t, new(atomic.Int64)
	p.Actor = access.Actor{Member: t.Owner, Token: t.ID}
	if t.Owner != "" {
		if p.Member, err = tx.Members.Get(t.Owner); err != nil {
			return errors.Join(badToken(), err)
		}
		if p.Member.State != access.Active || t.Epoch != p.Member.TokenEpoch {
			return badToken()
		}
	}
	pol, err := g.Policy(tx)
	if err != nil {
		return err
	}
	p.Permissions, err = permissions(tx, pol, p.Actor)
	return err
}

func badToken() *access.Error {
	return access.Errorf(
		access.SignedOut,
		"This API token is unknown, revoked or expired. Create a new one with `doorward token add`.",
	).WithCode("bad_token")
}
