package store

import (
	"encoding/json"
	"fmt"
	"time"

	"doorward/backend/access"
)

// A decoy is written when a visitor requests a sign-in email to an address that gets none.
// Every transaction treats it like an email: it is posted, leased and finished. So the only
// writer is as busy for an unknown address as for a member's. A decoy is never sent, is in
// no list and no count, and is deleted when an email would have been sent.

// Post stores a decoy with its facts.
func (tx Decoys) Post(m access.Message, f access.MessageFacts) error {
	if err := tx.putFacts(decoyFactsKey(m.ID), m.ID, f); err != nil {
		return err
	}
	return tx.Decoys.Put(m)
}

// Get returns the decoy with that id; false if there is none.
func (tx Decoys) Get(id access.MessageID) (m access.Message, ok bool, err error) {
	ok, err = tx.get(decoyKey(id), &m)
	return m, ok, err
}

// Put stores a decoy with its place in the queue. A finished one is deleted.
func (tx Decoys) Put(m access.Message) error {
	old, had, err := tx.Decoys.Get(m.ID)
	if err != nil {
		return err
	}
	ends := dueKey(m.ExpiresAt, DueDecoy, string(m.ID))
	if !had {
		err = tx.mark(ends, "")
	} else {
		err = tx.unmark(decoyDue(&old))
	}
	if err != nil {
		return err
	}
	if m.Done() {
		return tx.unmark(decoyKey(m.ID), decoyFactsKey(m.ID), ends)
	}
	if err := tx.mark(decoyDue(&m), ""); err != nil {
		return err
	}
	return tx.set(decoyKey(m.ID), &m)
}

func decoyDue(m *access.Message) []byte {
	at := m.NextTry
	switch {
	case m.State == access.MessageHeld:
		at = messageTTL
	case !m.Lease.Until.IsZero():
		at = m.Lease.Until
	}
	return decoyLanePrefix.key(up(at), string(m.ID))
}

// Due returns up to n decoys that are due.
func (tx Decoys) Due(n int) ([]access.Message, error) {
	due, err := tx.kv.Scan(decoyLanePrefix.key(), decoyLanePrefix.key(up(tx.Now), "\xff"), n)
	if err != nil {
		return nil, err
	}
	var all []access.Message
	for _, e := range due {
		m, ok, err := tx.Decoys.Get(messageOf(e))
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, m)
		}
	}
	return all, nil
}

// NextDue is when the next decoy is due; zero if there is none.
func (tx Decoys) NextDue() (time.Time, error) {
	next, err := tx.kv.Scan(decoyLanePrefix.key(), decoyLanePrefix.key(up(messageTTL)), 1)
	if err != nil || len(next) == 0 {
		return time.Time{}, err
	}
	return laneTime(next[0].Key), nil
}

// Pretend does the work of Put for an unchanged member, and writes nothing.
func (tx Members) Pretend(m access.Member) error {
	before, now := memberEntries(&m), memberEntries(&m)
	for k, v := range now {
		if before[k] != v {
			return fmt.Errorf("the entries of a member differ: %q", k[:1])
		}
	}
	_, err := json.Marshal(&m)
	return err
}
