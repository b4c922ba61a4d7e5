package service

import (
	"cmp"
	"context"
	"sync"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A NewInvitation is what an Admin enters.
type NewInvitation struct {
	Email access.Address
	Roles []access.RoleName
	Name  string
	Note  string        // plain text, shown in the email
	TTL   time.Duration // zero: the default of the settings

	Language access.Language // of their emails; empty: the inviter's

	HandOver bool // the inviter also gets the link to hand over; then it does not verify the address
}

// An InvitationResult is the result of an invitation.
type InvitationResult struct {
	Member         MemberView
	Link           string           // the login link of the email, where the caller may hand it over
	RejectedBefore *store.Rejection // the address was rejected before
}

// Invite makes a pending member for an address and posts the email with the login
// link. An address that has an account is a Conflict, already_member or
// already_invited.
func (s Invitations) Invite(ctx context.Context, actor access.Actor, in NewInvitation) (InvitationResult, error) {
	var out InvitationResult
	id, secret := access.MemberID(access.NewID()), access.NewSecret()
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		m, before, err := s.draft(tx, actor, id, in)
		if err != nil {
			return err
		}
		var handed access.Actor
		if in.HandOver {
			handed = actor
		}
		if err := s.sendInvitation(tx, &m, secret, access.InvitationMessage, access.PriorityInvitation,
			handed); err != nil {
			return err
		}
		if err := tx.Members.Add(m); err != nil {
			return err
		}
		if err := tx.Record(actor, access.ActionInvite, string(m.ID), access.RoleNames(m.Roles)); err != nil {
			return err
		}
		out = InvitationResult{RejectedBefore: before}
		if out.Link, err = s.link(tx, secret); err != nil {
			return err
		}
		out.Member, err = s.memberView(tx, m)
		return err
	})
	return out, err
}

// draft returns the member that an invitation would make, without storing it.
func (s *core) draft(tx *store.Tx, actor access.Actor, id access.MemberID, in NewInvitation) (m access.Member,
	before *store.Rejection, err error) {
	a, err := s.gate.Authorize(tx, actor, access.May(access.DoInvite, access.ResMembers))
	if err != nil {
		return m, nil, err
	}
	if in.Email.IsZero() {
		return m, nil, access.Errorf(access.Invalid, "Enter an email address.").On("email").WithCode("email_missing")
	}
	roles, err := a.Grantable(in.Roles)
	if err != nil {
		return m, nil, err
	}
	name, err := access.CleanText("name", in.Name, access.MaxName)
	if err != nil {
		return m, nil, err
	}
	note, err := access.CleanText("note", in.Note, access.MaxNote)
	if err != nil {
		return m, nil, err
	}
	settings, err := tx.Settings()
	if err != nil {
		return m, nil, err
	}
	in.TTL = cmp.Or(in.TTL, settings.InvitationTTL.Std())
	if m, err = access.NewMember(id, in.Email, name, roles, note, in.TTL, actor, tx.Now); err != nil {
		return m, nil, err
	}
	m.Invitation.Undecided = settings.Lifetimes[access.LifetimePendingAccount]
	if m.Language, err = languageFor(tx, actor, in.Language); err != nil {
		return m, nil, err
	}
	if err := free(tx, in.Email); err != nil {
		return m, nil, err
	}
	r, ok, err := tx.Members.RejectedBefore(in.Email.Canonical)
	if ok {
		before = &r
	}
	return m, before, err
}

// languageFor returns the language of an invited person: the one that the inviter chose,
// or else their own.
func languageFor(tx *store.Tx, actor access.Actor, chosen access.Language) (access.Language, error) {
	if chosen != "" || actor.Member == "" {
		return chosen, nil
	}
	m, err := tx.Members.Get(actor.Member)
	return m.Language, unlessNotFound(err)
}

// free refuses an address that a member has.
func free(tx *store.Tx, a access.Address) error {
	holder, err := tx.Members.IDOf(a.Canonical)
	if err != nil || holder == "" {
		return err
	}
	m, err := tx.Members.Get(holder)
	if err != nil {
		return err
	}
	if m.State == access.Pending {
		return access.Errorf(access.Conflict,
			"%s has already been invited. Resend the email, or decide on the request.", m.Email).
			On("email").WithCode("already_invited")
	}
	return access.Errorf(access.Conflict, "%s is already a member. Change their access instead.", m.Email).
		On("email").WithCode("already_member")
}

