package store

import (
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// MaxMessages is how long a finished email stays in the list.
const MaxMessages = 90 * 24 * time.Hour

// Post puts a new email with its facts into the outbox, in the transaction that caused it.
func (tx Messages) Post(m access.Message, f access.MessageFacts) error {
	if m.Priority == 0 {
		m.Priority = m.Kind.Priority()
	}
	tx.unused(messageKey(m.ID))
	if err := tx.putFacts(factsKey(m.ID), m.ID, f); err != nil {
		return err
	}
	return tx.Messages.Put(m)
}

// Get returns the email with that id, or NotFound.
func (tx Messages) Get(id access.MessageID) (access.Message, error) {
	m, ok, err := tx.message(id)
	if err == nil && !ok {
		err = access.NoSuchEmail()
	}
	return m, err
}

func (tx *Tx) message(id access.MessageID) (access.Message, bool, error) {
	return getDecoded(tx, tx.recent.messages, messageKey(id))
}

// Put stores an email with its place in every list. A finished rejection is deleted,
// because it is the last record with the address.
func (tx Messages) Put(m access.Message) error {
	old, had, err := tx.message(m.ID)
	if err != nil {
		return err
	}
	if had && m.Done() && m.Kind == access.RejectedMessage {
		return tx.Messages.Delete(m.ID)
	}
	var before map[string]string
	if had {
		before = messageEntries(&old)
	}
	if err := tx.reindex(before, messageEntries(&m)); err != nil {
		return err
	}
	if !had || old.State != m.State {
		if err := tx.count(func(c *access.Counters) {
			if had {
				countMessage(c, old.State, -1)
			}
			countMessage(c, m.State, 1)
		}); err != nil {
			return err
		}
	}
	return setDecoded(tx.inTx, tx.recent.messages, messageKey(m.ID), m)
}

func countMessage(c *access.Counters, s access.MessageState, n int) {
	if c.Messages == nil {
		c.Messages = map[access.MessageState]int{}
	}
	if c.Messages[s] += n; c.Messages[s] == 0 {
		delete(c.Messages, s)
	}
}

// messageTTL is the due time of held emails, which are never due: a time that never comes.
var messageTTL = time.UnixMicro(1<<62 - 1)

// messageEntries returns the index entries of an email.
func messageEntries(m *access.Message) map[string]string {
	id, lane := string(m.ID), laneOf(m.Priority)
	keys := [][]byte{messageListPrefix.key(down(m.QueuedAt), id)}
	if m.Member != "" {
		keys = append(keys, memberMessagePrefix.key(string(m.Member), id))
	}
	switch {
	case m.State == access.MessageHeld:
		keys = append(keys, lane.key(up(messageTTL), id))
	case !m.Done() && !m.Lease.Until.IsZero():
		keys = append(keys, lane.key(up(m.Lease.Until), id))
	case !m.Done():
		keys = append(keys, lane.key(up(m.NextTry), id))
	}
	switch {
	case m.Done():
		keys = append(keys, dueKey(m.At.Add(MaxMessages), DueMessage, id))
	case !m.ExpiresAt.IsZero():
		keys = append(keys, dueKey(m.ExpiresAt, DueMessage, id))
	}
	return entriesAt(keys...)
}

// Delete deletes an email and its facts.
func (tx Messages) Delete(id access.MessageID) error {
	m, ok, err := tx.message(id)
	if err != nil || !ok {
		return err
	}
	if err := tx.reindex(messageEntries(&m), nil); err != nil {
		return err
	}
	if err := tx.count(func(c *access.Counters) { countMessage(c, m.State, -1) }); err != nil {
		return err
	}
	return tx.unmark(messageKey(id), factsKey(id))
}

// laneOf returns the prefix of the lane for emails of a priority. Emails without a priority
// are being migrated.
func laneOf(c access.Priority) prefix {
	if c == 0 {
		return oldLanePrefix
	}
	return lanePrefix + prefix(rune('0'+c))
}

// lanes has the prefixes of all lanes, the most urgent first.
var lanes = func() (all []prefix) {
	for _, c := range access.Priorities() {
		all = append(all, laneOf(c))
	}
	return all
}()

// awaitedLanes are those of emails that somebody is waiting for.
var awaitedLanes = []prefix{laneOf(access.PriorityAwaited), laneOf(access.PriorityRequested)}

// Due returns up to n emails to be sent now, the most urgent first: queued or retrying,
// due, and not leased.
func (tx Messages) Due(n int) (due []access.Message, err error) {
	for _, lane := range lanes {
		some, err := tx.kv.Scan(lane.key(), lane.key(up(tx.Now), "\xff"), n-len(due))
		if err != nil {
			return nil, err
		}
		messages, err := tx.messages(some)
		if err != nil {
			return nil, err
		}
		if due = append(due, messages...); len(due) == n {
			break
		}
	}
	return due, nil
}

// NextDue is when the next email is due; zero if there is none.
func (tx Messages) NextDue() (time.Time, error) { return tx.nextDue(lanes) }

// NextAwaited is NextDue for those that somebody is waiting for.
func (tx Messages) NextAwaited() (time.Time, error) { return tx.nextDue(awaitedLanes) }

func (tx Messages) nextDue(lanes []prefix) (at time.Time, err error) {
	for _, lane := range lanes {
		next, err := tx.kv.Scan(lane.key(), lane.key(up(messageTTL)), 1)
		if err != nil {
			return time.Time{}, err
		}
		if len(next) == 0 {
			continue
		}
		if t := laneTime(next[0].Key); at.IsZero() || t.Before(at) {
			at = t
		}
	}
	return at, nil
}

// Held returns up to n emails that wait until a mail server is configured.
func (tx Messages) Held(n int) (all []access.Message, err error) {
	for _, lane := range lanes {
		kept, err := tx.scan(lane.key(up(messageTTL)), n-len(all))
		if err != nil {
			return nil, err
		}
		messages, err := tx.messages(kept)
		if err != nil {
			return nil, err
		}
		if all = append(all, messages...); len(all) == n {
			break
		}
	}
	return all, nil
}

// Queued returns up to n unfinished emails, leased or not.
func (tx Messages) Queued(n int) (all []access.Message, err error) {
	for _, lane := range lanes {
		some, err := tx.scan(lane.key(), n-len(all))
		if err != nil {
			return nil, err
		}
		messages, err := tx.messages(some)
		if err != nil {
			return nil, err
		}
		if all = append(all, messages...); len(all) == n {
			break
		}
	}
	return all, nil
}

func (tx *Tx) messages(entries []kv.KV) ([]access.Message, error) {
	all := make([]access.Message, 0, len(entries))
	for _, e := range entries {
		m, err := tx.Messages.Get(messageOf(e))
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// Lease leases an email to one worker until a time, under a new epoch, by which a
// worker that held it before sees that it has lost it. An email that another worker holds, or that was processed,
// is Conflict (email_being_sent).
func (tx Messages) Lease(id access.MessageID, owner string, until time.Time) (access.Message, error) {
	m, err := tx.Messages.Get(id)
	if err != nil {
		return m, err
	}
	if m.Done() || (m.Lease.Owner != "" && tx.Now.Before(m.Lease.Until)) {
		return m, access.Errorf(access.Conflict,
			"This email is being sent, or has already been processed.").WithCode("email_being_sent")
	}
	m.Lease = access.Lease{Owner: owner, Epoch: m.Lease.Epoch + 1, Until: until}
	return m, tx.Messages.Put(m)
}

// Leased returns the leased emails among those that are next due before until.
func (tx Messages) Leased(until time.Time) (held []access.Message, err error) {
	for _, lane := range lanes {
		some, err := tx.leasedIn(lane, until)
		if err != nil {
			return nil, err
		}
		held = append(held, some...)
	}
	return held, nil
}

func (tx *Tx) leasedIn(lane prefix, until time.Time) (held []access.Message, err error) {
	end := lane.key(up(until))
	for from := lane.key(up(tx.Now)); ; {
		batch, err := tx.kv.Scan(from, end, scanBatch)
		if err != nil {
			return nil, err
		}
		some, err := tx.messages(batch)
		if err != nil {
			return nil, err
		}
		for _, m := range some {
			if m.Lease.Owner != "" {
				held = append(held, m)
			}
		}
		if len(batch) < scanBatch {
			return held, nil
		}
		from = append(batch[len(batch)-1].Key, 0)
	}
}
