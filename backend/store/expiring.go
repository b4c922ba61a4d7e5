package store

import (
	"slices"
	"time"

	"doorward/backend/access"
)

// isReminder is the value of a due entry that is a member's reminder: their invitation
// expires RemindBefore later, so the list of expiring invitations need not read the member
// to know. It is a hint: for an entry without it, the member is read.
const isReminder = "r"

func dueHint(m *access.Member, due time.Time) string {
	if due.Equal(m.Invitation.ExpiresAt.Add(-access.RemindBefore)) {
		return isReminder
	}
	return ""
}

// Expiring returns up to n pending members whose invitation expires before until, the
// soonest first; more reports whether there are others. It reads what falls due until then,
// which contains each of them: as a reminder, as an expiry, or as a postponed entry of
// these.
func (tx Members) Expiring(until time.Time, n int) (all []access.Member, more bool, err error) {
	for _, queue := range dueQueues {
		some, left, err := tx.expiring(queue, until, n)
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

// expiring reads a queue until it has the n soonest. Reminders and expiries are both
// ordered by expiry, so only the members of the first n of each, and one more, have to be
// read.
func (tx *Tx) expiring(queue prefix, until time.Time, n int) (all []access.Member, more bool, err error) {
	end := queue.key(up(until))
	reminders, ends := 0, 0
	for from, looked := queue.key(), 0; ; {
		batch, err := tx.kv.Scan(from, end, scanBatch)
		if err != nil {
			return nil, false, err
		}
		for _, e := range batch {
			from = append(e.Key, 0)
			hinted := string(e.Value) == isReminder
			if dueKind(e.Key) != DueMember || hinted && reminders > n {
				continue
			}
			m, err := tx.Members.Get(idOf(e))
			if access.NotFound.Is(err) {
				continue // deleted since the entry was postponed
			}
			if err != nil {
				return nil, false, err
			}
			if !endsBefore(&m, until) {
				continue
			}
			all = append(all, m)
			if hinted {
				reminders++
			} else if ends++; ends > n {
				return all, true, nil
			}
		}
		if looked += len(batch); len(batch) < scanBatch || looked >= maxScanned {
			return all, len(batch) == scanBatch, nil
		}
	}
}

func endsBefore(m *access.Member, until time.Time) bool {
	return m.State == access.Pending && m.JoinedAt().IsZero() &&
		!m.Invitation.Expired && m.Invitation.ExpiresAt.Before(until)
}
