package service_test

import (
	"testing"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// An Admin copies a link for somebody whose email is still queued, or held. The email vanished
// from the list, as if none had ever been written; it must be there with what became of it, and
// nobody may receive it.
func TestUnsentEmailsAreWithdrawnNotDeleted(t *testing.T) {
	accepted := func(fx *fixture, _ InvitationResult) {
		code := fx.codeFor("ada@example.com", browser("ada"))
		_, err := fx.SignIn.RedeemCode(t.Context(), code, browser("ada"))
		must(t, err)
	}
	copied := func(fx *fixture, in InvitationResult) {
		link, err := fx.Invitations.CopyLink(t.Context(), fx.ann, in.Member.ID)
		must(t, err)
		_, err = fx.SignIn.PeekLink(t.Context(), secretOf(link), browser("ada"))
		must(t, err)
		_, err = fx.SignIn.PeekLink(t.Context(), secretOf(in.Link), browser("ada"))
		refused(t, err, access.Expired, "link_dead")
	}
	resent := func(fx *fixture, in InvitationResult) {
		_, err := fx.Invitations.Resend(t.Context(), fx.ann, in.Member.ID)
		must(t, err)
	}
	for _, tt := range []struct {
		name    string
		fixture []fixtureOption
		change  func(*fixture, InvitationResult)
		why     string
	}{
		{"copied while it is queued", nil, copied, access.WithdrawnForCopy},
		{"copied while it is held", []fixtureOption{withoutMail}, copied, access.WithdrawnForCopy},
		{"resent", nil, resent, access.WithdrawnForNewer},
		{"accepted with a login code", nil, accepted, access.WithdrawnForAccepted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fx := newFixture(t, tt.fixture...)
			in := fx.invite("ada@example.com")
			id := fx.message(access.InvitationMessage, "ada@example.com").ID
			tt.change(fx, in)

			var m access.Message
			must(t, fx.store.View(t.Context(), func(tx *store.Tx) (err error) {
				m, err = tx.Messages.Get(id)
				return err
			}))
			if m.State != access.MessageWithdrawn || m.Detail != tt.why || !m.NextTry.IsZero() || m.HasBody() {
				t.Errorf("the email is %+v, want it withdrawn: %s", m, tt.why)
			}
			_, _, err := fx.Outbox.Get(t.Context(), access.Operator, id)
			refused(t, err, access.NotFound, "email_content_gone")
			if tt.fixture == nil {
				_, err = fx.Outbox.Retry(t.Context(), fx.ann, id)
				refused(t, err, access.Conflict, "email_withdrawn")
			}
			must(t, fx.store.View(t.Context(), func(tx *store.Tx) error {
				waiting, err := tx.Messages.Queued(9)
				for _, m := range waiting {
					if m.ID == id {
						t.Error("it is still waiting to be sent")
					}
				}
				return err
			}))
			if c := fx.counters().Messages; c[access.MessageWithdrawn] != 1 || c[access.MessageFailed] != 0 {
				t.Errorf("the counters say %v", c)
			}
			fx.verify()
			must(t, fx.Outbox.Delete(t.Context(), fx.ann, id))
			fx.verify()
		})
	}
}
