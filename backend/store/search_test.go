package store

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store/kv"
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
	if q.Status != "" && m.Status() != q.Status {
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

// A list shows Pat O’Brien, as phones write the apostrophe, and nothing that people type
// finds him: the index and the query were cut and folded differently.
func TestWhatAListShowsIsFoundByWhatPeopleType(t *testing.T) {
	b := openBox(t, "")
	for _, who := range []struct {
		address, name string
		queries       []string
	}{
		{"pat@fleet.example.net", "Pat O’Brien", []string{
			"O’Brien", "O'Brien", "o`brien", "obrien", "OBRIEN", "Pat O’Brien", "pat obrien", "@fleet.example.net",
			"@fleet", "<pat@fleet.example.net>",
		}},
		{"gina@example.com", "Gina D'Angelo", []string{"D’Angelo", "D'Angelo", "dangelo"}},
		{"zoe@example.org", "Zoë Quinn", []string{"Zoe", "zoë", "ZOË", "Zoe\u0308", "Quinn"}},
		{"juergen@example.org", "Jürgen Groß", []string{"jurgen", "Jürgen", "gross", "Groß", "GROSS"}},
		{"lukasz@example.org", "Łukasz Żółć", []string{"lukasz", "Łukasz", "zolc"}},
		{"st@example.org", "Anne-Marie St.John, Ph.D.", []string{"St.John,", "john", "Ph.D.", "anne-marie", "Anne-Ma"}},
		{"o'neil@example.org", "Kim", []string{"o'neil@example.org", "O’Neil", "oneil"}},
		{"ida@Bücher.example", "Ida", []string{
			"bücher", "Bucher.example", "ida@bücher.example", "ida@xn--bcher-kva.example",
		}},
		{"nikos@example.org", "Νίκος Παπαδόπουλος", []string{"νικοσ", "Νίκος", "ΠΑΠΑΔΌΠΟΥΛΟΣ", "παπα"}},
	} {
		m := b.person(who.address, who.name)
		b.put(m)
		for _, q := range who.queries {
			if got := b.allPages(Query{Words: q, Limit: 10}, 1); !slices.Equal(got, []string{m.Email.Canonical}) {
				t.Errorf("%q finds %q, want %s", q, got, who.name)
			}
		}
	}
}

// A store of an older version has search words with accents and apostrophes. The first
// start folds them, wherever an earlier one was interrupted.
func TestSearchWordsOfAnOlderVersion(t *testing.T) {
	for stop := range 4 {
		b := openBox(t, filepath.Join(t.TempDir(), "data"))
		const plain, accented = foldBatch + 3, 5
		for i := range plain {
			b.put(b.person(fmt.Sprintf("bob%d@example.com", i), "Bob"))
		}
		for i := range accented {
			m := b.person(fmt.Sprintf("o'brien%d@example.com", i), "Zoë O’Brien Ångström-Łuk Pat J. É. Q")
			b.put(m)
			b.raw(func(t kv.Tx) error {
				for key := range memberEntries(&m) {
					must(b.t, t.Delete([]byte(key)))
				}
				for key, value := range unfoldedEntries(&m) {
					must(b.t, t.Set([]byte(key), []byte(value)))
				}
				return nil
			})
		}
		b.asSchema(5)
		must(t, b.Close())
		b.openAsItIs()
		for range stop {
			_, err := b.migrateBatch(t.Context())
			must(t, err)
		}
		b.reopen()
		b.allPages(Query{Words: "obrien zoe", Limit: 3}, accented)
		b.verify()
		b.view(func(tx *Tx) error {
			hits, err := tx.scan(wordPrefix.key("zoë"), 1)
			if len(hits) > 0 {
				t.Error("the old words are still there")
			}
			return err
		})
	}
}

// A search for two common words went through the members of a domain, that is through
// everybody, for the few of one beginning. It goes by the word that most of the first entries
// match, however long it is.
func TestTheWordThatMostMatchLeadsASearch(t *testing.T) {
	b := openBox(t, "")
	for i := range CountsUpTo + 1 {
		b.put(b.person(fmt.Sprintf("ad%d@example.com", i), ""), b.person(fmt.Sprintf("bo%d@example.com", i), ""),
			b.person(fmt.Sprintf("cy%d@example.com", i), ""))
	}
	for query, want := range map[string]string{
		"ad example.com":   "ad",
		"example.com cy":   "cy",
		"example com":      "com", // begins nothing, so there is nobody
		"ad1 example.com":  "ad1", // has the fewest
		"bo example.c exa": "bo",
	} {
		words := searchPrefixes(query)
		b.view(func(tx *Tx) error {
			lead, err := tx.rarest(Query{Words: query}, words)
			if got := words[lead.word]; got != want {
				t.Errorf("%q is led by %q, want %q", query, got, want)
			}
			return err
		})
	}
	var p Page[access.Member]
	b.view(func(tx *Tx) (err error) {
		p, err = tx.Members.Page(Query{Words: "ad example.com", Limit: 50})
		return err
	})
	if len(p.Items) != 50 || p.Total != CountsUpTo || !p.TotalIsFloor {
		t.Errorf("the page has %d members of %d (floor: %v)", len(p.Items), p.Total, p.TotalIsFloor)
	}
}
