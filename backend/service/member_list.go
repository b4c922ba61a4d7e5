package service

import (
	"context"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
)

// MaxItems is the maximum length of a page of a list.
const MaxItems = 200

// Limit returns a page's length: 50 where none is given. Below 1 and beyond MaxItems it is
// Invalid.
func Limit(n int) (int, error) {
	switch {
	case n == 0:
		return 50, nil
	case n < 0 || n > MaxItems:
		return 0, access.Errorf(access.Invalid, "A page can have 1 to %d "+
			"items.", MaxItems).On("limit").WithCode("bad_limit")
	}
	return n, nil
}

// A MemberQuery selects members: by state, role and words of their names and addresses,
// and puts them in order.
type MemberQuery = store.Query

// A MemberPage is a page of members, as they are shown.
type MemberPage = store.Page[MemberView]

// List returns a page of members. Invalid are a limit beyond MaxItems, a cursor of another
// query, a role that does not exist, and an order together with words: a search has its own.
func (s Members) List(ctx context.Context, actor access.Actor, q MemberQuery) (out store.Page[MemberView], err error) {
	if q.Limit, err = Limit(q.Limit); err != nil {
		return out, err
	}
	if q.Sort != "" && strings.TrimSpace(q.Words) != "" {
		return out, orderOfSearch()
	}
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		if err := s.knownRole(tx, q.Role); err != nil {
			return err
		}
		page, err := tx.Members.Page(q)
		if err != nil {
			return err
		}
		out, err = s.memberViews(tx, page)
		return err
	})
	return out, err
}

// knownRole refuses to filter by a role that does not exist.
func (s *core) knownRole(tx *store.Tx, role access.RoleName) error {
	if role == "" {
		return nil
	}
	p, err := s.gate.Policy(tx)
	if err != nil {
		return err
	}
	if _, ok := p.Role(role); !ok {
		return access.UnknownRole(string(role)).On("role")
	}
	return nil
}

// MayExport refuses to export members to a session without a recent confirmation, and
// says what List would say about the query.
func (s Members) MayExport(ctx context.Context, actor access.Actor, q MemberQuery) error {
	q.Limit = 1
	if _, err := s.List(ctx, actor, q); err != nil {
		return err
	}
	return s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		_, err := confirmedIfMember(tx, actor)
		return err
	})
}

// Each calls fn with all matching members, a page at a time. Whoever is invited or removed
// meanwhile may be among them or not. It ends with the first error, of fn or of a page.
func (s Members) Each(ctx context.Context, actor access.Actor, q MemberQuery, fn func([]MemberView) error) error {
	return eachPage(func(cursor string) (store.Page[MemberView], error) {
		q.Limit, q.Cursor = MaxItems, cursor
		return s.List(ctx, actor, q)
	}, fn)
}

// eachPage calls fn with every page of a list.
func eachPage[T any](find func(cursor string) (store.Page[T], error), fn func([]T) error) error {
	for cursor := ""; ; {
		p, err := find(cursor)
		if err != nil {
			return err
		}
		if err := fn(p.Items); err != nil || p.Next == "" {
			return err
		}
		cursor = p.Next
	}
}

// view runs fn in a read transaction, if the caller has the permission.
func (s *core) view(ctx context.Context, actor access.Actor, needed access.Permission,
	fn func(tx *store.Tx) error) error {
	return s.store.View(ctx, func(tx *store.Tx) error {
		if _, err := s.gate.Authorize(tx, actor, needed); err != nil {
			return err
		}
		return fn(tx)
	})
}

// Get returns one member, or NotFound. The internal note is there for who may change
// members, and never for the member themselves.
func (s Members) Get(ctx context.Context, actor access.Actor, id access.MemberID) (out MemberView, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		m, err := tx.Members.Get(id)
		if err != nil {
			return err
		}
		if out, err = s.memberView(tx, m); err != nil || actor.Member == id {
			return err
		}
		if _, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResMembers)); err == nil {
			out.AdminsNote = m.InternalNote
		}
		return nil
	})
	return out, err
}

// ByAddress returns the member with that address, or NotFound.
func (s Members) ByAddress(ctx context.Context, actor access.Actor, a access.Address) (out MemberView, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		m, err := tx.Members.ByAddress(a.Canonical)
		if err != nil {
			return err
		}
		out, err = s.memberView(tx, m)
		return err
	})
	return out, err
}
