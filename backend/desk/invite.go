package desk

import (
	"context"
	"sync"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// An Invitation is what an Admin asks for.
type Invitation struct {
	Email access.Address
	Roles []access.RoleName
	Name  string
	Note  string        // plain text, shown in the letter
	Lasts time.Duration // zero: what the settings say

	HandOver bool // the link is also given to whoever invites, to hand over: it proves nothing of the address then
}

// An Invited is what came of it.
type Invited struct {
	Card           Card
	Link           string           // the login link in the letter, for whoever may hand it over
	RejectedBefore *store.Rejection // the address was turned away once
}

// Invite makes a pending member of an address and posts the letter with the
// login link. An address that has an account is a Conflict, already_member or
// already_invited.
func (d *Desk) Invite(ctx context.Context, by access.By, in Invitation) (Invited, error) {
	var out Invited
	id, secret := access.MemberID(access.NewID()), access.NewSecret()
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		m, before, err := d.draft(tx, by, id, in)
		if err != nil {
			return err
		}
		var handed access.By
		if in.HandOver {
			handed = by
		}
		if err := d.sendInvitation(tx, &m, secret, access.InvitationLetter, access.Invited, handed); err != nil {
			return err
		}
		if err := tx.AddMember(m); err != nil {
			return err
		}
		if err := tx.Record(by, access.DidInvite, string(m.ID), access.RoleNames(m.Roles)); err != nil {
			return err
		}
		out = Invited{Link: d.link(secret), RejectedBefore: before}
		out.Card, err = d.card(tx, m)
		return err
	})
	return out, err
}

// draft is the member that an invitation would make, without keeping it.
func (d *Desk) draft(tx *store.Tx, by access.By, id access.MemberID, in Invitation) (m access.Member, before *store.Rejection, err error) {
	a, err := d.may(tx, by, access.May(access.DoInvite, access.ResMembers))
	if err != nil {
		return m, nil, err
	}
	if in.Email.IsZero() {
		return m, nil, access.Errorf(access.Invalid, "Enter an email address.").On("email").WithCode("email_missing")
	}
	roles, err := a.roles(in.Roles)
	if err != nil {
		return m, nil, err
	}
	name, err := access.CleanText("name", in.Name, 200)
	if err != nil {
		return m, nil, err
	}
	note, err := access.CleanText("note", in.Note, 200)
	if err != nil {
		return m, nil, err
	}
	if in.Lasts == 0 {
		settings, err := tx.Settings()
		if err != nil {
			return m, nil, err
		}
		in.Lasts = settings.Invitation.Std()
	}
	if m, err = access.Invite(id, in.Email, name, roles, note, in.Lasts, by, tx.Now); err != nil {
		return m, nil, err
	}
	if err := free(tx, in.Email); err != nil {
		return m, nil, err
	}
	r, ok, err := tx.RejectedBefore(in.Email.Canonical)
	if ok {
		before = &r
	}
	return m, before, err
}

// free refuses an address that somebody has.
func free(tx *store.Tx, a access.Address) error {
	holder, err := tx.Holder(a.Canonical)
	if err != nil || holder == "" {
		return err
	}
	m, err := tx.Member(holder)
	if err != nil {
		return err
	}
	if m.State == access.Pending {
		return access.Errorf(access.Conflict, "%s is invited already, and waits. Resend the letter, or decide the request.", m.Email).On("email").WithCode("already_invited")
	}
	return access.Errorf(access.Conflict, "%s is a member already. Change their access instead.", m.Email).On("email").WithCode("already_member")
}

// sendInvitation makes the member's invitation link, in place of an older one,
// and posts the letter that carries it. Where somebody is handed the link too,
// it says who.
func (d *Desk) sendInvitation(
	tx *store.Tx,
	m *access.Member,
	secret access.Secret,
	kind access.LetterKind,
	class access.Class,
	handed access.By,
) error {
	if err := revokeLink(tx, m); err != nil {
		return err
	}
	f, err := d.about(tx, m)
	if err != nil {
		return err
	}
	f.Link, f.Until, f.Note = d.link(secret), m.Invitation.ExpiresAt, m.Invitation.Note
	if m.Letter, err = d.postAs(tx, class, kind, m, m.Invitation.ExpiresAt, f); err != nil {
		return err
	}
	return putInvitation(tx, m, secret, m.Letter, handed)
}

// putInvitation keeps the member's invitation link: in that letter, or with
// somebody who hands it over, or both.
func putInvitation(
	tx *store.Tx,
	m *access.Member,
	secret access.Secret,
	letter access.LetterID,
	handed access.By,
) error {
	m.Link = secret.Hash()
	return tx.PutLogin(access.Login{Hash: m.Link, Purpose: access.ForInvitation, Member: m.ID, Address: m.Email.Canonical,
		Letter: letter, Handed: handed, Epoch: m.Epoch, MadeAt: tx.Now, ExpiresAt: m.Invitation.ExpiresAt})
}

// revokeLink voids the member's invitation link, and the letter that waits with
// it.
func revokeLink(tx *store.Tx, m *access.Member) error {
	if m.Link.IsZero() {
		return nil
	}
	l, err := tx.Login(m.Link)
	m.Link = access.SecretHash{}
	if access.Expired.Is(err) {
		return nil
	}
	if err != nil {
		return err
	}
	l.Revoked = true
	if err := tx.PutLogin(l); err != nil {
		return err
	}
	return dropUnsent(tx, m.Letter)
}

