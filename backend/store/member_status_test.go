package store

import (
	"slices"
	"testing"
	"time"

	"doorward/backend/access"
)

// everyStatus stores one member with each status, at a moment around the expiry of the
// invitations. The expiry is recorded as the sweeper does it.
func (b *box) everyStatus(at time.Duration) {
	add := func(to string, change func(m *access.Member), roles ...access.RoleName) {
		m := b.person(to, "Someone", roles...)
		m.State = access.Pending
		m.Invitation.TTL, m.Invitation.ExpiresAt = access.Seconds(time.Hour), b.now().Add(time.Hour)
		change(&m)
		b.put(m)
	}
	add("invited@example.com", func(*access.Member) {}, access.Fleet)
	add("accepted@example.com", func(m *access.Member) { m.VerifyEmail(b.now()) }, access.Fleet)
	add("handed@example.com", func(m *access.Member) { m.AcceptedAt = b.now() }, access.AILoop)
	add("active@example.com", func(m *access.Member) { m.State = access.Active }, access.Fleet)
	add("suspended@example.com", func(m *access.Member) { m.State = access.Suspended }, access.AILoop)
	b.forward(time.Hour + at)
	b.update(func(tx *Tx) error {
		m, err := tx.Members.ByAddress("invited@example.com")
		if err != nil || !m.ExpireInvitation(tx.Now) {
			return err
		}
		return tx.Members.Put(m)
	})
}

// An Admin looks for who has not accepted, and finds those who wait for her among them; or
// the count says another number than the pages have.
func TestEachStatusIsAListOfItsOwn(t *testing.T) {
	for _, tt := range []struct {
		at      time.Duration
		invited access.Status
	}{
		{-time.Microsecond, access.StatusInvited},
		{0, access.StatusExpired},
		{time.Microsecond, access.StatusExpired},
	} {
		b := openBox(t, "")
		b.everyStatus(tt.at)
		for status, want := range map[access.Status][]string{
			tt.invited:             {"invited@example.com"},
			access.StatusAccepted:  {"accepted@example.com", "handed@example.com"},
			access.StatusActive:    {"active@example.com"},
			access.StatusSuspended: {"suspended@example.com"},
		} {
			for name, q := range map[string]Query{
				"":                {Status: status},
				" of its state":   {Status: status, State: status.State()},
				" who are Fleet":  {Status: status, Role: access.Fleet},
				" called Someone": {Status: status, Words: "someone"},
			} {
				q.Limit = 1
				want := slices.Clone(want)
				if q.Role != "" {
					want = slices.DeleteFunc(want, func(to string) bool {
						return to == "handed@example.com" || to == "suspended@example.com"
					})
				}
				got := b.found(q)
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("%v after expiry, %s%s: %v, want %v", tt.at, status, name, got, want)
				}
			}
		}
		other := access.StatusExpired
		if tt.invited == access.StatusExpired {
			other = access.StatusInvited
		}
		for _, q := range []Query{{Status: other}, {Status: access.StatusActive, State: access.Pending}} {
			if got := b.found(q); len(got) != 0 {
				t.Errorf("%v after expiry, %+v finds %v", tt.at, q, got)
			}
		}
		if got := b.found(Query{State: access.Pending, Role: access.Fleet}); len(got) != 2 {
			t.Errorf("pending Fleet: %v", got)
		}
		b.verify()
	}
}
