package service

import (
	"context"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A MemberView is a member with what people want to see beside: who invited and
// decided, and how the email fares.
type MemberView struct {
	access.Member
	InvitedBy    string
	HandedOver   string // who handed the link over that they came by; empty: nobody, or the address is proved by now
	InviterLacks bool   // pending, and whoever invited may not grant these roles any more
	DecidedBy    string
	Delivery     *access.Message
}

func (s *core) memberView(tx *store.Tx, m access.Member) (MemberView, error) {
	c := MemberView{Member: m}
	by, err := s.named(tx, m.Invitation.By)
	if err != nil {
		return c, err
	}
	c.InvitedBy = by.String()
	if err := s.caution(tx, &c); err != nil {
		return c, err
	}
	if !m.Decision.At.IsZero() {
		if by, err = s.named(tx, m.Decision.By); err != nil {
			return c, err
		}
		c.DecidedBy = by.String()
	}
	if m.Message == "" {
		return c, nil
	}
	l, err := tx.Message(m.Message)
	if err == nil {
		c.Delivery = &l
	}
	if access.NotFound.Is(err) {
		err = nil
	}
	return c, err
}

// caution says of a card what whoever decides should know of it.
func (s *core) caution(tx *store.Tx, c *MemberView) error {
	if c.EmailVerifiedAt.IsZero() && !c.Member.HandedOverBy.IsZero() {
		by, err := s.named(tx, c.Member.HandedOverBy)
		if err != nil {
			return err
		}
		c.HandedOver = by.String()
	}
	if c.State != access.Pending {
		return nil
	}
	p, err := s.policyNow(tx)
	if err != nil {
		return err
	}
	able, err := inviterAble(tx, p, &c.Member)
	c.InviterLacks = !able
	return err
}

func (s *core) memberViews(tx *store.Tx, p store.Page[access.Member]) (store.Page[MemberView], error) {
	out := store.Page[MemberView]{Next: p.Next, Total: p.Total, TotalIsFloor: p.TotalIsFloor, Items: make([]MemberView, 0, len(p.Items))}
	for _, m := range p.Items {
		c, err := s.memberView(tx, m)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, c)
	}
	return out, nil
}

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
			p, err := s.policyNow(tx)
			if err != nil {
				return err
			}
			if _, ok := p.Role(q.Role); !ok {
				return access.UnknownRole(string(q.Role)).On("role")
			}
		}
		page, err := tx.Members(q)
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
		if _, err := s.may(tx, actor, ask); err != nil {
			return err
		}
		return fn(tx)
	})
}

// Get is one member, or NotFound.
func (s Members) Get(ctx context.Context, actor access.Actor, id access.MemberID) (out MemberView, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		m, err := tx.Member(id)
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
		m, err := tx.MemberByAddress(a.Canonical)
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
func (s Members) LoginRequests(ctx context.Context, actor access.Actor, words, cursor string, limit int) (out store.Page[MemberView], err error) {
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
		return tx.LoginRequests(cursor, limit)
	}
	return tx.Members(store.Query{State: access.Pending, Words: words, Cursor: cursor, Limit: limit})
}

// An Overview is what an Admin sees first.
type Overview struct {
	access.Counters
	Mail       access.MailHealth
	MailServer bool // one is configured
	Unusual    access.Unusual
	Clock      store.ClockState
}

// Overview counts everything, from counters kept with each change.
func (s Dashboard) Overview(ctx context.Context, actor access.Actor) (out Overview, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		out, err = s.counted(tx)
		return err
	})
	return out, err
}

// Shared is Overview for many readers at once. It asks for nobody's
// permission: whoever passes it on asks the gate for each reader.
func (s Dashboard) Shared(ctx context.Context) (out Overview, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		out, err = s.counted(tx)
		return err
	})
	return out, err
}

func (s *core) counted(tx *store.Tx) (out Overview, err error) {
	out.MailServer, out.Clock = s.mail, s.store.Clock()
	if out.Counters, err = tx.Counters(); err != nil {
		return out, err
	}
	if out.Unusual, err = unusual(tx, out.Counters); err != nil {
		return out, err
	}
	out.Mail, err = tx.MailHealth()
	return out, err
}
