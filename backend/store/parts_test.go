package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// Somebody remembers the end of a name, and the search knows only beginnings. A part of
// three characters finds, however it is typed, and so do two where a word has no more;
// anything shorter finds by the beginning of a word, or it would find everybody.
func TestSearchByParts(t *testing.T) {
	b := openBox(t, "")
	people := map[string]string{}
	for address, name := range map[string]string{
		"ada.lovelace@mail.example.com": "Ada Lovelace",
		"pat@fleet.example.net":         "Pat O’Brien",
		"zoe@example.org":               "Zoë Ångström",
		"ida@bücher.example":            "Ida Groß-Żółć",
		"wang@example.org":              "王小明",
		"tanaka@example.org":            "たなか がくと",
		"kim@example.org":               "김민준",
		"nikos@example.org":             "Νίκος Παπαδόπουλος",
		"st@example.org":                "Anne-Marie St.John, Ph.D.",
	} {
		m := b.person(address, name)
		b.put(m)
		people[m.Email.Canonical] = name
	}
	for _, tt := range []struct{ words, want string }{
		{"ovelace", "Ada Lovelace"},
		{"LACE", "Ada Lovelace"},
		{"vel", "Ada Lovelace"},
		{"ve", ""},
		{"ve lace", ""},
		{"lo ela", "Ada Lovelace"},
		{"ela ada", "Ada Lovelace"},
		{"ovelace@mail", "Ada Lovelace"},
		{"ail.exam", "Ada Lovelace"},
		{"brien", "Pat O’Brien"},
		{"'Brien", "Pat O’Brien"},
		{"OBRI", "Pat O’Brien"},
		{"ngstrom", "Zoë Ångström"},
		{"ngström", "Zoë Ångström"},
		{"ross-zo", "Ida Groß-Żółć"},
		{"roß", "Ida Groß-Żółć"},
		{"olc", "Ida Groß-Żółć"},
		{"üch", "Ida Groß-Żółć"},
		{"ucher", "Ida Groß-Żółć"},
		{"小明", "王小明"},
		{"明", ""},
		{"王", "王小明"},
		{"なか", "たなか がくと"},
		{"くと", "たなか がくと"},
		{"な", ""},
		{"민준", "김민준"},
		{"준", ""},
		{"김", "김민준"},
		{"ΔΌΠΟΥ", "Νίκος Παπαδόπουλος"},
		{"δο", ""},
		{"t.john", "Anne-Marie St.John, Ph.D."},
		{"marie", "Anne-Marie St.John, Ph.D."},
		{"arie ohn h.d", "Anne-Marie St.John, Ph.D."},
		{"ovelace obrien", ""},
		{"lovelace\nada", "Ada Lovelace"},
		{"com\x00Ada", ""},
	} {
		var got []string
		for _, a := range b.found(Query{Words: tt.words}) {
			got = append(got, people[a])
		}
		if strings.Join(got, "|") != tt.want {
			t.Errorf("%q finds %q, want %q", tt.words, got, tt.want)
		}
	}
}

