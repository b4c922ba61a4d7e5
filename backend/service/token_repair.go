package service

import (
	"context"
	"maps"
	"slices"

	"doorward/backend/access"
	"doorward/backend/store"
)

// repairTokens puts in order the API tokens that an older Doorward kept: it
// deletes those whose owner is gone, makes the index of the others by owner, and
// counts who holds which role. It does so once; a start that was cut short does
// it again from the beginning.
func (s *core) repairTokens(ctx context.Context) error {
	var all []access.Token
	done := false
	orphans := map[access.TokenID]bool{}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Counters()
		if done = c.TokenRoles != nil; err != nil || done {
			return err
		}
		if all, err = tx.Tokens(c.Tokens + 1); err != nil {
			return err
		}
		for _, t := range all {
			if t.Owner == "" {
				continue
			}
			_, err := tx.Member(t.Owner)
			if orphans[t.ID] = access.NotFound.Is(err); err != nil && !orphans[t.ID] {
				return err
			}
		}
		return nil
	})
	if err != nil || done {
		return err
	}
	return s.repairEach(store.Urgent(ctx), all, orphans)
}

// repairBatch is how many tokens one transaction puts in order.
const repairBatch = 15

func (s *core) repairEach(ctx context.Context, all []access.Token, orphans map[access.TokenID]bool) error {
	held := access.Counters{TokenRoles: map[access.RoleName]int{}}
	for some := range slices.Chunk(all, repairBatch) {
		if err := s.store.Update(ctx, func(tx *store.Tx) error { return repairSome(tx, some, orphans) }); err != nil {
			return err
		}
		for _, t := range some {
			if !orphans[t.ID] {
				held.AddToken(&t, 1)
			}
		}
	}
	return s.store.Update(ctx, func(tx *store.Tx) error { return tx.CountTokenRoles(maps.Clone(held.TokenRoles)) })
}

func repairSome(tx *store.Tx, some []access.Token, orphans map[access.TokenID]bool) error {
	for _, t := range some {
		if !orphans[t.ID] {
			if err := tx.IndexToken(t); err != nil {
				return err
			}
			continue
		}
		if err := tx.DeleteToken(t); err != nil {
			return err
		}
		if err := tx.Record(access.System, access.ActionRevokeToken, t.Name, "its owner was removed before"); err != nil {
			return err
		}
	}
	return nil
}
