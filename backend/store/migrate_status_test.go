package store

import (
	"fmt"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"doorward/backend/access"
)

// A store from before there were statuses has one list of all who are pending. After the
// upgrade each has a place in the list of their status, whoever's invitation expires just
// then too, and wherever an earlier start stopped: the store is byte for byte as if it had
// never been an older one.
func TestPendingMembersOfAnOlderVersionAreSplit(t *testing.T) {
	for stop, over := 0, false; !over; stop++ {
		b := openBox(t, filepath.Join(t.TempDir(), "data"))
		b.everyStatus(0)
		moments := map[string]time.Duration{"before": time.Microsecond, "at": 0, "after": -time.Microsecond}
		for name, at := range moments {
			m := b.person(name+"@example.com", "Someone")
			m.Invitation.ExpiresAt = b.now().Add(at)
			m.ExpireInvitation(b.now())
			b.put(m)
		}
		for i := range 12 {
			b.put(b.person(fmt.Sprintf("p%d@example.com", i), "Many Words Of A Name"))
		}
		want := b.bytesKept()
		b.unsplit()
		if maps.Equal(want, b.bytesKept()) {
			t.Fatal("the older store is the same: the test tests nothing")
		}
		must(t, b.Close())
		b.openAsItIs()
		for range stop {
			more, err := b.migrateBatch(t.Context())
			must(t, err)
			if over = !more; over {
				break
			}
		}
		b.reopen()
		for status, n := range map[access.Status]int{
			access.StatusInvited:  12 + 1,
			access.StatusExpired:  1 + 2,
			access.StatusAccepted: 2,
		} {
			if got := len(b.found(Query{Status: status, Limit: 7})); got != n {
				t.Errorf("stopped after %d batches: %d are %s, want %d", stop, got, status, n)
			}
		}
		if got := b.bytesKept(); !maps.Equal(got, want) {
			t.Errorf("stopped after %d batches: %d records, want the same %d", stop, len(got), len(want))
		}
		b.verify()
		if over && stop < 3 {
			t.Errorf("the migration is over after %d batches: the test stops in too few places", stop)
		}
		must(t, b.Close())
	}
}

// unsplit rewrites the lists of pending members as schema 6 had them.
func (b *box) unsplit() {
	b.t.Helper()
	var pending []access.MemberID
	b.view(func(tx *Tx) error {
		all, err := tx.scan(statePrefix.key(stateByte(access.Pending)), 100)
		for _, e := range all {
			pending = append(pending, idOf(e))
		}
		return err
	})
	for _, id := range pending {
		b.update(func(tx *Tx) error {
			m, err := tx.Members.Get(id)
			must(b.t, err)
			return tx.reindex(memberEntries(&m), unsplitEntries(&m))
		})
	}
	b.asSchema(6)
}
