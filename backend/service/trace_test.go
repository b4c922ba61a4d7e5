package service_test

import (
	"fmt"
	"strings"
	"testing"

	"doorward/backend/access"
	. "doorward/backend/service"
)

// noTrace searches every record, except some kinds of keys, and fails on any
// trace of a member. Their id may be in the audit log, in the record of the
// decision, which is kept for a day, and in the digest for the Admins.
func (fx *fixture) noTrace(traces []string, id access.MemberID, but string) {
	fx.t.Helper()
	must(fx.t, fx.store.Each(fx.t.Context(), func(key, value []byte) error {
		kind, all := string(key[:1]), string(key)+"\n"+string(value)
		for _, trace := range traces {
			if !strings.Contains(but, kind) && strings.Contains(all, trace) {
				fx.t.Errorf("%q is left in %q: %s", trace, key, value)
			}
		}
		if strings.Contains(all, string(id)) && !strings.Contains("ujxD", kind) {
			fx.t.Errorf("the id is left in %q: %s", key, value)
		}
		return nil
	}))
}

// Somebody has the bytes of the data directory after a rejection, and looks for
// whom it was about: no key or value holds the address, the name, the link or the
// emails. A request for a sign-in email, which is stored in the same way for
// every address, known or not, is deleted within its quarter of an hour.
func TestRejectLeavesNoTrace(t *testing.T) {
	for _, sent := range []string{"mail", "kept"} {
		t.Run(sent, func(t *testing.T) {
			var options []fixtureOption
			if sent == "kept" {
				options = append(options, withoutMail)
			}
			fx := newFixture(t, options...)
			in, err := fx.Invitations.Invite(t.Context(), fx.ann, NewInvitation{
				Email: mail(t, "Vanish@Gone.example"),
				Name:  "Quentin Vanishing",
				Note:  "hello quentin",
				Roles: []access.RoleName{access.Fleet},
			})
			must(t, err)
			_, err = fx.SignIn.RedeemLink(t.Context(), secretOf(in.Link), browser("q"))
			must(t, err)
			must(t, fx.Account.Note(t.Context(), session(in.Member.ID), "I am Quentin"))
			fx.codeFor("vanish@gone.example", browser("q"))
			for i := range 6 {
				fx.codeFor("vanish@gone.example", browser(fmt.Sprint("q", i)))
			}
			must(t, fx.SignIn.Request(t.Context(), mail(t, "vanish@gone.example"), browser("late")))
			fx.sweep()
			traces := []string{"anish@", "Gone.example", "uentin", "gone.example"}
			hash := secretOf(in.Link).Hash()
			text, err := hash.MarshalText()
			must(t, err)
			traces = append(traces, string(text), string(hash[:]))
			for _, kind := range []access.MessageKind{access.InvitationMessage, access.ReceivedMessage,
				access.SignInMessage} {
				for _, m := range fx.messages(kind) {
					if m.Member == in.Member.ID {
						traces = append(traces, string(m.ID))
					}
				}
			}

			must(t, fx.Members.Reject(t.Context(), fx.ann, in.Member.ID, "", false))
			fx.sweep()
			fx.noTrace(traces, in.Member.ID, "b") // a browser's request says nothing about an account
			fx.clock.forward(access.SignInTTL)
			fx.sweep()
			fx.noTrace(traces, in.Member.ID, "")
			fx.verify()
			again, err := fx.Invitations.Invite(t.Context(), fx.bob, NewInvitation{
				Email: mail(t, "vanish@GONE.example"),
				Roles: []access.RoleName{access.Fleet},
			})
			if err != nil || again.RejectedBefore == nil || again.RejectedBefore.By.Member != fx.ann.Member {
				t.Errorf("invited again: %+v, %v", again.RejectedBefore, err)
			}
		})
	}
}
