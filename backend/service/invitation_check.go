package service

import (
	"context"
	"slices"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/text"
)

// An InvitationCheck says what would happen to an invitation, before it is sent.
type InvitationCheck struct {
	Refused        error          // why it would be refused; nil: it would be accepted
	Holder         *access.Member // who has the address already
	RejectedBefore *store.Rejection
	Similar        string // a known domain that differs from the address's by one letter
	Admin          bool   // it would grant Admin
	Overview       Overview
}

// Check checks an invitation for a caller who could send it; it stores and sends
// nothing. The address and the roles may be left out while they are not known
// yet. What Invite would refuse is in the result, not in err: a form shows it while people
// type.
func (s Invitations) Check(ctx context.Context, actor access.Actor, in NewInvitation) (out InvitationCheck, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.DoInvite, access.ResMembers))
		if err != nil {
			return err
		}
		out = InvitationCheck{}
		if len(in.Roles) > 0 {
			granted, err := a.Grantable(in.Roles)
			out.Refused, out.Admin = err, slices.Contains(granted, access.Admin)
		}
		now, err := s.site(tx)
		if err != nil {
			return err
		}
		out.Overview.MailServer = now.mail
		if out.Overview.Mail, err = tx.MailHealth(); err != nil {
			return err
		}
		if in.Email.IsZero() {
			return nil
		}
		if err := s.checkAddress(tx, in.Email, &out); err != nil {
			return err
		}
		out.Similar, err = s.similar(tx, in.Email)
		return err
	})
	return out, err
}

func (s *core) checkAddress(tx *store.Tx, a access.Address, out *InvitationCheck) error {
	err := free(tx, a)
	if err != nil && !access.Conflict.Is(err) {
		return err
	}
	if err != nil {
		out.Refused = err
		m, err := tx.Members.ByAddress(a.Canonical)
		out.Holder = &m
		return err
	}
	before, ok, err := tx.Members.RejectedBefore(a.Canonical)
	if ok {
		out.RejectedBefore = &before
	}
	return err
}

// mailProviders are domains of mail providers with very many users.
var mailProviders = []string{
	"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
	"aol.com",
	"proton.me", "protonmail.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "posteo.de", "mailbox.org",
	"fastmail.com", "zoho.com", "qq.com", "163.com", "yandex.ru", "mail.ru", "orange.fr", "free.fr", "libero.it",
}

// similar returns the known domain that differs from the address's by one letter:
// one of a large provider, of the public URL, or of a recent invitation.
func (s *core) similar(tx *store.Tx, a access.Address) (string, error) {
	known := map[string]bool{}
	for _, p := range mailProviders {
		known[p] = true
	}
	in, err := s.site(tx)
	if err != nil {
		return "", err
	}
	known[in.host] = true
	if _, parent, ok := strings.Cut(in.host, "."); ok && strings.Contains(parent, ".") {
		known[parent] = true
	}
	last, err := tx.Members.Page(store.Query{Limit: MaxItems})
	if err != nil {
		return "", err
	}
	for _, m := range last.Items {
		known[m.Email.Domain()] = true
	}
	domain := a.Domain()
	if known[domain] {
		return "", nil
	}
	best := ""
	for k := range known {
		if text.EditDistance(k, domain) == 1 && (best == "" || k < best) {
			best = k
		}
	}
	return best, nil
}
