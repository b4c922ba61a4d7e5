package service

import (
	"context"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A RequestQuery selects login requests, and puts them in order. With words it selects the
// pending members who match, in the order of the search.
type RequestQuery struct {
	store.RequestQuery
	Words string
}

// A RequestPage is a page of login requests, with those who can be filtered by.
type RequestPage struct {
	MemberPage
	Inviters []NamedInviter
}

// A NamedInviter is a member or token that invited, and how they are shown.
type NamedInviter struct {
	ID         access.Inviter
	Name       string // a member's address
	MemberName string // if they are a member and have one
}

// maxInviters is how many inviters a page of login requests names.
const maxInviters = 50

// LoginRequests returns a page of login requests: those who accepted first, then the
// oldest or the newest.
func (s Members) LoginRequests(ctx context.Context, actor access.Actor, q RequestQuery) (out RequestPage, err error) {
	if q.Limit, err = Limit(q.Limit); err != nil {
		return out, err
	}
	if q.Words = strings.TrimSpace(q.Words); q.Words != "" {
		if err := q.searches(); err != nil {
			return out, err
		}
	}
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		if err := s.knownRole(tx, q.Role); err != nil {
			return err
		}
		page, err := q.page(tx)
		if err != nil {
			return err
		}
		if out.MemberPage, err = s.memberViews(tx, page); err != nil {
			return err
		}
		out.Inviters, err = s.inviters(tx)
		return err
	})
	return out, err
}

// searches refuses what a search cannot be combined with.
func (q RequestQuery) searches() error {
	switch {
	case q.Sort != "":
		return orderOfSearch()
	case q.InvitedBy != "":
		return access.Errorf(access.Invalid,
			"A search covers the requests of all inviters. Leave out the search or the inviter.").
			On("invited_by").WithCode("inviters_of_search")
	case q.Verified != nil:
		return access.Errorf(access.Invalid,
			"A search covers verified and unverified addresses. Leave out the search or “verified”.").
			On("verified").WithCode("verified_of_search")
	}
	return nil
}

func orderOfSearch() error {
	return access.Errorf(access.Invalid,
		"Search results have their own order. Leave out the search or the order.").
		On("sort").WithCode("order_of_search")
}

func (q RequestQuery) page(tx *store.Tx) (store.Page[access.Member], error) {
	if q.Words == "" {
		return tx.Members.LoginRequests(q.RequestQuery)
	}
	return tx.Members.Page(store.Query{
		State:  access.Pending,
		Role:   q.Role,
		Words:  q.Words,
		Cursor: q.Cursor,
		Limit:  q.Limit,
	})
}

// inviters names those who invited the people of the first login requests.
func (s *core) inviters(tx *store.Tx) ([]NamedInviter, error) {
	all, err := tx.Members.Inviters(maxInviters)
	if err != nil {
		return nil, err
	}
	named := make([]NamedInviter, 0, len(all))
	for _, by := range all {
		who, err := s.named(tx, by)
		if err != nil {
			return nil, err
		}
		named = append(named, NamedInviter{by.Inviter(), who.String(), who.known()})
	}
	return named, nil
}
