package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
)

// An index that has missed a change, or mixes two, hides somebody or shows somebody who is
// gone. It finds the same as a look at everybody, in one order, whatever changed before, and
// so do the records that are read while there is no index.
func TestPartsAgreeWithALookAtEverybody(t *testing.T) {
	for _, index := range []bool{true, false} {
		b, r := openBox(t, ""), rand.New(rand.NewPCG(5, 6))
		b.parts.wait = time.Minute
		b.parts.ended = !index
		syllables := []string{"lo", "ve", "la", "ce", "tu", "ring", "ß", "é", "o'", "-", ".", "王", "ada", " "}
		word := func() (w string) {
			for range 1 + r.IntN(4) {
				w += syllables[r.IntN(len(syllables))]
			}
			return w
		}
		one := func(i int) access.Member {
			m := b.person(fmt.Sprintf("m%d%s@%s.example", i, []string{"", ".lovela", "+cetu"}[r.IntN(3)],
				[]string{"turing", "vela"}[r.IntN(2)]), word(), []access.RoleName{access.Fleet,
				access.AILoop}[r.IntN(2)])
			m.State = []access.State{access.Pending, access.Active, access.Suspended}[r.IntN(3)]
			m.Invitation.Expired = r.IntN(3) == 0
			return m
		}
		var all []access.Member
		for i := range 60 {
			b.forward(time.Duration(r.IntN(2)) * time.Second)
			m := one(i)
			b.put(m)
			all = append(all, m)
		}
		for i := range 150 {
			b.forward(time.Duration(r.IntN(2)) * time.Second)
			switch at := r.IntN(len(all)); r.IntN(5) {
			case 0:
				m := one(100 + i)
				b.put(m)
				all = append(all, m)
			case 1:
				b.update(func(tx *Tx) error { return tx.Members.Delete(all[at], access.EndedRemoved) })
				all = slices.Delete(all, at, at+1)
			case 2:
				all[at].Name, all[at].State = word(), access.Active
				b.put(all[at])
			case 3:
				all[at].Invitation.At = b.now()
				b.put(all[at])
			case 4:
				all[at].AcceptedAt = b.now()
				b.put(all[at])
			}
			q := Query{
				Words: word() + " " + word(),
				State: []access.State{"", access.Pending, access.Active}[r.IntN(3)],
				Role:  []access.RoleName{"", access.Fleet}[r.IntN(2)],
				Limit: 1 + r.IntN(9),
			}
			if r.IntN(2) == 0 {
				q.Status = []access.Status{access.StatusInvited, access.StatusAccepted, access.StatusExpired}[r.IntN(3)]
			}
			if r.IntN(2) == 0 {
				q.Words = word()
			}
			b.findsAsEverybody(q, all, index)
		}
	}
}

// findsAsEverybody compares a search with a look at everybody: who is found, each once, in
// which order, and how many.
func (b *box) findsAsEverybody(q Query, all []access.Member, counts bool) {
	b.t.Helper()
	s := soughtBy(searchPrefixes(q.Words))
	var heads, rest []access.Member
	for _, m := range all {
		switch {
		case fitsAll(&m, q):
			heads = append(heads, m)
		case s != nil && q.passes(filterText(&m)) && naive(s, &m):
			rest = append(rest, m)
		}
	}
	slices.SortFunc(rest, func(a, b access.Member) int { return placeOf(&a).compare(placeOf(&b)) })
	var got []string
	for asked := q; ; {
		var p Page[access.Member]
		b.view(func(tx *Tx) (err error) { p, err = tx.Members.Page(asked); return err })
		if want := len(heads) + len(rest); counts && (p.Total != want || p.TotalIsFloor || p.OnlyBeginnings) {
			b.t.Fatalf("%+v: total %d (floor %v), want %d", asked, p.Total, p.TotalIsFloor, want)
		}
		if !counts && s != nil && (!p.OnlyBeginnings || !p.TotalIsFloor || p.Total > len(heads)+len(rest)) {
			b.t.Fatalf("%+v without an index: %+v", asked, p)
		}
		for _, m := range p.Items {
			got = append(got, m.Email.Canonical)
		}
		if asked.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	var first, then []string
	for _, m := range heads {
		first = append(first, m.Email.Canonical)
	}
	for _, m := range rest {
		then = append(then, m.Email.Canonical)
	}
	if len(got) != len(first)+len(then) || !sameNames(got[:len(first)], first) ||
		s != nil && !slices.Equal(got[len(first):], then) {
		b.t.Fatalf("%+v finds %q, want %q in any order and then %q", q, got, first, then)
	}
}

// naive is what fits promises, in the simplest way.
func naive(s *sought, m *access.Member) bool {
	text := string(appendText(nil, m))
	for _, w := range s.words {
		if isPart(w) && !strings.Contains(text, w) {
			return false
		}
		if !isPart(w) && !slices.ContainsFunc(searchWords(m), func(x string) bool { return strings.HasPrefix(x, w) }) {
			return false
		}
	}
	return true
}

func sameNames(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