// dropUnsent deletes a letter that was not sent yet and whose link is void.
func dropUnsent(tx *store.Tx, id access.LetterID) error {
	if id == "" {
		return nil
	}
	l, err := tx.Letter(id)
	if access.NotFound.Is(err) || err == nil && (l.Done() || !l.Kind.HoldsSecret()) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.DeleteLetter(id)
}

// A Row is one invitation of many, and what came of it.
type Row struct {
	Invited Invited
	Err     error
}

// MostRows is how many invitations one request may carry.
const MostRows = 1000

// inviteAtOnce is how many invitations of a batch are on their way together;
// they share the disk's writes.
const inviteAtOnce = 16

// InviteMany invites each address in a transaction of its own and says for each
// what came of it. A dry run checks all and keeps and sends nothing.
func (d *Desk) InviteMany(ctx context.Context, by access.By, all []Invitation, dry bool) ([]Row, error) {
	if len(all) > MostRows {
		return nil, access.Errorf(access.Invalid, "At most %d invitations at once. Send the rest in further requests.", MostRows).On("rows").WithCode("too_many_rows")
	}
	if err := d.store.View(ctx, func(tx *store.Tx) error {
		_, err := d.may(tx, by, access.May(access.DoInvite, access.ResMembers))
		return err
	}); err != nil {
		return nil, err
	}
	rows, first := make([]Row, len(all)), map[string]int{}
	var wg sync.WaitGroup
	slots := make(chan struct{}, inviteAtOnce)
	for i, in := range all {
		if j, twice := first[in.Email.Canonical]; twice && in.Email.Canonical != "" {
			rows[i].Err = access.Errorf(access.Conflict, "%s stands in row %d already.", in.Email, j+1).On("email").WithCode("duplicate_row")
			continue
		}
		first[in.Email.Canonical] = i
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			rows[i] = d.inviteRow(ctx, by, in, dry)
		})
	}
	wg.Wait()
	return rows, ctx.Err()
}

func (d *Desk) inviteRow(ctx context.Context, by access.By, in Invitation, dry bool) (r Row) {
	if !dry {
		r.Invited, r.Err = d.Invite(ctx, by, in)
		return r
	}
	r.Err = d.store.View(ctx, func(tx *store.Tx) error {
		m, before, err := d.draft(tx, by, access.MemberID(access.NewID()), in)
		if err != nil {
			return err
		}
		r.Invited.RejectedBefore = before
		r.Invited.Card = Card{Member: m}
		return nil
	})
	return r
}

// Resend sends a pending member who has not come yet a fresh invitation, its
// time started again; the older link is void. A member who has come gets
// nothing: the answer says what to do.
func (d *Desk) Resend(ctx context.Context, by access.By, id access.MemberID) (Card, error) {
	return d.renew(ctx, by, id, access.DidResend)
}

func (d *Desk) renew(ctx context.Context, by access.By, id access.MemberID, did access.Deed) (out Card, err error) {
	secret := access.NewSecret()
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		a, err := d.may(tx, by, access.May(access.DoInvite, access.ResMembers))
		if err != nil {
			return err
		}
		m, err := tx.Member(id)
		if err != nil {
			return err
		}
		if err := a.covers(&m); err != nil {
			return err
		}
		if err := d.limit(tx, "resend "+limitKey(m.Email), resendsAtOnce, resendsEvery); err != nil {
			return err
		}
		if err := d.renewNow(tx, &m, secret, access.Invited); err != nil {
			return err
		}
		if err := tx.Record(by, did, string(id), ""); err != nil {
			return err
		}
		out, err = d.card(tx, m)
		return err
	})
	return out, err
}

func (d *Desk) renewNow(tx *store.Tx, m *access.Member, secret access.Secret, class access.Class) error {
	if err := m.Renew(tx.Now); err != nil {
		return err
	}
	if err := d.sendInvitation(tx, m, secret, access.InvitationLetter, class, access.By{}); err != nil {
		return err
	}
	return tx.PutMember(*m)
}

// CopyLink makes a new invitation link to hand over by another way than mail.
// The link in the letter is void from then on. Whoever holds the link comes in
// as the one it was made for, so nobody gets one for more than their own access,
// and coming by it proves nothing of the mailbox.
func (d *Desk) CopyLink(ctx context.Context, by access.By, id access.MemberID) (link string, err error) {
	secret := access.NewSecret()
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		a, err := d.may(tx, by, access.May(access.DoInvite, access.ResMembers))
		if err != nil {
			return err
		}
		m, err := tx.Member(id)
		if err != nil {
			return err
		}
		if err := firstOf(m.Renew(tx.Now), a.covers(&m)); err != nil {
			return err
		}
		if err := firstOf(revokeLink(tx, &m), putInvitation(tx, &m, secret, "", by)); err != nil {
			return err
		}
		link = d.link(secret)
		if err := tx.PutMember(m); err != nil {
			return err
		}
		return tx.Record(by, access.DidCopyLink, string(id), "")
	})
	return link, err
}