// sendInvitation makes a new invitation link for the member, which replaces the
// older one, and posts the email with it. If somebody also gets the link to hand
// over, the link records who.
func (s *core) sendInvitation(
	tx *store.Tx,
	m *access.Member,
	secret access.Secret,
	kind access.MessageKind,
	class access.Priority,
	handed access.Actor,
) error {
	if err := revokeLink(tx, m, access.WithdrawnForNewer); err != nil {
		return err
	}
	f, err := s.about(tx, m)
	if err != nil {
		return err
	}
	if f.Link, err = s.link(tx, secret); err != nil {
		return err
	}
	f.Until, f.Note = m.Invitation.ExpiresAt, m.Invitation.Note
	if m.Message, err = s.postAs(tx, class, kind, m, m.Invitation.ExpiresAt, f); err != nil {
		return err
	}
	return putInvitation(tx, m, secret, m.Message, handed)
}

// putInvitation stores the member's invitation link: for that email, for somebody
// who hands it over, or for both.
func putInvitation(
	tx *store.Tx,
	m *access.Member,
	secret access.Secret,
	message access.MessageID,
	handed access.Actor,
) error {
	m.Link = secret.Hash()
	return tx.LoginLinks.Put(access.LoginLink{
		Hash:         m.Link,
		Purpose:      access.ForInvitation,
		Member:       m.ID,
		Address:      m.Email.Canonical,
		Message:      message,
		HandedOverBy: handed,
		Epoch:        m.Epoch,
		CreatedAt:    tx.Now,
		ExpiresAt:    m.Invitation.ExpiresAt,
	})
}

// revokeLink voids the member's invitation link, and withdraws the email with it where it
// was not sent yet.
func revokeLink(tx *store.Tx, m *access.Member, why string) error {
	message, err := voidLink(tx, m)
	if err != nil {
		return err
	}
	return withdraw(tx, message, why)
}

// voidLink voids the member's invitation link, and returns the email that contains it; empty
// where there is no link, or no email.
func voidLink(tx *store.Tx, m *access.Member) (access.MessageID, error) {
	if m.Link.IsZero() {
		return "", nil
	}
	l, err := tx.LoginLinks.Get(m.Link)
	m.Link = access.SecretHash{}
	if access.Expired.Is(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	l.Revoked = true
	return l.Message, tx.LoginLinks.Put(l)
}

// withdraw keeps an email that was not sent yet and whose link is void in the list, without
// its content: nobody receives it, and Admins see why.
func withdraw(tx *store.Tx, id access.MessageID, why string) error {
	if id == "" {
		return nil
	}
	m, err := tx.Messages.Get(id)
	if access.NotFound.Is(err) || err == nil && (m.Done() || !m.Kind.HoldsSecret()) {
		return nil
	}
	if err != nil {
		return err
	}
	m.Withdraw(why, tx.Now)
	if err := tx.Messages.WipeFacts(id); err != nil {
		return err
	}
	return tx.Messages.Put(m)
}

// A BatchResult is one invitation of a batch, and its result.
type BatchResult struct {
	Invited InvitationResult
	Err     error
}

// MaxBatchRows is how many invitations one request may contain.
const MaxBatchRows = 1000

// inviteBatch is how many invitations of a batch run concurrently; they share the
// disk's writes.
const inviteBatch = 16

// InviteMany invites each address in a transaction of its own and returns a
// result for each. A dry run checks all of them, and stores and sends nothing. Where err is
// not nil nothing was invited, unless ctx has ended: then some rows were, and their results
// say which. A row whose address stands in an earlier one is Conflict (duplicate_row).
func (s Invitations) InviteMany(ctx context.Context, actor access.Actor, all []NewInvitation, dry bool) ([]BatchResult,
	error) {
	if len(all) > MaxBatchRows {
		return nil, access.Errorf(access.Invalid, "You can send at most %d invitations in one request. Send the "+
			"rest in further requests.",
			MaxBatchRows).On("rows").WithCode("too_many_rows")
	}
	if err := s.store.View(ctx, func(tx *store.Tx) error {
		_, err := s.gate.Authorize(tx, actor, access.May(access.DoInvite, access.ResMembers))
		return err
	}); err != nil {
		return nil, err
	}
	rows, first := make([]BatchResult, len(all)), map[string]int{}
	var wg sync.WaitGroup
	slots := make(chan struct{}, inviteBatch)
	for i, in := range all {
		if j, twice := first[in.Email.Canonical]; twice && in.Email.Canonical != "" {
			rows[i].Err = access.Errorf(access.Conflict, "Duplicate of row %d.", j+1).
				On("email").WithCode("duplicate_row")
			continue
		}
		first[in.Email.Canonical] = i
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			rows[i] = s.inviteRow(ctx, actor, in, dry)
		})
	}
	wg.Wait()
	return rows, ctx.Err()
}

