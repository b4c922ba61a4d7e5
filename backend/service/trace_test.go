package service_test

import (
	"fmt"
	"strings"
	"testing"

	"doorward/backend/access"
	. "doorward/backend/service"
)

// noTrace walks everything kept, but for some kinds of keys, and finds nothing of
// somebody. Their id may stand in the audit log, in what remembers the decision
// for a day, and in what was to be told to Admins.
func (o *office) noTrace(traces []string, id access.MemberID, but string) {
	o.t.Helper()
	must(o.t, o.store.Each(o.t.Context(), func(key, value []byte) error {
		kind, all := string(key[:1]), string(key)+"\n"+string(value)
		for _, trace := range traces {
			if !strings.Contains(but, kind) && strings.Contains(all, trace) {
				o.t.Errorf("%q is left in %q: %s", trace, key, value)
			}
		}
		if strings.Contains(all, string(id)) && !strings.Contains("ujxD", kind) {
			o.t.Errorf("the id is left in %q: %s", key, value)
		}
		return nil
	}))
}

// Somebody holds the data directory's bytes after a rejection, and looks for
// whom it was about: nothing of the address, the name, the link or the emails
// is left, in any key or value. An ask for a sign-in email, which is kept alike for
// every address, known or not, goes within its quarter of an hour.
func TestRejectLeavesNoTrace(t *testing.T) {
	for _, sent := range []string{"mail", "kept"} {
		t.Run(sent, func(t *testing.T) {
			var options []officeOption
			if sent == "kept" {
				options = append(options, withoutMail)
			}
			o := openOffice(t, options...)
			in, err := o.Invitations.Invite(t.Context(), o.ann, NewInvitation{
				Email: mail(t, "Vanish@Gone.example"),
				Name:  "Quentin Vanishing",
				Note:  "hello quentin",
				Roles: []access.RoleName{access.Fleet},
			})
			must(t, err)
			_, err = o.SignIn.RedeemLink(t.Context(), secretOf(in.Link), browser("q"))
			must(t, err)
			must(t, o.Account.Note(t.Context(), session(in.Card.ID), "I am Quentin"))
			o.codeFor("vanish@gone.example", browser("q"))
			for i := range 6 {
				o.codeFor("vanish@gone.example", browser(fmt.Sprint("q", i)))
			}
			must(t, o.SignIn.Request(t.Context(), mail(t, "vanish@gone.example"), browser("late")))
			o.sweep()
			traces := []string{"anish@", "Gone.example", "uentin", "gone.example"}
			hash := secretOf(in.Link).Hash()
			text, err := hash.MarshalText()
			must(t, err)
			traces = append(traces, string(text), string(hash[:]))
			for _, kind := range []access.MessageKind{access.InvitationMessage, access.ReceivedMessage,
				access.SignInMessage} {
				for _, l := range o.letters(kind) {
					if l.Member == in.Card.ID {
						traces = append(traces, string(l.ID))
					}
				}
			}

			must(t, o.Members.Reject(t.Context(), o.ann, in.Card.ID, "", false))
			o.sweep()
			o.noTrace(traces, in.Card.ID, "b") // what a browser asked for tells of no account
			o.clock.forward(access.SignInTTL)
			o.sweep()
			o.noTrace(traces, in.Card.ID, "")
			o.verify()
			again, err := o.Invitations.Invite(t.Context(), o.bob, NewInvitation{
				Email: mail(t, "vanish@GONE.example"),
				Roles: []access.RoleName{access.Fleet},
			})
			if err != nil || again.RejectedBefore == nil || again.RejectedBefore.By.Member != o.ann.Member {
				t.Errorf("invited again: %+v, %v", again.RejectedBefore, err)
			}
		})
	}
}
