package store

import (
	"errors"
	"fmt"
	"testing"

	"doorward/backend/access"
)

// A transaction modifies a record that it was given. No other transaction may see that
// before it is committed.
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

// A stale cache returns an old member. A read returns what was stored last, in the same
// transaction and in the next, and nothing once the member is deleted.
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

// A transaction does not repeat a read that found nothing. It must still see the record
// once it has written it itself, and not after it is deleted.
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
	message := messageFor(m, b.now())
	b.update(func(tx *Tx) error {
		if _, err := tx.Messages.Get(message.ID); !access.NotFound.Is(err) {
			return fmt.Errorf("an email before it was posted: %v", err)
		}
		if err := errors.Join(holder(tx, ""), tx.Members.Add(m), holder(tx, m.ID),
			tx.Messages.Post(message, access.MessageFacts{
				Note: "Hello",
			})); err != nil {
			return err
		}
		posted, err := tx.Messages.Get(message.ID)
		if err != nil || posted.Recipient != message.Recipient {
			return fmt.Errorf("the email after it was posted: %v, %v", posted, err)
		}
		posted.State = access.MessageFailed
		if again, err := tx.Messages.Get(message.ID); err != nil || again.State != message.State {
			return fmt.Errorf("the email after somebody changed what they had read: %v, %v", again, err)
		}
		return errors.Join(tx.Messages.Delete(message.ID), tx.Members.Delete(m, access.EndedRemoved), holder(tx, ""))
	})
	b.update(func(tx *Tx) error {
		if _, err := tx.Messages.Get(message.ID); !access.NotFound.Is(err) {
			return fmt.Errorf("a deleted email: %v", err)
		}
		return errors.Join(tx.Members.Put(m), holder(tx, m.ID))
	})
	b.view(func(tx *Tx) error { return holder(tx, m.ID) })
}

// A transaction wrote the counters and then failed. The next one must not continue from
// those counters.
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
