package desk

import (
	"context"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A Card is a member with what people want to see beside: who invited and
// decided, and how the letter fares.
type Card struct {
	access.Member
	InvitedBy  string
	HandedOver string // who handed the link over that they came by; empty: nobody, or the address is proved by now
	Unoffered  bool   // pending, and whoever invited may not grant these roles any more
	DecidedBy  string
	Delivery   *access.Letter
}

func (d *Desk) card(tx *store.Tx, m access.Member) (Card, error) {
	c := Card{Member: m}
	by, err := d.named(tx, m.Invitation.By)
	if err != nil {
		return c, err
	}
	c.InvitedBy = by.String()
	if err := d.caution(tx, &c); err != nil {
		return c, err
	}
	if !m.Decision.At.IsZero() {
		if by, err = d.named(tx, m.Decision.By); err != nil {
			return c, err
		}
		c.DecidedBy = by.String()
	}
	if m.Letter == "" {
		return c, nil
	}
	l, err := tx.Letter(m.Letter)
	if err == nil {
		c.Delivery = &l
	}
	if access.NotFound.Is(err) {
		err = nil
	}
	return c, err
}

// caution says of a card what whoever decides should know of it.
func (d *Desk) caution(tx *store.Tx, c *Card) error {
	if c.ProvedAt.IsZero() && !c.Member.HandedBy.IsZero() {
		by, err := d.named(tx, c.Member.HandedBy)
		if err != nil {
			return err
		}
		c.HandedOver = by.String()
	}
	if c.State != access.Pending {
		return nil
	}
	p, err := d.policyNow(tx)
	if err != nil {
		return err
	}
	able, err := inviterAble(tx, p, &c.Member)
	c.Unoffered = !able
	return err
}

func (d *Desk) cards(tx *store.Tx, p store.Page[access.Member]) (store.Page[Card], error) {
	out := store.Page[Card]{Next: p.Next, Total: p.Total, TotalIsFloor: p.TotalIsFloor, Items: make([]Card, 0, len(p.Items))}
	for _, m := range p.Items {
		c, err := d.card(tx, m)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, c)
	}
	return out, nil
}

// MostItems is how long a page of a list can be.
const MostItems = 200

// Limit is a page's length: 50 where none is asked for.
func Limit(n int) (int, error) {
	switch {
	case n == 0:
		return 50, nil
	case n < 0 || n > MostItems:
		return 0, access.Errorf(access.Invalid, "A page has 1 to %d items.", MostItems).On("limit").WithCode("bad_limit")
	}
	return n, nil
}

// Members is a page of members.
func (d *Desk) Members(ctx context.Context, by access.By, q store.Query) (out store.Page[Card], err error) {
	if q.Limit, err = Limit(q.Limit); err != nil {
		return out, err
	}
	err = d.view(ctx, by, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		if q.Role != "" {
			p, err := d.policyNow(tx)
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
		out, err = d.cards(tx, page)
		return err
	})
	return out, err
}

// view runs fn in a transaction that only reads, for whoever may.
func (d *Desk) view(ctx context.Context, by access.By, ask access.Permission, fn func(tx *store.Tx) error) error {
	return d.store.View(ctx, func(tx *store.Tx) error {
		if _, err := d.may(tx, by, ask); err != nil {
			return err
		}
		return fn(tx)
	})
}

// Member is one member, or NotFound.
func (d *Desk) Member(ctx context.Context, by access.By, id access.MemberID) (out Card, err error) {
	err = d.view(ctx, by, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		m, err := tx.Member(id)
		if err != nil {
			return err
		}
		out, err = d.card(tx, m)
		return err
	})
	return out, err
}

// MemberByAddress is the member of that address, or NotFound.
func (d *Desk) MemberByAddress(ctx context.Context, by access.By, a access.Address) (out Card, err error) {
	err = d.view(ctx, by, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		m, err := tx.MemberByAddress(a.Canonical)
		if err != nil {
			return err
		}
		out, err = d.card(tx, m)
		return err
	})
	return out, err
}

// Waiting is a page of login requests: address proved first, then the oldest.
// With words it is a page of those whom the words find, in the order of the
// search.
func (d *Desk) Waiting(ctx context.Context, by access.By, words, cursor string, limit int) (out store.Page[Card], err error) {
	if limit, err = Limit(limit); err != nil {
		return out, err
	}
	err = d.view(ctx, by, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		page, err := waitingPage(tx, words, cursor, limit)
		if err != nil {
			return err
		}
		out, err = d.cards(tx, page)
		return err
	})
	return out, err
}

func waitingPage(tx *store.Tx, words, cursor string, limit int) (store.Page[access.Member], error) {
	if strings.TrimSpace(words) == "" {
		return tx.Waiting(cursor, limit)
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
func (d *Desk) Overview(ctx context.Context, by access.By) (out Overview, err error) {
	err = d.view(ctx, by, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		out, err = d.counted(tx)
		return err
	})
	return out, err
}

// OverviewToShare is Overview for many readers at once. It asks for nobody's
// permission: whoever passes it on asks the gate for each reader.
func (d *Desk) OverviewToShare(ctx context.Context) (out Overview, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		out, err = d.counted(tx)
		return err
	})
	return out, err
}

func (d *Desk) counted(tx *store.Tx) (out Overview, err error) {
	out.MailServer, out.Clock = d.mail, d.store.Clock()
	if out.Counters, err = tx.Counters(); err != nil {
		return out, err
	}
	if out.Unusual, err = unusual(tx, out.Counters); err != nil {
		return out, err
	}
	out.Mail, err = tx.MailHealth()
	return out, err
}
