package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/gate"
	"doorward/backend/store"
)

// A SettingsChange says what to change; nil leaves a setting as it is.
type SettingsChange struct {
	Workspace  *string
	Invitation *time.Duration
	Lifetimes  map[access.Lifetime]time.Duration // zero: the default
	PublicURL  *string                           // empty: the default
	Mail       *MailChange

	ChecklistHidden *bool
	Brand           *BrandChange
}

// Public returns what pages that are public show of the settings: the workspace's name and
// its brand.
func (s Settings) Public(ctx context.Context) (name string, brand access.Brand, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		s, err := tx.Settings()
		name, brand = s.Workspace, s.Brand
		return err
	})
	return name, brand, err
}

// Lifetimes returns how long things last, which pages that are public say.
func (s Settings) Lifetimes(ctx context.Context) (l access.Lifetimes, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		settings, err := tx.Settings()
		l = settings.Lifetimes
		return err
	})
	return l, err
}

// Get returns the settings.
func (s Settings) Get(ctx context.Context, actor access.Actor) (out access.Settings, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResSettings), func(tx *store.Tx) error {
		out, err = tx.Settings()
		return err
	})
	return out, err
}

// Change stores changed settings. Lifetimes, the appearance, and where emails and their links
// lead are for a caller with all permissions, in a confirmed session; and what was given when
// Doorward started stays as it is. Emails go out by the new settings at once, also those that
// were held. If one value is refused, none is changed; a change without any value is Invalid
// (nothing_to_change).
func (s Settings) Change(ctx context.Context, actor access.Actor, c SettingsChange) (out access.Settings, err error) {
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResSettings))
		if err != nil {
			return err
		}
		if out, err = tx.Settings(); err != nil {
			return err
		}
		var what []string
		for _, apply := range []func() ([]string, error){
			func() ([]string, error) { return c.applyPlain(&out) },
			func() ([]string, error) { return c.applyLifetimes(a, &out) },
			func() ([]string, error) { return s.applyPublicURL(a, c.PublicURL, &out) },
			func() ([]string, error) { return s.applyMail(tx, a, c.Mail, &out) },
			func() ([]string, error) { return s.applyBrand(a, c.Brand, &out) },
		} {
			did, err := apply()
			if err != nil {
				return err
			}
			what = append(what, did...)
		}
		if len(what) == 0 {
			return access.Errorf(access.Invalid, "Send what to change: workspace, invitation, lifetimes, "+
				"public URL, mail or appearance.").
				WithCode("nothing_to_change")
		}
		if err := out.Check(); err != nil {
			return err
		}
		if c.isSensitive() { // asked last: a code is not worth entering for what is then refused
			if _, err := confirmed(tx, actor); err != nil {
				return err
			}
		}
		if err := tx.PutSettings(out); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionChangeSettings, "settings", strings.Join(what, ", "))
	})
	return out, err
}

// isSensitive reports whether the change needs a confirmed session, as it could outlive one that
// was stolen.
func (c *SettingsChange) isSensitive() bool {
	return len(c.Lifetimes) > 0 || c.PublicURL != nil || c.Mail != nil || c.Brand != nil
}

// applyPlain changes the settings that every caller who may change settings can change.
func (c *SettingsChange) applyPlain(out *access.Settings) (what []string, err error) {
	if c.Workspace != nil {
		if out.Workspace, err = access.CleanText("workspace", *c.Workspace, access.MaxWorkspace); err != nil {
			return nil, err
		}
		what = append(what, "workspace")
	}
	if c.Invitation != nil {
		out.InvitationTTL = access.Seconds(*c.Invitation)
		what = append(what, "invitation")
	}
	if c.ChecklistHidden != nil {
		out.ChecklistHidden = *c.ChecklistHidden
		what = append(what, "setup checklist")
	}
	return what, nil
}

// applyLifetimes changes how long things last: open sessions from their next request on, links,
// tokens and pending accounts that are made from now on.
func (c *SettingsChange) applyLifetimes(a gate.Authorized, out *access.Settings) (what []string, err error) {
	if len(c.Lifetimes) == 0 {
		return nil, nil
	}
	if err := mayProlong(a); err != nil {
		return nil, err
	}
	out.Lifetimes, what = out.Lifetimes.With(c.Lifetimes)
	return what, nil
}

