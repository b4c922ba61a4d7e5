package store

import (
	"doorward/backend/access"
)

// restLead begins the cursors of the second part of a search by parts.
const restLead = 0xff

// maxReadOfRest bounds a page for which records are read in place of the index of parts.
const maxReadOfRest = 2000

// addRest adds to a page of whom the index of beginnings finds what only the index of parts
// does: the number of the others, and if the page has room, they themselves, in the order of
// the list. Until the index of parts is ready, or where there is none, the following pages
// have them: they are read from the records, a bounded number a page, so such pages are
// short, and together they are as complete.
func (tx *Tx) addRest(q Query, s *sought, p *Page[access.Member]) error {
	index, err := tx.acquireParts()
	if err != nil {
		return err
	}
	if index == nil {
		p.TotalIsFloor, p.OnlyBeginnings = true, true
		if p.Next == "" {
			p.Next = tx.restCursor(q, "")
		}
		return nil
	}
	defer index.release()
	counted := !p.TotalIsFloor // all that the index of beginnings finds
	if !counted && p.Total < CountsUpTo {
		index.countAll(q, s, p)
	}
	room := q.Limit - len(p.Items)
	if p.Next != "" {
		room = 0
	}
	n := room
	if counted {
		n = max(n, CountsUpTo-p.Total)
	} else if p.Next != "" {
		return nil
	}
	rest, behind := index.find(&partQuery{sought: s, Query: q, rest: true}, nil, n)
	if counted {
		all := p.Total + len(rest)
		p.Total, p.TotalIsFloor = min(all, CountsUpTo), behind != nil || all > CountsUpTo
	}
	if p.Next != "" {
		return nil
	}
	if len(rest) > room {
		rest, behind = rest[:room], &rest[room]
	}
	return tx.addFound(q, s, rest, behind, p)
}

// pageOfRest returns a page of the others, whom the index of beginnings does not find.
func (tx *Tx) pageOfRest(q Query, s *sought, from []byte) (p Page[access.Member], err error) {
	index, err := tx.acquireParts()
	if err != nil {
		return p, err
	}
	if index == nil {
		src, err := tx.source(q, nil)
		if err != nil {
			return p, err
		}
		begin, _, err := tx.take(src, src.prefix, CountsUpTo)
		p.Total, p.TotalIsFloor, p.OnlyBeginnings = len(begin), true, true
		if err != nil {
			return p, err
		}
		err = tx.readRest(q, s, from, &p)
		return p, err
	}
	defer index.release()
	index.countAll(q, s, &p)
	var begin *place
	if len(from) > 0 {
		begin = &place{at: microsOfDown(from), id: access.MemberID(from[timeLength:])}
	}
	rest, behind := index.find(&partQuery{sought: s, Query: q, rest: true}, begin, q.Limit)
	err = tx.addFound(q, s, rest, behind, &p)
	return p, err
}

// acquireParts returns the index of parts, to be released; nil if there is none.
func (tx *Tx) acquireParts() (*partRun, error) {
	c, err := tx.counts()
	if err != nil || tx.parts == nil {
		return nil, err
	}
	return tx.parts.acquire(tx.ctx, c.Members()), nil
}

// countAll counts all who have what is sought.
func (r *partRun) countAll(q Query, s *sought, p *Page[access.Member]) {
	found, next := r.find(&partQuery{sought: s, Query: q}, nil, CountsUpTo)
	p.Total, p.TotalIsFloor = len(found), next != nil
}

// addFound adds whom the index of parts has found. What a commit since the beginning of this
// View has changed is judged as this View has it.
func (tx *Tx) addFound(q Query, s *sought, found []place, behind *place, p *Page[access.Member]) error {
	for _, one := range found {
		m, ok, err := tx.member(one.id)
		if err != nil {
			return err
		}
		if ok && q.passes(filterText(&m)) && s.fitsMember(&m, true) {
			p.Items = append(p.Items, m)
		}
	}
	if behind != nil {
		p.Next = tx.restCursor(q, behind.key())
	}
	return nil
}

func (tx *Tx) restCursor(q Query, at string) string {
	return tx.cursor(append([]byte{restLead}, at...), q.label())
}

// readRest adds the rest from the records themselves.
func (tx *Tx) readRest(q Query, s *sought, from []byte, p *Page[access.Member]) error {
	src := q.listed()
	key, end := append(append([]byte(nil), src.prefix...), from...), after(src.prefix)
	for looked := 0; looked < maxReadOfRest; {
		batch, err := tx.kv.Scan(key, end, scanBatch)
		if err != nil {
			return err
		}
		for _, e := range batch {
			if len(p.Items) == q.Limit {
				p.Next = tx.restCursor(q, string(e.Key[len(src.prefix):]))
				return nil
			}
			if !src.fits(e) {
				continue
			}
			m, err := tx.Members.Get(idOf(e))
			if err != nil {
				return err
			}
			if s.fitsMember(&m, true) {
				p.Items = append(p.Items, m)
			}
		}
		if len(batch) < scanBatch {
			return nil
		}
		looked += len(batch)
		key = append(batch[len(batch)-1].Key, 0)
	}
	p.Next = tx.restCursor(q, string(key[len(src.prefix):]))
	return nil
}
