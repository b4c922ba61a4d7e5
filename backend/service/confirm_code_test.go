package service_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// confirmationCode has a code sent to a session's member, and reads the email.
func (o *office) confirmationCode(actor access.Actor) string {
	o.t.Helper()
	sent, err := o.Sessions.SendConfirmation(o.t.Context(), actor, "Firefox on Linux")
	must(o.t, err)
	return o.codeIn(sent.Letter)
}

var codeAlone = regexp.MustCompile(`(?m)^ {0,4}([0-9A-Z]{4}-[0-9A-Z]{4})$`)

func (o *office) codeIn(id access.MessageID) string {
	o.t.Helper()
	found := codeAlone.FindStringSubmatch(o.words(id).Text)
	if found == nil {
		o.t.Fatalf("no code in %q", o.words(id).Text)
	}
	return found[1]
}

// A sign-in, and a code, count for a quarter of an hour, to the microsecond.
func TestConfirmationExpires(t *testing.T) {
	for how, confirm := range map[string]func(o *office) access.Actor{
		"signed in by link": func(o *office) access.Actor { return o.sessionOf(o.enterAs("bob@example.org")) },
		"a code by email": func(o *office) access.Actor {
			o.clock.forward(access.ConfirmationTTL)
			_, err := o.Sessions.ConfirmCode(o.t.Context(), o.bob, o.confirmationCode(o.bob))
			must(o.t, err)
			return o.bob
		},
	} {
		for _, tt := range []struct {
			name  string
			after time.Duration
			ok    bool
		}{
			{"at once", 0, true},
			{"at the very last", access.ConfirmationTTL - time.Microsecond, true},
			{"at its end", access.ConfirmationTTL, false},
			{"after it", access.ConfirmationTTL + time.Microsecond, false},
			{"with the clock put back", -time.Microsecond, false},
		} {
			t.Run(how+", "+tt.name, func(t *testing.T) {
				o := openOffice(t)
				actor := confirm(o)
				o.clock.forward(tt.after)
				err := o.Audit.MayExport(t.Context(), actor)
				if tt.ok && err != nil {
					t.Error(err)
				}
				if !tt.ok {
					refused(t, err, access.Forbidden, "confirmation_required")
				}
			})
		}
	}
}

// sessionOf is whoever holds a session's secret.
func (o *office) sessionOf(secret access.Secret) access.Actor {
	o.t.Helper()
	p, err := o.Gate.Principal(o.t.Context(), secret)
	must(o.t, err)
	actor := p.Actor
	actor.Source = access.SourceConsole
	return actor
}

// The ways in which a code confirms, and in which it does not.
func TestConfirmationCode(t *testing.T) {
	wrong := func(o *office, actor access.Actor, n int) {
		for range n {
			_, err := o.Sessions.ConfirmCode(o.t.Context(), actor, "0000-0000")
			refused(o.t, err, access.Invalid, "code_wrong")
		}
	}
	type try func(o *office, code string) (access.Actor, string)
	as := func(do func(o *office)) try {
		return func(o *office, code string) (access.Actor, string) { do(o); return o.bob, code }
	}
	typed := func(change func(string) string) try {
		return func(o *office, code string) (access.Actor, string) { return o.bob, change(code) }
	}
	tests := []struct {
		name string
		try  try
		kind access.Kind // empty: it confirms
	}{
		{"as it stands there", typed(func(c string) string { return c }), ""},
		{
			"in small letters, without the hyphen",
			typed(func(c string) string { return strings.ToLower(strings.ReplaceAll(c, "-", "")) }),
			"",
		},
		{
			"with spaces around and between",
			typed(func(c string) string { return "  " + strings.ReplaceAll(c, "-", " ") + "\n" }),
			"",
		},
		{
			"with O for 0 and l for 1",
			typed(func(c string) string { return strings.NewReplacer("0", "O", "1", "l").Replace(c) }),
			"",
		},
		{"a part of it", typed(func(c string) string { return c[:7] }), access.Invalid},
		{"and more", typed(func(c string) string { return c + "0" }), access.Invalid},
		{"nothing", typed(func(string) string { return "" }), access.Invalid},
		{"after four wrong ones", as(func(o *office) { wrong(o, o.bob, 4) }), ""},
		{"after five wrong ones", as(func(o *office) { wrong(o, o.bob, 5) }), access.Invalid},
		{"at the very last", as(func(o *office) {
			o.clock.forward(access.ConfirmationCodeTTL - time.Microsecond)
		}), ""},
		{"at its end", as(func(o *office) { o.clock.forward(access.ConfirmationCodeTTL) }), access.Invalid},
		{"a second time", as(func(o *office) {
			_, err := o.Sessions.ConfirmCode(o.t.Context(), o.bob,
				o.codeIn(o.letter(access.ConfirmationMessage, "bob@example.org").ID))
			must(o.t, err)
		}), access.Invalid},
		{"after another was sent", as(func(o *office) { o.confirmationCode(o.bob) }), access.Invalid},
		{
			"in another session of the same member",
			func(o *office, code string) (access.Actor, string) { return o.confirmed(o.bob.Member), code },
			access.Invalid,
		},
		{"by somebody else", func(o *office, code string) (access.Actor, string) {
			return o.ann, code
		}, access.Invalid},
		{"by a token", func(o *office, code string) (access.Actor, string) {
			token, _, err := o.Tokens.Create(o.t.Context(), o.confirmed(o.bob.Member), "ci",
				[]access.RoleName{access.Admin}, 0)
			must(o.t, err)
			return access.Actor{
				Member:  o.bob.Member,
				Token:   token.ID,
				Source:  access.SourceAPI,
				Session: o.bob.Session,
			}, code
		}, access.Forbidden},
		{"once suspended", as(func(o *office) {
			_, err := o.Members.Suspend(o.t.Context(), access.Operator, o.bob.Member)
			must(o.t, err)
		}), access.Forbidden},
		{
			"once signed out everywhere",
			as(func(o *office) {
				must(o.t, o.Sessions.SignOutEverywhere(o.t.Context(), access.Operator, o.bob.Member, false))
			}),
			access.Forbidden,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := openOffice(t)
			o.clock.forward(access.ConfirmationTTL)
			actor, code := tt.try(o, o.confirmationCode(o.bob))
			did := o.did(access.ActionConfirm)
			until, err := o.Sessions.ConfirmCode(t.Context(), actor, code)
			if tt.kind != "" {
				refused(t, err, tt.kind, "")
				if !until.IsZero() || o.did(access.ActionConfirm) != did {
					t.Errorf("it counts until %v", until)
				}
				return
			}
			if err != nil || until.Sub(o.clock.now()) != access.ConfirmationTTL || o.did(access.ActionConfirm) != did+
				1 {
				t.Errorf("ConfirmCode = %v, %v", until, err)
			}
			o.verify()
		})
	}
}

