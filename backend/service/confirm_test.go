package service_test

import (
	"regexp"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/email"
	. "doorward/backend/service"
)

// sensitive are the acts that ask again who one is. Each is prepared on its own
// office and then tried by somebody.
func sensitive() map[string]func(o *office) func(actor access.Actor) error {
	flows := []access.Permission{access.May(access.Open, access.ResFleetFlows)}
	readers := access.Role{
		Name:        "Readers",
		Permissions: []access.Permission{access.May(access.Read, access.ResMembers)},
	}
	change := func(o *office, to, from access.RoleName) func(access.Actor) error {
		id := o.member("kim@example.org", "Kim", from)
		return func(actor access.Actor) error {
			_, err := o.Members.ChangeRoles(o.t.Context(), actor, id, []access.RoleName{to})
			return err
		}
	}
	return map[string]func(o *office) func(actor access.Actor) error{
		"make a token": func(o *office) func(access.Actor) error {
			return func(actor access.Actor) error {
				_, _, err := o.Tokens.Create(o.t.Context(), actor, "ci", []access.RoleName{access.Fleet}, 0)
				return err
			}
		},
		"make a role": func(o *office) func(access.Actor) error {
			return func(actor access.Actor) error {
				return o.Roles.Put(o.t.Context(), actor, access.Role{Name: "Pilots", Permissions: flows})
			}
		},
		"delete a role": func(o *office) func(access.Actor) error {
			must(o.t, o.Roles.Put(o.t.Context(), access.Operator, access.Role{Name: "Pilots", Permissions: flows}))
			return func(actor access.Actor) error { return o.Roles.Delete(o.t.Context(), actor, "Pilots") }
		},
		"make somebody an Admin": func(o *office) func(access.Actor) error {
			return change(o, access.Admin, access.Fleet)
		},
		"let somebody read members": func(o *office) func(access.Actor) error {
			must(o.t, o.Roles.Put(o.t.Context(), access.Operator, readers))
			return change(o, "Readers", access.Fleet)
		},
		"approve an Admin": func(o *office) func(access.Actor) error {
			id := o.waitingFor("kim@example.org", access.Admin)
			return func(actor access.Actor) error {
				_, err := o.Members.Approve(o.t.Context(), actor, id, nil)
				return err
			}
		},
		"restore an Admin": func(o *office) func(access.Actor) error {
			id := o.member("kim@example.org", "Kim", access.Admin)
			_, err := o.Members.Suspend(o.t.Context(), access.Operator, id)
			must(o.t, err)
			return func(actor access.Actor) error {
				_, err := o.Members.Unsuspend(o.t.Context(), actor, id)
				return err
			}
		},
		"let a window in": func(o *office) func(access.Actor) error {
			return func(actor access.Actor) error {
				_, err := o.SignIn.AuthorizeDesktop(o.t.Context(), actor, access.Secret("window").Hash())
				return err
			}
		},
		"export the audit log": func(o *office) func(access.Actor) error {
			return func(actor access.Actor) error { return o.Audit.MayExport(o.t.Context(), actor) }
		},
	}
}

// Somebody sits down at an Admin's open console, or has stolen the cookie or the
// window's secret. What they could do to stay, after the session has ended, they
// are asked for first: a token, an accomplice with rights, a window, the log.
func TestStolenSessionLeavesNothingBehind(t *testing.T) {
	for name, prepare := range sensitive() {
		t.Run(name, func(t *testing.T) {
			o := openOffice(t)
			act := prepare(o)
			o.clock.forward(access.ConfirmationTTL)
			window := o.ann
			window.Session = o.asWindow(o.confirmed(o.ann.Member), "window").Hash()
			before := o.state()
			for whose, actor := range map[string]access.Actor{
				"an old session":            o.ann,
				"a window, let in just now": window,
				"no session":                session(o.ann.Member),
			} {
				refused(t, act(actor), access.Forbidden, "confirmation_required")
				if o.state() != before {
					t.Errorf("%s: a refusal changed something", whose)
				}
			}
			if _, err := o.Sessions.ConfirmCode(t.Context(), o.ann, o.confirmationCode(o.ann)); err != nil {
				t.Fatal(err)
			}
			refused(t, act(window), access.Forbidden, "confirmation_required") // confirmed in another session
			if err := act(o.ann); err != nil {
				t.Errorf("after the code: %v", err)
			}
			o.verify()
		})
	}
}

