package store

import (
	"context"
	"slices"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/build/need"
)

// Rows are added and deleted while somebody reads page after page. They see every row that
// stays exactly once.
func TestPagesWhileRowsChange(t *testing.T) {
	need.Time(t)
	onBoth(t, func(t *testing.T, b *box) {
		var all []access.Member
		for i := range 60 {
			all = append(all, b.person(nth(i), "Same Name"))
			b.forward(time.Second)
		}
		b.put(all...)
		newcomer := 1000
		for _, q := range []Query{{
			Limit: 7,
		}, {
			Limit: 7,
			State: access.Pending,
		}, {Limit: 7, Role: access.Fleet}, {Limit: 7, Words: "same"}, {Limit: 7, Words: "same example"}} {
			seen := map[string]int{}
			for page := 0; ; page++ {
				var p Page[access.Member]
				b.view(func(tx *Tx) (err error) { p, err = tx.Members.Page(q); return err })
				for _, m := range p.Items {
					seen[m.Email.Canonical]++
				}
				if q.Cursor = p.Next; p.Next == "" {
					break
				}
				b.forward(time.Second)
				newcomer++
				b.put(b.person(nth(newcomer), "Same Newcomer")) // is added
				gone := b.person(nth(8000), "Same Passerby")    // is added and deleted
				b.put(gone)
				b.update(func(tx *Tx) error { return tx.Members.Delete(gone, access.EndedRemoved) })
				if page == 3 {
					b.reopen() // a cursor survives a restart
				}
			}
			for _, m := range all {
				if n := seen[m.Email.Canonical]; n != 1 {
					t.Errorf("%+v showed %s %d times", q, m.Email, n)
				}
			}
		}
		b.verify()
	})
}

// An edited cursor, or one of another query, is refused.
func TestForeignCursorIsRefused(t *testing.T) {
	b := openBox(t, "")
	for i := range 5 {
		b.put(b.person(nth(i), ""))
	}
	var p Page[access.Member]
	b.view(func(tx *Tx) (err error) { p, err = tx.Members.Page(Query{Limit: 2}); return err })
	edited := []byte(p.Next)
	edited[len(edited)/2] ^= 1
	for name, q := range map[string]Query{
		"edited": {
			Limit:  2,
			Cursor: string(edited),
		}, "of another list": {Limit: 2, Cursor: p.Next, State: access.Pending},
		"of another search": {
			Limit:  2,
			Cursor: p.Next,
			Words:  "p",
		}, "nonsense": {Limit: 2, Cursor: "!"}, "cut": {Limit: 2, Cursor: p.Next[:10]},
	} {
		err := b.View(context.Background(), func(tx *Tx) error { _, err := tx.Members.Page(q); return err })
		if e := access.Explain(err); err == nil || e.Code != "bad_cursor" {
			t.Errorf("a cursor that is %s: %v", name, err)
		}
	}
	err := b.View(context.Background(), func(tx *Tx) error { _, err := tx.AuditLog.Page(p.Next, 2); return err })
	if e := access.Explain(err); err == nil || e.Code != "bad_cursor" {
		t.Errorf("a cursor of members in the audit log: %v", err)
	}
}

// Login requests are listed with verified addresses first, then by time of the invitation.
func TestWaitingInOrder(t *testing.T) {
	b := openBox(t, "")
	for i, proved := range []time.Duration{0, 3 * time.Hour, 0, 2 * time.Hour} {
		m := b.person(nth(i), "")
		if proved > 0 {
			m.EmailVerifiedAt = noon.Add(proved)
		}
		b.put(m)
		b.forward(time.Minute)
	}
	var got []string
	cursor := ""
	for range 4 {
		b.view(func(tx *Tx) error {
			p, err := tx.Members.LoginRequests(RequestQuery{Cursor: cursor, Limit: 1})
			got, cursor = append(got, p.Items[0].Email.Canonical), p.Next
			if p.Total != 4 {
				t.Errorf("Total = %d", p.Total)
			}
			return err
		})
	}
	if want := []string{nth(3), nth(1), nth(0), nth(2)}; !slices.Equal(got, want) || cursor != "" {
		t.Errorf("waiting are %v, want %v", got, want)
	}
}
