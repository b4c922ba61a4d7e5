package store

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"doorward/backend/access"
)

// A MessageQuery filters the outbox; empty fields match all.
type MessageQuery struct {
	Member access.MemberID // those to this member
	State  access.MessageState
	Kind   access.MessageKind
	To     string // a part of the recipient's address, in any case
	Cursor string
	Limit  int
}

// everyMessage labels the cursors of the list without a filter.
const everyMessage = "letters"

func (q *MessageQuery) label() string {
	if q.State == "" && q.Kind == "" && q.To == "" && q.Member == "" {
		return everyMessage
	}
	l := everyMessage + "\x00" + string(q.State) + "\x00" + string(q.Kind) + "\x00" + q.To
	if q.Member != "" {
		l += "\x00" + string(q.Member)
	}
	return l
}

func (q *MessageQuery) fits(m *access.Message) bool {
	return (q.State == "" || m.State == q.State) && (q.Kind == "" || m.Kind == q.Kind) &&
		strings.Contains(m.Recipient, q.To)
}

// Find returns a page of the matching emails, newest first. It examines a limited number of
// emails: the page may be short, and Next continues.
func (tx Messages) Find(q MessageQuery) (p Page[access.Message], err error) {
	q.To = strings.ToLower(q.To)
	if q.Member != "" {
		return tx.to(&q)
	}
	from := messageListPrefix.key()
	if q.Cursor != "" {
		if from, err = tx.openCursor(q.Cursor, from, q.label()); err != nil {
			return p, err
		}
	}
	known, err := tx.countedMessages(&q)
	if err != nil {
		return p, err
	}
	limit := known
	if q.Cursor != "" || known < 0 {
		limit = -1
	}
	next, err := tx.takeMessages(&q, from, q.Limit, limit, func(m access.Message) { p.Items = append(p.Items, m) })
	if err != nil {
		return p, err
	}
	if next != nil {
		p.Next = tx.cursor(next, q.label())
	}
	if p.Total = known; known >= 0 {
		return p, nil
	}
	p.Total = 0
	next, err = tx.takeMessages(&q, messageListPrefix.key(), CountsUpTo, -1, func(access.Message) { p.Total++ })
	p.TotalIsFloor = next != nil
	return p, err
}

// to returns a page of the emails to one member. The index of these has no order, and a
// member has few: they are all read, up to maxScanned, and sorted.
func (tx Messages) to(q *MessageQuery) (p Page[access.Message], err error) {
	prefix, label := memberMessagePrefix.key(string(q.Member)), q.label()
	at := 0
	if q.Cursor != "" {
		from, err := tx.openCursor(q.Cursor, prefix, label)
		if err != nil || len(from) != len(prefix)+8 {
			return p, err
		}
		at = int(binary.BigEndian.Uint64(from[len(prefix):]))
	}
	entries, err := tx.scan(prefix, maxScanned)
	if err != nil {
		return p, err
	}
	var all []access.Message
	for _, e := range entries {
		m, err := tx.Messages.Get(access.MessageID(e.Key[len(prefix):]))
		if err != nil {
			return p, err
		}
		if q.fits(&m) {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b access.Message) int {
		return cmp.Or(b.QueuedAt.Compare(a.QueuedAt), strings.Compare(string(a.ID), string(b.ID)))
	})
	p.Total, p.TotalIsFloor = len(all), len(entries) == maxScanned
	rest := all[min(at, len(all)):]
	if len(rest) > q.Limit {
		rest = rest[:q.Limit]
		p.Next = tx.cursor(binary.BigEndian.AppendUint64(prefix, uint64(at+q.Limit)), label)
	}
	p.Items = rest
	return p, nil
}

// countedMessages returns how many emails match, if a counter says it, else -1.
func (tx *Tx) countedMessages(q *MessageQuery) (int, error) {
	if q.Kind != "" || q.To != "" {
		return -1, nil
	}
	c, err := tx.counts()
	if q.State != "" || err != nil {
		return c.Messages[q.State], err
	}
	n := 0
	for _, of := range c.Messages {
		n += of
	}
	return n, nil
}

// takeMessages reads up to n matching emails, and none after the last of all, if it is known
// how many there are. next is where the following page starts, nil at the end.
func (tx *Tx) takeMessages(q *MessageQuery, from []byte, n, all int, take func(access.Message)) (next []byte,
	err error) {
	end := after(messageListPrefix.key())
	for taken, looked := 0, 0; looked < maxScanned; {
		if taken == all {
			return nil, nil
		}
		limit := scanBatch
		if q.label() == everyMessage {
			limit = min(limit, n-taken+1)
		}
		batch, err := tx.kv.Scan(from, end, limit)
		if err != nil {
			return nil, err
		}
		for _, e := range batch {
			m, err := tx.Messages.Get(messageOf(e))
			if err != nil {
				return nil, err
			}
			if !q.fits(&m) {
				from = append(e.Key, 0)
				continue
			}
			if taken == n {
				return e.Key, nil
			}
			take(m)
			taken++
			from = append(e.Key, 0)
		}
		if looked += len(batch); len(batch) == 0 {
			return nil, nil
		}
	}
	return from, nil
}
