package store

import (
	"encoding/json"
	"fmt"
	"time"

	"doorward/backend/access"
)

// A decoy is written where somebody asks for a sign-in email to an address that
// gets none, like an email in every transaction: posted, leased, done with. So
// the only writer is as busy for an address that nobody has as for a member's. A
// decoy is never sent, is in no list and no count, and is gone once an email
// would have been sent.

// Post keeps a decoy with its facts.
func (tx Decoys) Post(l access.Message, f access.MessageFacts) error {
	if err := tx.putFacts(decoyFactsKey(l.ID), l.ID, f); err != nil {
		return err
	}
	return tx.Decoys.Put(l)
}

// Get is the decoy of that id; false where there is none any more.
func (tx Decoys) Get(id access.MessageID) (l access.Message, ok bool, err error) {
	ok, err = tx.get(decoyKey(id), &l)
	return l, ok, err
}

// Put keeps a decoy with its place in line. One that is done with is
// deleted.
func (tx Decoys) Put(l access.Message) error {
	old, had, err := tx.Decoys.Get(l.ID)
	if err != nil {
		return err
	}
	ends := dueKey(l.ExpiresAt, DueDecoy, string(l.ID))
	if !had {
		err = tx.mark(ends, "")
	} else {
		err = tx.unmark(decoyDue(&old))
	}
	if err != nil {
		return err
	}
	if l.Done() {
		return tx.unmark(decoyKey(l.ID), decoyFactsKey(l.ID), ends)
	}
	if err := tx.mark(decoyDue(&l), ""); err != nil {
		return err
	}
	return tx.set(decoyKey(l.ID), &l)
}

func decoyDue(l *access.Message) []byte {
	at := l.NextTry
	switch {
	case l.State == access.MessageHeld:
		at = messageTTL
	case !l.Lease.Until.IsZero():
		at = l.Lease.Until
	}
	return decoyLanePrefix.key(up(at), string(l.ID))
}

// Due are up to n decoys whose time has come.
func (tx Decoys) Due(n int) ([]access.Message, error) {
	due, err := tx.kv.Scan(decoyLanePrefix.key(), decoyLanePrefix.key(up(tx.Now), "\xff"), n)
	if err != nil {
		return nil, err
	}
	var all []access.Message
	for _, e := range due {
		l, ok, err := tx.Decoys.Get(messageOf(e))
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, l)
		}
	}
	return all, nil
}

// NextDue is when the next decoy is due; zero where none is.
func (tx Decoys) NextDue() (time.Time, error) {
	next, err := tx.kv.Scan(decoyLanePrefix.key(), decoyLanePrefix.key(up(messageTTL)), 1)
	if err != nil || len(next) == 0 {
		return time.Time{}, err
	}
	return laneTime(next[0].Key), nil
}

// Pretend does the work of Put for a member of whom nothing changes,
// and writes nothing.
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
