package store

import (
	"time"

	"doorward/backend/access"
)

// A Day has the counts of one day, in UTC.
type Day struct {
	Day      time.Time `json:"-"`
	Invited  int       `json:"invited,omitempty"`
	Verified int       `json:"waiting,omitempty"` // accepted their invitation and began to wait
	Approved int       `json:"approved,omitempty"`
	Rejected int       `json:"rejected,omitempty"`
}

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// countDay counts an audit action in its day.
func (tx *Tx) countDay(action access.AuditAction) error {
	var d Day
	count, ok := map[access.AuditAction]*int{
		access.ActionInvite:      &d.Invited,
		access.ActionVerifyEmail: &d.Verified,
		access.ActionAccept:      &d.Verified,
		access.ActionApprove:     &d.Approved,
		access.ActionReject:      &d.Rejected,
	}[action]
	if !ok {
		return nil
	}
	k := dayKey(tx.Now)
	if _, err := tx.get(k, &d); err != nil {
		return err
	}
	*count++
	return tx.set(k, &d)
}

// Days returns the last n days, oldest first, today last.
func (tx *Tx) Days(n int) ([]Day, error) {
	days := make([]Day, n)
	for i := range days {
		at := dayOf(tx.Now).AddDate(0, 0, i-n+1)
		if _, err := tx.get(dayKey(at), &days[i]); err != nil {
			return nil, err
		}
		days[i].Day = at
	}
	return days, nil
}
