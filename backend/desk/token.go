package desk

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// LongestToken is how long an API token can last.
const LongestToken = 366 * 24 * time.Hour

// MostTokens is how many API tokens there can be.
const MostTokens = 200

// MakeToken makes an API token and returns its secret, this once. It can do
// what its roles may, within what its owner may at the time.
func (d *Desk) MakeToken(ctx context.Context, by access.By, name string, roles []access.RoleName, lasts time.Duration) (t access.Token, secret access.Secret, err error) {
	if name, err = access.CleanText("name", name, 60); err != nil {
		return t, "", err
	}
	if name == "" {
		return t, "", access.Errorf(access.Invalid, "Give the token a name that says what it is for.").On("name").WithCode("name_missing")
	}
	if lasts < 0 || lasts > LongestToken {
		return t, "", access.Errorf(access.Invalid, "A token can last up to 366 days.").On("expires_in").WithCode("expiry_out_of_range")
	}
	id := access.TokenID(access.NewID())
	secret = access.Secret(access.TokenPrefix) + access.NewSecret()
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		a, err := d.may(tx, by, access.May(access.Change, access.ResSettings))
		if err != nil {
			return err
		}
		if by.Token != "" {
			return access.Errorf(access.Forbidden, "A token cannot make tokens. Sign in, or use the server's own shell.").WithCode("token_by_token")
		}
		granted, err := a.roles(roles)
		if err != nil {
			return err
		}
		if len(granted) == 0 {
			return access.Errorf(access.Invalid, "Choose at least one role for the token.").On("roles").WithCode("role_missing")
		}
		if c, err := tx.Counters(); err != nil || c.Tokens >= MostTokens {
			return firstOf(err, access.Errorf(access.Conflict, "There are %d tokens already. Revoke one first.", MostTokens).WithCode("too_many_tokens"))
		}
		t = access.Token{ID: id, Name: name, Hash: secret.Hash(), Owner: by.Member, Roles: granted, MadeAt: tx.Now}
		if lasts > 0 {
			t.ExpiresAt = tx.Now.Add(lasts)
		}
		if err := tx.PutToken(t); err != nil {
			return err
		}
		return tx.Record(by, access.DidMakeToken, name, access.RoleNames(granted))
	})
	return t, secret, err
}

// Tokens are all API tokens, without their secrets.
func (d *Desk) Tokens(ctx context.Context, by access.By) (all []access.Token, err error) {
	err = d.view(ctx, by, access.May(access.Read, access.ResSettings), func(tx *store.Tx) error {
		all, err = tx.Tokens(MostTokens)
		return err
	})
	return all, err
}

// RevokeToken makes an API token worth nothing at once.
func (d *Desk) RevokeToken(ctx context.Context, by access.By, id access.TokenID) error {
	return d.store.Update(store.Urgent(ctx), func(tx *store.Tx) error {
		if _, err := d.may(tx, by, access.May(access.Change, access.ResSettings)); err != nil {
			return err
		}
		t, err := tx.Token(id)
		if err != nil {
			return err
		}
		if err := tx.DeleteToken(t); err != nil {
			return err
		}
		return tx.Record(by, access.DidRevokeToken, t.Name, "")
	})
}
