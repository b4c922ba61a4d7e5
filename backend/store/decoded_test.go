package store

import (
	"fmt"
	"testing"

	"doorward/backend/access"
)

// What one transaction does to a record that it was given is nobody else's
// business until it is kept.
func TestADecodedRecordIsSharedWithNobody(t *testing.T) {
	b := openBox(t, "")
	m := b.person("ada@example.com", "Ada", access.Fleet)
	b.put(m)
	spoil := func(tx *Tx) error {
		got, err := tx.Member(m.ID)
		if err != nil {
			return err
		}
		got.Roles[0], got.Name = "Spoilt", "Spoilt"
		c, err := tx.Counters()
		if err != nil {
			return err
		}
		c.Roles[access.Fleet] = 99
		return nil
	}
	b.view(spoil)
	b.update(spoil)
	b.view(func(tx *Tx) error {
		got, err := tx.Member(m.ID)
		c, failed := tx.Counters()
		if fmt.Sprint(got) != fmt.Sprint(m) || c.Roles[access.Fleet] != 1 {
			t.Errorf("after somebody changed what they had read: %v, %v", got, c)
		}
		return firstError(err, failed)
	})
}

// A member who was read is what was kept last, in the same transaction and in
// the next, and nobody once deleted.
func TestAMemberIsWhatWasKeptLast(t *testing.T) {
	b := openBox(t, "")
	m := b.person("ada@example.com", "Ada", access.Fleet)
	b.put(m)
	called := func(tx *Tx, want string) error {
		got, err := tx.Member(m.ID)
		if err == nil && got.Name != want {
			err = fmt.Errorf("the member is called %q, not %q", got.Name, want)
		}
		return err
	}
	for _, name := range []string{"Ada", "Ada Lovelace", "Ada"} {
		b.update(func(tx *Tx) error {
			got, err := tx.Member(m.ID)
			if err != nil {
				return err
			}
			got.Name = name
			return firstError(tx.PutMember(got), called(tx, name))
		})
		b.view(func(tx *Tx) error { return called(tx, name) })
	}
	b.update(func(tx *Tx) error {
		got, err := tx.Member(m.ID)
		if err := firstError(err, tx.DeleteMember(got, access.EndedRemoved)); err != nil {
			return err
		}
		if got, err := tx.Member(m.ID); !access.NotFound.Is(err) {
			return fmt.Errorf("a deleted member is %v, %v", got, err)
		}
		return nil
	})
}
