package service

import (
	"cmp"
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A FirstAdmin is the input of the setup page.
type FirstAdmin struct {
	Email     access.Address
	Name      string
	Workspace string // empty: unchanged

	Language access.Language // of their emails; empty: English
}

// Open makes a one-time setup link, which replaces an older one. The link is
// empty once there has been an Admin: setup is closed for ever then.
func (s Setup) Open(ctx context.Context) (link string, err error) { return s.openSetup(ctx, 0) }

// OpenAtLead is Open for a machine that starts to lead. It keeps a link that
// another machine made within the hour, since its reader may be about to use it.
func (s Setup) OpenAtLead(ctx context.Context) (link string, err error) {
	return s.openSetup(ctx, setupLinkRest)
}

// Waits reports whether there has been no Admin yet, in the copy of the store that ctx reads. It is
// false while that copy is empty, as on a machine to which it has not come yet.
func (s Setup) Waits(ctx context.Context) (waits bool, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		over, err := setupOver(tx)
		if err != nil || over {
			return err
		}
		entries, err := tx.AuditLog.Page("", 1) // a cluster begins with one
		waits = len(entries.Items) > 0
		return err
	})
	return waits, err
}

// setupLinkRest is how long machines that start to lead keep an existing setup
// link.
const setupLinkRest = time.Hour

// openSetup makes a link, unless there is one younger than rest.
func (s *core) openSetup(ctx context.Context, rest time.Duration) (link string, err error) {
	secret := access.NewSecret()
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		link = ""
		closed, err := setupOver(tx)
		if err != nil || closed {
			return err
		}
		was, err := tx.Setup()
		if err != nil || tx.Now.Before(was.CreatedAt.Add(rest)) {
			return err
		}
		in, err := s.site(tx)
		if err != nil {
			return err
		}
		link = in.publicURL + "/setup/" + secret.Reveal()
		return tx.PutSetup(access.Setup{Secret: secret.Hash(), CreatedAt: tx.Now})
	})
	return link, err
}

// IsOpen returns nil if that secret may make the first Admin, and else the error that the
// setup page shows. It changes nothing: opening the link uses nothing up.
func (s Setup) IsOpen(ctx context.Context, secret access.Secret) error {
	return s.store.View(ctx, func(tx *store.Tx) error { return setupOpen(tx, secret) })
}

// IsFresh reports whether there is no member and no way to sign in: setup is open, and the
// operator has sent no invitation either.
func (s Setup) IsFresh(ctx context.Context) (fresh bool, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		over, err := setupOver(tx)
		if err != nil || over {
			return err
		}
		c, err := tx.Counters()
		fresh = c.Members() == 0
		return err
	})
	return fresh, err
}

func setupOpen(tx *store.Tx, secret access.Secret) error {
	setup, err := tx.Setup()
	if err != nil {
		return err
	}
	if setup.Secret.IsZero() || setup.Secret != secret.Hash() {
		return access.SetupClosed().Because(access.ErrUnknownCode)
	}
	closed, err := setupOver(tx)
	if err != nil {
		return err
	}
	if closed {
		return access.SetupClosed()
	}
	return nil
}

// setupOver reports whether there has been an Admin: one from the setup, or one
// whom the operator invited and approved.
func setupOver(tx *store.Tx) (bool, error) {
	setup, err := tx.Setup()
	if err != nil || !setup.ClosedAt.IsZero() {
		return true, err
	}
	c, err := tx.Counters()
	return c.Admins > 0, err
}

// SetUp makes the first Admin from the setup page and signs them in. It works
// once: of concurrent attempts one succeeds, the others find setup closed. An address that is
// missing, and a name or workspace that cannot be, are Invalid and close nothing.
func (s Setup) SetUp(ctx context.Context, secret access.Secret, in FirstAdmin, b Browser) (out NewSession, err error) {
	id, session := access.MemberID(access.NewID()), access.NewSecret()
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		if err := setupOpen(tx, secret); err != nil {
			return err
		}
		actor := access.Actor{Member: id, Source: access.SourcePortal, From: b.From}
		m, err := s.firstAdmin(tx, id, in, actor)
		if err != nil {
			return err
		}
		out, err = s.openSession(tx, &m, session, "setup", b)
		if err != nil {
			return err
		}
		if err := tx.Members.Put(m); err != nil {
			return err
		}
		return tx.Browsers.Remember(&m, b.hash())
	})
	return out, err
}

