package service

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"doorward/backend/access"
	"doorward/backend/policy"
	"doorward/backend/store"
)

// A Principal is who a request comes from, as of now: every way in asks it.
// It is shared between requests: do not change it.
type Principal struct {
	Actor       access.Actor // without From and Via, which the request knows
	Member      access.Member
	Permissions policy.Permissions
	Method      string // how the session was opened; empty for tokens
	Stale       bool   // rights have risen since the session got its id: Rotate it

	session access.Session
	token   access.Token
	used    *atomic.Int64 // the minute of the token's last use, since 1970
	manages bool
}

// May refuses what the principal may not do.
func (p *Principal) May(ask access.Permission) error {
	if p.Permissions[ask] {
		return nil
	}
	return access.NotAllowed(ask)
}

// ConfirmedUntil is until when the session needs no further confirmation; zero
// where it needs one.
func (p *Principal) ConfirmedUntil(now time.Time) time.Time {
	return p.session.ConfirmedUntil(&p.Member, now)
}

// PreviousSignIn is when the member signed in before this session; zero: never.
func (p *Principal) PreviousSignIn() time.Time { return p.session.PreviousSignIn }

// An SessionEndedError error is the answer to a session that was ended from the other side.
type SessionEndedError struct{ Why access.EndReason }

func (e *SessionEndedError) Error() string { return "this session was ended: " + string(e.Why) }

// Unwrap makes an ended session read as signed out.
func (e *SessionEndedError) Unwrap() error { return access.SignedOutError() }

// maxPrincipals bounds the memory of the gate: principals kept.
const maxPrincipals = 50_000

// gate remembers who sessions and tokens belong to. What a commit touches is
// dropped before that commit is answered, so an answer is never older than the
// last change.
type gate struct {
	mu       sync.RWMutex
	known    map[access.SecretHash]*Principal
	byMember map[access.MemberID]map[access.SecretHash]bool
	drops    uint64 // rises with each drop; a principal read before one is not kept
}

func (g *gate) init() {
	g.known = map[access.SecretHash]*Principal{}
	g.byMember = map[access.MemberID]map[access.SecretHash]bool{}
}

// forget drops every principal, and those that are being read.
func (g *gate) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.init()
	g.drops++
}

func (g *gate) get(h access.SecretHash) (*Principal, uint64) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.known[h], g.drops
}

func (g *gate) put(h access.SecretHash, p *Principal, read uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.drops != read {
		return
	}
	if len(g.known) >= maxPrincipals {
		g.init()
	}
	g.known[h] = p
	if g.byMember[p.Actor.Member] == nil {
		g.byMember[p.Actor.Member] = map[access.SecretHash]bool{}
	}
	g.byMember[p.Actor.Member][h] = true
}

func (g *gate) drop(all []store.Change) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range all {
		switch c.Topic {
		case store.RolesChanged, store.TokenChanged, store.ChangesMissed:
			g.init()
		case store.MemberChanged:
			for h := range g.byMember[access.MemberID(c.ID)] {
				delete(g.known, h)
			}
			delete(g.byMember, access.MemberID(c.ID))
		case store.SessionChanged:
			h := access.SecretHash([]byte(c.ID))
			if p := g.known[h]; p != nil {
				delete(g.known, h)
				delete(g.byMember[p.Actor.Member], h)
			}
		default:
			continue
		}
		g.drops++
	}
}

// Principal is whoever holds the session secret, with what they may do now. Without
// a good session the error is SignedOut; an *Ended where it is known why.
func (s Gate) Principal(ctx context.Context, secret access.Secret) (*Principal, error) {
	p, err := s.Listener(ctx, secret)
	if err != nil {
		return nil, err
	}
	if now := s.store.Now(); now.Sub(p.session.SeenAt) >= access.TouchInterval {
		s.touch(ctx, secret.Hash(), now)
	}
	return p, nil
}

// Listener is Who for an event stream, which is no use of the session: a page
// that is left open does not keep somebody signed in.
func (s Gate) Listener(ctx context.Context, secret access.Secret) (*Principal, error) {
	if !secret.OpensSession() {
		return nil, access.SignedOutError().Because(access.ErrUnknownCode)
	}
	h := secret.Hash()
	p, read := s.gate.get(h)
	if p == nil {
		var err error
		if p, err = s.load(ctx, h); err != nil {
			return nil, err
		}
		s.gate.put(h, p, read)
	}
	if !p.session.IsValid(p.manages, s.store.Now()) {
		return nil, access.SignedOutError()
	}
	return p, nil
}

