package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"doorward/backend/access"
)

// An index that is wrong hides a member from the search. A search through the indexes finds
// the same members as a full scan, each once, however its pages are cut, and counts them.
func TestSearchAgreesWithAFullScan(t *testing.T) {
	b, r := openBox(t, ""), rand.New(rand.NewPCG(3, 4))
	firsts, lasts, domains := []string{"Ada", "Adam", "Alan", "Ad"}, []string{"Lovelace", "Love", "Turing", "Ada"},
		[]string{"example.com", "mail.example.com", "love.org"}
	one := func(all []string) string { return all[r.IntN(len(all))] }
	var all []access.Member
	for i := range 300 {
		first, last := one(firsts), one(lasts)
		m := b.person(fmt.Sprintf("%s.%s%d@%s", strings.ToLower(first), strings.ToLower(last), i, one(domains)), first+
			" "+last, []access.RoleName{access.Fleet, access.AILoop}[r.IntN(2)])
		if r.IntN(3) == 0 {
			m.State = access.Active
		}
		b.put(m)
		all = append(all, m)
	}
	for range 300 {
		var words []string
		for range 1 + r.IntN(3) {
			w := one(slices.Concat(firsts, lasts, domains))
			words = append(words, w[:1+r.IntN(len(w))])
		}
		q := Query{
			Words: strings.Join(words, " "),
			State: []access.State{"", access.Pending, access.Active}[r.IntN(3)],
			Role:  []access.RoleName{"", access.Fleet}[r.IntN(2)],
			Limit: 1 + r.IntN(40),
		}
		var want []string
		for _, m := range all {
			if fitsAll(&m, q) {
				want = append(want, m.Email.Canonical)
			}
		}
		got := b.allPages(q, len(want))
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("%+v finds %d, a look at everybody %d", q, len(got), len(want))
		}
	}
}

func fitsAll(m *access.Member, q Query) bool {
	if q.State != "" && m.State != q.State || q.Role != "" && !slices.Contains(m.Roles, q.Role) {
		return false
	}
	for _, a := range searchPrefixes(q.Words) {
		if !slices.ContainsFunc(searchWords(m), func(w string) bool { return strings.HasPrefix(w, a) }) {
			return false
		}
	}
	return true
}

// allPages returns the members of all pages, in the order of their addresses.
func (b *box) allPages(q Query, total int) (found []string) {
	b.t.Helper()
	for {
		var p Page[access.Member]
		b.view(func(tx *Tx) (err error) { p, err = tx.Members.Page(q); return err })
		if p.Total != total || p.TotalIsFloor || len(p.Items) > q.Limit {
			b.t.Fatalf("%+v: a page of %d of %d (floor: %v), want a total of %d", q, len(p.Items), p.Total,
				p.TotalIsFloor, total)
		}
		for _, m := range p.Items {
			found = append(found, m.Email.Canonical)
		}
		if q.Cursor = p.Next; p.Next == "" {
			slices.Sort(found)
			return found
		}
	}
}
