package service_test

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"

	"doorward/backend/access"
	. "doorward/backend/service"
)

func aLogo(t testing.TB) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 120, 40))
	for i := range img.Pix {
		img.Pix[i] = byte(i)
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, img))
	return b.Bytes()
}

func accent(colour string) SettingsChange {
	return SettingsChange{Brand: &BrandChange{Accent: &colour}}
}

// Whoever sets logo, sender and footer can make this workspace's emails look like a bank's,
// or send everybody to a contact of their own: a role that may only change settings, a token
// and a session that was not confirmed cannot.
func TestOnlyAnAdminChangesTheAppearance(t *testing.T) {
	fx := newFixture(t)
	must(t, fx.Roles.Put(t.Context(), fx.ann, access.Role{
		Name: "Caretaker",
		Permissions: []access.Permission{
			access.May(access.Read, access.ResSettings),
			access.May(access.Change, access.ResSettings),
		},
	}))
	for name, tt := range map[string]struct {
		actor access.Actor
		code  string // empty: it is done
	}{
		"above: an Admin":      {fx.ann, ""},
		"equal: another Admin": {fx.confirmed(fx.bob.Member), ""},
		"the operator":         {access.Operator, ""},
		"below: a caretaker":   {fx.confirmed(fx.member("cara@example.org", "Cara", "Caretaker")), "admin_only"},
		"a session of long ago": {session(fx.member("una@example.org", "Una", access.Admin)),
			"confirmation_required"},
		"a token":                  {fx.tokenOf(fx.ann, access.Admin), "token_outlives"},
		"a member":                 {fx.fay, "not_allowed"},
		"whoever is not signed in": {access.Actor{}, "signed_out"},
	} {
		for kind, do := range map[string]func() error{
			"accent": func() error {
				_, err := fx.Settings.Change(t.Context(), tt.actor, accent("#7a1f5c"))
				return err
			},
			"logo":  func() error { _, err := fx.Settings.SetLogo(t.Context(), tt.actor, aLogo(t)); return err },
			"reset": func() error { _, err := fx.Settings.SetLogo(t.Context(), tt.actor, nil); return err },
		} {
			before := fx.state()
			err := do()
			if got := codeOf(err); got != tt.code {
				t.Errorf("%s, %s: %q (%v), want %q", name, kind, got, err, tt.code)
			}
			if tt.code != "" && fx.state() != before {
				t.Errorf("%s, %s: refused, and something changed", name, kind)
			}
		}
	}
}

// What nobody could read, or what hides what it is, is refused beside its field and changes
// nothing. An empty value is the default again.
func TestAppearance(t *testing.T) {
	for name, tt := range map[string]struct {
		change BrandChange
		field  string // at fault; empty: it is taken
	}{
		"a colour that cannot be read": {BrandChange{Accent: ptr("#ffe000")}, "appearance.accent"},
		"one in the dark theme":        {BrandChange{AccentDark: ptr("#123456")}, "appearance.accent_dark"},
		"a style sheet":                {BrandChange{Accent: ptr("#123456;}body{display:none")}, "appearance.accent"},
		"a script as contact":          {BrandChange{Contact: ptr("javascript:alert(1)")}, "appearance.contact"},
		"a footer that turns around":   {BrandChange{Footer: ptr("ok \u202egnp.exe")}, "appearance.footer"},
		"a footer too long": {BrandChange{Footer: ptr(strings.Repeat("ü", access.MaxFooter+1))},
			"appearance.footer"},
		"one just short enough": {BrandChange{Footer: ptr(strings.Repeat("ü", access.MaxFooter))}, ""},
		"an address as sender":  {BrandChange{SenderName: ptr("ceo@bank.example")}, "appearance.sender_name"},
		"a header as sender": {BrandChange{SenderName: ptr("x\r\nBcc: e@evil.example")},
			"appearance.sender_name"},
		"all of it": {BrandChange{ptr("Night Watch"), ptr("#7A1F5C"), ptr("#ffb3e6"), ptr("Questions?"),
			ptr("help@example.com")}, ""},
		"nothing": {BrandChange{ptr(""), ptr(""), ptr(""), ptr(""), ptr("")}, ""},
	} {
		fx := newFixture(t)
		before := fx.state()
		set, err := fx.Settings.Change(t.Context(), fx.ann, SettingsChange{Brand: &tt.change})
		if tt.field == "" {
			must(t, err)
			if name == "nothing" && (set.Brand != access.Brand{} || set.Mail.FromName != "") {
				t.Errorf("the defaults are %+v", set.Brand)
			}
			if n := fx.did(access.ActionChangeSettings); n != 1 {
				t.Errorf("%s: %d audit entries", name, n)
			}
			continue
		}
		if got := access.Explain(err); got.Kind != access.Invalid || got.Field != tt.field || fx.state() != before {
			t.Errorf("%s: %v on %q, want a refusal on %q", name, err, got.Field, tt.field)
		}
	}
}