func (s *core) load(ctx context.Context, h access.SecretHash) (*Principal, error) {
	p := &Principal{}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		opened, ok, err := tx.Session(h)
		if err != nil {
			return err
		}
		if ok {
			p.Member, err = tx.Member(opened.Member)
		}
		if !ok || access.NotFound.Is(err) {
			return ended(tx, h)
		}
		if err != nil {
			return err
		}
		pol, err := s.policyNow(tx)
		if err != nil {
			return err
		}
		if p.Permissions, err = pol.Permissions(p.Member.State, p.Member.Roles); err != nil {
			return err
		}
		p.Actor, p.Method, p.session = access.Actor{Member: opened.Member, Session: h}, opened.Method, opened
		p.Stale = opened.PermissionRevision < p.Member.PermissionRevision+pol.Revision()
		p.manages = p.Permissions[access.May(access.Read, access.ResMembers)]
		if p.Member.State == access.Suspended {
			return &SessionEndedError{access.EndedSuspended}
		}
		if opened.Epoch != p.Member.Epoch {
			return access.SignedOutError()
		}
		return nil
	})
	return p, err
}

func ended(tx *store.Tx, h access.SecretHash) error {
	why, err := tx.EndReason(h)
	if err != nil {
		return err
	}
	switch why {
	case "":
		return access.SignedOutError().Because(access.ErrUnknownCode)
	case access.EndedSignedOut:
		return access.SignedOutError()
	}
	return &SessionEndedError{why}
}

// touch notes that a session is in use. That it failed keeps nobody out.
func (s *core) touch(ctx context.Context, h access.SecretHash, now time.Time) {
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		opened, ok, err := tx.Session(h)
		if err != nil || !ok || now.Sub(opened.SeenAt) < access.TouchInterval {
			return err
		}
		opened.SeenAt = now
		return tx.PutSession(opened)
	})
	if err != nil {
		s.log.WarnContext(ctx, "the use of a session was not noted", "err", err)
	}
}

// TokenPrincipal is whoever an API token acts for, with what it may do now.
func (s Gate) TokenPrincipal(ctx context.Context, secret access.Secret) (*Principal, error) {
	h := secret.Hash()
	p, read := s.gate.get(h)
	if p == nil {
		p = &Principal{}
		if err := s.store.View(ctx, func(tx *store.Tx) error { return s.loadToken(tx, h, p) }); err != nil {
			return nil, err
		}
		s.gate.put(h, p, read)
	}
	now := s.store.Now()
	if !p.token.IsValid(now) {
		return nil, badToken()
	}
	if minute := now.Unix() / 60; p.used.Swap(minute) != minute {
		s.uses.note(p.token.ID, now.Truncate(time.Minute))
	}
	return p, nil
}

func (s *core) loadToken(tx *store.Tx, h access.SecretHash, p *Principal) error {
	t, ok, err := tx.TokenByHash(h)
	if err != nil {
		return err
	}
	if !ok {
		return badToken().Because(access.ErrUnknownCode)
	}
	if !t.IsValid(tx.Now) {
		return badToken()
	}
	p.Actor, p.token, p.used = access.Actor{Member: t.Owner, Token: t.ID}, t, new(atomic.Int64)
	if t.Owner != "" {
		if p.Member, err = tx.Member(t.Owner); err != nil {
			return errors.Join(badToken(), err)
		}
		if p.Member.State != access.Active || t.Epoch != p.Member.TokenEpoch {
			return badToken()
		}
	}
	pol, err := s.policyNow(tx)
	if err != nil {
		return err
	}
	p.Permissions, err = s.permissions(tx, pol, p.Actor)
	return err
}

func badToken() *access.Error {
	return access.Errorf(access.SignedOut, "This API token is not known, revoked or expired. Make a new one with `doorward token add`.").WithCode("bad_token")
}

// Rotate gives a session a new secret, as every rise of rights does. The old
// one is worth nothing afterwards.
func (s Gate) Rotate(ctx context.Context, old access.Secret) (access.Secret, error) {
	fresh := access.NewSecret()
	err := s.store.Update(store.Urgent(ctx), func(tx *store.Tx) error {
		opened, ok, err := tx.Session(old.Hash())
		if err != nil {
			return err
		}
		if !ok {
			return access.SignedOutError()
		}
		m, err := tx.Member(opened.Member)
		if err != nil {
			return err
		}
		rev, err := tx.RolesRevision()
		if err != nil {
			return err
		}
		if err := tx.DeleteSession(old.Hash(), access.EndedSignedOut); err != nil {
			return err
		}
		opened.Hash, opened.SeenAt, opened.PermissionRevision = fresh.Hash(), tx.Now, m.PermissionRevision+rev
		return tx.PutSession(opened)
	})
	return fresh, err
}

// SignOut ends the session.
func (s Gate) SignOut(ctx context.Context, actor access.Actor, secret access.Secret) error {
	return s.store.Update(store.Urgent(ctx), func(tx *store.Tx) error {
		opened, ok, err := tx.Session(secret.Hash())
		if err != nil || !ok {
			return err
		}
		if err := tx.DeleteSession(opened.Hash, access.EndedSignedOut); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionSignOut, string(opened.Member), "")
	})
}
