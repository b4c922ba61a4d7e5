package store

import (
	"time"

	"doorward/backend/access"
)

// MaxTokens is the maximum number of API tokens.
const MaxTokens = 200

// Get returns the API token with that id, or NotFound.
func (tx Tokens) Get(id access.TokenID) (access.Token, error) {
	var t access.Token
	ok, err := tx.get(tokenKey(id), &t)
	if err == nil && !ok {
		err = access.NoSuchToken()
	}
	return t, err
}

// ByHash returns the API token with that hash; false if there is none.
func (tx Tokens) ByHash(h access.SecretHash) (access.Token, bool, error) {
	var id access.TokenID
	ok, err := tx.get(tokenHashPrefix.ofHash(h), &id)
	if err != nil || !ok {
		return access.Token{}, false, err
	}
	t, err := tx.Tokens.Get(id)
	return t, err == nil, err
}

// Put stores a new API token, counts it and its roles, and makes it findable by its hash and
// its owner. It never changes afterwards.
func (tx Tokens) Put(t access.Token) error {
	if err := tx.count(func(c *access.Counters) { c.AddToken(&t, 1) }); err != nil {
		return err
	}
	if err := tx.reindex(nil, tokenEntries(&t)); err != nil {
		return err
	}
	return tx.set(tokenKey(t.ID), &t)
}

// tokenEntries returns the index entries of an API token.
func tokenEntries(t *access.Token) map[string]string {
	e := map[string]string{string(tokenHashPrefix.ofHash(t.Hash)): `"` + string(t.ID) + `"`}
	if t.Owner != "" {
		e[string(memberTokenKey(t))] = ""
	}
	return e
}

// Delete deletes a stored API token.
func (tx Tokens) Delete(t access.Token) error {
	if err := tx.count(func(c *access.Counters) { c.AddToken(&t, -1) }); err != nil {
		return err
	}
	if err := tx.reindex(tokenEntries(&t), nil); err != nil {
		return err
	}
	return tx.unmark(tokenKey(t.ID), tokenUseKey(t.ID))
}

// List returns up to n API tokens, with when they were last used.
func (tx Tokens) List(n int) ([]access.Token, error) {
	kept, err := tx.scan(tokenPrefix.key(), n)
	if err != nil {
		return nil, err
	}
	all := make([]access.Token, len(kept))
	for i, e := range kept {
		if err := decode(e.Key, e.Value, &all[i]); err != nil {
			return nil, err
		}
		if all[i].UsedAt, err = tx.Tokens.Used(all[i].ID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Of returns up to n API tokens of a member, even of a deleted one.
func (tx Tokens) Of(id access.MemberID, n int) ([]access.Token, error) {
	marks, err := tx.scan(memberTokenPrefix.key(string(id)), n)
	if err != nil {
		return nil, err
	}
	all := make([]access.Token, len(marks))
	for i, e := range marks {
		if all[i], err = tx.Tokens.Get(access.TokenID(memberTokenPrefix.ref(e.Key)[len(id):])); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Used returns when an API token was last used; zero if that is not known. It is stored
// apart from the token, so that using a token changes neither the record that decides about
// requests nor the caches of it.
func (tx Tokens) Used(id access.TokenID) (at time.Time, err error) {
	_, err = tx.get(tokenUseKey(id), &at)
	return at, err
}

// Use records when an API token was last used. It does not bring back a deleted token.
func (tx Tokens) Use(id access.TokenID, at time.Time) error {
	_, err := tx.Tokens.Get(id)
	if access.NotFound.Is(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.set(tokenUseKey(id), at)
}
