package store

import (
	"errors"
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
		got, err := tx.Members.Get(m.ID)
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
		got, err := tx.Members.Get(m.ID)
		c, failed := tx.Counters()
		if fmt.Sprint(got) != fmt.Sprint(m) || c.Roles[access.Fleet] != 1 {
			t.Errorf("after somebody changed what they had read: %v, %v", got, c)
		}
		return errors.Join(err, failed)
	})
}

// A member who was read is what was kept last, in the same transaction and in
// the next, and nobody once deleted.
func TestAMemberIsWhatWasKeptLast(t *testing.T) {
	b := openBox(t, "")
	m := b.person("ada@example.com", "Ada", access.Fleet)
	b.put(m)
	called := func(tx *Tx, want string) error {
		got, err := tx.Members.Get(m.ID)
		if err == nil && got.Name != want {
			err = fmt.Errorf("the member is called %q, not %q", got.Name, want)
		}
		return err
	}
	for _, name := range []string{"Ada", "Ada Lovelace", "Ada"} {
		b.update(func(tx *Tx) error {
			got, err := tx.Members.Get(m.ID)
			if err != nil {
				return err
			}
			got.Name = name
			return errors.Join(tx.Members.Put(got), called(tx, name))
		})
		b.view(func(tx *Tx) error { return called(tx, name) })
	}
	b.update(func(tx *Tx) error {
		got, err := tx.Members.Get(m.ID)
		if err != nil {
			return err
		}
		if err := tx.Members.Delete(got, access.EndedRemoved); err != nil {
			return err
		}
		if got, err := tx.Members.Get(m.ID); !access.NotFound.Is(err) {
			return fmt.Errorf("a deleted member is %v, %v", got, err)
		}
		return nil
	})
}

// What a transaction has looked for in vain, it does not look for again. It must
// see it all the same once it has written it itself, and not once that is gone.
func TestWhatWasMissingIsFoundOnceItIsKept(t *testing.T) {
	b := openBox(t, "")
	m := b.person("ada@example.com", "Ada", access.Fleet)
	holder := func(tx *Tx, want access.MemberID) error {
		got, err := tx.Members.IDOf("ada@example.com")
		if err == nil && got != want {
			err = fmt.Errorf("the address is held by %q, not %q", got, want)
		}
		return err
	}
	letter := letterFor(m, b.now())
	b.update(func(tx *Tx) error {
		if _, err := tx.Messages.Get(letter.ID); !access.NotFound.Is(err) {
			return fmt.Errorf("a letter before it was posted: %v", err)
		}
		if err := errors.Join(holder(tx, ""), tx.Members.Add(m), holder(tx, m.ID),
			tx.Messages.Post(letter, access.MessageFacts{
				Note: "Hello",
			})); err != nil {
			return err
		}
		posted, err := tx.Messages.Get(letter.ID)
		if err != nil || posted.Recipient != letter.Recipient {
			return fmt.Errorf("the letter after it was posted: %v, %v", posted, err)
		}
		posted.State = access.MessageFailed
		if again, err := tx.Messages.Get(letter.ID); err != nil || again.State != letter.State {
			return fmt.Errorf("the letter after somebody changed what they had read: %v, %v", again, err)
		}
		return errors.Join(tx.Messages.Delete(letter.ID), tx.Members.Delete(m, access.EndedRemoved), holder(tx, ""))
	})
	b.update(func(tx *Tx) error {
		if _, err := tx.Messages.Get(letter.ID); !access.NotFound.Is(err) {
			return fmt.Errorf("a deleted letter: %v", err)
		}
		return errors.Join(tx.Members.Put(m), holder(tx, m.ID))
	})
	b.view(func(tx *Tx) error { return holder(tx, m.ID) })
}

// The counters that a transaction wrote and that were then lost with it are not
// those that the next one goes on from.
func TestCountersOfALostTransactionAreForgotten(t *testing.T) {
	b := openBox(t, "")
	ada, grace := b.person("ada@example.com", "Ada"), b.person("grace@example.com", "Grace")
	lost := errors.New("lost")
	tries := func(tx *Tx) error {
		return errors.Join(tx.Members.Add(ada), tx.Record(access.Operator, access.ActionInvite, string(ada.ID), ""))
	}
	err := b.Update(t.Context(), func(tx *Tx) error {
		if err := tries(tx); err != nil {
			return err
		}
		if err := tx.finish(); err != nil {
			return err
		}
		return lost
	})
	if !errors.Is(err, lost) {
		t.Fatal(err)
	}
	b.put(grace)
	b.view(func(tx *Tx) error {
		c, err := tx.Counters()
		if c.Pending != 1 {
			t.Errorf("%d wait, and one was invited", c.Pending)
		}
		return err
	})
	if n, err := b.VerifyAudit(t.Context()); n != 1 || err != nil {
		t.Errorf("the audit log has %d entries, %v", n, err)
	}
}
