package store

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"doorward/backend/access"
)

// BenchmarkParts searches a million members as a first page does whose words begin nothing:
// all are found up to the bound.
func BenchmarkParts(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	words := func(n, syllables int) (all []string) {
		for range n {
			w := ""
			for range syllables {
				w += string("bcdfghjklmnprstvz"[r.IntN(17)]) + string("aeiou"[r.IntN(5)]) +
					[]string{"", "n", "r", "s"}[r.IntN(4)]
			}
			all = append(all, w)
		}
		return all
	}
	firsts, lasts, domains := words(400, 2), words(20_000, 3), words(200, 2)
	one := func(of []string) string { return of[r.IntN(len(of))] }
	within := func(w string, n int) string { at := 1 + r.IntN(max(1, len(w)-n)); return w[at:min(len(w), at+n)] }
	run := newPartRun(func() {})
	active, parts := run.filterOf("aFleet"), []part(nil)
	for i := range 1_000_000 {
		first, last := one(firsts), one(lasts)
		parts = append(parts, part{
			place:  place{int64(1e9 - i), access.MemberID(access.NewID())},
			text:   fmt.Appendf(nil, "%s.%s%d@%s.example.com\n\n%s %s\x00", first, last, i, one(domains), first, last),
			filter: active,
		})
		if len(parts) == segmentSize {
			run.segments, parts = append(run.segments, pack(parts)), nil
		}
	}
	for _, tt := range []struct {
		name  string
		words func() string
	}{
		{"name", func() string { return one(lasts) }},
		{"beginning", func() string { return one(lasts)[:3] }},
		{"two words", func() string { return one(firsts) + " " + one(lasts)[:2] }},
		{"three letters", func() string { return within(one(lasts), 3) }},
		{"five letters", func() string { return within(one(lasts), 5) }},
		{"parts of two names", func() string { return within(one(firsts), 3) + " " + within(one(lasts), 3) }},
		{"common words", func() string { return one(firsts)[:2] + " example.com" }},
	} {
		b.Run(tt.name, func(b *testing.B) {
			for b.Loop() {
				s := soughtBy(searchPrefixes(tt.words()))
				run.find(&partQuery{sought: s, rest: true}, nil, CountsUpTo)
			}
		})
	}
}
