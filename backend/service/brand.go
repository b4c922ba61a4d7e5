package service

import (
	"context"
	"encoding/base64"
	"strings"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/email"
	"doorward/backend/gate"
	"doorward/backend/picture"
	"doorward/backend/store"
)

// A BrandChange says what to change of how pages and emails look; nil leaves a setting as it
// is, and an empty one is the default again.
type BrandChange struct {
	SenderName *string
	Accent     *string
	AccentDark *string // empty: made from Accent
	Footer     *string
	Contact    *string
}

// The fields of the brand, as an error names them.
const (
	brandSender     = "appearance.sender_name"
	brandAccent     = "appearance.accent"
	brandAccentDark = "appearance.accent_dark"
	brandFooter     = "appearance.footer"
	brandContact    = "appearance.contact"
)

func (s Settings) applyBrand(a gate.Authorized, c *BrandChange, out *access.Settings) ([]string, error) {
	if c == nil {
		return nil, nil
	}
	if err := mayBrand(a); err != nil {
		return nil, err
	}
	return c.apply(out, s.setAtStart)
}

// apply changes the settings, and returns what it changed, in words for the audit log.
func (c *BrandChange) apply(out *access.Settings, set access.SetAtStart) (what []string, err error) {
	if c.SenderName != nil {
		if set.SenderName != "" {
			return nil, access.AlreadySet(brandSender, set.SenderName)
		}
		if out.Mail.FromName, err = address.SenderName(brandSender, *c.SenderName); err != nil {
			return nil, err
		}
		out.Mail.Revision++
		what = append(what, "sender name")
	}
	if err := c.applyDraft(&out.Brand); err != nil {
		return nil, err
	}
	for _, field := range []struct {
		given *string
		name  string
	}{
		{c.Accent, "accent colour " + string(out.Brand.Accent)},
		{c.AccentDark, "accent colour in the dark theme " + string(out.Brand.AccentDark)},
		{c.Footer, "footer"},
		{c.Contact, "contact " + strings.TrimPrefix(out.Brand.Contact, "mailto:")},
	} {
		if field.given != nil {
			what = append(what, strings.TrimSpace(field.name))
		}
	}
	return what, nil
}

// applyDraft changes the brand alone.
func (c *BrandChange) applyDraft(b *access.Brand) (err error) {
	for _, colour := range []struct {
		given *string
		to    *access.Colour
		field string
	}{{c.Accent, &b.Accent, brandAccent}, {c.AccentDark, &b.AccentDark, brandAccentDark}} {
		if colour.given == nil {
			continue
		}
		*colour.to = ""
		if strings.TrimSpace(*colour.given) == "" {
			continue
		}
		if *colour.to, err = access.ParseColour(colour.field, *colour.given); err != nil {
			return err
		}
	}
	if c.Footer != nil {
		if b.Footer, err = access.CleanText("footer", *c.Footer, access.MaxFooter); err != nil {
			return access.Explain(err).On(brandFooter)
		}
	}
	if c.Contact != nil {
		if b.Contact, err = access.ParseContact(brandContact, *c.Contact); err != nil {
			return err
		}
	}
	if err := b.Check(); err != nil {
		shown := access.Explain(err)
		return shown.On("appearance." + shown.Field)
	}
	return nil
}

// mayBrand refuses those who may not change what invited people know this workspace by:
// whoever can change that could make its emails and its sign-in page look like somebody
// else's, or send everybody to a contact of their own.
func mayBrand(a gate.Authorized) error {
	return asAdmin(a, access.Errorf(access.Forbidden,
		"Only an Admin can change this, because people recognize emails and the sign-in page by their appearance."))
}

// SetLogo stores an uploaded image as the logo: decoded, made small and encoded anew. An
// empty image removes the logo, and the one that is there already changes nothing. It is for
// Admins, in a confirmed session, which is checked before the image is decoded. An image of
// another format, or too large in bytes or pixels, is Invalid.
func (s Settings) SetLogo(ctx context.Context, actor access.Actor, uploaded []byte) (out access.Settings, err error) {
	may := func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResSettings))
		if err != nil {
			return err
		}
		if err := mayBrand(a); err != nil {
			return err
		}
		_, err = confirmed(tx, actor)
		return err
	}
	if err := s.store.View(ctx, may); err != nil { // before the work of decoding
		return out, err
	}
	var logo picture.Picture
	what := "logo removed"
	if len(uploaded) > 0 {
		if logo, err = picture.Logo(uploaded); err != nil {
			return out, err
		}
		what = "logo " + logo.Hash[:12]
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		if err := may(tx); err != nil {
			return err
		}
		if out, err = tx.Settings(); err != nil {
			return err
		}
		if out.Brand.Logo == logo.Logo {
			return nil
		}
		out.Brand.Logo = logo.Logo
		if err := tx.PutLogo(logo.PNG); err != nil {
			return err
		}
		if err := tx.PutSettings(out); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionChangeSettings, "settings", what)
	})
	return out, err
}

// Logo returns the logo's image, if it is the one of that hash: it is public, for every page
// of the portal shows it. NotFound if there is none, or another one by now.
func (s Settings) Logo(ctx context.Context, hash string) (png []byte, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		set, err := tx.Settings()
		if err != nil {
			return err
		}
		if hash == "" || set.Brand.Logo.Hash != hash {
			return access.Errorf(access.NotFound, "There is no logo.").WithCode("no_logo")
		}
		png, err = tx.Logo()
		return err
	})
	return png, err
}

// look returns how emails look when somebody reads them here: with the logo inside.
func (s *core) look(tx *store.Tx) (look email.Look, err error) {
	set, err := tx.Settings()
	if err != nil {
		return look, err
	}
	look.Brand = set.Brand
	if set.Brand.Logo.Hash == "" {
		return look, nil
	}
	png, err := tx.Logo()
	if err == nil && len(png) > 0 {
		look.LogoURL = DataURL(png)
	}
	return look, err
}

// DataURL returns a PNG as an address that contains it.
func DataURL(png []byte) string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png)
}

// A Preview is what pages and emails would look like with a changed brand.
type Preview struct {
	Workspace string
	Look      email.Look
}

// Preview returns how pages and emails would look after a change, and changes nothing. What
// Change would refuse, it refuses too.
func (s Settings) Preview(ctx context.Context, actor access.Actor, c BrandChange) (p Preview, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResSettings), func(tx *store.Tx) error {
		set, err := tx.Settings()
		if err != nil {
			return err
		}
		p.Workspace = set.Workspace
		if p.Look, err = s.look(tx); err != nil {
			return err
		}
		return c.applyDraft(&p.Look.Brand)
	})
	return p, err
}

// PreviewEmail returns an invitation as it would look, in a language.
func (s Settings) PreviewEmail(p Preview, in access.Language) (access.MessageBody, error) {
	now := s.store.Now()
	return s.emails.RenderIn(p.Look, access.InvitationMessage, access.MessageFacts{
		Workspace:    p.Workspace,
		PublicURL:    s.publicURL,
		To:           "ada@example.com",
		ToName:       "Ada Lovelace",
		Language:     in,
		Inviter:      "Grace Hopper",
		InviterEmail: "grace@example.com",
		Roles:        []access.RoleName{access.AILoop},
		Link:         s.publicURL + "/login/…",
		At:           now,
		Until:        now.Add(access.DefaultInvitationTTL),
	})
}
