package service_test

import (
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store"
)

// An Admin sees an invitation to the wrong person in the outbox and deletes it
// before it is sent. Its link was printed, or read in the outbox: it must not
// work after that.
func TestDeletedInvitationOpensNothing(t *testing.T) {
	for name, option := range map[string]fixtureOption{"queued": func(*fixture) {}, "kept": withoutMail} {
		t.Run(name, func(t *testing.T) {
			fx := newFixture(t, option)
			in := fx.invite("wrong@example.com")
			msg := fx.message(access.InvitationMessage, "wrong@example.com")
			must(t, fx.Outbox.Delete(t.Context(), fx.ann, msg.ID))

			_, err := fx.SignIn.RedeemLink(t.Context(), secretOf(in.Link), browser("eve"))
			refused(t, err, access.Expired, "link_dead")
			_, err = fx.SignIn.PeekLink(t.Context(), secretOf(in.Link), browser("eve"))
			refused(t, err, access.Expired, "link_dead")
			entries := fx.entries()
			if e := entries[len(entries)-1]; e.Action != access.ActionDeleteMessage ||
				e.Actor.Member != fx.ann.Member ||
				e.Detail != "invitation, and its login link" {
				t.Errorf("the audit log says %+v", e)
			}
			m, err := fx.Members.Get(t.Context(), fx.ann, in.Member.ID)
			if err != nil || m.State != access.Pending || m.Delivery != nil {
				t.Errorf("the member is %+v (%v)", m, err)
			}
			fx.verify()

			_, err = fx.Invitations.Resend(t.Context(), fx.ann, in.Member.ID)
			must(t, err)
			if _, err := fx.SignIn.RedeemLink(t.Context(), fx.linkTo(access.InvitationMessage, "wrong@example.com"),
				browser("ada")); err != nil {
				t.Errorf("a fresh email's link: %v", err)
			}
			fx.verify()
		})
	}
}

// The reminder carries a link of its own, which replaces the first.
func TestDeletedReminderOpensNothing(t *testing.T) {
	fx := newFixture(t)
	fx.invite("ada@example.com")
	fx.clock.forward(6 * day)
	fx.sweep()
	link := fx.linkTo(access.ExpiringMessage, "ada@example.com")
	must(t, fx.Outbox.Delete(t.Context(), fx.ann, fx.message(access.ExpiringMessage, "ada@example.com").ID))
	_, err := fx.SignIn.RedeemLink(t.Context(), link, browser("ada"))
	refused(t, err, access.Expired, "link_dead")
	fx.verify()
}

// An email that was sent cannot be recalled: deleting the entry tidies the list,
// and the recipient's link still works. Nor does deleting an email without a
// link, or with an older one, affect the current link.
func TestDeletingOtherMessagesLeavesTheLink(t *testing.T) {
	fx := newFixture(t)
	in := fx.invite("ada@example.com")
	m := fx.message(access.InvitationMessage, "ada@example.com")
	must(t, fx.store.Update(t.Context(), func(tx *store.Tx) error {
		sent := m
		sent.Sent("250 ok", tx.Now)
		return tx.Messages.Put(sent)
	}))
	must(t, fx.Outbox.Delete(t.Context(), fx.ann, m.ID))
	if e := fx.entries(); strings.Contains(e[len(e)-1].Detail, "link") {
		t.Errorf("the audit log says %+v", e[len(e)-1])
	}
	must(t, fx.Outbox.Delete(t.Context(), fx.ann, fx.message(access.ApprovedMessage, "fay@example.org").ID))
	_, err := fx.SignIn.RedeemLink(t.Context(), secretOf(in.Link), browser("ada"))
	must(t, err)
	fx.verify()
}
