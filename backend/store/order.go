package store

import (
	"bytes"
	"slices"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/backend/text"
)

// The orders in the index, each the first byte after its prefix. An order has one for each
// direction, because scans go only forward: the key of a reversed one has inverted bytes.
// Newest first is the order of all other lists, and has no entries here.
const (
	orderByName      = "1"
	orderByNameDown  = "2"
	orderByEmail     = "3" // beside the index of addresses, which has nothing to filter by
	orderByEmailDown = "4"
	orderOldest      = "5"
	orderSignIn      = "6"
	orderSignInDown  = "7"
	orderRequests    = "8" // login requests, the newest of each rank first
)

var orderOf = map[access.Order]string{
	access.ByName:          orderByName,
	access.ByNameReversed:  orderByNameDown,
	access.ByEmail:         orderByEmail,
	access.ByEmailReversed: orderByEmailDown,
	access.OldestFirst:     orderOldest,
	access.LeastRecent:     orderSignIn,
	access.MostRecent:      orderSignInDown,
}

// maxOrderedName is how many bytes of a name decide about its place.
const maxOrderedName = 96

// reversed has the order with inverted keys of each that has one.
var reversed = map[string]string{
	orderByName:  orderByNameDown,
	orderByEmail: orderByEmailDown,
	orderOldest:  "",
	orderSignIn:  orderSignInDown,
}

// addOrders adds the places of a member in all orders to their index entries.
func addOrders(e map[string]string, m *access.Member, filter string) {
	id := string(m.ID)
	for order, down := range reversed {
		at := placeIn(order, m)
		e[string(orderPrefix.key(order, at, id))] = filter
		if down != "" {
			e[string(orderPrefix.key(down, inverted(at), id))] = filter
		}
	}
	if m.State == access.Pending {
		rank, since := requestRank(m)
		e[string(orderPrefix.key(orderRequests, rank, down(since), id))] = requestText(m)
	}
}

// placeIn returns what stands in a member's entry of an order before their id. Those who
// are alike follow each other by their ids, in both directions.
func placeIn(order string, m *access.Member) string {
	switch order {
	case orderByName:
		return cut(oneLine(text.Fold(m.DisplayName())), maxOrderedName) + "\x00"
	case orderByEmail:
		return m.Email.Canonical + "\x00"
	case orderOldest:
		return up(m.Invitation.At)
	}
	if m.LastSignIn.IsZero() {
		return number(0)
	}
	return up(m.LastSignIn)
}

// orderKey returns the key of a member's entry in an order.
func orderKey(order string, m *access.Member) []byte {
	for from, down := range reversed {
		if down == order {
			return orderPrefix.key(order, inverted(placeIn(from, m)), string(m.ID))
		}
	}
	return orderPrefix.key(order, placeIn(order, m), string(m.ID))
}

// inverted returns the complement of each byte: what sorts before another text sorts after
// it, if none is the beginning of the other.
func inverted(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = ^b[i]
	}
	return string(b)
}

// pageInOrder returns a page of members in the order of the query. If a filter finds few,
// they are sorted here. Otherwise the index is read, and if most of those whom it has do
// not match, the page may be shorter than its limit.
func (tx Members) pageInOrder(q Query, at []byte) (p Page[access.Member], err error) {
	order := orderOf[q.Sort]
	from := orderPrefix.key(order)
	if at != nil {
		from = at[1:]
	}
	few, err := tx.countInOrder(q, &p)
	if err != nil {
		return p, err
	}
	var next []byte
	if few != nil {
		next, err = tx.sortFew(few, order, from, q.Limit, &p)
	} else {
		next, err = tx.readOrder(q, order, from, &p)
	}
	if next != nil && err == nil {
		p.Next = tx.cursor(append([]byte{0}, next...), q.label())
	}
	return p, err
}

// countInOrder counts all matches. If they are few, and were all found by that, it returns
// them.
func (tx *Tx) countInOrder(q Query, p *Page[access.Member]) (few []kv.KV, err error) {
	n, known, err := tx.counted(q)
	if err != nil {
		return nil, err
	}
	p.Total = n
	if known && (n > CountsUpTo || q.Role == "" && q.Status == "" && q.State == "") {
		return nil, nil
	}
	src := q.listed()
	all, more, err := tx.take(src, src.prefix, CountsUpTo)
	if err != nil {
		return nil, err
	}
	if !known {
		p.Total, p.TotalIsFloor = len(all), more != nil
	}
	if more != nil {
		return nil, nil
	}
	return append([]kv.KV{}, all...), nil
}

// sortFew adds a page of some members, who were found in another order.
func (tx *Tx) sortFew(few []kv.KV, order string, from []byte, limit int, p *Page[access.Member]) (next []byte,
	err error) {
	type placed struct {
		at     []byte
		member access.Member
	}
	members, err := tx.membersOf(few)
	if err != nil {
		return nil, err
	}
	all := make([]placed, 0, len(few))
	for _, m := range members {
		if at := orderKey(order, &m); bytes.Compare(at, from) >= 0 {
			all = append(all, placed{at, m})
		}
	}
	slices.SortFunc(all, func(a, b placed) int { return bytes.Compare(a.at, b.at) })
	for i, one := range all {
		if i == limit {
			return one.at, nil
		}
		p.Items = append(p.Items, one.member)
	}
	return nil, nil
}

// readOrder adds a page of the members that match, from the index of an order.
func (tx *Tx) readOrder(q Query, order string, from []byte, p *Page[access.Member]) (next []byte, err error) {
	src := source{prefix: orderPrefix.key(order), fits: func(e kv.KV) bool { return q.passes(string(e.Value)) }}
	found, next, err := tx.take(src, from, q.Limit)
	if err != nil {
		return nil, err
	}
	p.Items, err = tx.membersOf(found)
	return next, err
}
