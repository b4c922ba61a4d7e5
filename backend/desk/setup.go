package desk

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A FirstAdmin is what the setup asks for.
type FirstAdmin struct {
	Email     access.Address
	Name      string
	Workspace string // empty: as it is
}

// OpenSetup makes a one-time setup link, in place of an older one. The link is
// empty once there was an Admin: setup is closed for ever then.
func (d *Desk) OpenSetup(ctx context.Context) (link string, err error) {
	secret := access.NewSecret()
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		link = ""
		closed, err := setupOver(tx)
		if err != nil || closed {
			return err
		}
		link = d.publicURL + "/setup/" + secret.Reveal()
		return tx.PutSetup(access.Setup{Secret: secret.Hash()})
	})
	return link, err
}

// SetupOpen reports whether that secret may make the first Admin.
func (d *Desk) SetupOpen(ctx context.Context, secret access.Secret) error {
	return d.store.View(ctx, func(tx *store.Tx) error { return setupOpen(tx, secret) })
}

func setupOpen(tx *store.Tx, secret access.Secret) error {
	s, err := tx.Setup()
	if err != nil {
		return err
	}
	if s.Secret.IsZero() || s.Secret != secret.Hash() {
		return access.SetupClosed().Because(access.ErrUnknown)
	}
	if closed, err := setupOver(tx); err != nil || closed {
		return firstOf(err, access.SetupClosed())
	}
	return nil
}

// setupOver reports whether there was an Admin: one that was set up, or one
// whom the operator invited and let in.
func setupOver(tx *store.Tx) (bool, error) {
	s, err := tx.Setup()
	if err != nil || !s.ClosedAt.IsZero() {
		return true, err
	}
	c, err := tx.Counters()
	return c.Admins > 0, err
}

// SetUp makes the first Admin from the setup page and signs them in. It works
// once: of racing attempts one wins, the others find setup closed.
func (d *Desk) SetUp(ctx context.Context, secret access.Secret, in FirstAdmin, b Browser) (out Entry, err error) {
	id, session := access.MemberID(access.NewID()), access.NewSecret()
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		if err := setupOpen(tx, secret); err != nil {
			return err
		}
		by := access.By{Member: id, Via: access.ViaDoor, From: b.From}
		m, err := d.firstAdmin(tx, id, in, by)
		if err != nil {
			return err
		}
		out, err = d.enter(tx, &m, session, "setup", b)
		if err != nil {
			return err
		}
		return firstOf(tx.PutMember(m), tx.Know(&m, b.hash()))
	})
	return out, err
}

// SetUpHere makes the first Admin from the server's own shell and returns a
// login link for them.
func (d *Desk) SetUpHere(ctx context.Context, in FirstAdmin) (c Card, link string, err error) {
	id, secret := access.MemberID(access.NewID()), access.NewSecret()
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		closed, err := setupOver(tx)
		if err != nil {
			return err
		}
		if closed {
			return access.Errorf(access.Conflict, "Setup is over: there is an Admin. `doorward login-link EMAIL` prints a way in for one.").WithCode("setup_closed")
		}
		m, err := d.firstAdmin(tx, id, in, access.Operator)
		if err != nil {
			return err
		}
		if err := tx.PutMember(m); err != nil {
			return err
		}
		link = d.link(secret)
		c, err = d.card(tx, m)
		return firstOf(err, putRescue(tx, &m, secret))
	})
	return c, link, err
}

func (d *Desk) firstAdmin(tx *store.Tx, id access.MemberID, in FirstAdmin, by access.By) (m access.Member, err error) {
	if in.Email.IsZero() {
		return m, access.Errorf(access.Invalid, "Give the first Admin's address.").On("email").WithCode("email_missing")
	}
	name, err := access.CleanText("name", in.Name, 200)
	if err != nil {
		return m, err
	}
	settings, err := tx.Settings()
	if err != nil {
		return m, err
	}
	if settings.Workspace, err = access.CleanText("workspace", firstText(in.Workspace, settings.Workspace), 60); err != nil {
		return m, err
	}
	if err := firstOf(settings.Check(), tx.PutSettings(settings)); err != nil {
		return m, err
	}
	m = access.Member{ID: id, Email: in.Email, Name: name, State: access.Active, Roles: []access.RoleName{access.Admin},
		Invitation: access.Invitation{By: by, At: tx.Now}, Decision: access.Decision{By: by, At: tx.Now}}
	if err := free(tx, in.Email); err != nil {
		return m, err
	}
	s, err := tx.Setup()
	if err != nil {
		return m, err
	}
	s.ClosedAt = tx.Now // its secret stays, to tell that link from one that was made up
	if err := tx.PutSetup(s); err != nil {
		return m, err
	}
	return m, tx.Record(by, access.DidSetup, string(id), "")
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// LoginLink prints a way in for an active Admin who has lost theirs. Only the
// operator, who holds the machine, may.
func (d *Desk) LoginLink(ctx context.Context, by access.By, a access.Address) (c Card, link string, err error) {
	secret := access.NewSecret()
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		if !by.IsOperator() {
			return access.Errorf(access.Forbidden, "Only the machine that holds the data can make this link.").WithCode("operator_only")
		}
		m, err := tx.MemberByAddress(a.Canonical)
		if err != nil || !m.IsAdmin() {
			return firstOf(unlessNotFound(err), access.Errorf(access.NotFound, "There is no active Admin with the address %s.", a).WithCode("no_such_admin"))
		}
		link = d.link(secret)
		if err := putRescue(tx, &m, secret); err != nil {
			return err
		}
		if c, err = d.card(tx, m); err != nil {
			return err
		}
		return tx.Record(by, access.DidRescue, string(m.ID), "")
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
	return tx.PutLogin(access.Login{Hash: secret.Hash(), Purpose: access.ForRescue, Member: m.ID, Address: m.Email.Canonical,
		Epoch: m.Epoch, MadeAt: tx.Now, ExpiresAt: tx.Now.Add(access.RescueLasts)})
}
