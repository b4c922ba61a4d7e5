package service

import (
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
	l, err := tx.Messages.Get(m.Message)
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
	p, err := s.gate.Policy(tx)
	if err != nil {
		return err
	}
	able, err := inviterAble(tx, p, &c.Member)
	c.InviterLacks = !able
	return err
}

func (s *core) memberViews(tx *store.Tx, p store.Page[access.Member]) (store.Page[MemberView], error) {
	out := store.Page[MemberView]{
		Next:         p.Next,
		Total:        p.Total,
		TotalIsFloor: p.TotalIsFloor,
		Items:        make([]MemberView, 0, len(p.Items)),
	}
	for _, m := range p.Items {
		c, err := s.memberView(tx, m)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, c)
	}
	return out, nil
}
