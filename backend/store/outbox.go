package store

import (
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// MaxMessages is how long an email that is done with stays in the list.
const MaxMessages = 90 * 24 * time.Hour

// Post puts a new email with the facts that it tells into the outbox, in the
// transaction that caused it.
func (tx Messages) Post(l access.Message, f access.MessageFacts) error {
	if l.Priority == 0 {
		l.Priority = l.Kind.Priority()
	}
	tx.unused(messageKey(l.ID))
	if err := tx.putFacts(factsKey(l.ID), l.ID, f); err != nil {
		return err
	}
	return tx.Messages.Put(l)
}

// Get is the email of that id, or NotFound.
func (tx Messages) Get(id access.MessageID) (access.Message, error) {
	l, ok, err := tx.message(id)
	if err == nil && !ok {
		err = access.NoSuch("letter")
	}
	return l, err
}

func (tx *Tx) message(id access.MessageID) (access.Message, bool, error) {
	return getDecoded(tx, tx.recent.letters, messageKey(id))
}

// Put keeps an email with its place in every list. A rejection that is
// done with is deleted: it is the last thing that holds the address.
func (tx Messages) Put(l access.Message) error {
	old, had, err := tx.message(l.ID)
	if err != nil {
		return err
	}
	if had && l.Done() && l.Kind == access.RejectedMessage {
		return tx.Messages.Delete(l.ID)
	}
	var before map[string]string
	if had {
		before = messageEntries(&old)
	}
	if err := tx.reindex(before, messageEntries(&l)); err != nil {
		return err
	}
	if !had || old.State != l.State {
		if err := tx.count(func(c *access.Counters) {
			if had {
				countMessage(c, old.State, -1)
			}
			countMessage(c, l.State, 1)
		}); err != nil {
			return err
		}
	}
	return setDecoded(tx.inTx, tx.recent.letters, messageKey(l.ID), l)
}

func countMessage(c *access.Counters, s access.MessageState, n int) {
	if c.Messages == nil {
		c.Messages = map[access.MessageState]int{}
	}
	if c.Messages[s] += n; c.Messages[s] == 0 {
		delete(c.Messages, s)
	}
}

// messageTTL is the due time of kept emails: never by itself.
var messageTTL = time.UnixMicro(1<<62 - 1)

// messageEntries are the index entries of an email.
func messageEntries(l *access.Message) map[string]string {
	id, lane := string(l.ID), laneOf(l.Priority)
	keys := [][]byte{messageListPrefix.key(down(l.QueuedAt), id)}
	if l.Member != "" {
		keys = append(keys, memberMessagePrefix.key(string(l.Member), id))
	}
	switch {
	case l.State == access.MessageHeld:
		keys = append(keys, lane.key(up(messageTTL), id))
	case !l.Done() && !l.Lease.Until.IsZero():
		keys = append(keys, lane.key(up(l.Lease.Until), id))
	case !l.Done():
		keys = append(keys, lane.key(up(l.NextTry), id))
	}
	switch {
	case l.Done():
		keys = append(keys, dueKey(l.At.Add(MaxMessages), DueMessage, id))
	case !l.ExpiresAt.IsZero():
		keys = append(keys, dueKey(l.ExpiresAt, DueMessage, id))
	}
	return entriesAt(keys...)
}

// Delete deletes an email and its facts.
func (tx Messages) Delete(id access.MessageID) error {
	l, ok, err := tx.message(id)
	if err != nil || !ok {
		return err
	}
	if err := tx.reindex(messageEntries(&l), nil); err != nil {
		return err
	}
	if err := tx.count(func(c *access.Counters) { countMessage(c, l.State, -1) }); err != nil {
		return err
	}
	return tx.unmark(messageKey(id), factsKey(id))
}

// laneOf is the prefix of the lane in which emails of a class wait. Those without a
// class are on their way through the migrations.
func laneOf(c access.Priority) prefix {
	if c == 0 {
		return oldLanePrefix
	}
	return lanePrefix + prefix(rune('0'+c))
}

// lanes are the prefixes of all lanes, the most urgent first.
var lanes = func() (all []prefix) {
	for _, c := range access.Priorities() {
		all = append(all, laneOf(c))
	}
	return all
}()

// Due are up to n emails to be sent now, the most urgent first: queued or
// retrying, their time come, and not under anybody's lease.
func (tx Messages) Due(n int) (due []access.Message, err error) {
	for _, lane := range lanes {
		some, err := tx.kv.Scan(lane.key(), lane.key(up(tx.Now), "\xff"), n-len(due))
		if err != nil {
			return nil, err
		}
		letters, err := tx.messages(some)
		if err != nil {
			return nil, err
		}
		if due = append(due, letters...); len(due) == n {
			break
		}
	}
	return due, nil
}

// NextDue is when the next email is due; zero where none is.
func (tx Messages) NextDue() (at time.Time, err error) {
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

// Held are up to n emails that wait for a mail server to be configured.
func (tx Messages) Held(n int) (all []access.Message, err error) {
	for _, lane := range lanes {
		kept, err := tx.scan(lane.key(up(messageTTL)), n-len(all))
		if err != nil {
			return nil, err
		}
		letters, err := tx.messages(kept)
		if err != nil {
			return nil, err
		}
		if all = append(all, letters...); len(all) == n {
			break
		}
	}
	return all, nil
}

// Queued are up to n emails that are not done with, whoever holds them.
func (tx Messages) Queued(n int) (all []access.Message, err error) {
	for _, lane := range lanes {
		some, err := tx.scan(lane.key(), n-len(all))
		if err != nil {
			return nil, err
		}
		letters, err := tx.messages(some)
		if err != nil {
			return nil, err
		}
		if all = append(all, letters...); len(all) == n {
			break
		}
	}
	return all, nil
}

func (tx *Tx) messages(entries []kv.KV) ([]access.Message, error) {
	all := make([]access.Message, 0, len(entries))
	for _, e := range entries {
		l, err := tx.Messages.Get(messageOf(e))
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// Lease gives one worker the claim on an email until a time, under a new
// epoch.
func (tx Messages) Lease(id access.MessageID, owner string, until time.Time) (access.Message, error) {
	l, err := tx.Messages.Get(id)
	if err != nil {
		return l, err
	}
	if l.Done() || (l.Lease.Owner != "" && tx.Now.Before(l.Lease.Until)) {
		return l, access.Errorf(access.Conflict, "This letter is being sent, or is done with.").WithCode("letter_taken")
	}
	l.Lease = access.Lease{Owner: owner, Epoch: l.Lease.Epoch + 1, Until: until}
	return l, tx.Messages.Put(l)
}

// Leased are emails that some worker holds, of those that are next due
// before until.
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
		for _, l := range some {
			if l.Lease.Owner != "" {
				held = append(held, l)
			}
		}
		if len(batch) < scanBatch {
			return held, nil
		}
		from = append(batch[len(batch)-1].Key, 0)
	}
}

// Page is a page of the outbox, newest first.
func (tx Messages) Page(cursor string, limit int) (Page[access.Message], error) {
	p, err := list(tx.inTx, messageListPrefix.key(), cursor, limit, "letters", func(e kv.KV) (access.Message, error) {
		return tx.Messages.Get(messageOf(e))
	})
	if err != nil {
		return p, err
	}
	c, err := tx.counts()
	for _, n := range c.Messages {
		p.Total += n
	}
	return p, err
}
