package store

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// CountsUpTo is the number at which counting the members found by a filter or search stops.
const CountsUpTo = 1000

// scanBatch and maxScanned limit the work of one page: the entries read at once, and the
// entries examined before the page is returned as it is.
const (
	scanBatch  = 256
	maxScanned = 4000
)

// A Query filters members and says where to start.
type Query struct {
	State  access.State    // empty: any
	Status access.Status   // empty: any
	Role   access.RoleName // empty: any
	Sort   access.Order    // empty: newest invitation first; a search has its own
	Words  string          // empty: any; else parts of words, all of which must match (parts.go)
	Cursor string          // empty: from the start
	Limit  int
}

// A Page is a part of a list.
type Page[T any] struct {
	Items        []T
	Next         string // the cursor of the next page; empty at the end
	Total        int
	TotalIsFloor bool // there are at least Total

	// The search by parts is being made ready: the page begins with those whom the index of
	// beginnings finds, and Total counts only them. The following pages have the others.
	OnlyBeginnings bool
}

// Page returns a page of members: newest invitation first, or in another order. With words,
// those come first whose words begin with them, in the order of the search word. The index
// of parts is asked only if the page has room for the others, or their number is still to be
// counted.
func (tx Members) Page(q Query) (Page[access.Member], error) {
	var p Page[access.Member]
	var at []byte
	var err error
	if q.Cursor != "" {
		if at, err = tx.openCursor(q.Cursor, nil, q.label()); err != nil {
			return p, err
		}
	}
	s := soughtBy(searchPrefixes(q.Words))
	if s != nil && at != nil && at[0] == restLead {
		return tx.pageOfRest(q, s, at[1:])
	}
	if q.Words == "" && orderOf[q.Sort] != "" {
		return tx.pageInOrder(q, at)
	}
	src, err := tx.source(q, at)
	if err != nil {
		return p, err
	}
	found, next, err := tx.page(q, src, at, &p)
	if err != nil {
		return p, err
	}
	if p.Items, err = tx.membersOf(found); err != nil {
		return p, err
	}
	if next != nil {
		p.Next = tx.cursor(append([]byte{src.lead}, next...), q.label())
	}
	if s == nil || next != nil && p.TotalIsFloor && p.Total >= CountsUpTo {
		return p, nil
	}
	err = tx.addRest(q, s, &p)
	return p, err
}

// page reads the entries of one page and counts all into p. For the first page, the entries
// read for counting are not read twice.
func (tx *Tx) page(q Query, src source, at []byte, p *Page[access.Member]) (found []kv.KV, next []byte, err error) {
	n, known, err := tx.counted(q)
	if err != nil {
		return nil, nil, err
	}
	if p.Total = n; known || at != nil {
		from := src.prefix
		if at != nil {
			from, src.first = at[1:], nil
		}
		if found, next, err = tx.take(src, from, q.Limit); err != nil || known {
			return found, next, err
		}
	}
	all, more, err := tx.take(src, src.prefix, CountsUpTo)
	p.Total, p.TotalIsFloor = len(all), more != nil
	if at != nil || err != nil {
		return found, next, err
	}
	if len(all) > q.Limit {
		return all[:q.Limit], all[q.Limit].Key, nil
	}
	return all, more, nil
}

func (q Query) label() string {
	l := "members\x00" + string(q.State) + "\x00" + string(q.Role) + "\x00" + q.Words
	if q.Status != "" {
		l += "\x00" + string(q.Status)
	}
	if orderOf[q.Sort] != "" {
		l += "\x00\x00" + string(q.Sort)
	}
	return l
}

// A source is a range of index entries and a filter for them.
type source struct {
	prefix []byte
	fits   func(e kv.KV) bool
	lead   byte    // which of the searched words leads
	first  []kv.KV // the first entries of the range, if they were already read
	all    bool    // the range has no others
}

// source chooses the index for a query. A later page, which starts at a place, uses the
// same one as its first page.
func (tx *Tx) source(q Query, at []byte) (source, error) {
	words := searchPrefixes(q.Words)
	if len(words) == 0 {
		return q.listed(), nil
	}
	var lead rarest
	if at != nil {
		lead.word = int(at[0])
	} else if len(words) > 1 {
		var err error
		if lead, err = tx.rarest(q, words); err != nil {
			return source{}, err
		}
	}
	src := q.searched(words[lead.word], words)
	src.lead, src.first, src.all = byte(lead.word), lead.hits, lead.all
	return src, nil
}

// rarest is the leading word, with its first entries.
type rarest struct {
	word int
	hits []kv.KV
	all  bool
}

// rarest finds the word with the fewest entries: by a short look at each word, and then a
// longer one if that does not decide. Where even so all words have more, it is the word of whose
// first entries the most match the whole query, as one word may be in every address, and have
// the other but rarely.
func (tx *Tx) rarest(q Query, words []string) (r rarest, err error) {
	var looks []rarest
	for _, limit := range []int{64, CountsUpTo} {
		looks = looks[:0]
		for i, w := range words {
			hits, err := tx.scan(wordPrefix.key(w), limit)
			if err != nil {
				return r, err
			}
			looks = append(looks, rarest{i, hits, len(hits) < limit})
		}
		r = slices.MinFunc(looks, func(a, b rarest) int { return len(a.hits) - len(b.hits) })
		if r.all {
			return r, nil
		}
	}
	most := -1
	for _, look := range looks {
		if n := q.matches(look.hits[:scanBatch], words[look.word], words); n > most {
			r, most = look, n
		}
	}
	return r, nil
}

