package store

import (
	"testing"
	"time"

	"doorward/backend/access"
)

// Each action is counted in the day, in UTC, on which it happened, and in no other; actions
// that are not counted change nothing.
func TestDays(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		record := func(actions ...access.AuditAction) {
			b.update(func(tx *Tx) error {
				for _, action := range actions {
					if err := tx.Record(access.Operator, action, "x", ""); err != nil {
						return err
					}
				}
				return nil
			})
		}
		midnight := time.Date(2030, 5, 2, 0, 0, 0, 0, time.UTC)
		b.at.Store(midnight.Add(-time.Microsecond).UnixMicro())
		record(access.ActionInvite, access.ActionInvite, access.ActionSignIn)
		b.at.Store(midnight.UnixMicro())
		record(access.ActionVerifyEmail, access.ActionApprove, access.ActionReject)
		b.reopen()
		b.forward(time.Hour)
		record(access.ActionApprove)
		b.at.Store(midnight.AddDate(0, 0, 2).UnixMicro())

		want := []Day{{
			Day:     midnight.AddDate(0, 0, -1),
			Invited: 2,
		}, {Day: midnight, Verified: 1, Approved: 2, Rejected: 1},
			{Day: midnight.AddDate(0, 0, 1)}, {Day: midnight.AddDate(0, 0, 2)}}
		b.view(func(tx *Tx) error {
			days, err := tx.Days(4)
			if len(days) != 4 {
				t.Fatalf("%d days, %v", len(days), err)
			}
			for i, d := range days {
				if d != want[i] {
					t.Errorf("day %d = %+v, want %+v", i, d, want[i])
				}
			}
			if one, err := tx.Days(1); err != nil || len(one) != 1 || one[0] != want[3] {
				t.Errorf("today alone = %+v, %v", one, err)
			}
			return err
		})
	})
}

// An action that was refused in the end is not counted.
func TestRefusedActionsAreNotCounted(t *testing.T) {
	b := openBox(t, "")
	err := b.Update(t.Context(), func(tx *Tx) error {
		if err := tx.Record(access.Operator, access.ActionInvite, "x", ""); err != nil {
			return err
		}
		return access.NoSuchMember()
	})
	if !access.NotFound.Is(err) {
		t.Fatal(err)
	}
	b.view(func(tx *Tx) error {
		days, err := tx.Days(1)
		if days[0].Invited != 0 {
			t.Errorf("counted: %+v", days)
		}
		return err
	})
}
