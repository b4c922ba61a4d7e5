package store

import (
	"slices"
	"strconv"
	"time"

	"doorward/backend/access"
)

// An AuditQuery filters entries; empty fields match all.
type AuditQuery struct {
	Actor, Target string // ids, or "operator" or "system" as the actor; empty matches all
	About         string // an id: what it did, or was done to it; empty matches all
	Actions       []access.AuditAction
	From, Until   time.Time // from this time on; before this time
	Cursor        string
	Limit         int
}

func (q *AuditQuery) label() string {
	from, until := strconv.FormatInt(q.From.UnixMicro(), 36), strconv.FormatInt(q.Until.UnixMicro(), 36)
	l := "audit\x00" + q.Actor + "\x00" + q.Target + "\x00" + from + "\x00" + until
	for _, d := range q.Actions {
		l += "\x00" + string(d)
	}
	if q.About != "" {
		l += "\x00about\x00" + q.About
	}
	return l
}

func (q *AuditQuery) fits(e *access.AuditEntry) bool {
	return (q.Actor == "" || didIt(e.Actor, q.Actor)) &&
		(q.Target == "" || e.Target == q.Target) &&
		(q.About == "" || didIt(e.Actor, q.About) || e.Target == q.About) &&
		(len(q.Actions) == 0 || slices.Contains(q.Actions, e.Action))
}

func didIt(actor access.Actor, name string) bool {
	switch name {
	case "operator":
		return actor.IsOperator()
	case "system":
		return actor.IsSystem()
	}
	return string(actor.Member) == name || string(actor.Token) == name
}

// Find returns a page of the matching entries, newest first. It examines a limited number
// of entries: the page may be short, and Next continues.
func (tx AuditLog) Find(q AuditQuery) (p Page[access.AuditEntry], err error) {
	first, last, err := tx.auditBetween(q.From, q.Until)
	if err != nil || first > last {
		return p, err
	}
	from, end := auditKey(last), after(auditKey(first))
	begin := from
	if q.Cursor != "" {
		if from, err = tx.openCursor(q.Cursor, auditPrefix.key(), q.label()); err != nil {
			return p, err
		}
	}
	next, err := tx.takeAudit(&q, from, end, q.Limit, func(e access.AuditEntry) { p.Items = append(p.Items, e) })
	if err != nil {
		return p, err
	}
	if next != nil {
		p.Next = tx.cursor(next, q.label())
	}
	if q.Actor == "" && q.Target == "" && q.About == "" && len(q.Actions) == 0 {
		p.Total = int(last - first + 1)
		return p, nil
	}
	next, err = tx.takeAudit(&q, begin, end, CountsUpTo, func(access.AuditEntry) { p.Total++ })
	p.TotalIsFloor = next != nil
	return p, err
}

// takeAudit reads up to n matching entries. next is where the following page starts, nil at
// the end.
func (tx *Tx) takeAudit(q *AuditQuery, from, end []byte, n int, take func(access.AuditEntry)) (next []byte, err error) {
	for taken, looked := 0, 0; looked < maxScanned; {
		batch, err := tx.kv.Scan(from, end, scanBatch)
		if err != nil {
			return nil, err
		}
		for _, kv := range batch {
			e, err := decodeEntry(kv)
			if err != nil {
				return nil, err
			}
			fits := q.fits(&e)
			if fits && taken == n {
				return kv.Key, nil
			}
			if fits {
				take(e)
				taken++
			}
			from = append(kv.Key, 0)
		}
		if looked += len(batch); len(batch) < scanBatch {
			return nil, nil
		}
	}
	return from, nil
}

// auditBetween returns the first and the last entry of a period: times increase with the
// entries, so a binary search finds both.
func (tx *Tx) auditBetween(from, until time.Time) (first, last uint64, err error) {
	h, err := tx.auditHead()
	if err != nil {
		return 0, 0, err
	}
	first, last = 1, h.Seq
	if !from.IsZero() {
		if first, err = tx.firstSince(from, h.Seq); err != nil {
			return 0, 0, err
		}
	}
	if !until.IsZero() {
		last, err = tx.firstSince(until, h.Seq)
		last--
	}
	return first, last, err
}

// firstSince returns the first entry that is not before t; one past the last if all are.
func (tx *Tx) firstSince(t time.Time, seq uint64) (uint64, error) {
	low, high := uint64(1), seq+1
	for low < high {
		mid := low + (high-low)/2
		var e access.AuditEntry
		ok, err := tx.get(auditKey(mid), &e)
		if err != nil {
			return 0, err
		}
		if !ok {
			return 0, auditBroken("The audit log is damaged: entry %d is missing.", mid)
		}
		if e.At.Before(t) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, nil
}

// oldest is how many entries of the beginning Has looks at.
const oldest = 1000

// Has reports whether one of the actions was ever recorded. Of a long log it examines the
// beginning and the end.
func (tx AuditLog) Has(actions ...access.AuditAction) (bool, error) {
	h, err := tx.auditHead()
	if err != nil || h.Seq == 0 {
		return false, err
	}
	found, from, err := tx.hasBetween(actions, auditKey(h.Seq), maxScanned)
	if found || err != nil || from == nil {
		return found, err
	}
	found, _, err = tx.hasBetween(actions, auditKey(min(oldest, h.Seq)), oldest)
	return found, err
}

// hasBetween looks for the actions in n entries. next is where the rest starts, nil at the
// end.
func (tx *Tx) hasBetween(actions []access.AuditAction, from []byte, n int) (found bool, next []byte, err error) {
	end := after(auditKey(1))
	for looked := 0; looked < n; {
		batch, err := tx.kv.Scan(from, end, scanBatch)
		if err != nil {
			return false, nil, err
		}
		for _, kv := range batch {
			e, err := decodeEntry(kv)
			if err != nil {
				return false, nil, err
			}
			if slices.Contains(actions, e.Action) {
				return true, nil, nil
			}
			from = append(kv.Key, 0)
		}
		if looked += len(batch); len(batch) < scanBatch {
			return false, nil, nil
		}
	}
	return false, from, nil
}