// matches counts those of the lead's entries that match all words.
func (q Query) matches(hits []kv.KV, lead string, words []string) (n int) {
	fits := q.searched(lead, words).fits
	for _, e := range hits {
		if fits(e) {
			n++
		}
	}
	return n
}

func (q Query) listed() source {
	switch {
	case q.Role != "":
		return source{
			prefix: rolePrefix.key(string(q.Role), "\x00"),
			fits:   func(e kv.KV) bool { return q.admits(e.Value[0]) },
		}
	case q.Status != "":
		return source{
			prefix: statePrefix.key(statusByte(q.Status)),
			fits:   func(e kv.KV) bool { return q.admits(e.Value[0]) },
		}
	case q.State != "":
		return source{prefix: statePrefix.key(stateByte(q.State)), fits: func(kv.KV) bool { return true }}
	}
	return source{prefix: statePrefix.key(anyState), fits: func(kv.KV) bool { return true }}
}

// searched reads the entries of one word and keeps those that match the other words, too. A
// member with several matching words is counted at the first.
func (q Query) searched(lead string, asked []string) source {
	prefix, sought := wordPrefix.key(lead), make([][]byte, len(asked))
	for i, a := range asked {
		sought[i] = []byte(a)
	}
	return source{prefix: prefix, fits: func(e kv.KV) bool {
		filter, words, _ := bytes.Cut(e.Value, []byte{0})
		if !q.admits(filter[0]) {
			return false
		}
		if q.Role != "" && !hasRole(string(filter[1:]), string(q.Role)) {
			return false
		}
		here, led, missing := e.Key[len(wordPrefix):len(e.Key)-access.IDLength-1], false, 1<<len(sought)-1
		for w := range bytes.SplitSeq(words, []byte{' '}) {
			// words are sorted: the member counts at the first that matches
			if !led && bytes.HasPrefix(w, prefix[len(wordPrefix):]) {
				if led = true; !bytes.Equal(w, here) {
					return false
				}
			}
			for i, a := range sought {
				if missing&(1<<i) != 0 && bytes.HasPrefix(w, a) {
					missing &^= 1 << i
				}
			}
		}
		return len(sought) == 1 || missing == 0
	}}
}

// admits reports whether the query is for members of that status, as the values of the
// lists have it.
func (q Query) admits(status byte) bool {
	state := string(status)
	if strings.Contains("iew", state) {
		state = stateByte(access.Pending)
	}
	return (q.State == "" || state == stateByte(q.State)) && (q.Status == "" || string(status) == statusByte(q.Status))
}

func hasRole(list, role string) bool {
	for r := range strings.SplitSeq(list, ",") {
		if r == role {
			return true
		}
	}
	return false
}

// take reads up to n entries of a source that match. next is where the following page
// starts, nil at the end.
func (tx *Tx) take(src source, from []byte, n int) (found []kv.KV, next []byte, err error) {
	end := after(src.prefix)
	batch, over := src.first, src.all
	for looked := 0; looked < maxScanned; {
		if batch == nil {
			if batch, err = tx.kv.Scan(from, end, scanBatch); err != nil {
				return nil, nil, err
			}
			over = len(batch) < scanBatch
		}
		for _, e := range batch {
			if fits := src.fits(e); fits && len(found) == n {
				return found, e.Key, nil
			} else if fits {
				found = append(found, e)
			}
		}
		if over {
			return found, nil, nil
		}
		looked += len(batch)
		from, batch = append(batch[len(batch)-1].Key, 0), nil
	}
	return found, from, nil
}

// membersOf returns the members whose index entries these are.
func (tx *Tx) membersOf(entries []kv.KV) (all []access.Member, err error) {
	for _, e := range entries {
		m, err := tx.Members.Get(idOf(e))
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// counted returns the number of members that a query finds, if a counter has it.
func (tx *Tx) counted(q Query) (n int, known bool, err error) {
	c, err := tx.counts()
	if err != nil || len(searchPrefixes(q.Words)) > 0 {
		return 0, false, err
	}
	switch {
	case q.Status != "":
		n, known = c.WithStatus(q.Status), q.Role == "" && (q.State == "" || q.State == q.Status.State())
		return n, known, nil
	case q.State == "" && q.Role == "":
		return c.Members(), true, nil
	case q.State == "":
		return c.Roles[q.Role], true, nil
	case q.Role == "":
		return map[access.State]int{
			access.Pending:   c.Pending,
			access.Active:    c.Active,
			access.Suspended: c.Suspended,
		}[q.State], true, nil
	}
	return 0, false, nil
}

// cursor encodes a place in a list so that it is opaque, and valid only for the same query.
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
	b, err := base64.RawURLEncoding.DecodeString(cursor) // ignores line breaks and stray bits
	if err != nil || len(b) < 17 || !hmac.Equal([]byte(cursor), []byte(tx.cursor(b[16:], label))) ||
		!bytes.HasPrefix(b[16:], prefix) {
		return nil, access.Errorf(access.Invalid,
			"This cursor is unknown or belongs to another list. Start again without a cursor.").
			On("cursor").WithCode("bad_cursor")
	}
	return b[16:], nil
}

// WithRole returns up to n members in a state who have a role. It is for a View: it may
// read more than the limit of an Update.
func (tx Members) WithRole(role access.RoleName, state access.State, n int) ([]access.MemberID, error) {
	src := Query{Role: role, State: state}.listed()
	found, _, err := tx.take(src, src.prefix, n)
	ids := make([]access.MemberID, len(found))
	for i, e := range found {
		ids[i] = idOf(e)
	}
	return ids, err
}
