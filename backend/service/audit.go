package service

import (
	"context"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// An AuditQuery says which entries of the audit log; what is empty leaves all.
type AuditQuery struct {
	Actor, Target string // an id, or the address of a member who is here; By also "operator" and "system"
	Actions       []access.AuditAction
	From, Until   time.Time
	Cursor        string
	Limit         int
}

// Find is a page of the entries that fit, newest first.
func (s Audit) Find(ctx context.Context, actor access.Actor, q AuditQuery) (out store.Page[AuditLine], err error) {
	if q.Limit, err = Limit(q.Limit); err != nil {
		return out, err
	}
	err = s.view(ctx, actor, access.May(access.Read, access.ResAudit), func(tx *store.Tx) error {
		asked := store.AuditQuery(q)
		for _, who := range []*string{&asked.Actor, &asked.Target} {
			if err := idOf(tx, who); err != nil {
				return err
			}
		}
		p, err := tx.FindAudit(asked)
		if err != nil {
			return err
		}
		out = store.Page[AuditLine]{Next: p.Next, Total: p.Total, TotalIsFloor: p.TotalIsFloor}
		out.Items, err = s.lines(tx, p.Items)
		return err
	})
	return out, err
}

// idOf puts a member's id in the place of their address. An address that nobody
// has stays, and finds nothing.
func idOf(tx *store.Tx, who *string) error {
	if !strings.Contains(*who, "@") {
		return nil
	}
	m, err := tx.MemberByAddress(*who)
	if err == nil {
		*who = string(m.ID)
	}
	if access.NotFound.Is(err) {
		err = nil
	}
	return err
}

// MayExport refuses to hand the audit log out as a file to a session that
// was not confirmed lately.
func (s Audit) MayExport(ctx context.Context, actor access.Actor) error {
	return s.view(ctx, actor, access.May(access.Read, access.ResAudit), func(tx *store.Tx) error {
		_, err := confirmedIfMember(tx, actor)
		return err
	})
}

// Each calls fn with all entries that fit, newest first, a page at a time.
func (s Audit) Each(ctx context.Context, actor access.Actor, q AuditQuery, fn func([]AuditLine) error) error {
	for q.Limit, q.Cursor = MaxItems, ""; ; {
		p, err := s.Find(ctx, actor, q)
		if err != nil {
			return err
		}
		if err := fn(p.Items); err != nil || p.Next == "" {
			return err
		}
		q.Cursor = p.Next
	}
}

// Days are the last n days: how many were invited, came, were approved and
// rejected on each.
func (s Dashboard) Days(ctx context.Context, actor access.Actor, n int) (out []store.Day, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		out, err = tx.Days(n)
		return err
	})
	return out, err
}

// Expiring are invitations that nobody has opened and that end within a time,
// the soonest first.
func (s Invitations) Expiring(ctx context.Context, actor access.Actor, within time.Duration, limit int) (out store.Page[MemberView], err error) {
	if limit, err = Limit(limit); err != nil {
		return out, err
	}
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		all, more, err := tx.Expiring(tx.Now.Add(within), limit)
		if err != nil {
			return err
		}
		out, err = s.memberViews(tx, store.Page[access.Member]{Items: all, Total: len(all), TotalIsFloor: more})
		return err
	})
	return out, err
}
