package desk

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store"
)

// Sessions are the open sessions of a member: one's own, or, with the right to
// read members, another's.
func (d *Desk) Sessions(ctx context.Context, by access.By, id access.MemberID) (out []access.Session, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		if !own(by, id) {
			if _, err := d.may(tx, by, access.May(access.Read, access.ResMembers)); err != nil {
				return err
			}
		}
		m, err := tx.Member(id)
		if err != nil {
			return err
		}
		out, err = d.openSessions(tx, &m)
		return err
	})
	return out, err
}

// TokensOwned is how many API tokens a member has, for whoever may see their
// sessions.
func (d *Desk) TokensOwned(ctx context.Context, by access.By, id access.MemberID) (n int, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		if !own(by, id) {
			if _, err := d.may(tx, by, access.May(access.Read, access.ResMembers)); err != nil {
				return err
			}
		}
		owned, err := tx.TokensOf(id, store.MostTokens)
		n = len(owned)
		return err
	})
	return n, err
}

// own reports whether a member asks, by a session, about their own account.
func own(by access.By, id access.MemberID) bool {
	return by.Member == id && by.Member != "" && by.Token == ""
}

func (d *Desk) openSessions(tx *store.Tx, m *access.Member) (open []access.Session, err error) {
	p, err := d.policyNow(tx)
	if err != nil {
		return nil, err
	}
	rights, err := p.Rights(m.State, m.Roles)
	if err != nil {
		return nil, err
	}
	all, err := tx.Sessions(m.ID, MostItems)
	for _, s := range all {
		if s.Epoch == m.Epoch && s.Good(rights[access.May(access.Read, access.ResMembers)], tx.Now) {
			open = append(open, s)
		}
	}
	return open, err
}

// EndSession ends one session of a member: one's own, or, with the right to
// change members, one of somebody who may do no more than the asker. It is
// looked for beforehand: a member can have more than an Update bears to read.
func (d *Desk) EndSession(ctx context.Context, by access.By, id access.MemberID, session string) error {
	found, ok, err := d.sessionNamed(ctx, by, id, session)
	if err != nil {
		return err
	}
	return d.store.Update(store.Urgent(ctx), func(tx *store.Tx) error {
		if _, err := d.mayEnd(tx, by, id); err != nil {
			return err
		}
		s, still, err := tx.Session(found.Hash)
		if err != nil {
			return err
		}
		if !ok || !still {
			return access.NoSuch("session")
		}
		return firstOf(
			tx.DeleteSession(s.Hash, access.EndedSignedOut),
			tx.Record(by, access.DidEndSession, string(id), s.Method),
		)
	})
}

func (d *Desk) sessionNamed(ctx context.Context, by access.By, id access.MemberID, session string) (found access.Session, ok bool, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		m, err := d.mayEnd(tx, by, id)
		if err != nil {
			return err
		}
		open, err := d.openSessions(tx, &m)
		for _, s := range open {
			if s.ID() == session {
				found, ok = s, true
			}
		}
		return err
	})
	return found, ok, err
}

// mayEnd is the member whose sessions the asker may end.
func (d *Desk) mayEnd(tx *store.Tx, by access.By, id access.MemberID) (m access.Member, err error) {
	if own(by, id) {
		return tx.Member(id)
	}
	a, err := d.may(tx, by, access.May(access.Change, access.ResMembers))
	if err != nil {
		return m, err
	}
	if m, err = tx.Member(id); err != nil {
		return m, err
	}
	return m, a.covers(&m)
}
