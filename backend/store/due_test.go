package store

import (
	"errors"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

func (b *box) nextDue() (d Due, ok bool) {
	b.t.Helper()
	b.view(func(tx *Tx) (err error) { d, ok, err = tx.Schedule.Next(); return err })
	return d, ok
}

// Something cannot be done and is postponed so that the rest continues. The store stays
// consistent meanwhile: a start or a backup that failed over it would cost more than the
// postponed work.
func TestPutOff(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		stuck, next := b.person("stuck@example.com", ""), b.person("next@example.com", "")
		next.Invitation.At = next.Invitation.At.Add(time.Second)
		next.Invitation.ExpiresAt = next.Invitation.ExpiresAt.Add(time.Second)
		b.put(stuck, next)
		first, ok := b.nextDue()
		if !ok || first.Ref != string(stuck.ID) {
			t.Fatalf("next is %+v, %v", first, ok)
		}
		for n := range 3 { // each attempt fails again
			b.at.Store(first.At.Add(time.Duration(n) * time.Hour).UnixMicro())
			b.update(func(tx *Tx) error { return tx.Schedule.PutOff(first, tx.Now.Add(time.Hour)) })
			b.reopen()
			b.verify()
			if d, _ := b.nextDue(); d.Ref != string(next.ID) {
				t.Fatalf("put off %d times, it is in the way again: %+v", n+1, d)
			}
			b.view(func(tx *Tx) error {
				all, _, err := tx.Members.Expiring(first.At.Add(48*time.Hour), 5)
				if len(all) != 2 {
					t.Errorf("Expiring forgets who was put off: %v", all)
				}
				return err
			})
			waits := Due{At: b.now().Add(time.Hour), Kind: DueMember, Ref: string(stuck.ID), Was: first.Was}
			if first.Was.IsZero() {
				waits.Was = first.At
			}
			first = waits
		}
		b.update(func(tx *Tx) error { return tx.Members.Delete(next, access.EndedRemoved) })
		if d, ok := b.nextDue(); !ok || d != first {
			t.Errorf("in the end next is %+v, want %+v", d, first)
		}
		t.Run("done in the end", func(t *testing.T) {
			b.update(func(tx *Tx) error {
				m := stuck
				if !m.Remind(first.Was) {
					t.Error("there was nothing to do")
				}
				return errors.Join(tx.Schedule.Clear(first), tx.Members.Put(m))
			})
			b.verify()
			if d, _ := b.nextDue(); d.Was != (time.Time{}) || d.Ref != string(stuck.ID) {
				t.Errorf("afterwards next is %+v", d)
			}
		})
	})
}

// A member whose work was postponed can change, or be deleted, before it is tried again.
func TestPutOffIsOvertaken(t *testing.T) {
	b := openBox(t, "")
	m, gone := b.person("ada@example.com", ""), b.person("gone@example.com", "")
	b.put(m, gone)
	for range 2 {
		b.update(func(tx *Tx) error {
			d, _, err := tx.Schedule.Next()
			return errors.Join(err, tx.Schedule.PutOff(d, d.At.Add(time.Hour)))
		})
	}
	m.State = access.Active
	b.put(m)
	b.update(func(tx *Tx) error { return tx.Members.Delete(gone, access.EndedRemoved) })
	b.verify()
	m.State = access.Pending // and is due at the very time to which it was postponed
	b.put(m)
	b.verify()
}

// An entry of the queue that no record needs, and a missing one, are still found;
// postponing hides only the entry that it moved.
func TestPutOffHidesNothing(t *testing.T) {
	for name, damage := range map[string]func(kv.Tx, Due) error{
		"gone":           func(t kv.Tx, d Due) error { return t.Delete(d.key()) },
		"put off to nil": func(t kv.Tx, d Due) error { return t.Set(d.key(), []byte(up(d.Was.Add(time.Second)))) },
	} {
		b := openBox(t, "")
		b.put(b.person("ada@example.com", ""))
		var d Due
		b.update(func(tx *Tx) (err error) {
			d, _, err = tx.Schedule.Next()
			return errors.Join(err, tx.Schedule.PutOff(d, d.At.Add(time.Hour)))
		})
		d = Due{At: d.At.Add(time.Hour), Kind: d.Kind, Ref: d.Ref, Was: d.At}
		b.raw(func(t kv.Tx) error { return damage(t, d) })
		if _, err := b.Verify(t.Context()); access.Explain(err).Code != "store_broken" {
			t.Errorf("%s: Verify = %v", name, err)
		}
	}
}
