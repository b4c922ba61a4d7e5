package service

import (
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
)

// tellInterval is how often, at most, Admins get an email about people waiting.
const tellInterval = 15 * time.Minute

// tellAdmins notes that somebody waits: Admins are told at once, or with the
// next email if one went out a short while ago.
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

// maxUntold bounds one digest; those beyond it are in the console all the same.
const maxUntold = 40
