package service_test

import (
	"regexp"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/email"
	. "doorward/backend/service"
	"doorward/backend/store"
)

// sensitive are the acts that require a confirmation. Each is prepared on its own
// fixture and then tried by an actor.
func sensitive() map[string]func(fx *fixture) func(actor access.Actor) error {
	flows := []access.Permission{access.May(access.Open, access.ResFleetFlows)}
	readers := access.Role{
		Name:        "Readers",
		Permissions: []access.Permission{access.May(access.Read, access.ResMembers)},
	}
	change := func(fx *fixture, to, from access.RoleName) func(access.Actor) error {
		id := fx.member("kim@example.org", "Kim", from)
		return func(actor access.Actor) error {
			_, err := fx.Members.ChangeRoles(fx.t.Context(), actor, id, []access.RoleName{to})
			return err
		}
	}
	return map[string]func(fx *fixture) func(actor access.Actor) error{
		"make a token": func(fx *fixture) func(access.Actor) error {
			return func(actor access.Actor) error {
				_, _, err := fx.Tokens.Create(fx.t.Context(), actor, "ci", []access.RoleName{access.Fleet}, 0)
				return err
			}
		},
		"make a role": func(fx *fixture) func(access.Actor) error {
			return func(actor access.Actor) error {
				return fx.Roles.Put(fx.t.Context(), actor, access.Role{Name: "Pilots", Permissions: flows})
			}
		},
		"delete a role": func(fx *fixture) func(access.Actor) error {
			must(fx.t, fx.Roles.Put(fx.t.Context(), access.Operator, access.Role{Name: "Pilots", Permissions: flows}))
			return func(actor access.Actor) error { return fx.Roles.Delete(fx.t.Context(), actor, "Pilots") }
		},
		"make somebody an Admin": func(fx *fixture) func(access.Actor) error {
			return change(fx, access.Admin, access.Fleet)
		},
		"let somebody read members": func(fx *fixture) func(access.Actor) error {
			must(fx.t, fx.Roles.Put(fx.t.Context(), access.Operator, readers))
			return change(fx, "Readers", access.Fleet)
		},
		"approve an Admin": func(fx *fixture) func(access.Actor) error {
			id := fx.waitingFor("kim@example.org", access.Admin)
			return func(actor access.Actor) error {
				_, err := fx.Members.Approve(fx.t.Context(), actor, id, nil)
				return err
			}
		},
		"restore an Admin": func(fx *fixture) func(access.Actor) error {
			id := fx.member("kim@example.org", "Kim", access.Admin)
			_, err := fx.Members.Suspend(fx.t.Context(), access.Operator, id)
			must(fx.t, err)
			return func(actor access.Actor) error {
				_, err := fx.Members.Unsuspend(fx.t.Context(), actor, id)
				return err
			}
		},
		"let a window in": func(fx *fixture) func(access.Actor) error {
			return func(actor access.Actor) error {
				_, err := fx.SignIn.AuthorizeDesktop(fx.t.Context(), actor, access.Secret("window").Hash())
				return err
			}
		},
		"remove a machine": func(fx *fixture) func(access.Actor) error {
			id := fx.machines()
			return func(actor access.Actor) error { return fx.Machines.Remove(fx.t.Context(), actor, id) }
		},
		"export the audit log": func(fx *fixture) func(access.Actor) error {
			return func(actor access.Actor) error { return fx.Audit.MayExport(fx.t.Context(), actor) }
		},
		"export the members": func(fx *fixture) func(access.Actor) error {
			return func(actor access.Actor) error { return fx.Members.MayExport(fx.t.Context(), actor, store.Query{}) }
		},
	}
}

// Somebody sits down at an Admin's open console, or has stolen the cookie or the
// window's secret. Whatever would give them access beyond the end of the session
// needs a confirmation first: a token, an accomplice with permissions, a window,
// the log.
func TestStolenSessionLeavesNothingBehind(t *testing.T) {
	for name, prepare := range sensitive() {
		t.Run(name, func(t *testing.T) {
			fx := newFixture(t)
			act := prepare(fx)
			fx.clock.forward(access.ConfirmationTTL)
			window := fx.ann
			window.Session = fx.asWindow(fx.confirmed(fx.ann.Member), "window").Hash()
			before := fx.state()
			for whose, actor := range map[string]access.Actor{
				"an old session":            fx.ann,
				"a window, let in just now": window,
				"no session":                session(fx.ann.Member),
			} {
				refused(t, act(actor), access.Forbidden, "confirmation_required")
				if fx.state() != before {
					t.Errorf("%s: a refusal changed something", whose)
				}
			}
			if _, err := fx.Sessions.ConfirmCode(t.Context(), fx.ann, fx.confirmationCode(fx.ann)); err != nil {
				t.Fatal(err)
			}
			refused(t, act(window), access.Forbidden, "confirmation_required") // confirmed in another session
			if err := act(fx.ann); err != nil {
				t.Errorf("after the code: %v", err)
			}
			fx.verify()
		})
	}
}

