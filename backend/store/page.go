package store

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// CountsUpTo is where counting the members that a filter or search finds
// stops.
const CountsUpTo = 1000

// scanAtOnce and mostScanned bound the work of one page: entries read in one
// go, and entries looked at before the page is given as it is.
const (
	scanAtOnce  = 256
	mostScanned = 4000
)

// A Query says which members, and from where on.
type Query struct {
	State  access.State    // empty: any
	Role   access.RoleName // empty: any
	Words  string          // empty: any; else the beginnings of words, all of which must fit
	Cursor string          // empty: from the beginning
	Limit  int
}

// A Page is a part of a list.
type Page[T any] struct {
	Items        []T
	Next         string // the cursor of the page after; empty at the end
	Total        int
	TotalIsFloor bool // there are at least Total
}

// Members is a page of members: newest invitation first, or by search word.
func (tx *Tx) Members(q Query) (Page[access.Member], error) {
	var p Page[access.Member]
	var at []byte
	var err error
	if q.Cursor != "" {
		if at, err = tx.openCursor(q.Cursor, nil, q.label()); err != nil {
			return p, err
		}
	}
	src, err := tx.source(q, at)
	if err != nil {
		return p, err
	}
	from := src.prefix
	if at != nil {
		from = at[1:]
	}
	ids, next, err := tx.take(src, from, q.Limit)
	if err != nil {
		return p, err
	}
	for _, id := range ids {
		m, err := tx.Member(id)
		if err != nil {
			return p, err
		}
		p.Items = append(p.Items, m)
	}
	if next != nil {
		p.Next = tx.cursor(append([]byte{src.lead}, next...), q.label())
	}
	p.Total, p.TotalIsFloor, err = tx.total(q, src)
	return p, err
}

func (q Query) label() string {
	return "members\x00" + string(q.State) + "\x00" + string(q.Role) + "\x00" + q.Words
}

// A source is a range of index entries and which of them count.
type source struct {
	prefix []byte
	fits   func(e kv.KV) bool
	lead   byte // which of the words asked for leads
}

// source chooses the index that a query reads. A later page, which begins at a
// place, reads the one that its first page read.
func (tx *Tx) source(q Query, at []byte) (source, error) {
	words := asked(q.Words)
	if len(words) == 0 {
		return q.listed(), nil
	}
	lead, fewest := 0, CountsUpTo+1
	if at != nil {
		lead = int(at[0])
	} else if len(words) > 1 { // the rarest word leads
		for i, w := range words {
			hits, err := tx.scan(key("w/", w), CountsUpTo)
			if err != nil {
				return source{}, err
			}
			if len(hits) < fewest {
				lead, fewest = i, len(hits)
			}
		}
	}
	src := q.searched(words[lead], words)
	src.lead = byte(lead)
	return src, nil
}

func (q Query) listed() source {
	switch {
	case q.Role != "":
		return source{prefix: key("r/", string(q.Role), "\x00"), fits: func(e kv.KV) bool { return q.State == "" || string(e.Value[:1]) == stateByte(q.State) }}
	case q.State != "":
		return source{prefix: key("t/", stateByte(q.State)), fits: func(kv.KV) bool { return true }}
	}
	return source{prefix: []byte("t/*"), fits: func(kv.KV) bool { return true }}
}

// searched reads the entries under one word and keeps those that fit the
// others too. A member with several words under it counts at the first.
func (q Query) searched(lead string, asked []string) source {
	prefix := key("w/", lead)
	return source{prefix: prefix, fits: func(e kv.KV) bool {
		filter, text, _ := strings.Cut(string(e.Value), "\x00")
		if q.State != "" && filter[:1] != stateByte(q.State) {
			return false
		}
		if q.Role != "" && !hasRole(filter[1:], string(q.Role)) {
			return false
		}
		words := strings.Split(text, " ")
		for _, w := range words { // sorted: the first that fits is where the member counts
			if strings.HasPrefix(w, lead) {
				if !bytes.HasPrefix(e.Key[2:], []byte(w+"\x00")) {
					return false
				}
				break
			}
		}
		return len(asked) == 1 || foundBy(words, asked)
	}}
}

