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

// confirmationCode has a code sent for a session, and reads it from the email.
func (fx *fixture) confirmationCode(actor access.Actor) string {
	fx.t.Helper()
	sent, err := fx.Sessions.SendConfirmation(fx.t.Context(), actor, "Firefox on Linux")
	must(fx.t, err)
	return fx.codeIn(sent.Message)
}

var codeAlone = regexp.MustCompile(`(?m)^ {0,4}([0-9A-Z]{4}-[0-9A-Z]{4})$`)

func (fx *fixture) codeIn(id access.MessageID) string {
	fx.t.Helper()
	found := codeAlone.FindStringSubmatch(fx.body(id).Text)
	if found == nil {
		fx.t.Fatalf("no code in %q", fx.body(id).Text)
	}
	return found[1]
}

// A sign-in, and a code, confirm a session for a quarter of an hour, to the
// microsecond.
func TestConfirmationExpires(t *testing.T) {
	for how, confirm := range map[string]func(fx *fixture) access.Actor{
		"signed in by link": func(fx *fixture) access.Actor { return fx.sessionOf(fx.enterAs("bob@example.org")) },
		"a code by email": func(fx *fixture) access.Actor {
			fx.clock.forward(access.ConfirmationTTL)
			_, err := fx.Sessions.ConfirmCode(fx.t.Context(), fx.bob, fx.confirmationCode(fx.bob))
			must(fx.t, err)
			return fx.bob
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
				fx := newFixture(t)
				actor := confirm(fx)
				fx.clock.forward(tt.after)
				err := fx.Audit.MayExport(t.Context(), actor)
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

// sessionOf is the actor with this session secret.
func (fx *fixture) sessionOf(secret access.Secret) access.Actor {
	fx.t.Helper()
	p, err := fx.Gate.Principal(fx.t.Context(), secret)
	must(fx.t, err)
	actor := p.Actor
	actor.Source = access.SourceConsole
	return actor
}

// A code confirms only in the session it was sent for, before it expires, once.
func TestConfirmationCode(t *testing.T) {
	wrong := func(fx *fixture, actor access.Actor, n int) {
		for range n {
			_, err := fx.Sessions.ConfirmCode(fx.t.Context(), actor, "0000-0000")
			refused(fx.t, err, access.Invalid, "code_wrong")
		}
	}
	type try func(fx *fixture, code string) (access.Actor, string)
	as := func(do func(fx *fixture)) try {
		return func(fx *fixture, code string) (access.Actor, string) { do(fx); return fx.bob, code }
	}
	typed := func(change func(string) string) try {
		return func(fx *fixture, code string) (access.Actor, string) { return fx.bob, change(code) }
	}
	tests := []struct {
		name string
		try  try
		kind access.Kind // empty: the code confirms
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
		{"after four wrong ones", as(func(fx *fixture) { wrong(fx, fx.bob, 4) }), ""},
		{"after five wrong ones", as(func(fx *fixture) { wrong(fx, fx.bob, 5) }), access.Invalid},
		{"at the very last", as(func(fx *fixture) {
			fx.clock.forward(access.ConfirmationCodeTTL - time.Microsecond)
		}), ""},
		{"at its end", as(func(fx *fixture) { fx.clock.forward(access.ConfirmationCodeTTL) }), access.Invalid},
		{"a second time", as(func(fx *fixture) {
			_, err := fx.Sessions.ConfirmCode(fx.t.Context(), fx.bob,
				fx.codeIn(fx.message(access.ConfirmationMessage, "bob@example.org").ID))
			must(fx.t, err)
		}), access.Invalid},
		{"after another was sent", as(func(fx *fixture) { fx.confirmationCode(fx.bob) }), access.Invalid},
		{
			"in another session of the same member",
			func(fx *fixture, code string) (access.Actor, string) { return fx.confirmed(fx.bob.Member), code },
			access.Invalid,
		},
		{"by somebody else", func(fx *fixture, code string) (access.Actor, string) {
			return fx.ann, code
		}, access.Invalid},
		{"by a token", func(fx *fixture, code string) (access.Actor, string) {
			token, _, err := fx.Tokens.Create(fx.t.Context(), fx.confirmed(fx.bob.Member), "ci",
				[]access.RoleName{access.Admin}, 0)
			must(fx.t, err)
			return access.Actor{
				Member:  fx.bob.Member,
				Token:   token.ID,
				Source:  access.SourceAPI,
				Session: fx.bob.Session,
			}, code
		}, access.Forbidden},
		{"once suspended", as(func(fx *fixture) {
			_, err := fx.Members.Suspend(fx.t.Context(), access.Operator, fx.bob.Member)
			must(fx.t, err)
		}), access.Forbidden},
		{
			"once signed out everywhere",
			as(func(fx *fixture) {
				must(fx.t, fx.Sessions.SignOutEverywhere(fx.t.Context(), access.Operator, fx.bob.Member, false))
			}),
			access.Forbidden,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fx := newFixture(t)
			fx.clock.forward(access.ConfirmationTTL)
			actor, code := tt.try(fx, fx.confirmationCode(fx.bob))
			did := fx.did(access.ActionConfirm)
			until, err := fx.Sessions.ConfirmCode(t.Context(), actor, code)
			if tt.kind != "" {
				refused(t, err, tt.kind, "")
				if !until.IsZero() || fx.did(access.ActionConfirm) != did {
					t.Errorf("it counts until %v", until)
				}
				return
			}
			if err != nil || until.Sub(fx.clock.now()) != access.ConfirmationTTL || fx.did(access.ActionConfirm) != did+
				1 {
				t.Errorf("ConfirmCode = %v, %v", until, err)
			}
			fx.verify()
		})
	}
}

// A thief of a session guesses all day, with a new email whenever one is allowed:
// the member's wrong codes are counted over all emails and sessions. The member
// can still sign in again.
func TestWrongCodesOfADayAreBounded(t *testing.T) {
	fx := newFixture(t)
	thief := fx.confirmed(fx.bob.Member)
	tried := 0
	for minute := 0; minute < 24*60; minute += 5 {
		fx.Sessions.SendConfirmation(t.Context(), thief, "") // refused now and then
		for range 5 {
			if _, err := fx.Sessions.ConfirmCode(t.Context(), thief, "0000-0000"); access.Invalid.Is(err) {
				tried++
			}
		}
		fx.clock.forward(5 * time.Minute)
	}
	if tried < MaxWrongConfirmations || tried > 2*MaxWrongConfirmations {
		t.Errorf("%d wrong codes were looked at in a day, want %d to %d", tried, MaxWrongConfirmations,
			2*MaxWrongConfirmations)
	}
	_, err := fx.Sessions.ConfirmCode(t.Context(), thief, fx.confirmationCode(thief))
	refused(t, err, access.TooMany, "too_often")
	if err := fx.Audit.MayExport(t.Context(), fx.sessionOf(fx.enterAs("bob@example.org"))); err != nil {
		t.Errorf("bob signs in anew, and is refused: %v", err)
	}
}

// A stolen session is used to fill the member's mailbox: five emails at once, and
// then one every three minutes.
func TestConfirmationEmailsAreBounded(t *testing.T) {
	fx := newFixture(t)
	for range MaxConfirmEmails {
		fx.confirmationCode(fx.bob)
	}
	_, err := fx.Sessions.SendConfirmation(t.Context(), fx.bob, "")
	refused(t, err, access.TooMany, "too_often")
	fx.confirmationCode(fx.ann)
	fx.clock.forward(ConfirmEmailInterval)
	fx.confirmationCode(fx.bob)
}

// Two windows of one browser send the same code at once: it confirms once.
func TestConfirmationCodeRedeemedTwice(t *testing.T) {
	fx := newFixture(t)
	code := fx.confirmationCode(fx.bob)
	won := 0
	for _, err := range race(8, func(int) error {
		_, err := fx.Sessions.ConfirmCode(t.Context(), fx.bob, code)
		return err
	}) {
		if err == nil {
			won++
		} else {
			refused(t, err, access.Invalid, "code_wrong")
		}
	}
	if won != 1 || fx.did(access.ActionConfirm) != 1 {
		t.Errorf("%d confirmed, %d entries", won, fx.did(access.ActionConfirm))
	}
}

// The stored record of a code does not reveal it, and is deleted with the
// session.
func TestConfirmationCodeIsKeptAsKeyedHash(t *testing.T) {
	fx := newFixture(t)
	code := fx.confirmationCode(fx.bob)
	must(t, fx.store.View(t.Context(), func(tx *store.Tx) error {
		opened, _, err := tx.Sessions.Get(fx.bob.Session)
		plain := strings.ReplaceAll(code, "-", "")
		if opened.Code.Hash.IsZero() || opened.Code.Hash == access.Secret(plain).
			Hash() || opened.Code.Hash == access.Secret(code).Hash() {
			t.Errorf("kept as %x", opened.Code.Hash)
		}
		return err
	}))
	if strings.Contains(fx.state(), code) || strings.Contains(fx.state(), strings.ReplaceAll(code, "-", "")) {
		t.Error("the store holds the code")
	}
}
