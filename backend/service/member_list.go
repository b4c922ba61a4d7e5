package service

import (
	"context"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
)

// MaxItems is how long a page of a list can be.
const MaxItems = 200

// Limit is a page's length: 50 where none is asked for.
func Limit(n int) (int, error) {
	switch {
	case n == 0:
		return 50, nil
	case n < 0 || n > MaxItems:
		return 0, access.Errorf(access.Invalid, "A page has 1 to %d items.", MaxItems).On("limit").WithCode("bad_limit")
	}
	return n, nil
}

// List is a page of members.
func (s Members) List(ctx context.Context, actor access.Actor, q store.Query) (out store.Page[MemberView], err error) {
	if q.Limit, err = Limit(q.Limit); err != nil {
		return out, err
	}
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		if q.Role != "" {
			p, err := s.gate.Policy(tx)
			if err != nil {
				return err
			}
			if _, ok := p.Role(q.Role); !ok {
				return access.UnknownRole(string(q.Role)).On("role")
			}
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

// view runs fn in a transaction that only reads, for whoever may.
func (s *core) view(ctx context.Context, actor access.Actor, ask access.Permission, fn func(tx *store.Tx) error) error {
	return s.store.View(ctx, func(tx *store.Tx) error {
		if _, err := s.gate.Authorize(tx, actor, ask); err != nil {
			return err
		}
		return fn(tx)
	})
}

// Get is one member, or NotFound.
func (s Members) Get(ctx context.Context, actor access.Actor, id access.MemberID) (out MemberView, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		m, err := tx.Members.Get(id)
		if err != nil {
			return err
		}
		out, err = s.memberView(tx, m)
		return err
	})
	return out, err
}

// ByAddress is the member of that address, or NotFound.
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

// LoginRequests is a page of login requests: address proved first, then the oldest.
// With words it is a page of those whom the words find, in the order of the
// search.
func (s Members) LoginRequests(ctx context.Context, actor access.Actor, words, cursor string,
	limit int) (out store.Page[MemberView], err error) {
	if limit, err = Limit(limit); err != nil {
		return out, err
	}
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		page, err := waitingPage(tx, words, cursor, limit)
		if err != nil {
			return err
		}
		out, err = s.memberViews(tx, page)
		return err
	})
	return out, err
}

func waitingPage(tx *store.Tx, words, cursor string, limit int) (store.Page[access.Member], error) {
	if strings.TrimSpace(words) == "" {
		return tx.Members.LoginRequests(cursor, limit)
	}
	return tx.Members.Page(store.Query{State: access.Pending, Words: words, Cursor: cursor, Limit: limit})
}