// A thief of a session guesses all day, with a new email whenever one allows: the
// member's wrong codes are counted over all emails and sessions. The member can
// still sign in again.
func TestWrongCodesOfADayAreBounded(t *testing.T) {
	o := openOffice(t)
	thief := o.confirmed(o.bob.Member)
	tried := 0
	for minute := 0; minute < 24*60; minute += 5 {
		o.Sessions.SendConfirmation(t.Context(), thief, "") // refused now and then
		for range 5 {
			if _, err := o.Sessions.ConfirmCode(t.Context(), thief, "0000-0000"); access.Invalid.Is(err) {
				tried++
			}
		}
		o.clock.forward(5 * time.Minute)
	}
	if tried < MaxWrongConfirmations || tried > 2*MaxWrongConfirmations {
		t.Errorf("%d wrong codes were looked at in a day, want %d to %d", tried, MaxWrongConfirmations,
			2*MaxWrongConfirmations)
	}
	_, err := o.Sessions.ConfirmCode(t.Context(), thief, o.confirmationCode(thief))
	refused(t, err, access.TooMany, "too_often")
	if err := o.Audit.MayExport(t.Context(), o.sessionOf(o.enterAs("bob@example.org"))); err != nil {
		t.Errorf("bob signs in anew, and is refused: %v", err)
	}
}

// Nobody's mailbox is filled through a session of theirs: five emails at once,
// and then one in three minutes.
func TestConfirmationEmailsAreBounded(t *testing.T) {
	o := openOffice(t)
	for range MaxConfirmEmails {
		o.confirmationCode(o.bob)
	}
	_, err := o.Sessions.SendConfirmation(t.Context(), o.bob, "")
	refused(t, err, access.TooMany, "too_often")
	o.confirmationCode(o.ann)
	o.clock.forward(ConfirmEmailInterval)
	o.confirmationCode(o.bob)
}

// Two windows of one browser send the same code at once: it confirms once.
func TestConfirmationCodeRedeemedTwice(t *testing.T) {
	o := openOffice(t)
	code := o.confirmationCode(o.bob)
	won := 0
	for _, err := range race(8, func(int) error {
		_, err := o.Sessions.ConfirmCode(t.Context(), o.bob, code)
		return err
	}) {
		if err == nil {
			won++
		} else {
			refused(t, err, access.Invalid, "code_wrong")
		}
	}
	if won != 1 || o.did(access.ActionConfirm) != 1 {
		t.Errorf("%d confirmed, %d entries", won, o.did(access.ActionConfirm))
	}
}

// What is kept of a code does not give it away, and goes with the session.
func TestConfirmationCodeIsKeptAsKeyedHash(t *testing.T) {
	o := openOffice(t)
	code := o.confirmationCode(o.bob)
	must(t, o.store.View(t.Context(), func(tx *store.Tx) error {
		opened, _, err := tx.Sessions.Get(o.bob.Session)
		plain := strings.ReplaceAll(code, "-", "")
		if opened.Code.Hash.IsZero() || opened.Code.Hash == access.Secret(plain).
			Hash() || opened.Code.Hash == access.Secret(code).Hash() {
			t.Errorf("kept as %x", opened.Code.Hash)
		}
		return err
	}))
	if strings.Contains(o.state(), code) || strings.Contains(o.state(), strings.ReplaceAll(code, "-", "")) {
		t.Error("the store holds the code")
	}
}
