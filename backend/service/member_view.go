package service

import (
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A MemberView is a member with what people see beside it: who invited and
// decided, and the delivery of the email.
type MemberView struct {
	access.Member
	InvitedBy    string // empty of the first Admin, like DecidedBy and Decision
	HandedOver   string // who handed over the link that was used; empty: nobody, or verified by now
	InviterLacks bool   // pending, and the inviter may not grant these roles any more
	DecidedBy    string
	Delivery     *access.Message
	UndoUntil    time.Time // until when whoever made the last change can undo it
	AdminsNote   string    // the internal note, for who may change members; only of one member

	// The names of those three, if they are members and have one.
	InvitedByName, HandedOverName, DecidedByName string
}

func (s *core) memberView(tx *store.Tx, m access.Member) (MemberView, error) {
	c := MemberView{Member: m}
	c.InternalNote = "" // what is not there cannot be shown by mistake
	if m.Undo != nil && tx.Now.Before(m.Undo.Until) {
		c.UndoUntil = m.Undo.Until
	}
	if err := s.deciders(tx, &c); err != nil {
		return c, err
	}
	if err := s.caution(tx, &c); err != nil {
		return c, err
	}
	if m.Message == "" {
		return c, nil
	}
	msg, err := tx.Messages.Get(m.Message)
	if err == nil {
		c.Delivery = &msg
	}
	if access.NotFound.Is(err) {
		err = nil
	}
	return c, err
}

// deciders adds to a view who invited and decided. The first Admin, who set the workspace
// up, was invited and approved by no one.
func (s *core) deciders(tx *store.Tx, c *MemberView) error {
	if c.Invitation.By.Member != c.ID {
		by, err := s.named(tx, c.Invitation.By)
		if err != nil {
			return err
		}
		c.InvitedBy, c.InvitedByName = by.String(), by.known()
	}
	if c.Decision.By.Member == c.ID {
		c.Decision = access.Decision{}
	}
	if c.Decision.At.IsZero() {
		return nil
	}
	by, err := s.named(tx, c.Decision.By)
	c.DecidedBy, c.DecidedByName = by.String(), by.known()
	return err
}

// caution adds to a view what the approver should know about the member.
func (s *core) caution(tx *store.Tx, c *MemberView) error {
	if c.EmailVerifiedAt.IsZero() && !c.Member.HandedOverBy.IsZero() {
		by, err := s.named(tx, c.Member.HandedOverBy)
		if err != nil {
			return err
		}
		c.HandedOver, c.HandedOverName = by.String(), by.known()
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
		Next:           p.Next,
		Total:          p.Total,
		TotalIsFloor:   p.TotalIsFloor,
		OnlyBeginnings: p.OnlyBeginnings,
		Items:          make([]MemberView, 0, len(p.Items)),
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
