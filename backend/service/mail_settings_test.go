package service_test

import (
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

func ptr[T any](v T) *T { return &v }

// providerMail is a change that sets up a whole mail server.
func providerMail() *MailChange {
	return &MailChange{
		Host:     ptr("SMTP.example.com."),
		User:     ptr("door"),
		Password: ptr(access.Password("open sesame")),
		From:     ptr("AI Loop <door@example.com>"),
	}
}

func (fx *fixture) password() (p access.Password) {
	fx.t.Helper()
	must(fx.t, fx.store.View(fx.t.Context(), func(tx *store.Tx) (err error) {
		p, err = tx.MailPassword()
		return err
	}))
	return p
}

// An Admin fetched a code from an email and entered it, and was told only then that 900 minutes
// are too long. What cannot be done is said before the code is asked for.
func TestNoCodeIsAskedForWhatIsRefused(t *testing.T) {
	fx := newFixture(t, withoutMail)
	unconfirmed := session(fx.member("una@example.org", "Una", access.Admin))
	before := fx.state()
	hours := map[access.Lifetime]time.Duration{access.LifetimeSignInLink: 15 * time.Hour}
	for code, c := range map[string]SettingsChange{
		"expiry_out_of_range":   {Lifetimes: hours},
		"public_url_invalid":    {PublicURL: ptr("door example")},
		"mail_settings_invalid": {Mail: &MailChange{Host: ptr("smtp.example.com"), Port: ptr(99_999)}},
		"contact_invalid":       {Brand: &BrandChange{Contact: ptr("javascript:x")}},
	} {
		if _, err := fx.Settings.Change(t.Context(), unconfirmed, c); codeOf(err) != code {
			t.Errorf("refused with %q (%v), want %q", codeOf(err), err, code)
		}
	}
	if fx.state() != before {
		t.Error("a refusal changed something")
	}
}

// Whoever decides where emails and their links lead can sign in as anybody: a custom role
// that may change settings, a token, and a session that was not confirmed do not.
func TestOnlyAnAdminLeadsEmailsAndLinks(t *testing.T) {
	fx := newFixture(t, withoutMail)
	must(t, fx.Roles.Put(t.Context(), fx.ann, access.Role{
		Name: "Caretaker",
		Permissions: []access.Permission{
			access.May(access.Read, access.ResSettings),
			access.May(access.Change, access.ResSettings),
		},
	}))
	caretaker := fx.confirmed(fx.member("cara@example.org", "Cara", "Caretaker"))
	unconfirmed := session(fx.member("una@example.org", "Una", access.Admin))
	for name, tt := range map[string]struct {
		actor access.Actor
		code  string // empty: it is done
	}{
		"an Admin":                   {fx.ann, ""},
		"the operator":               {access.Operator, ""},
		"a role above nobody":        {caretaker, "admin_only"},
		"a session of long ago":      {unconfirmed, "confirmation_required"},
		"a token":                    {fx.tokenOf(fx.ann, access.Admin), "token_outlives"},
		"a member":                   {fx.fay, "not_allowed"},
		"whoever is not signed in":   {access.Actor{}, "signed_out"},
		"a token of the caretaker's": {fx.tokenOf(fx.ann, "Caretaker"), "admin_only"},
	} {
		for kind, c := range map[string]SettingsChange{
			"mail":       {Mail: providerMail()},
			"public URL": {PublicURL: ptr("https://other.example.com")},
			"lifetimes":  {Lifetimes: map[access.Lifetime]time.Duration{access.LifetimeAdminSession: time.Hour}},
		} {
			before := fx.state()
			_, err := fx.Settings.Change(t.Context(), tt.actor, c)
			if got := codeOf(err); got != tt.code {
				t.Errorf("%s, %s: %q (%v), want %q", name, kind, got, err, tt.code)
			}
			if tt.code != "" && fx.state() != before {
				t.Errorf("%s, %s: refused, and something changed", name, kind)
			}
		}
	}
	if _, err := fx.Settings.Change(t.Context(), caretaker, SettingsChange{Workspace: ptr("Hangar")}); err != nil {
		t.Errorf("what leads nowhere is refused to a role that may change settings: %v", err)
	}
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return access.Explain(err).Code
}

// A saved password must not be had by naming one's own server, user or lesser protection.
// Settings that cannot be used are refused beside the field, and change nothing.
func TestMailSettings(t *testing.T) {
	starttls, tls, none := access.MailStartTLS, access.MailTLS, access.MailPlain
	for name, tt := range map[string]struct {
		change MailChange
		field  string // at fault; empty: it is taken
	}{
		"another host":              {MailChange{Host: ptr("evil.example")}, "mail_settings.password"},
		"another port":              {MailChange{Port: ptr(2525)}, "mail_settings.password"},
		"another user":              {MailChange{User: ptr("eve")}, "mail_settings.password"},
		"less protection":           {MailChange{Security: &tls}, "mail_settings.password"},
		"the same once more":        {MailChange{Host: ptr("smtp.example.com"), Security: &starttls}, ""},
		"all, with the password":    {MailChange{Host: ptr("b.example"), Password: ptr(access.Password("x"))}, ""},
		"another sender":            {MailChange{From: ptr("Door <d@example.com>")}, ""},
		"another password":          {MailChange{Password: ptr(access.Password("y"))}, ""},
		"no password":               {MailChange{Password: ptr(access.Password(""))}, "mail_settings.password"},
		"neither user nor password": {MailChange{User: ptr(""), Password: ptr(access.Password(""))}, ""},
		"a password without a user": {
			MailChange{User: ptr(""), Password: ptr(access.Password("x"))},
			"mail_settings.user",
		},
		"a line break from copying":   {MailChange{Password: ptr(access.Password("x\ny"))}, "mail_settings.password"},
		"unencrypted elsewhere":       {MailChange{Security: &none}, "mail_settings.security"},
		"unencrypted to this machine": {MailChange{Host: ptr("localhost"), Security: &none, User: ptr("")}, ""},
		"no such protection":          {MailChange{Security: ptr(ParseMailSecurity("ssl3"))}, "mail_settings.security"},
		"a URL":                       {MailChange{Host: ptr("smtp://smtp.example.com")}, "mail_settings.host"},
		"host and port":               {MailChange{Host: ptr("smtp.example.com:25")}, "mail_settings.host"},
		"a port too many":             {MailChange{Port: ptr(65536)}, "mail_settings.port"},
		"a sender that is none":       {MailChange{From: ptr("Door <door>")}, "mail_settings.from"},
		"a header in the sender": {
			MailChange{From: ptr("Door\r\nBcc: e@evil.example <d@example.com>")},
			"mail_settings.from",
		},
		"no server": {MailChange{Host: ptr("")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			fx := newFixture(t, withoutMail)
			_, err := fx.Settings.Change(t.Context(), fx.ann, SettingsChange{Mail: providerMail()})
			must(t, err)
			before := fx.state()
			set, err := fx.Settings.Change(t.Context(), fx.ann, SettingsChange{Mail: &tt.change})
			if tt.field == "" {
				must(t, err)
				if has := fx.password() != ""; has != set.Mail.HasPassword {
					t.Errorf("a password is stored: %v, and the settings say %v", has, set.Mail.HasPassword)
				}
				return
			}
			if got := access.Explain(err); got.Kind != access.Invalid || got.Field != tt.field {
				t.Errorf("%v on %q, want a refusal on %q", err, got.Field, tt.field)
			}
			if strings.Contains(err.Error(), "sesame") || fx.state() != before {
				t.Errorf("refused with %q, and something changed or leaked", err)
			}
		})
	}
}

// What was given at the start wins: setting it in the console is refused, says with what it
// was given, and leaves the rest changeable.
func TestSetAtStartWins(t *testing.T) {
	at := access.SetAtStart{
		PublicURL:  "--url",
		MailServer: "DOORWARD_SMTP_URL_FILE",
		MailFrom:   "mail_from in doorward.toml",
	}
	for name, tt := range map[string]struct {
		change SettingsChange
		with   string
	}{
		"public URL":  {SettingsChange{PublicURL: ptr("https://other.example.com")}, at.PublicURL},
		"mail server": {SettingsChange{Mail: &MailChange{Host: ptr("smtp.example.com")}}, at.MailServer},
		"password":    {SettingsChange{Mail: &MailChange{Password: ptr(access.Password("x"))}}, at.MailServer},
		"sender":      {SettingsChange{Mail: &MailChange{From: ptr("d@example.com")}}, at.MailFrom},
	} {
		for _, given := range []bool{true, false} {
			fx := newFixture(t, withoutMail, func(fx *fixture) {
				if given {
					fx.at = at
				}
			})
			_, err := fx.Settings.Change(t.Context(), fx.ann, tt.change)
			refused := codeOf(err) == "set_at_start" && strings.Contains(err.Error(), tt.with)
			if name == "password" && !given {
				continue // it needs a server
			}
			if refused != given || !given && err != nil {
				t.Errorf("%s, given at the start %v: %v", name, given, err)
			}
		}
	}
}

// A public URL that is set while Doorward runs is in every link from then on, and one that
// would send links unencrypted over the network is refused.
func TestPublicURLFollows(t *testing.T) {
	fx := newFixture(t)
	for url, want := range map[string]string{
		"http://door.example.com":        "",
		"https://door.example.com/admin": "",
		"door.example.com":               "",
		"javascript:alert(1)":            "",
		" https://New.Example.com/ ":     "https://new.example.com",
	} {
		set, err := fx.Settings.Change(t.Context(), fx.ann, SettingsChange{PublicURL: &url})
		if ok := err == nil; ok != (want != "") || set.PublicURL != want && ok {
			t.Errorf("%q: %q, %v", url, set.PublicURL, err)
		}
	}
	if got := fx.PublicURL(); got != "https://new.example.com" {
		t.Errorf("the public URL is %q", got)
	}
	got := fx.invite("ida@example.org", access.Fleet)
	if !strings.HasPrefix(got.Link, "https://new.example.com/login/") {
		t.Errorf("the link is %q", got.Link)
	}
	body := fx.body(fx.message(access.InvitationMessage, "ida@example.org").ID)
	if !strings.Contains(body.Text, "https://new.example.com/") || strings.Contains(body.Text, "door.example.com") {
		t.Errorf("the email says %q", body.Text)
	}
	_, err := fx.Settings.Change(t.Context(), fx.ann, SettingsChange{PublicURL: ptr("")})
	must(t, err)
	if got := fx.PublicURL(); got != "https://door.example.com" {
		t.Errorf("the default public URL is %q", got)
	}
}

// Without a mail server an email is held; with one that was set up since, it is queued.
func TestMailCountsFromTheChangeOn(t *testing.T) {
	fx := newFixture(t, withoutMail)
	fx.invite("ida@example.org", access.Fleet)
	_, err := fx.Settings.Change(t.Context(), fx.ann, SettingsChange{Mail: providerMail()})
	must(t, err)
	fx.invite("ivo@example.org", access.Fleet)
	for to, want := range map[string]access.MessageState{
		"ida@example.org": access.MessageHeld, // the worker queues it
		"ivo@example.org": access.MessageQueued,
	} {
		if m := fx.message(access.InvitationMessage, to); m.State != want {
			t.Errorf("the email to %s is %s, want %s", to, m.State, want)
		}
	}
	for _, e := range fx.entries() {
		if strings.Contains(e.Detail, "sesame") {
			t.Errorf("the audit log has the password: %q", e.Detail)
		}
	}
	if n := fx.did(access.ActionChangeSettings); n != 1 {
		t.Errorf("%d audit entries of the change", n)
	}
}
