package service

import (
	"doorward/backend/access"
	"doorward/backend/store"
)

// tellInterval is how often, at most, Admins get an email about waiting people.
const tellInterval = access.DigestInterval

// tellAdmins records that somebody waits: Admins are notified at once, or with
// the next email if one was sent a short while ago.
func (s *core) tellAdmins(tx *store.Tx, id access.MemberID) error {
	g, err := tx.Digest()
	if err != nil {
		return err
	}
	if len(g.Untold) < maxUntold {
		g.Untold = append(g.Untold, id)
	}
	if !g.Due {
		at := tx.Now
		if next := g.ToldAt.Add(tellInterval); !g.ToldAt.IsZero() && next.After(at) {
			at = next
		}
		g.Due = true
		if err := tx.Schedule.Put(store.Due{At: at, Kind: store.DueDigest}); err != nil {
			return err
		}
	}
	return tx.PutDigest(g)
}

// maxUntold limits one digest; the people beyond it are still in the console.
const maxUntold = 40
