package desk

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// MakeToken makes an API token and returns its secret, this once. It can do
// what its roles may, within what its owner may at the time; one that the
// operator makes has no owner, and its roles alone bound it. Without lasts it
// expires after 90 days.
func (d *Desk) MakeToken(ctx context.Context, by access.By, name string, roles []access.RoleName, lasts time.Duration) (t access.Token, secret access.Secret, err error) {
	if name, err = access.CleanText("name", name, 60); err != nil {
		return t, "", err
	}
	if name == "" {
		return t, "", access.Errorf(access.Invalid, "Give the token a name that says what it is for.").On("name").WithCode("name_missing")
	}
	if lasts == 0 {
		lasts = access.DefaultToken
	}
	if err := access.CheckTokenTTL(lasts); err != nil {
		return t, "", err
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
		m, err := confirmed(tx, by, "make tokens")
		if err != nil {
			return err
		}
		granted, err := a.roles(roles)
		if err != nil {
			return err
		}
		if len(granted) == 0 {
			return access.Errorf(access.Invalid, "Choose at least one role for the token.").On("roles").WithCode("role_missing")
		}
		c, err := tx.Counters()
		if err != nil {
			return err
		}
		if c.Tokens >= store.MostTokens {
			return access.Errorf(access.Conflict, "There are %d tokens already. Revoke one first.",
				store.MostTokens).WithCode("too_many_tokens")
		}
		t = access.Token{
			ID:        id,
			Name:      name,
			Hash:      secret.Hash(),
			Owner:     by.Member,
			Roles:     granted,
			MadeAt:    tx.Now,
			ExpiresAt: tx.Now.Add(lasts),
			Epoch:     m.TokenEpoch,
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
		all, err = tx.Tokens(store.MostTokens)
		return err
	})
	for i := range all {
		all[i].UsedAt = d.uses.last(all[i].ID, all[i].UsedAt)
	}
	return all, err
}

// How many API tokens of a member one transaction looks at, and deletes.
const (
	tokensAtOnce  = 20
	deletesTokens = 8
)

// deleteTokens deletes the API tokens of a member whose token epoch has risen:
// some here, and, where there are more than one transaction holds, the rest at
// once after it. None of them opens anything meanwhile.
func (d *Desk) deleteTokens(tx *store.Tx, by access.By, id access.MemberID) error {
	m, err := tx.Member(id)
	if err != nil {
		return unlessNotFound(err)
	}
	owned, err := tx.TokensOf(id, tokensAtOnce)
	if err != nil {
		return err
	}
	deleted := 0
	for _, t := range owned {
		if t.Epoch == m.TokenEpoch || deleted == deletesTokens { // made since, or enough
			continue
		}
		deleted++
		if err := tx.DeleteToken(t); err != nil {
			return err
		}
		if err := tx.Record(by, access.DidRevokeToken, t.Name, "signed out everywhere"); err != nil {
			return err
		}
	}
	if deleted < deletesTokens {
		return nil
	}
	return tx.PutDue(store.Due{At: tx.Now, Kind: store.DueTokens, Ref: string(id)})
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