func hasRole(list, role string) bool {
	for r := range strings.SplitSeq(list, ",") {
		if r == role {
			return true
		}
	}
	return false
}

// take reads up to n members from a source. next is where the following page
// begins, nil at the end.
func (tx *Tx) take(src source, from []byte, n int) (ids []access.MemberID, next []byte, err error) {
	end := after(src.prefix)
	for looked := 0; looked < mostScanned; {
		batch, err := tx.kv.Scan(from, end, scanAtOnce)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range batch {
			if fits := src.fits(e); fits && len(ids) == n {
				return ids, e.Key, nil
			} else if fits {
				ids = append(ids, access.MemberID(e.Key[len(e.Key)-idLength:]))
			}
			from = append(e.Key, 0)
		}
		if looked += len(batch); len(batch) < scanAtOnce {
			return ids, nil, nil
		}
	}
	return ids, from, nil
}

const idLength = 26

// total counts what a query finds: exactly where a counter knows, else up to a
// bound.
func (tx *Tx) total(q Query, src source) (int, bool, error) {
	c, err := tx.counts()
	if err != nil {
		return 0, false, err
	}
	if len(asked(q.Words)) == 0 {
		switch {
		case q.State == "" && q.Role == "":
			return c.Members(), false, nil
		case q.State == "":
			return c.Roles[q.Role], false, nil
		case q.Role == "":
			return map[access.State]int{access.Pending: c.Pending, access.Active: c.Active, access.Suspended: c.Suspended}[q.State], false, nil
		}
	}
	ids, next, err := tx.take(src, src.prefix, CountsUpTo)
	return len(ids), next != nil, err
}

// cursor makes a place in a list opaque, and good only for the same question.
func (tx *Tx) cursor(at []byte, label string) string {
	return base64.RawURLEncoding.EncodeToString(append(tx.cursorMAC(at, label), at...))
}

func (tx *Tx) cursorMAC(at []byte, label string) []byte {
	mac := hmac.New(sha256.New, tx.keys.cursor)
	mac.Write([]byte(label))
	mac.Write([]byte{0xff})
	mac.Write(at)
	return mac.Sum(nil)[:16]
}

func (tx *Tx) openCursor(cursor string, prefix []byte, label string) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) < 17 || !hmac.Equal(b[:16], tx.cursorMAC(b[16:], label)) || !bytes.HasPrefix(b[16:], prefix) {
		return nil, access.Errorf(access.Invalid, "This cursor is not one of ours, or belongs to another list. Start again without a cursor.").On("cursor").WithCode("bad_cursor")
	}
	return b[16:], nil
}

// list is a page of the records that entries under prefix name.
func list[T any](tx *Tx, prefix []byte, cursor string, limit int, label string, load func(e kv.KV) (T, error)) (Page[T], error) {
	var p Page[T]
	from := prefix
	var err error
	if cursor != "" {
		if from, err = tx.openCursor(cursor, prefix, label); err != nil {
			return p, err
		}
	}
	batch, err := tx.kv.Scan(from, after(prefix), limit+1)
	if err != nil {
		return p, err
	}
	for i, e := range batch {
		if i == limit {
			p.Next = tx.cursor(e.Key, label)
			break
		}
		item, err := load(e)
		if err != nil {
			return p, err
		}
		p.Items = append(p.Items, item)
	}
	return p, nil
}

// Waiting is a page of pending members: address proved first, then the oldest.
func (tx *Tx) Waiting(cursor string, limit int) (Page[access.Member], error) {
	p, err := list(tx, []byte("q/"), cursor, limit, "waiting", func(e kv.KV) (access.Member, error) {
		return tx.Member(access.MemberID(e.Key[len(e.Key)-idLength:]))
	})
	if err != nil {
		return p, err
	}
	c, err := tx.counts()
	p.Total = c.Pending
	return p, err
}

// Holders are up to n members who hold a role and are in that state. It is for
// a View: it may read more than an Update bears.
func (tx *Tx) Holders(role access.RoleName, state access.State, n int) ([]access.MemberID, error) {
	src := Query{Role: role, State: state}.listed()
	ids, _, err := tx.take(src, src.prefix, n)
	return ids, err
}
