package service

import (
	"cmp"
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// Create makes an API token and returns its secret, only this once. The token may
// do what its roles may, limited to what its owner may at the time; one that the
// operator makes has no owner and is limited by its roles alone. Without a
// lifetime it expires as the settings say. A member needs a confirmed session, and no token
// makes a token. Without a name or roles, or with a lifetime outside the settings, it is
// Invalid; one token too many is Conflict.
func (s Tokens) Create(ctx context.Context, actor access.Actor, name string, roles []access.RoleName,
	lasts time.Duration) (t access.Token, secret access.Secret, err error) {
	if name, err = access.CleanText("name", name, 60); err != nil {
		return t, "", err
	}
	if name == "" {
		return t, "", access.Errorf(access.Invalid, "Enter a name that says what the token is for.").
			On("name").WithCode("name_missing")
	}
	id := access.TokenID(access.NewID())
	secret = access.Secret(access.TokenPrefix) + access.NewSecret()
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		a, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResSettings))
		if err != nil {
			return err
		}
		if actor.Token != "" {
			return access.Errorf(access.Forbidden,
				"A token cannot create tokens. Sign in, or use the server's command line.").WithCode("token_by_token")
		}
		m, err := confirmed(tx, actor)
		if err != nil {
			return err
		}
		granted, err := a.Grantable(roles)
		if err != nil {
			return err
		}
		if len(granted) == 0 {
			return access.Errorf(access.Invalid, "Choose at least one role for the token.").
				On("roles").WithCode("role_missing")
		}
		settings, err := tx.Settings()
		if err != nil {
			return err
		}
		lasts := cmp.Or(lasts, settings.Lifetimes.Of(access.LifetimeToken))
		if err := settings.Lifetimes.CheckTokenTTL(lasts); err != nil {
			return err
		}
		c, err := tx.Counters()
		if err != nil {
			return err
		}
		if c.Tokens >= store.MaxTokens {
			return access.Errorf(access.Conflict, "There are already %d tokens. Revoke one first.",
				store.MaxTokens).WithCode("too_many_tokens")
		}
		t = access.Token{
			ID:        id,
			Name:      name,
			Hash:      secret.Hash(),
			Owner:     actor.Member,
			Roles:     granted,
			CreatedAt: tx.Now,
			ExpiresAt: tx.Now.Add(lasts),
			Epoch:     m.TokenEpoch,
		}
		if err := tx.Tokens.Put(t); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionCreateToken, name, access.RoleNames(granted))
	})
	return t, secret, err
}

// List returns all API tokens, without their secrets, and when each was last used as far as
// this process knows.
func (s Tokens) List(ctx context.Context, actor access.Actor) (all []access.Token, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResSettings), func(tx *store.Tx) error {
		all, err = tx.Tokens.List(store.MaxTokens)
		return err
	})
	for i := range all {
		all[i].UsedAt = s.gate.LastUse(all[i])
	}
	return all, err
}

// How many API tokens of a member one transaction reads, and deletes.
const (
	tokenBatch    = 20
	deletesTokens = 8
)

// deleteTokens deletes the API tokens of a member whose token epoch has risen:
// some now, and, if there are more than fit one transaction, the rest right after
// it. None of them works meanwhile.
func deleteTokens(tx *store.Tx, actor access.Actor, id access.MemberID) error {
	m, err := tx.Members.Get(id)
	if err != nil {
		return unlessNotFound(err)
	}
	owned, err := tx.Tokens.Of(id, tokenBatch)
	if err != nil {
		return err
	}
	deleted := 0
	for _, t := range owned {
		if t.Epoch == m.TokenEpoch || deleted == deletesTokens { // made since then, or enough deleted
			continue
		}
		deleted++
		if err := tx.Tokens.Delete(t); err != nil {
			return err
		}
		if err := tx.Record(actor, access.ActionRevokeToken, t.Name, "signed out everywhere"); err != nil {
			return err
		}
	}
	if deleted < deletesTokens {
		return nil
	}
	return tx.Schedule.Put(store.Due{At: tx.Now, Kind: store.DueTokens, Ref: string(id)})
}

// Revoke voids an API token at once; NotFound if there is none any more.
func (s Tokens) Revoke(ctx context.Context, actor access.Actor, id access.TokenID) error {
	return s.store.Update(store.Urgent(ctx), func(tx *store.Tx) error {
		if _, err := s.gate.Authorize(tx, actor, access.May(access.Change, access.ResSettings)); err != nil {
			return err
		}
		t, err := tx.Tokens.Get(id)
		if err != nil {
			return err
		}
		if err := tx.Tokens.Delete(t); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionRevokeToken, t.Name, "")
	})
}
