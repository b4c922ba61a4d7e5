package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"doorward/backend/access"
)

func (b *box) expiring(until time.Time, n int) (found []string, more bool) {
	b.t.Helper()
	b.view(func(tx *Tx) error {
		all, left, err := tx.Members.Expiring(until, n)
		found, more = nil, left
		for _, m := range all {
			found = append(found, m.Name)
		}
		return err
	})
	return found, more
}

// The expiring invitations are those of members who have not accepted, the soonest first,
// and no others.
func TestExpiring(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		lasting := func(name string, d time.Duration, change func(*access.Member)) {
			m := b.person(name+"@example.com", name)
			m.Invitation.ExpiresAt = b.now().Add(d)
			if change != nil {
				change(&m)
			}
			b.put(m)
		}
		lasting("third", 72*time.Hour, nil)
		lasting("first", 2*time.Hour, nil)
		lasting("second", 30*time.Hour, func(m *access.Member) { m.Invitation.Reminded = true })
		lasting("late", 200*time.Hour, nil)
		lasting("came", 3*time.Hour, func(m *access.Member) { m.EmailVerifiedAt = b.now() })
		lasting("in", 3*time.Hour, func(m *access.Member) { m.State = access.Active })
		lasting("over", 3*time.Hour, func(m *access.Member) { m.Invitation.Expired = true })
		b.reopen()
		tests := []struct {
			name  string
			until time.Duration
			n     int
			want  []string
			more  bool
		}{
			{"nobody yet", time.Hour, 5, nil, false},
			{"at the very end it is not before", 2 * time.Hour, 5, nil, false},
			{"one", 2*time.Hour + time.Microsecond, 5, []string{"first"}, false},
			{"all that end", 100 * time.Hour, 5, []string{"first", "second", "third"}, false},
			{"just as many as asked for", 100 * time.Hour, 3, []string{"first", "second", "third"}, false},
			{"more than asked for", 100 * time.Hour, 2, []string{"first", "second"}, true},
		}
		for _, tt := range tests {
			if got, more := b.expiring(noon.Add(tt.until), tt.n); !slices.Equal(got, tt.want) || more != tt.more {
				t.Errorf("%s: %v, more %v; want %v, %v", tt.name, got, more, tt.want, tt.more)
			}
		}
	})
}

// A reminder comes a day before the expiry it announces: an expiry among many reminders is
// found in its place, with and without hints.
func TestExpiringAmongReminders(t *testing.T) {
	b := openBox(t, "")
	for i := range 20 {
		m := b.person(nth(i), fmt.Sprintf("reminder %02d", i))
		m.Invitation.ExpiresAt = b.now().Add(30*time.Hour + time.Duration(i)*time.Minute)
		b.put(m)
	}
	for i, at := range []time.Duration{29 * time.Hour, 30*time.Hour + 90*time.Second} {
		m := b.person(nth(100+i), fmt.Sprintf("end %d", i))
		m.Invitation.ExpiresAt, m.Invitation.Reminded = b.now().Add(at), true
		b.put(m)
	}
	got, more := b.expiring(noon.Add(48*time.Hour), 4)
	if want := []string{"end 0", "reminder 00", "reminder 01", "end 1"}; !slices.Equal(got, want) || !more {
		t.Errorf("%v, more %v; want %v", got, more, want)
	}
}

// The search stops after a limited number of entries, and reports that there may be others.
func TestExpiringIsBounded(t *testing.T) {
	b := openBox(t, "")
	must(t, fill(b.Store, maxScanned+10, func(i int) access.Member {
		m := access.Member{
			ID:    access.MemberID(fmt.Sprintf("%026d", i)),
			Email: access.Address{Typed: nth(i), Canonical: nth(i)},
			State: access.Pending,
			Roles: []access.RoleName{access.Fleet},
		}
		m.Invitation = access.Invitation{
			By:        access.Operator,
			At:        noon,
			ExpiresAt: noon.Add(time.Hour),
			TTL:       access.Seconds(time.Hour),
		}
		return m
	}))
	if got, more := b.expiring(noon.Add(2*time.Hour), 4); len(got) != 4 || !more {
		t.Errorf("%d found, more %v", len(got), more)
	}
}

// A postponed entry can outlive its member; the list of expiring invitations skips it.
func TestExpiringCopesWithPostponedItems(t *testing.T) {
	b := openBox(t, "")
	m, gone := b.person("ada@example.com", ""), b.person("gone@example.com", "")
	b.put(m, gone)
	b.update(func(tx *Tx) error {
		return errors.Join(tx.Schedule.Put(Due{
			At:   tx.Now.Add(time.Minute),
			Kind: DueMember,
			Ref:  string(gone.ID),
		}), tx.Members.Delete(gone, access.EndedRemoved))
	})
	b.view(func(tx *Tx) error {
		all, _, err := tx.Members.Expiring(noon.Add(8*24*time.Hour), 5)
		if len(all) != 1 || all[0].ID != m.ID {
			t.Errorf("Expiring = %v", all)
		}
		return err
	})
}
