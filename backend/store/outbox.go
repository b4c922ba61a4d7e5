package store

import (
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// MaxMessages is how long an email that is done with stays in the list.
const MaxMessages = 90 * 24 * time.Hour

// Post puts a new email with its words into the outbox, in the transaction that
// caused it.
func (tx *Tx) Post(l access.Message, w access.MessageBody) error {
	if l.Priority == 0 {
		l.Priority = l.Kind.Priority()
	}
	tx.unused(key("o/", string(l.ID)))
	if err := tx.putBody(key("O/", string(l.ID)), l.ID, w); err != nil {
		return err
	}
	return tx.PutMessage(l)
}

// Message is the email of that id, or NotFound.
func (tx *Tx) Message(id access.MessageID) (access.Message, error) {
	l, ok, err := tx.message(id)
	if err == nil && !ok {
		err = access.NoSuch("letter")
	}
	return l, err
}

func (tx *Tx) message(id access.MessageID) (access.Message, bool, error) {
	return getDecoded(tx, tx.recent.letters, key("o/", string(id)))
}

// PutMessage keeps an email with its place in every list. A rejection that is
// done with is deleted: it is the last thing that holds the address.
func (tx *Tx) PutMessage(l access.Message) error {
	old, had, err := tx.message(l.ID)
	if err != nil {
		return err
	}
	if had && l.Done() && l.Kind == access.RejectedMessage {
		return tx.DeleteMessage(l.ID)
	}
	before, now := map[string]bool{}, messageEntries(&l)
	if had {
		before = messageEntries(&old)
	}
	for k := range before {
		if !now[k] {
			if err := tx.unmark([]byte(k)); err != nil {
				return err
			}
		}
	}
	for k := range now {
		if !before[k] {
			if err := tx.mark([]byte(k), ""); err != nil {
				return err
			}
		}
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
	return setDecoded(tx, tx.recent.letters, key("o/", string(l.ID)), l)
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

func messageEntries(l *access.Message) map[string]bool {
	id := string(l.ID)
	e, line := map[string]bool{"n/" + down(l.QueuedAt) + id: true}, laneOf(l.Priority)
	if l.Member != "" {
		e["M/"+string(l.Member)+id] = true
	}
	switch {
	case l.State == access.MessageHeld:
		e[line+up(messageTTL)+id] = true
	case !l.Done() && !l.Lease.Until.IsZero():
		e[line+up(l.Lease.Until)+id] = true
	case !l.Done():
		e[line+up(l.NextTry)+id] = true
	}
	switch {
	case l.Done():
		e[string(dueKey(l.At.Add(MaxMessages), DueMessage, id))] = true
	case !l.ExpiresAt.IsZero():
		e[string(dueKey(l.ExpiresAt, DueMessage, id))] = true
	}
	return e
}

// DeleteMessage deletes an email and its words.
func (tx *Tx) DeleteMessage(id access.MessageID) error {
	l, ok, err := tx.message(id)
	if err != nil || !ok {
		return err
	}
	for k := range messageEntries(&l) {
		if err := tx.unmark([]byte(k)); err != nil {
			return err
		}
	}
	if err := tx.count(func(c *access.Counters) { countMessage(c, l.State, -1) }); err != nil {
		return err
	}
	return tx.unmark(key("o/", string(id)), key("O/", string(id)))
}

// laneOf is the prefix of the line in which emails of a class wait. Those that
// were written before there were classes stay in the line that they stood in.
func laneOf(c access.Priority) string {
	if c == 0 {
		return "d/"
	}
	return "Q/" + string(rune('0'+c))
}

// laneCount are the prefixes of all lines, the most urgent first.
var laneCount = func() (all []string) {
	for _, c := range access.Priorities() {
		all = append(all, laneOf(c))
	}
	return append(all, laneOf(0))
}()

// DueMessages are up to n emails to be sent now, the most urgent first: queued or
// retrying, their time come, and not under anybody's lease.
func (tx *Tx) DueMessages(n int) (due []access.Message, err error) {
	for _, line := range laneCount {
		some, err := tx.kv.Scan([]byte(line), key(line, up(tx.Now), "\xff"), n-len(due))
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

// NextMessageDue is when the next email is due; zero where none is.
func (tx *Tx) NextMessageDue() (at time.Time, err error) {
	for _, line := range laneCount {
		next, err := tx.kv.Scan([]byte(line), key(line, up(messageTTL)), 1)
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

// laneTime is the time in a key of a line: before the email's id.
func laneTime(k []byte) time.Time { return timeOf(k[len(k)-idLength-8 : len(k)-idLength]) }

// HeldMessages are up to n emails that wait for a mail server to be configured.
func (tx *Tx) HeldMessages(n int) (all []access.Message, err error) {
	for _, line := range laneCount {
		kept, err := tx.scan(key(line, up(messageTTL)), n-len(all))
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

// QueuedMessages are up to n emails that are not done with, whoever holds them.
func (tx *Tx) QueuedMessages(n int) (all []access.Message, err error) {
	for _, line := range laneCount {
		some, err := tx.scan([]byte(line), n-len(all))
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

// Unclassified are up to n of the emails that an older version queued, from the
// one after a given place on, and the place to go on from; empty: there are no
// more. Their class is that of their kind.
func (tx *Tx) Unclassified(from string, n int) (old []access.Message, next string, err error) {
	line := laneOf(0)
	start := []byte(line)
	if from != "" {
		start = append([]byte(from), 0)
	}
	found, err := tx.kv.Scan(start, after([]byte(line)), n)
	if err != nil || len(found) == 0 {
		return nil, "", err
	}
	if old, err = tx.messages(found); err != nil {
		return nil, "", err
	}
	for i := range old {
		old[i].Priority = old[i].Kind.Priority()
	}
	return old, string(found[len(found)-1].Key), nil
}

func (tx *Tx) messages(entries []kv.KV) ([]access.Message, error) {
	all := make([]access.Message, 0, len(entries))
	for _, e := range entries {
		l, err := tx.Message(messageOf(e))
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

func messageOf(e kv.KV) access.MessageID { return access.MessageID(e.Key[len(e.Key)-idLength:]) }

// LeaseMessage gives one worker the claim on an email until a time, under a new
// epoch.
func (tx *Tx) LeaseMessage(id access.MessageID, owner string, until time.Time) (access.Message, error) {
	l, err := tx.Message(id)
	if err != nil {
		return l, err
	}
	if l.Done() || (l.Lease.Owner != "" && tx.Now.Before(l.Lease.Until)) {
		return l, access.Errorf(access.Conflict, "This letter is being sent, or is done with.").WithCode("letter_taken")
	}
	l.Lease = access.Lease{Owner: owner, Epoch: l.Lease.Epoch + 1, Until: until}
	return l, tx.PutMessage(l)
}

// LeasedMessages are emails that some worker holds, of those that are next due
// before until.
func (tx *Tx) LeasedMessages(until time.Time) (held []access.Message, err error) {
	for _, line := range laneCount {
		some, err := tx.leasedIn(line, until)
		if err != nil {
			return nil, err
		}
		held = append(held, some...)
	}
	return held, nil
}

func (tx *Tx) leasedIn(line string, until time.Time) (held []access.Message, err error) {
	end := key(line, up(until))
	for from := key(line, up(tx.Now)); ; {
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

// Messages is a page of the outbox, newest first.
func (tx *Tx) Messages(cursor string, limit int) (Page[access.Message], error) {
	p, err := list(tx, []byte("n/"), cursor, limit, "letters", func(e kv.KV) (access.Message, error) {
		return tx.Message(messageOf(e))
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
