package service_test

import (
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store"
)

// An Admin sees an invitation to the wrong person in the outbox and deletes it
// before it goes out. Its link was printed, or read in the outbox: it must not
// open what the Admin has just called back.
func TestDeletedInvitationOpensNothing(t *testing.T) {
	for name, option := range map[string]officeOption{"queued": func(*office) {}, "kept": withoutMail} {
		t.Run(name, func(t *testing.T) {
			o := openOffice(t, option)
			in := o.invite("wrong@example.com")
			l := o.letter(access.InvitationMessage, "wrong@example.com")
			must(t, o.Outbox.Delete(t.Context(), o.ann, l.ID))

			_, err := o.SignIn.RedeemLink(t.Context(), secretOf(in.Link), browser("eve"))
			refused(t, err, access.Expired, "link_dead")
			_, err = o.SignIn.PeekLink(t.Context(), secretOf(in.Link), browser("eve"))
			refused(t, err, access.Expired, "link_dead")
			entries := o.entries()
			if e := entries[len(entries)-1]; e.Action != access.ActionDeleteMessage || e.Actor.Member != o.ann.Member ||
				e.Detail != "invitation, and its login link" {
				t.Errorf("the audit log says %+v", e)
			}
			m, err := o.Members.Get(t.Context(), o.ann, in.Card.ID)
			if err != nil || m.State != access.Pending || m.Delivery != nil {
				t.Errorf("the member is %+v (%v)", m, err)
			}
			o.verify()

			_, err = o.Invitations.Resend(t.Context(), o.ann, in.Card.ID)
			must(t, err)
			if _, err := o.SignIn.RedeemLink(t.Context(), o.linkTo(access.InvitationMessage, "wrong@example.com"),
				browser("ada")); err != nil {
				t.Errorf("a fresh letter's link: %v", err)
			}
			o.verify()
		})
	}
}

// The reminder carries a link of its own in place of the first.
func TestDeletedReminderOpensNothing(t *testing.T) {
	o := openOffice(t)
	o.invite("ada@example.com")
	o.clock.forward(6 * day)
	o.sweep()
	link := o.linkTo(access.ExpiringMessage, "ada@example.com")
	must(t, o.Outbox.Delete(t.Context(), o.ann, o.letter(access.ExpiringMessage, "ada@example.com").ID))
	_, err := o.SignIn.RedeemLink(t.Context(), link, browser("ada"))
	refused(t, err, access.Expired, "link_dead")
	o.verify()
}

// What has gone out cannot be called back: deleting the entry tidies the list,
// and the person's link stays good. Nor does an email that holds no link, or an
// older one, touch the link there is.
func TestDeletingOtherLettersLeavesTheLink(t *testing.T) {
	o := openOffice(t)
	in := o.invite("ada@example.com")
	l := o.letter(access.InvitationMessage, "ada@example.com")
	must(t, o.store.Update(t.Context(), func(tx *store.Tx) error {
		sent := l
		sent.Sent("250 ok", tx.Now)
		return tx.Messages.Put(sent)
	}))
	must(t, o.Outbox.Delete(t.Context(), o.ann, l.ID))
	if e := o.entries(); strings.Contains(e[len(e)-1].Detail, "link") {
		t.Errorf("the audit log says %+v", e[len(e)-1])
	}
	must(t, o.Outbox.Delete(t.Context(), o.ann, o.letter(access.ApprovedMessage, "fay@example.org").ID))
	_, err := o.SignIn.RedeemLink(t.Context(), secretOf(in.Link), browser("ada"))
	must(t, err)
	o.verify()
}
