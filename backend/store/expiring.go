package store

import (
	"slices"
	"time"

	"doorward/backend/access"
)

// Expiring are up to n pending members whose invitation ends before until, the
// soonest first; more reports that there are others. It reads what falls due
// until then, which holds each of them: as the reminder, or as the end, or as
// one of these that was put off.
func (tx *Tx) Expiring(until time.Time, n int) (all []access.Member, more bool, err error) {
	for _, queue := range []string{"x/", "P/"} {
		some, left, err := tx.expiring(queue, until)
		if err != nil {
			return nil, false, err
		}
		all, more = append(all, some...), more || left
	}
	slices.SortFunc(all, func(a, b access.Member) int { return a.Invitation.ExpiresAt.Compare(b.Invitation.ExpiresAt) })
	if len(all) > n {
		all, more = all[:n], true
	}
	return all, more, nil
}

func (tx *Tx) expiring(queue string, until time.Time) (all []access.Member, more bool, err error) {
	end := key(queue, up(until))
	for from, looked := []byte(queue), 0; ; {
		batch, err := tx.kv.Scan(from, end, scanAtOnce)
		if err != nil {
			return nil, false, err
		}
		for _, e := range batch {
			from = append(e.Key, 0)
			if e.Key[10] != DueMember {
				continue
			}
			m, err := tx.Member(access.MemberID(e.Key[len(e.Key)-idLength:]))
			if access.NotFound.Is(err) {
				continue // removed since what fell due was put off
			}
			if err != nil {
				return nil, false, err
			}
			if m.State == access.Pending && m.ProvedAt.IsZero() && !m.Invitation.Ended && m.Invitation.ExpiresAt.Before(until) {
				all = append(all, m)
			}
		}
		if looked += len(batch); len(batch) < scanAtOnce || looked >= mostScanned {
			return all, len(batch) == scanAtOnce, nil
		}
	}
}