// mayProlong refuses those who may not change lifetimes: whoever stole a session could make
// it last, and lifetimes concern the sessions of Admins, too.
func mayProlong(a gate.Authorized) error {
	return asAdmin(a, access.Errorf(access.Forbidden,
		"Only an Admin can change how long sessions, links and tokens last."))
}

func (s Settings) applyPublicURL(a gate.Authorized, to *string, out *access.Settings) ([]string, error) {
	if to == nil {
		return nil, nil
	}
	if err := mayLead(a); err != nil {
		return nil, err
	}
	if err := s.setPublicURL(*to, out); err != nil {
		return nil, err
	}
	return []string{"public URL " + s.urlOf(*out)}, nil
}

// CheckPublicURL returns the public URL that Change would leave, and changes nothing: for a form
// that says what will happen before it does. Unlike Change it needs no confirmed session.
func (s Settings) CheckPublicURL(ctx context.Context, actor access.Actor, typed string) (url string, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResSettings))
		if err != nil {
			return err
		}
		if err := mayLead(a); err != nil {
			return err
		}
		var now access.Settings
		if err := s.setPublicURL(typed, &now); err != nil {
			return err
		}
		url = s.urlOf(now)
		return nil
	})
	return url, err
}

// setPublicURL is the public URL as it was typed; nothing is the default. What was given when
// Doorward started stays.
func (s Settings) setPublicURL(typed string, out *access.Settings) (err error) {
	if s.setAtStart.PublicURL != "" {
		return access.AlreadySet("public_url", s.setAtStart.PublicURL)
	}
	out.PublicURL = ""
	if typed = strings.TrimSpace(typed); typed != "" {
		out.PublicURL, err = address.ParseURL(typed)
	}
	return err
}

func (s Settings) applyMail(tx *store.Tx, a gate.Authorized, c *MailChange, out *access.Settings) ([]string, error) {
	if c == nil {
		return nil, nil
	}
	if err := mayLead(a); err != nil {
		return nil, err
	}
	what, err := c.apply(&out.Mail, s.setAtStart)
	if err != nil || len(what) == 0 {
		return what, err
	}
	out.Mail.Revision++
	switch {
	case c.Password != nil && out.Mail.HasPassword:
		err = tx.PutMailPassword(*c.Password)
	case !out.Mail.HasPassword:
		err = tx.PutMailPassword("")
	}
	if err != nil {
		return what, err
	}
	if c.ofServer() { // what is known about another server's health is worth nothing
		return what, tx.PutMailHealth(access.MailHealth{})
	}
	return what, resumeMail(tx)
}

// mayLead refuses those who may not change where emails or their links lead: whoever can
// change that can sign in as any member.
func mayLead(a gate.Authorized) error {
	return asAdmin(a, access.Errorf(access.Forbidden,
		"Only an Admin can change this, because whoever decides where emails and links lead can sign in as "+
			"anyone."))
}

// Clock returns the state of the server's clock, compared with what is known of
// the time.
func (s Settings) Clock() store.ClockState { return s.store.Clock() }

// TrustClock records that a caller who may change settings says the clock is
// right: what waits is done then. While the clock is not held nothing waits, so a
// second press changes nothing and leaves no entry.
func (s Settings) TrustClock(ctx context.Context, actor access.Actor) error {
	s.trustClock.Lock()
	defer s.trustClock.Unlock()
	change := access.May(access.Change, access.ResSettings)
	c := s.store.Clock()
	if !c.Held() {
		return s.view(ctx, actor, change, func(*store.Tx) error { return nil })
	}
	return s.store.TrustClock(ctx, func(tx *store.Tx) error {
		if _, err := s.gate.Authorize(tx, actor, change); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionTrustClock, "clock", howFar(c))
	})
}

// howFar returns by how much a held clock is off, in hours: "744 hours ahead".
func howFar(c store.ClockState) string {
	if c.Behind > 0 {
		return fmt.Sprintf("%.0f hours behind", c.Behind.Hours())
	}
	return fmt.Sprintf("%.0f hours ahead", c.Ahead.Hours())
}
