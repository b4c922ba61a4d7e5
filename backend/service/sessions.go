package service

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store"
)

// List returns the open sessions of a member: the caller's own, or, with the
// permission to read members, another's. Those that have expired, or were voided and are not
// deleted yet, are left out.
func (s Sessions) List(ctx context.Context, actor access.Actor, id access.MemberID) (out []access.Session, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		if !own(actor, id) {
			if _, err := s.gate.Authorize(tx, actor, access.May(access.Read, access.ResMembers)); err != nil {
				return err
			}
		}
		m, err := tx.Members.Get(id)
		if err != nil {
			return err
		}
		out, err = s.openSessions(tx, &m)
		return err
	})
	return out, err
}

// Owned returns how many API tokens a member has, for callers who may see the
// member's sessions.
func (s Tokens) Owned(ctx context.Context, actor access.Actor, id access.MemberID) (n int, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		if !own(actor, id) {
			if _, err := s.gate.Authorize(tx, actor, access.May(access.Read, access.ResMembers)); err != nil {
				return err
			}
		}
		owned, err := tx.Tokens.Of(id, store.MaxTokens)
		n = len(owned)
		return err
	})
	return n, err
}

// own reports whether a member, in a session, asks about their own account.
func own(actor access.Actor, id access.MemberID) bool {
	return actor.Member == id && actor.Member != "" && actor.Token == ""
}

func (s *core) openSessions(tx *store.Tx, m *access.Member) (open []access.Session, err error) {
	p, err := s.gate.Policy(tx)
	if err != nil {
		return nil, err
	}
	rights, err := p.Permissions(m.State, m.Roles)
	if err != nil {
		return nil, err
	}
	settings, err := tx.Settings()
	if err != nil {
		return nil, err
	}
	manages := rights[access.May(access.Read, access.ResMembers)]
	all, err := tx.Sessions.Of(m.ID, MaxItems)
	for _, opened := range all {
		if opened.Epoch == m.Epoch && opened.IsValid(settings.Lifetimes, manages, tx.Now) {
			open = append(open, opened)
		}
	}
	return open, err
}

// End ends one session of a member: the caller's own, or, with the permission to
// change members, one of a member with no more permissions than the caller. It is
// looked up before the transaction: a member can have more sessions than an
// Update may read. One that has ended meanwhile is NotFound.
func (s Sessions) End(ctx context.Context, actor access.Actor, id access.MemberID, session string) error {
	found, ok, err := s.sessionNamed(ctx, actor, id, session)
	if err != nil {
		return err
	}
	return s.store.Update(store.Urgent(ctx), func(tx *store.Tx) error {
		if _, err := s.mayEnd(tx, actor, id); err != nil {
			return err
		}
		opened, still, err := tx.Sessions.Get(found.Hash)
		if err != nil {
			return err
		}
		if !ok || !still {
			return access.NoSuchSession()
		}
		if err := tx.Sessions.Delete(opened.Hash, access.EndedSignedOut); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionEndSession, string(id), opened.Method)
	})
}

func (s *core) sessionNamed(ctx context.Context, actor access.Actor, id access.MemberID,
	session string) (found access.Session, ok bool, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		m, err := s.mayEnd(tx, actor, id)
		if err != nil {
			return err
		}
		open, err := s.openSessions(tx, &m)
		for _, opened := range open {
			if opened.ID() == session {
				found, ok = opened, true
			}
		}
		return err
	})
	return found, ok, err
}

// mayEnd returns the member whose sessions the caller may end.
func (s *core) mayEnd(tx *store.Tx, actor access.Actor, id access.MemberID) (m access.Member, err error) {
	if own(actor, id) {
		return tx.Members.Get(id)
	}
	a, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResMembers))
	if err != nil {
		return m, err
	}
	if m, err = tx.Members.Get(id); err != nil {
		return m, err
	}
	return m, a.Covers(&m)
}

// SignOutEverywhere ends all sessions of a member: the caller's own, or, with the
// permission to change members, those of a member with no more permissions. With
// tokens it also voids all API tokens of the member. All of them are void once it returns;
// what does not fit one transaction is deleted right after it.
func (s Sessions) SignOutEverywhere(ctx context.Context, actor access.Actor, id access.MemberID, tokens bool) error {
	return s.store.Update(store.Urgent(ctx), func(tx *store.Tx) error {
		m, err := s.mayEnd(tx, actor, id)
		if err != nil {
			return err
		}
		before := m
		m.Epoch++
		m.Undo = nil // it would open these sessions again
		if err := settle(tx, &before, &m); err != nil {
			return err
		}
		detail := ""
		if tokens {
			m.TokenEpoch++
			detail = "and revoked all API tokens"
		}
		if err := tx.Members.Put(m); err != nil {
			return err
		}
		if err := endSessions(tx, m.ID, ""); err != nil {
			return err
		}
		if err := tx.Record(actor, access.ActionSignOutEverywhere, string(id), detail); err != nil || !tokens {
			return err
		}
		return deleteTokens(tx, actor, id)
	})
}

// endSessions deletes the sessions of a member whose epoch has risen: some now,
// and, if there are more than fit one transaction, the rest right after it.
func endSessions(tx *store.Tx, id access.MemberID, why access.EndReason) error {
	more, err := tx.Sessions.End(id, why)
	if err != nil || !more {
		return err
	}
	return tx.Schedule.Put(store.Due{At: tx.Now, Kind: store.DueSessions, Ref: string(why) + "/" + string(id)})
}