// A sender that was given a name at the start keeps it, and says so; one without a name takes
// the one that is set here. A name that was set alone survives a new address.
func TestSenderName(t *testing.T) {
	name := SettingsChange{Brand: &BrandChange{SenderName: ptr("Night Watch")}}
	fx := newFixture(t, func(fx *fixture) { fx.at.MailFrom, fx.at.SenderName = "--mail-from", "--mail-from" })
	if _, err := fx.Settings.Change(t.Context(), fx.ann, name); codeOf(err) != "set_at_start" {
		t.Errorf("set at the start: %v", err)
	}
	fx = newFixture(t, func(fx *fixture) { fx.at.MailFrom = "--mail-from" })
	if set, err := fx.Settings.Change(t.Context(), fx.ann, name); err != nil || set.Mail.FromName != "Night Watch" {
		t.Errorf("an address at the start: %v, %v", set.Mail, err)
	}
	fx = newFixture(t)
	_, err := fx.Settings.Change(t.Context(), fx.ann, name)
	must(t, err)
	for _, step := range []struct{ from, name string }{
		{"", "Night Watch"}, {"door@example.com", "Night Watch"}, {"Door <door@example.com>", "Door"},
		{"door@example.com", ""},
	} {
		set, err := fx.Settings.Change(t.Context(), fx.ann, SettingsChange{Mail: &MailChange{From: &step.from}})
		if err != nil || set.Mail.FromName != step.name {
			t.Errorf("from %q: the name is %q, %v, want %q", step.from, set.Mail.FromName, err, step.name)
		}
	}
}

// A logo of before is not served any more, and a preview changes nothing.
func TestLogoAndPreview(t *testing.T) {
	fx := newFixture(t)
	set, err := fx.Settings.SetLogo(t.Context(), fx.ann, aLogo(t))
	must(t, err)
	hash := set.Brand.Logo.Hash
	image, err := fx.Settings.Logo(t.Context(), hash)
	if err != nil || len(image) == 0 {
		t.Fatalf("the logo is %d bytes, %v", len(image), err)
	}
	before := fx.state()
	p, err := fx.Settings.Preview(t.Context(), fx.ann, BrandChange{Accent: ptr("#7a1f5c"),
		Footer: ptr("Bye <b>now</b>")})
	must(t, err)
	body, err := fx.Settings.PreviewEmail(p, access.English)
	must(t, err)
	for _, want := range []string{"#7a1f5c", "Bye &lt;b&gt;now&lt;/b&gt;", DataURL(image), `width="120" height="40"`} {
		if !strings.Contains(body.HTML, want) {
			t.Errorf("the preview lacks %.40q", want)
		}
	}
	if !strings.Contains(body.Text, "Bye <b>now</b>") || fx.state() != before {
		t.Errorf("the text is %q, or something changed", body.Text)
	}
	_, err = fx.Settings.SetLogo(t.Context(), fx.ann, nil)
	must(t, err)
	if _, err := fx.Settings.Logo(t.Context(), hash); !access.NotFound.Is(err) {
		t.Errorf("the logo of before: %v", err)
	}
}

// The audit log showed mailto:help@example.com, which nobody had typed.
func TestContactInTheAuditLogIsAsTyped(t *testing.T) {
	fx := newFixture(t)
	for contact, want := range map[string]string{
		"help@example.com":         "contact help@example.com",
		"https://example.com/help": "contact https://example.com/help",
	} {
		_, err := fx.Settings.Change(t.Context(), fx.ann, SettingsChange{Brand: &BrandChange{Contact: &contact}})
		must(t, err)
		entries := fx.entries()
		if got := entries[len(entries)-1].Detail; got != want {
			t.Errorf("%q is %q in the audit log, want %q", contact, got, want)
		}
	}
}