// What takes permissions away, or grants nobody any in the console, never needs a
// confirmation: it has to be quick.
func TestConfirmationIsNotAskedFor(t *testing.T) {
	fx := newFixture(t)
	ctx := t.Context()
	kim := fx.member("kim@example.org", "Kim", access.Admin)
	waits := fx.waitingFor("lee@example.org", access.Fleet)
	_, _, err := fx.Tokens.Create(ctx, fx.bob, "ci", []access.RoleName{access.Fleet}, 0)
	must(t, err)
	token, _, err := fx.Tokens.Create(ctx, access.Operator, "ci", []access.RoleName{access.Fleet}, 0)
	must(t, err)
	fx.clock.forward(access.ConfirmationTTL)
	for name, act := range map[string]func() error{
		"revoke a token":        func() error { return fx.Tokens.Revoke(ctx, fx.ann, token.ID) },
		"approve for a section": func() error { _, err := fx.Members.Approve(ctx, fx.ann, waits, nil); return err },
		"other sections": func() error {
			_, err := fx.Members.ChangeRoles(ctx, fx.ann, fx.fay.Member, []access.RoleName{access.AILoop})
			return err
		},
		"invite an Admin": func() error {
			_, err := fx.Invitations.Invite(ctx, fx.ann, NewInvitation{
				Email: mail(t, "max@example.org"),
				Roles: []access.RoleName{access.Admin},
			})
			return err
		},
		"sign an Admin out": func() error { return fx.Sessions.SignOutEverywhere(ctx, fx.ann, fx.bob.Member, true) },
		"demote an Admin, then remove them": func() error {
			if _, err := fx.Members.ChangeRoles(ctx, fx.ann, kim, []access.RoleName{access.Fleet}); err != nil {
				return err
			}
			return fx.Members.Remove(ctx, fx.ann, kim)
		},
	} {
		if err := act(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A change of a member's permissions ends the confirmations of their sessions.
func TestConfirmationEndsWithTheRightsItWasFor(t *testing.T) {
	admin, fleet := []access.RoleName{access.Admin}, []access.RoleName{access.Fleet}
	roles := func(fx *fixture, to []access.RoleName) {
		_, err := fx.Members.ChangeRoles(fx.t.Context(), access.Operator, fx.bob.Member, to)
		must(fx.t, err)
	}
	for name, change := range map[string]func(fx *fixture){
		"more":           func(fx *fixture) { roles(fx, append(fleet, admin...)) },
		"less, and back": func(fx *fixture) { roles(fx, append(fleet, admin...)); roles(fx, admin) },
		"others":         func(fx *fixture) { roles(fx, fleet); roles(fx, admin) },
		"suspended and restored": func(fx *fixture) {
			_, err := fx.Members.Suspend(fx.t.Context(), access.Operator, fx.bob.Member)
			must(fx.t, err)
			_, err = fx.Members.Unsuspend(fx.t.Context(), access.Operator, fx.bob.Member)
			must(fx.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			fx := newFixture(t)
			must(t, fx.Audit.MayExport(t.Context(), fx.bob))
			change(fx)
			refused(t, fx.Audit.MayExport(t.Context(), fx.bob), access.Forbidden, "confirmation_required")
		})
	}
}

// Without a mail server, emails are held and the console shows them. A thief of
// an Admin's session would read there the code that is to stop them, or another
// member's login link.
func TestHeldSecretsAreTheOperatorsAlone(t *testing.T) {
	fx := newFixture(t, withoutMail)
	in := fx.invite("ada@example.com")
	signIn := fx.codeFor("fay@example.org", browser("fay"))
	code := fx.confirmationCode(fx.bob)
	to := map[access.MessageKind]string{
		access.InvitationMessage:   "ada@example.com",
		access.SignInMessage:       "fay@example.org",
		access.ConfirmationMessage: "bob@example.org",
	}
	secret := map[access.MessageKind]string{
		access.InvitationMessage:   secretOf(in.Link).Reveal(),
		access.SignInMessage:       signIn,
		access.ConfirmationMessage: code,
	}
	shown := regexp.MustCompile(`[ -]`)
	for kind, want := range secret {
		want = shown.ReplaceAllString(want, "")
		for _, m := range fx.messages(kind) {
			_, w, err := fx.Outbox.Get(t.Context(), fx.bob, m.ID)
			must(t, err)
			for what, text := range map[string]string{
				"subject": w.Subject + m.Subject,
				"text":    w.Text,
				"HTML":    w.HTML,
				"detail":  m.Detail,
			} {
				if strings.Contains(shown.ReplaceAllString(text, ""), want) {
					t.Errorf("an Admin reads the secret of an email of kind %s in its %s", kind, what)
				}
			}
		}
		_, w, err := fx.Outbox.Get(t.Context(), access.Operator, fx.message(kind, to[kind]).ID)
		must(t, err)
		if !strings.Contains(shown.ReplaceAllString(w.Text, ""), want) ||
			!strings.Contains(shown.ReplaceAllString(w.HTML, ""), want) {
			t.Errorf("the operator does not read the secret of an email of kind %s", kind)
		}
	}
	for _, kind := range email.Kinds() {
		f := access.MessageFacts{
			PublicURL: "https://door.example.com",
			Link:      "https://door.example.com/login/x",
			Code:      "ZZZZ-9999",
			Workspace: "W",
		}
		w, err := fx.Emails().Render(kind, f)
		must(t, err)
		if strings.Contains(w.Text, "ZZZZ-9999") && !kind.HoldsSecret() {
			t.Errorf("emails of kind %s hold a code and are shown whole", kind)
		}
	}
}

// A token leaks: it can make nothing that outlives it. It reads what it may read.
func TestTokenMakesNothingThatOutlivesIt(t *testing.T) {
	for name, prepare := range sensitive() {
		t.Run(name, func(t *testing.T) {
			fx := newFixture(t)
			token, _, err := fx.Tokens.Create(t.Context(), fx.ann, "ci", []access.RoleName{access.Admin}, 0)
			must(t, err)
			err = prepare(fx)(access.Actor{
				Member:  fx.ann.Member,
				Token:   token.ID,
				Source:  access.SourceAPI,
				Session: fx.ann.Session,
			})
			if strings.HasPrefix(name, "export ") { // it reads what it may read
				must(t, err)
				return
			}
			if e := access.Explain(err); e.Kind != access.Forbidden || e.Code == "confirmation_required" {
				t.Errorf("got %v", err)
			}
		})
	}
}