func (s Invitations) inviteRow(ctx context.Context, actor access.Actor, in NewInvitation, dry bool) (r BatchResult) {
	if !dry {
		r.Invited, r.Err = s.Invite(ctx, actor, in)
		return r
	}
	r.Err = s.store.View(ctx, func(tx *store.Tx) error {
		m, before, err := s.draft(tx, actor, access.MemberID(access.NewID()), in)
		if err != nil {
			return err
		}
		r.Invited.RejectedBefore = before
		r.Invited.Member = MemberView{Member: m}
		return nil
	})
	return r
}

// Resend sends a pending member who has not accepted a new invitation email, and
// starts the invitation's time again; the older link is void. A member who has
// accepted gets no email: the error says what to do.
func (s Invitations) Resend(ctx context.Context, actor access.Actor, id access.MemberID) (MemberView, error) {
	return s.renew(ctx, actor, id, access.ActionResend)
}

func (s *core) renew(ctx context.Context, actor access.Actor, id access.MemberID,
	did access.AuditAction) (out MemberView, err error) {
	secret := access.NewSecret()
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.DoInvite, access.ResMembers))
		if err != nil {
			return err
		}
		m, err := tx.Members.Get(id)
		if err != nil {
			return err
		}
		if err := a.Covers(&m); err != nil {
			return err
		}
		if err := s.limit(tx, "resend "+limitKey(m.Email), maxResends, resendInterval); err != nil {
			return err
		}
		if err := s.renewNow(tx, &m, secret, access.PriorityInvitation); err != nil {
			return err
		}
		if err := tx.Record(actor, did, string(id), ""); err != nil {
			return err
		}
		out, err = s.memberView(tx, m)
		return err
	})
	return out, err
}

func (s *core) renewNow(tx *store.Tx, m *access.Member, secret access.Secret, class access.Priority) error {
	if err := m.Renew(tx.Now); err != nil {
		return err
	}
	if err := s.sendInvitation(tx, m, secret, access.InvitationMessage, class, access.Actor{}); err != nil {
		return err
	}
	return tx.Members.Put(*m)
}

// CopyLink makes a new invitation link for handing over by other means than mail.
// The link in the email is void from then on, and the email is withdrawn where it was not
// sent yet. The new link's holder can sign in as the
// invited member, so the caller gets no link for somebody with more permissions
// than their own, and using it does not verify the address.
func (s Invitations) CopyLink(ctx context.Context, actor access.Actor, id access.MemberID) (link string, err error) {
	secret := access.NewSecret()
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.DoInvite, access.ResMembers))
		if err != nil {
			return err
		}
		m, err := tx.Members.Get(id)
		if err != nil {
			return err
		}
		if err := m.Renew(tx.Now); err != nil {
			return err
		}
		if err := a.Covers(&m); err != nil {
			return err
		}
		if err := revokeLink(tx, &m, access.WithdrawnForCopy); err != nil {
			return err
		}
		if err := putInvitation(tx, &m, secret, "", actor); err != nil {
			return err
		}
		if link, err = s.link(tx, secret); err != nil {
			return err
		}
		if err := tx.Members.Put(m); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionCopyLink, string(id), "")
	})
	return link, err
}

// Expiring returns the invitations that nobody has accepted and that expire
// within a duration, the soonest first. Total is how many are returned, and TotalIsFloor says
// that there are more: this list has no further pages.
func (s Invitations) Expiring(ctx context.Context, actor access.Actor, within time.Duration,
	limit int) (out store.Page[MemberView], err error) {
	if limit, err = Limit(limit); err != nil {
		return out, err
	}
	err = s.view(ctx, actor, access.May(access.Read, access.ResMembers), func(tx *store.Tx) error {
		all, more, err := tx.Members.Expiring(tx.Now.Add(within), limit)
		if err != nil {
			return err
		}
		out, err = s.memberViews(tx, store.Page[access.Member]{Items: all, Total: len(all), TotalIsFloor: more})
		return err
	})
	return out, err
}
