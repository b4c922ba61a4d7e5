package store

import (
	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// repairBatch is the number of tokens that one Update repairs.
const repairBatch = 15

// repairTokens: a token outlived its owner, no index listed the tokens of an owner, and
// nobody counted their roles. Tokens whose owner is gone are deleted, with an audit entry,
// and the others are indexed and counted.
func repairTokens(tx *Tx, last []byte) (now []byte, err error) {
	c, err := tx.Counters()
	if err != nil || last == nil && c.TokenRoles != nil {
		return nil, err // counted from the start
	}
	if err := tx.count(func(c *access.Counters) {
		if c.TokenRoles == nil {
			c.TokenRoles = map[access.RoleName]int{}
		}
	}); err != nil {
		return nil, err
	}
	return migrateEach(tx, last, repairBatch, func(e kv.KV) error {
		var t access.Token
		if err := decode(e.Key, e.Value, &t); err != nil {
			return err
		}
		return tx.repairToken(t)
	}, tokenPrefix)
}

func (tx *Tx) repairToken(t access.Token) error {
	err := tx.count(func(c *access.Counters) {
		c.Tokens-- // counted already, but only by number
		c.AddToken(&t, 1)
	})
	if err != nil {
		return err
	}
	if t.Owner != "" {
		_, err = tx.Members.Get(t.Owner)
	}
	switch {
	case err == nil:
		return tx.reindex(nil, tokenEntries(&t))
	case !access.NotFound.Is(err):
		return err
	}
	if err := tx.Tokens.Delete(t); err != nil {
		return err
	}
	return tx.Record(access.System, access.ActionRevokeToken, t.Name, "its owner was removed before")
}
