package service

import (
	"context"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
)

// An AuditQuery filters the audit log. For [Audit.Find], Actor, Target and About may also
// be the address of an existing member.
type AuditQuery = store.AuditQuery

// Find returns a page of the matching entries, newest first.
func (s Audit) Find(ctx context.Context, actor access.Actor, q AuditQuery) (out store.Page[AuditLine], err error) {
	if q.Limit, err = Limit(q.Limit); err != nil {
		return out, err
	}
	err = s.view(ctx, actor, access.May(access.Read, access.ResAudit), func(tx *store.Tx) error {
		resolved := q // the transaction may run again
		for _, who := range []*string{&resolved.Actor, &resolved.Target, &resolved.About} {
			if err := idOf(tx, who); err != nil {
				return err
			}
		}
		p, err := tx.AuditLog.Find(resolved)
		if err != nil {
			return err
		}
		out = store.Page[AuditLine]{Next: p.Next, Total: p.Total, TotalIsFloor: p.TotalIsFloor}
		out.Items, err = s.lines(tx, p.Items)
		return err
	})
	return out, err
}

// idOf replaces a member's address with their id. An address without a member
// stays as it is, and matches nothing.
func idOf(tx *store.Tx, who *string) error {
	if !strings.Contains(*who, "@") {
		return nil
	}
	m, err := tx.Members.ByAddress(*who)
	if err == nil {
		*who = string(m.ID)
	}
	if access.NotFound.Is(err) {
		err = nil
	}
	return err
}

// MayExport refuses to export the audit log to a session without a recent
// confirmation.
func (s Audit) MayExport(ctx context.Context, actor access.Actor) error {
	return s.view(ctx, actor, access.May(access.Read, access.ResAudit), func(tx *store.Tx) error {
		_, err := confirmedIfMember(tx, actor)
		return err
	})
}

// Each calls fn with all matching entries, newest first, a page at a time. It ends with the
// first error, of fn or of a page; what fn was called with by then stays.
func (s Audit) Each(ctx context.Context, actor access.Actor, q AuditQuery, fn func([]AuditLine) error) error {
	return eachPage(func(cursor string) (store.Page[AuditLine], error) {
		q.Limit, q.Cursor = MaxItems, cursor
		return s.Find(ctx, actor, q)
	}, fn)
}

// An AuditLine is an audit entry with names beside the ids of members that still
// exist.
type AuditLine struct {
	access.AuditEntry
	ActorName    string // the address of a member, else what the actor is called
	ActorCalled  string // the member's name, if they have one
	TargetName   string
	TargetCalled string
}

// List returns a page of the audit log, newest first. A limit beyond MaxItems, and a cursor
// that no page gave, are Invalid.
func (s Audit) List(ctx context.Context, actor access.Actor, cursor string, limit int) (out store.Page[AuditLine],
	err error) {
	if limit, err = Limit(limit); err != nil {
		return out, err
	}
	err = s.view(ctx, actor, access.May(access.Read, access.ResAudit), func(tx *store.Tx) error {
		p, err := tx.AuditLog.Page(cursor, limit)
		if err != nil {
			return err
		}
		out.Next, out.Total = p.Next, p.Total
		out.Items, err = s.lines(tx, p.Items)
		return err
	})
	return out, err
}

// Since returns the entries after seq, oldest first, at most one page; none if there are no
// newer ones.
func (s Audit) Since(ctx context.Context, actor access.Actor, seq uint64) (out []AuditLine, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResAudit), func(tx *store.Tx) error {
		entries, err := tx.AuditLog.Since(seq, MaxItems)
		if err != nil {
			return err
		}
		out, err = s.lines(tx, entries)
		return err
	})
	return out, err
}

func (s *core) lines(tx *store.Tx, entries []access.AuditEntry) ([]AuditLine, error) {
	out := make([]AuditLine, 0, len(entries))
	for _, e := range entries {
		by, err := s.named(tx, e.Actor)
		if err != nil {
			return nil, err
		}
		l := AuditLine{AuditEntry: e, ActorName: by.String()}
		if by.email != "" && by.name != by.email {
			l.ActorCalled = by.name
		}
		if id, err := access.ParseMemberID(e.Target); err == nil {
			m, err := tx.Members.Get(id)
			if err != nil && !access.NotFound.Is(err) {
				return nil, err
			}
			l.TargetName, l.TargetCalled = m.Email.Typed, m.Name
		}
		out = append(out, l)
	}
	return out, nil
}

// Verify checks the whole audit chain. It returns how many entries are intact; a
// Conflict names the first that is not.
func (s Audit) Verify(ctx context.Context, actor access.Actor) (int, error) {
	if err := s.view(ctx, actor, access.May(access.Read, access.ResAudit), func(*store.Tx) error {
		return nil
	}); err != nil {
		return 0, err
	}
	return s.store.VerifyAudit(ctx)
}
