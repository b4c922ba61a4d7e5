package store

import (
	"encoding/json"
	"time"

	"doorward/backend/access"
)

// MaxTokens is how many API tokens there can be.
const MaxTokens = 200

// Token is the API token of that id, or NotFound.
func (tx *Tx) Token(id access.TokenID) (access.Token, error) {
	var t access.Token
	ok, err := tx.get(key("k/", string(id)), &t)
	if err == nil && !ok {
		err = access.NoSuch("token")
	}
	return t, err
}

// TokenByHash is the API token with that hash; false where there is none.
func (tx *Tx) TokenByHash(h access.SecretHash) (access.Token, bool, error) {
	var id access.TokenID
	ok, err := tx.get(hashKey("K/", h), &id)
	if err != nil || !ok {
		return access.Token{}, false, err
	}
	t, err := tx.Token(id)
	return t, err == nil, err
}

// PutToken keeps an API token that was just made. It never changes afterwards.
func (tx *Tx) PutToken(t access.Token) error {
	if err := tx.count(func(c *access.Counters) { c.AddToken(&t, 1) }); err != nil {
		return err
	}
	if err := tx.IndexToken(t); err != nil {
		return err
	}
	return tx.set(key("k/", string(t.ID)), &t)
}

// IndexToken writes what finds an API token that is kept.
func (tx *Tx) IndexToken(t access.Token) error {
	if err := tx.set(hashKey("K/", t.Hash), t.ID); err != nil || t.Owner == "" {
		return err
	}
	return tx.mark(ownedKey(&t), "")
}

func ownedKey(t *access.Token) []byte { return key("T/", string(t.Owner), string(t.ID)) }

// DeleteToken deletes an API token that is kept.
func (tx *Tx) DeleteToken(t access.Token) error {
	if err := tx.count(func(c *access.Counters) { c.AddToken(&t, -1) }); err != nil {
		return err
	}
	return tx.unmark(key("k/", string(t.ID)), hashKey("K/", t.Hash), ownedKey(&t), usedKey(t.ID))
}

// Tokens are up to n API tokens, with when they were last used.
func (tx *Tx) Tokens(n int) ([]access.Token, error) {
	kept, err := tx.scan([]byte("k/"), n)
	if err != nil {
		return nil, err
	}
	all := make([]access.Token, len(kept))
	for i, e := range kept {
		if err := json.Unmarshal(e.Value, &all[i]); err != nil {
			return nil, err
		}
		if all[i].UsedAt, err = tx.TokenUsed(all[i].ID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// TokensOf are up to n API tokens of a member, also of one who is gone.
func (tx *Tx) TokensOf(id access.MemberID, n int) ([]access.Token, error) {
	marks, err := tx.scan(key("T/", string(id)), n)
	if err != nil {
		return nil, err
	}
	all := make([]access.Token, len(marks))
	for i, e := range marks {
		if all[i], err = tx.Token(access.TokenID(e.Key[len("T/")+len(id):])); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// When a token was last used stands apart from the token: what decides about
// requests stays as it is when it changes, and so does what is remembered of it.
func usedKey(id access.TokenID) []byte { return key("U/", string(id)) }

// TokenUsed is when an API token was last used; zero where nobody knows.
func (tx *Tx) TokenUsed(id access.TokenID) (at time.Time, err error) {
	_, err = tx.get(usedKey(id), &at)
	return at, err
}

// UseToken keeps when an API token was last used. One that is gone stays gone.
func (tx *Tx) UseToken(id access.TokenID, at time.Time) error {
	_, err := tx.Token(id)
	if access.NotFound.Is(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.set(usedKey(id), at)
}

// CountTokenRoles keeps how many tokens hold each role, where an older Doorward
// did not.
func (tx *Tx) CountTokenRoles(held map[access.RoleName]int) error {
	return tx.count(func(c *access.Counters) { c.TokenRoles = held })
}
