package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"doorward/backend/access"
)

// A merge of what changed into the segments loses somebody, or leaves the old text beside
// the new. After any changes, at any size, the index finds the same as a look at everybody.
func TestSegmentsAgreeWithALookAtEverybody(t *testing.T) {
	r, run := rand.New(rand.NewPCG(7, 8)), newPartRun(func() {})
	all := map[access.MemberID]part{}
	one := func(id access.MemberID) part {
		text := fmt.Appendf(nil, "%s%d@example.com\n\n%s %s\x00", spelled(r, 4), r.IntN(1e6), spelled(r, 5),
			spelled(r, 9))
		at := int64(r.IntN(1e6))
		return part{
			place:  place{at, id},
			text:   text,
			filter: run.filterOf([]string{"aFleet", "wFleet,AILoop", "sAdmin"}[r.IntN(3)]),
		}
	}
	var ids []access.MemberID
	for range 3*segmentSize + 500 {
		ids = append(ids, access.MemberID(access.NewID()))
		all[ids[len(ids)-1]] = one(ids[len(ids)-1])
	}
	sorted := func() (list []part) {
		for _, p := range all {
			list = append(list, p)
		}
		slices.SortFunc(list, func(a, b part) int { return a.compare(b.place) })
		return list
	}
	run.segments = packed(sorted())
	for round, n := range []int{0, 1, 300, 3000, 5000, 2000, segmentSize, 40000} {
		var who []access.MemberID
		var parts []part
		for range n {
			id := access.MemberID(access.NewID())
			if r.IntN(4) > 0 {
				id = ids[r.IntN(len(ids))]
			}
			if slices.Contains(who[max(0, len(who)-50):], id) || round > 6 && r.IntN(2) == 0 {
				continue
			}
			who = append(who, id)
		}
		slices.Sort(who)
		who = slices.Compact(who)
		for _, id := range who {
			if delete(all, id); r.IntN(3) > 0 {
				all[id] = one(id)
				parts = append(parts, all[id])
			}
		}
		run.change(who, slices.Clone(parts))
		list := sorted()
		for range 12 {
			q := partQuery{sought: soughtBy(searchPrefixes(spelled(r, 3))), rest: r.IntN(2) == 0}
			q.State = []access.State{"", access.Active}[r.IntN(2)]
			var want []place
			for _, p := range list {
				if q.passes(run.filters[p.filter]) && q.fits(p.text, q.rest) {
					want = append(want, p.place)
				}
			}
			var got []place
			for from := (*place)(nil); ; {
				some, next := run.find(&q, from, 1+r.IntN(900))
				got = append(got, some...)
				if from = next; next == nil {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("round %d, %v: %d found, want %d", round, q.words, len(got), len(want))
			}
		}
		if n, _ := run.size(); len(run.changed) == 0 && n != len(all) {
			t.Errorf("round %d: %d members after a merge, want %d", round, n, len(all))
		}
	}
}

func spelled(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefgh"[r.IntN(8)]
	}
	return string(b)
}

// A search counts on what is behind a bound of work, or repeats it. Where it stops for the
// work, the next page continues there.
func TestASearchStopsAndContinues(t *testing.T) {
	run := newPartRun(func() {})
	active, suspended := run.filterOf("aFleet"), run.filterOf("sFleet")
	var parts []part
	for i := range maxLookedAt + 5000 {
		filter := active
		if i%(maxLookedAt/2) == 7 {
			filter = suspended
		}
		parts = append(parts, part{place: place{int64(1e9 - i), access.MemberID(access.NewID())},
			text: []byte("ada@example.com\n\nada\x00"), filter: filter})
	}
	run.segments = packed(parts)
	q := &partQuery{sought: soughtBy([]string{"xample"}), Query: Query{State: access.Suspended}}
	found, next := run.find(q, nil, 50)
	if len(found) != 2 || next == nil {
		t.Fatalf("%d found, next %v", len(found), next)
	}
	if found, next = run.find(q, next, 50); len(found) != 1 || next != nil {
		t.Errorf("%d found behind the bound, next %v", len(found), next)
	}
}
