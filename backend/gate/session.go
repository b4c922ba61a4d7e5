package gate

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store"
)

// Rotate gives a session a new secret, as is required whenever its permissions
// rise. The old secret no longer works.
func (g *Gate) Rotate(ctx context.Context, old access.Secret) (access.Secret, error) {
	fresh := access.NewSecret()
	err := g.store.Update(store.Urgent(ctx), func(tx *store.Tx) error {
		opened, ok, err := tx.Sessions.Get(old.Hash())
		if err != nil {
			return err
		}
		if !ok {
			return access.SignedOutError()
		}
		m, err := tx.Members.Get(opened.Member)
		if err != nil {
			return err
		}
		rev, err := tx.Roles.Revision()
		if err != nil {
			return err
		}
		if err := tx.Sessions.Delete(old.Hash(), access.EndedSignedOut); err != nil {
			return err
		}
		opened.Hash, opened.SeenAt, opened.PermissionRevision = fresh.Hash(), tx.Now, m.PermissionRevision+rev
		return tx.Sessions.Put(opened)
	})
	return fresh, err
}

// SignOut ends the session.
func (g *Gate) SignOut(ctx context.Context, actor access.Actor, secret access.Secret) error {
	return g.store.Update(store.Urgent(ctx), func(tx *store.Tx) error {
		opened, ok, err := tx.Sessions.Get(secret.Hash())
		if err != nil || !ok {
			return err
		}
		if err := tx.Sessions.Delete(opened.Hash, access.EndedSignedOut); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionSignOut, string(opened.Member), "")
	})
}