// What takes rights away, and what gives nobody any in the console, is never
// asked for: it has to be quick.
func TestConfirmationIsNotAskedFor(t *testing.T) {
	o := openOffice(t)
	ctx := t.Context()
	kim := o.member("kim@example.org", "Kim", access.Admin)
	waits := o.waitingFor("lee@example.org", access.Fleet)
	_, _, err := o.Tokens.Create(ctx, o.bob, "ci", []access.RoleName{access.Fleet}, 0)
	must(t, err)
	token, _, err := o.Tokens.Create(ctx, access.Operator, "ci", []access.RoleName{access.Fleet}, 0)
	must(t, err)
	o.clock.forward(access.ConfirmationTTL)
	for name, act := range map[string]func() error{
		"revoke a token":        func() error { return o.Tokens.Revoke(ctx, o.ann, token.ID) },
		"approve for a section": func() error { _, err := o.Members.Approve(ctx, o.ann, waits, nil); return err },
		"other sections": func() error {
			_, err := o.Members.ChangeRoles(ctx, o.ann, o.fay.Member, []access.RoleName{access.AILoop})
			return err
		},
		"invite an Admin": func() error {
			_, err := o.Invitations.Invite(ctx, o.ann, NewInvitation{
				Email: mail(t, "max@example.org"),
				Roles: []access.RoleName{access.Admin},
			})
			return err
		},
		"sign an Admin out": func() error { return o.Sessions.SignOutEverywhere(ctx, o.ann, o.bob.Member, true) },
		"demote an Admin, then remove them": func() error {
			if _, err := o.Members.ChangeRoles(ctx, o.ann, kim, []access.RoleName{access.Fleet}); err != nil {
				return err
			}
			return o.Members.Remove(ctx, o.ann, kim)
		},
	} {
		if err := act(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Other rights are another person's as far as confirmations go.
func TestConfirmationEndsWithTheRightsItWasFor(t *testing.T) {
	admin, fleet := []access.RoleName{access.Admin}, []access.RoleName{access.Fleet}
	roles := func(o *office, to []access.RoleName) {
		_, err := o.Members.ChangeRoles(o.t.Context(), access.Operator, o.bob.Member, to)
		must(o.t, err)
	}
	for name, change := range map[string]func(o *office){
		"more":           func(o *office) { roles(o, append(fleet, admin...)) },
		"less, and back": func(o *office) { roles(o, append(fleet, admin...)); roles(o, admin) },
		"others":         func(o *office) { roles(o, fleet); roles(o, admin) },
		"suspended and restored": func(o *office) {
			_, err := o.Members.Suspend(o.t.Context(), access.Operator, o.bob.Member)
			must(o.t, err)
			_, err = o.Members.Unsuspend(o.t.Context(), access.Operator, o.bob.Member)
			must(o.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := openOffice(t)
			must(t, o.Audit.MayExport(t.Context(), o.bob))
			change(o)
			refused(t, o.Audit.MayExport(t.Context(), o.bob), access.Forbidden, "confirmation_required")
		})
	}
}

// Without a mail server, emails are held and the console shows them. Whoever has
// stolen an Admin's session would read there the code that is to stop them, or
// the way in of anybody else.
func TestHeldSecretsAreTheOperatorsAlone(t *testing.T) {
	o := openOffice(t, withoutMail)
	in := o.invite("ada@example.com")
	signIn := o.codeFor("fay@example.org", browser("fay"))
	code := o.confirmationCode(o.bob)
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
		for _, l := range o.letters(kind) {
			_, w, err := o.Outbox.Get(t.Context(), o.bob, l.ID)
			must(t, err)
			for what, text := range map[string]string{
				"subject": w.Subject + l.Subject,
				"text":    w.Text,
				"HTML":    w.HTML,
				"detail":  l.Detail,
			} {
				if strings.Contains(shown.ReplaceAllString(text, ""), want) {
					t.Errorf("an Admin reads the secret of an email of kind %s in its %s", kind, what)
				}
			}
		}
		_, w, err := o.Outbox.Get(t.Context(), access.Operator, o.letter(kind, to[kind]).ID)
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
		w, err := o.Emails().Render(kind, f)
		must(t, err)
		if strings.Contains(w.Text, "ZZZZ-9999") && !kind.HoldsSecret() {
			t.Errorf("emails of kind %s hold a code and are shown whole", kind)
		}
	}
}

// A token that leaks makes nothing that outlives it; what it may read it reads.
func TestTokenMakesNothingThatOutlivesIt(t *testing.T) {
	for name, prepare := range sensitive() {
		t.Run(name, func(t *testing.T) {
			o := openOffice(t)
			token, _, err := o.Tokens.Create(t.Context(), o.ann, "ci", []access.RoleName{access.Admin}, 0)
			must(t, err)
			err = prepare(o)(access.Actor{
				Member:  o.ann.Member,
				Token:   token.ID,
				Source:  access.SourceAPI,
				Session: o.ann.Session,
			})
			if name == "export the audit log" {
				must(t, err)
				return
			}
			if e := access.Explain(err); e.Kind != access.Forbidden || e.Code == "confirmation_required" {
				t.Errorf("got %v", err)
			}
		})
	}
}
