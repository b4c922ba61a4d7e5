package service_test

import (
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// inLanguage reports the language of the newest email of a kind to an address, and its
// subject.
func (fx *fixture) inLanguage(kind access.MessageKind, to string) (l access.Language, subject string) {
	fx.t.Helper()
	msg := fx.message(kind, to)
	must(fx.t, fx.store.View(fx.t.Context(), func(tx *store.Tx) error {
		f, err := tx.Messages.Facts(msg.ID)
		l = f.Language
		return err
	}))
	return l, msg.Subject
}

// Somebody who reads no English is invited, reminded and approved in it, and takes the email
// for spam.
func TestEmailsAreInTheLanguageOfTheirRecipient(t *testing.T) {
	fx := newFixture(t)
	ctx := t.Context()
	invite := func(actor access.Actor, to string, l access.Language) access.MemberID {
		t.Helper()
		got, err := fx.Invitations.Invite(ctx, actor, NewInvitation{Email: mail(t, to),
			Roles: []access.RoleName{access.Fleet}, Language: l})
		must(t, err)
		return got.Member.ID
	}
	must(t, fx.Account.SetLanguage(ctx, fx.ann, access.Pseudo))
	chosen := invite(fx.ann, "chosen@example.com", access.German)
	invite(fx.ann, "hers@example.com", "")
	invite(access.Operator, "english@example.com", "")
	for to, want := range map[string]access.Language{
		"chosen@example.com": access.German, "hers@example.com": access.Pseudo, "english@example.com": "",
	} {
		got, subject := fx.inLanguage(access.InvitationMessage, to)
		if got != want || strings.HasPrefix(subject, "[") != (want == access.Pseudo) {
			t.Errorf("%s is invited in %q: %q", to, got, subject)
		}
	}
	fx.waiting("one@example.com")
	fx.sweep()
	for to, want := range map[string]access.Language{"ann@example.org": access.Pseudo, "bob@example.org": ""} {
		if got, subject := fx.inLanguage(access.RequestsMessage, to); got != want {
			t.Errorf("%s is told in %q: %q", to, got, subject)
		}
	}
	_, err := fx.Invitations.Resend(ctx, fx.bob, chosen)
	must(t, err)
	if got, _ := fx.inLanguage(access.InvitationMessage, "chosen@example.com"); got != access.German {
		t.Errorf("the second invitation is in %q", got)
	}
	if m := fx.memberView(chosen); m.Language != access.German {
		t.Errorf("the member's language is %q", m.Language)
	}
}

// A token, the operator or somebody who is locked out changes what a member reads.
func TestOnlyTheMemberChoosesTheirLanguage(t *testing.T) {
	fx := newFixture(t)
	c := fx.people()
	ctx := t.Context()
	must(t, fx.Account.SetLanguage(ctx, c.fleet, access.English))
	before := fx.state()
	for name, actor := range map[string]access.Actor{
		"a token": c.token, "the operator": access.Operator, "a suspended member": c.suspended, "nobody": {},
	} {
		if err := fx.Account.SetLanguage(ctx, actor, access.German); err == nil {
			t.Errorf("%s may choose a language", name)
		}
	}
	must(t, fx.Account.SetLanguage(ctx, c.fleet, access.English)) // is it already
	if fx.state() != before {
		t.Error("a refusal changed something")
	}
	for _, actor := range []access.Actor{c.pending, c.fleet} {
		must(t, fx.Account.SetLanguage(ctx, actor, access.French))
		if m := fx.memberView(actor.Member); m.Language != access.French {
			t.Errorf("%s reads %q", m.Email, m.Language)
		}
	}
	fx.verify()
}

// Somebody signs in in a browser that speaks another language: a member keeps the one that was
// chosen for them, unless they accept an invitation and chose one on its page. Who has none
// gets the browser's.
func TestTheLanguageOfWhoSignsIn(t *testing.T) {
	at := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		browser access.Language
		chosen  bool // on a page
		before  access.Language
		joined  time.Time
		want    access.Language
	}{
		{"", false, "", time.Time{}, ""},
		{"", false, access.French, time.Time{}, access.French},
		{"", true, access.French, time.Time{}, access.French},
		{access.German, false, "", time.Time{}, access.German},
		{access.German, false, "", at, access.German},
		{access.German, true, "", at, access.German},
		{access.German, false, access.French, time.Time{}, access.French},
		{access.German, true, access.French, time.Time{}, access.German},
		{access.German, false, access.French, at, access.French},
		{access.German, true, access.French, at, access.French},
	} {
		m := access.Member{Language: tt.before, AcceptedAt: tt.joined}
		Browser{Language: tt.browser, LanguageChosen: tt.chosen}.Speak(&m)
		if m.Language != tt.want {
			t.Errorf("%q, in a browser in %q, chosen %v, joined %v: it is %q", tt.before, tt.browser, tt.chosen,
				!tt.joined.IsZero(), m.Language)
		}
	}
}
