package service_test

import (
	"slices"
	"testing"

	"doorward/backend/access"
)

// Bob invites Ada, and the invitation is still unsent. Ann approves her; Bob, who does not
// know, sends the invitation again; Ann undoes the approval. Ada gets her one invitation, no
// word of an approval, and can be sent another invitation, which replaces the first: that one is
// withdrawn.
func TestUndoWithAResendInBetween(t *testing.T) {
	fx := newFixture(t)
	ctx := t.Context()
	id := fx.invite("ada@example.com").Member.ID
	first := fx.message(access.InvitationMessage, "ada@example.com")
	must(t, only(fx.Members.Approve(ctx, fx.ann, id, nil)))
	refused(t, only(fx.Invitations.Resend(ctx, fx.bob, id)), access.Conflict, "already_member")
	must(t, only(fx.Members.Undo(ctx, fx.ann, id)))

	if got := fx.emailsTo("ada@example.com"); len(got) != 1 || got[0].ID != first.ID {
		t.Errorf("the emails after the undo: %v, want the invitation %s alone", got, first.ID)
	}
	if m := fx.memberView(id); m.Message != first.ID || m.Delivery == nil || m.Delivery.ID != first.ID {
		t.Errorf("the delivery shown is of %s, want %s", m.Message, first.ID)
	}
	must(t, only(fx.Invitations.Resend(ctx, fx.bob, id)))
	second := fx.message(access.InvitationMessage, "ada@example.com")
	if got := fx.emailsTo("ada@example.com"); len(got) != 2 || second.ID == first.ID ||
		fx.memberView(id).Message != second.ID {
		t.Errorf("the emails after another: %v, want a new invitation and the first", got)
	}
	for _, m := range fx.emailsTo("ada@example.com") {
		if withdrawn := m.State == access.MessageWithdrawn; withdrawn != (m.ID == first.ID) {
			t.Errorf("%s is %s, want the first to be withdrawn", m.ID, m.State)
		}
	}
	fx.verify()
}

func (fx *fixture) emailsTo(address string) []access.Message {
	fx.t.Helper()
	return slices.DeleteFunc(fx.messages(""), func(m access.Message) bool { return m.Recipient != address })
}

// Ann changes Ada's roles, or approves her; Ada asks for a sign-in email at that moment; Ann
// undoes. What is shown of a member's delivery is their newest email, and of an invited
// person the invitation.
func TestUndoWithASignInInBetween(t *testing.T) {
	for _, tt := range []struct {
		name   string
		target func(fx *fixture) access.MemberID
		do     func(fx *fixture, id access.MemberID) error
		want   access.MessageKind
	}{
		{"change roles", func(fx *fixture) access.MemberID { return fx.member("ada@example.com", "", access.Fleet) },
			func(fx *fixture, id access.MemberID) error {
				return only(fx.Members.ChangeRoles(fx.t.Context(), fx.ann, id, []access.RoleName{access.AILoop}))
			}, access.SignInMessage},
		{"approve", func(fx *fixture) access.MemberID { return fx.invite("ada@example.com").Member.ID },
			func(fx *fixture, id access.MemberID) error {
				return only(fx.Members.Approve(fx.t.Context(), fx.ann, id, nil))
			}, access.InvitationMessage},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fx := newFixture(t)
			id := tt.target(fx)
			must(t, tt.do(fx, id))
			must(t, fx.SignIn.Request(t.Context(), mail(t, "ada@example.com"), browser("ada")))
			must(t, only(fx.SignIn.AnswerRequests(t.Context())))
			must(t, only(fx.Members.Undo(t.Context(), fx.ann, id)))
			if m := fx.memberView(id); m.Delivery == nil || m.Delivery.Kind != tt.want {
				t.Errorf("the delivery shown is of %+v, want %s", m.Delivery, tt.want)
			}
			if n := len(fx.messages(access.SignInMessage)); n != 1 {
				t.Errorf("%d sign-in emails, want 1", n)
			}
			fx.verify()
		})
	}
}