// A query is a megabyte, or one letter ten thousand times, or made of what separates the
// entries. It is answered, and soon.
func TestHostileSearches(t *testing.T) {
	b := openBox(t, "")
	for i := range 50 {
		b.put(b.person(fmt.Sprintf("%s%d@example.com", strings.Repeat("a", 40), i), strings.Repeat("a ", 40)))
	}
	for _, q := range []string{
		strings.Repeat("a", 1<<20), strings.Repeat("a ", 1<<19), strings.Repeat("aaa ", 1<<18),
		strings.Repeat("\x00", 1<<16), "\n\n\n", "\x00a\x00\n", "\xff\xfe\xfd", strings.Repeat("\u0301", 1<<16),
		strings.Repeat("王", 1<<16), "%_*.?[^", "\u202e\u202e\u202e",
	} {
		began := time.Now()
		b.found(Query{Words: q, State: access.Suspended})
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%.20q took %v", q, took)
		}
	}
}

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
		if i%50_000 == 7 {
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

// Others commit while somebody searches. Whoever was acknowledged before a search is in it,
// as they then were, and whoever stays is on its pages exactly once.
func TestASearchSeesWhatWasAcknowledged(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		b.parts.wait = time.Minute
		for i := range 30 {
			b.put(b.person(nth(i), fmt.Sprintf("Xstaysx %d", i)))
		}
		var all sync.WaitGroup
		done := make(chan struct{})
		for w := range 3 {
			all.Go(func() {
				m := b.person(fmt.Sprintf("writer%d@example.com", w), "")
				for i := range 40 {
					m.Name = fmt.Sprintf("Aqq%dw%dz", w, i)
					b.update(func(tx *Tx) error { return tx.Members.Put(m) })
					part := m.Name[1:]
					if got := b.found(Query{Words: part}); !slices.Equal(got, []string{m.Email.Canonical}) {
						t.Errorf("%s finds %v", part, got)
					}
					if i > 0 {
						if got := b.found(Query{Words: fmt.Sprintf("qq%dw%dz", w, i-1)}); len(got) > 0 {
							t.Errorf("the name before finds %v", got)
						}
					}
					if i%10 == 9 {
						b.update(func(tx *Tx) error { return tx.Members.Delete(m, access.EndedRemoved) })
						if got := b.found(Query{Words: part}); len(got) > 0 {
							t.Errorf("whoever is deleted is found: %v", got)
						}
						m.ID = access.MemberID(access.NewID())
					}
					if i%15 == 3 {
						b.parts.drop()
					}
				}
			})
		}
		go func() { all.Wait(); close(done) }()
		for over := false; !over; {
			select {
			case <-done:
				over = true
			default:
			}
			got := b.found(Query{Words: "stays", Limit: 7})
			if slices.Sort(got); len(slices.Compact(got)) != 30 {
				t.Errorf("%d of 30 who stay are found", len(got))
			}
		}
	})
}

// The lead is lost, and another process commits; or the store is filled, idle, or closed
// while the index is made. The memory is free, and no search is answered from what was.
func TestTheIndexOfPartsEnds(t *testing.T) {
	t.Run("lead", func(t *testing.T) {
		s, engine := controlled(t)
		s.parts.wait = time.Minute
		first := func() (p Page[access.Member]) {
			must(t, s.View(t.Context(), func(tx *Tx) (err error) {
				p, err = tx.Members.Page(Query{Words: "ovel", Limit: 5})
				return err
			}))
			return p
		}
		if p := first(); p.OnlyBeginnings || s.parts.now.Load() == nil {
			t.Fatalf("no index: %+v", p)
		}
		engine.Lead(false)
		if s.parts.now.Load() != nil {
			t.Error("the index outlives the lead")
		}
		if r := s.parts.acquire(t.Context(), 1); r != nil {
			t.Error("an index without the lead")
		}
		engine.Lead(true)
		if p := first(); p.OnlyBeginnings {
			t.Errorf("no index after the lead is won again: %+v", p)
		}
	})
	t.Run("idle", func(t *testing.T) {
		b := openBox(t, "")
		b.parts.idle, b.parts.wait = 20*time.Millisecond, time.Minute
		b.found(Query{Words: "ovel"})
		for began := time.Now(); b.parts.now.Load() != nil; time.Sleep(time.Millisecond) {
			if time.Since(began) > 10*time.Second {
				t.Fatal("an idle index stays")
			}
		}
		b.put(b.person("ada@example.com", "Lovelace"))
		if got := b.found(Query{Words: "ovel"}); len(got) != 1 {
			t.Errorf("%v are found by the next", got)
		}
	})
	t.Run("missed", func(t *testing.T) {
		b := openBox(t, "")
		b.parts.wait = time.Minute
		b.found(Query{Words: "ovel"})
		b.parts.committed([]kv.Event{{Resync: true}})
		if b.parts.now.Load() != nil {
			t.Error("an index that has missed commits stays")
		}
	})
	t.Run("memory", func(t *testing.T) {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(64 << 20))
		b := openBox(t, "")
		b.parts.wait = time.Minute
		if r := b.parts.acquire(t.Context(), 1_000_000); r != nil || b.parts.now.Load() != nil {
			t.Error("an index that takes most of the memory is made")
		}
		if r := b.parts.acquire(t.Context(), 1000); r == nil {
			t.Error("there is room for a small one")
		} else {
			r.release()
		}
	})
	t.Run("close", func(t *testing.T) {
		b := openBox(t, "")
		for i := range 20 {
			b.put(b.person(nth(i), ""))
		}
		b.parts.wait = 0
		b.found(Query{Words: "ovel"})
		must(t, b.Close())
		if r := b.parts.acquire(context.Background(), 1); r != nil {
			t.Error("an index of a closed store")
		}
	})
}
