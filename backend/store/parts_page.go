package store

import (
	"doorward/backend/access"
)

// restLead begins the cursors of the second part of a search by parts.
const restLead = 0xff

// maxReadOfRest bounds a page for which records are read in place of the index of parts.
const maxReadOfRest = 2000

// pageOfParts returns a page of a search by parts: first those whom the index of beginnings
// finds, in its order, then the rest, in the order of the list. Until the index of parts is
// ready, or where there is none, the rest is read from the records, a bounded number a
// page: the pages are short then, and together they are as complete.
func (tx Members) pageOfParts(q Query, s *sought, at []byte) (p Page[access.Member], err error) {
	c, err := tx.counts()
	if err != nil {
		return p, err
	}
	var index *partRun
	if tx.parts != nil {
		if index = tx.parts.acquire(tx.ctx, c.Members()); index != nil {
			defer index.release()
		}
	}
	if err := tx.countParts(q, s, index, &p); err != nil {
		return p, err
	}
	var from []byte
	if at == nil || at[0] != restLead {
		next, err := tx.beginnings(q, at, &p)
		if err != nil || next != "" {
			p.Next = next
			return p, err
		}
		if index == nil {
			p.Next = tx.cursor([]byte{restLead}, q.label())
			return p, nil
		}
	} else {
		from = at[1:]
	}
	var next string
	var more bool
	if index != nil {
		next, more, err = tx.foundRest(q, s, index, from, &p)
	} else {
		next, more, err = tx.readRest(q, s, from, &p)
	}
	if more && err == nil {
		p.Next = tx.cursor(append([]byte{restLead}, next...), q.label())
	}
	return p, err
}

// countParts counts all matches; without the index, those of the index of beginnings.
func (tx *Tx) countParts(q Query, s *sought, index *partRun, p *Page[access.Member]) error {
	if index != nil {
		found, next := index.find(&partQuery{sought: s, Query: q}, nil, CountsUpTo)
		p.Total, p.TotalIsFloor = len(found), next != nil
		return nil
	}
	src, err := tx.source(q, nil)
	if err != nil {
		return err
	}
	found, _, err := tx.take(src, src.prefix, CountsUpTo)
	p.Total, p.TotalIsFloor, p.OnlyBeginnings = len(found), true, true
	return err
}

// beginnings adds those whom the index of beginnings finds. The cursor is empty at their
// end.
func (tx *Tx) beginnings(q Query, at []byte, p *Page[access.Member]) (cursor string, err error) {
	src, err := tx.source(q, at)
	if err != nil {
		return "", err
	}
	from := src.prefix
	if at != nil {
		from = at[1:]
	}
	found, next, err := tx.take(src, from, q.Limit)
	if err != nil {
		return "", err
	}
	for _, e := range found {
		m, err := tx.Members.Get(idOf(e))
		if err != nil {
			return "", err
		}
		p.Items = append(p.Items, m)
	}
	if next != nil {
		cursor = tx.cursor(append([]byte{src.lead}, next...), q.label())
	}
	return cursor, nil
}

// foundRest adds the rest from the index of parts. What a commit since the beginning of
// this View has changed is judged as this View has it.
func (tx *Tx) foundRest(q Query, s *sought, index *partRun, from []byte, p *Page[access.Member]) (next string,
	more bool, err error) {
	var begin *place
	if len(from) > 0 {
		begin = &place{at: microsOfDown(from), id: access.MemberID(from[timeLength:])}
	}
	found, behind := index.find(&partQuery{sought: s, Query: q, rest: true}, begin, q.Limit-len(p.Items))
	for _, one := range found {
		m, ok, err := tx.member(one.id)
		if err != nil {
			return "", false, err
		}
		if ok && q.passes(filterText(&m)) && s.fitsMember(&m, true) {
			p.Items = append(p.Items, m)
		}
	}
	if behind != nil {
		return behind.key(), true, nil
	}
	return "", false, nil
}

// readRest adds the rest from the records themselves.
func (tx *Tx) readRest(q Query, s *sought, from []byte, p *Page[access.Member]) (next string, more bool, err error) {
	src := q.listed()
	key, end := append(append([]byte(nil), src.prefix...), from...), after(src.prefix)
	for looked := 0; looked < maxReadOfRest; {
		batch, err := tx.kv.Scan(key, end, scanBatch)
		if err != nil {
			return "", false, err
		}
		for _, e := range batch {
			if len(p.Items) == q.Limit {
				return string(e.Key[len(src.prefix):]), true, nil
			}
			if !src.fits(e) {
				continue
			}
			m, err := tx.Members.Get(idOf(e))
			if err != nil {
				return "", false, err
			}
			if s.fitsMember(&m, true) {
				p.Items = append(p.Items, m)
			}
		}
		if len(batch) < scanBatch {
			return "", false, nil
		}
		looked += len(batch)
		key = append(batch[len(batch)-1].Key, 0)
	}
	return string(key[len(src.prefix):]), true, nil
}