// SetUpHere makes the first Admin from the server's own shell and returns a login
// link for them. It is Conflict (setup_closed) once there has been an Admin; a setup link that
// is open is closed with it.
func (s Setup) SetUpHere(ctx context.Context, in FirstAdmin) (c MemberView, link string, err error) {
	id, secret := access.MemberID(access.NewID()), access.NewSecret()
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		closed, err := setupOver(tx)
		if err != nil {
			return err
		}
		if closed {
			return access.Errorf(access.Conflict,
				"Setup is closed: there is already an Admin. `doorward login-link EMAIL` prints a login link for "+
					"an Admin.").
				WithCode("setup_closed")
		}
		m, err := s.firstAdmin(tx, id, in, access.Operator)
		if err != nil {
			return err
		}
		if err := tx.Members.Put(m); err != nil {
			return err
		}
		if link, err = s.link(tx, secret); err != nil {
			return err
		}
		if c, err = s.memberView(tx, m); err != nil {
			return err
		}
		return putRescue(tx, &m, secret)
	})
	return c, link, err
}

func (s *core) firstAdmin(tx *store.Tx, id access.MemberID, in FirstAdmin, actor access.Actor) (m access.Member,
	err error) {
	if in.Email.IsZero() {
		return m, access.Errorf(access.Invalid, "Enter the first Admin's email "+
			"address.").On("email").WithCode("email_missing")
	}
	name, err := access.CleanText("name", in.Name, access.MaxName)
	if err != nil {
		return m, err
	}
	settings, err := tx.Settings()
	if err != nil {
		return m, err
	}
	if settings.Workspace,
		err = access.CleanText("workspace", cmp.Or(in.Workspace, settings.Workspace), access.MaxWorkspace); err != nil {
		return m, err
	}
	if err := settings.Check(); err != nil {
		return m, err
	}
	if err := tx.PutSettings(settings); err != nil {
		return m, err
	}
	m = access.Member{ID: id, Email: in.Email, Name: name, Language: in.Language, State: access.Active,
		Roles:      []access.RoleName{access.Admin},
		Invitation: access.Invitation{By: actor, At: tx.Now}, Decision: access.Decision{By: actor, At: tx.Now}}
	if err := free(tx, in.Email); err != nil {
		return m, err
	}
	setup, err := tx.Setup()
	if err != nil {
		return m, err
	}
	setup.ClosedAt = tx.Now // the secret stays, to tell that link from a made-up one
	if err := tx.PutSetup(setup); err != nil {
		return m, err
	}
	return m, tx.Record(actor, access.ActionSetUp, string(id), "")
}

// LoginLink returns a login link for an active Admin who cannot sign in any more.
// Only the operator, who holds the machine, may make one. It is NotFound (no_such_admin) for
// any other address, also a suspended Admin's.
func (s Setup) LoginLink(ctx context.Context, actor access.Actor, a access.Address) (c MemberView, link string,
	err error) {
	secret := access.NewSecret()
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		if !actor.IsOperator() {
			return access.Errorf(access.Forbidden, "This link can be created only on the machine that holds the data.").
				WithCode("operator_only")
		}
		m, err := tx.Members.ByAddress(a.Canonical)
		if err != nil || !m.IsAdmin() {
			if err := unlessNotFound(err); err != nil {
				return err
			}
			return access.Errorf(access.NotFound, "There is no active Admin with the address %s.", a).
				WithCode("no_such_admin")
		}
		if link, err = s.link(tx, secret); err != nil {
			return err
		}
		if err := putRescue(tx, &m, secret); err != nil {
			return err
		}
		if c, err = s.memberView(tx, m); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionRescue, string(m.ID), "")
	})
	return c, link, err
}

func unlessNotFound(err error) error {
	if access.NotFound.Is(err) {
		return nil
	}
	return err
}

func putRescue(tx *store.Tx, m *access.Member, secret access.Secret) error {
	return tx.LoginLinks.Put(access.LoginLink{
		Hash:      secret.Hash(),
		Purpose:   access.ForRescue,
		Member:    m.ID,
		Address:   m.Email.Canonical,
		Epoch:     m.Epoch,
		CreatedAt: tx.Now,
		ExpiresAt: tx.Now.Add(access.RescueLinkTTL),
	})
}
