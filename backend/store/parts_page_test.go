package store

import (
	"testing"
	"time"

	"doorward/backend/access"
)

// So many members have a word that begins with what is sought that the index of beginnings
// answers alone: that of parts is not even made. As soon as the others count, or the page has
// room for them, it is asked, and each is found once.
func TestTheIndexOfPartsIsAskedForWhatIsMissing(t *testing.T) {
	for _, tt := range []struct {
		begin, within int // members with the word at the beginning, and elsewhere
		total         int
		floor         bool
		asked         bool // for the first page
	}{
		{CountsUpTo - 1, 0, CountsUpTo - 1, false, true},
		{CountsUpTo - 1, 1, CountsUpTo, false, true},
		{CountsUpTo - 1, 2, CountsUpTo, true, true},
		{CountsUpTo, 0, CountsUpTo, false, true},
		{CountsUpTo, 1, CountsUpTo, true, true},
		{CountsUpTo + 1, 1, CountsUpTo, true, false},
		{49, 2, 51, false, true},
		{50, 0, 50, false, true},
		{50, 1, 51, false, true},
		{51, 1, 52, false, true},
		{0, 51, 51, false, true},
		{0, CountsUpTo + 1, CountsUpTo, true, true},
	} {
		b := openBox(t, "")
		b.parts.wait = time.Minute
		must(t, fill(b.Store, tt.begin+tt.within, func(i int) access.Member {
			name := "Ada Lovelace"
			if i >= tt.begin {
				name = "Ada O-Mylovelace"
			}
			return b.person(nth(i), name)
		}))
		q := Query{Words: "lovela", Limit: 50}
		var p Page[access.Member]
		b.view(func(tx *Tx) (err error) { p, err = tx.Members.Page(q); return err })
		if p.Total != tt.total || p.TotalIsFloor != tt.floor || p.OnlyBeginnings {
			t.Errorf("%d and %d: total %d (floor %v), want %d (%v)", tt.begin, tt.within, p.Total, p.TotalIsFloor,
				tt.total, tt.floor)
		}
		if asked := b.parts.now.Load() != nil; asked != tt.asked {
			t.Errorf("%d and %d: the index of parts is made: %v, want %v", tt.begin, tt.within, asked, tt.asked)
		}
		found := map[string]bool{}
		all := b.found(q)
		for _, a := range all {
			found[a] = true
		}
		if want := tt.begin + tt.within; len(all) != want || len(found) != want {
			t.Errorf("%d and %d: %d found, %d of them different", tt.begin, tt.within, len(all), len(found))
		}
		b.Close()
	}
}

// A search for a part goes by its rarest byte, wherever that is.
func TestNeedle(t *testing.T) {
	for _, tt := range []struct {
		part, text string
		want       int
	}{
		{"zoe", "zoe", 0},
		{"aze", "zzaaze", 3},
		{"eez", "zeez", 1},
		{"eez", "ezez", -1},
		{"eez", "ee", -1},
		{"eez", "", -1},
		{"éa", "e\u0301éa", 3},
		{"aaa", "aabaaa", 3},
		{"zz", "z", -1},
		{"xyx", "xyyxyx", 3},
	} {
		if got := needleOf(tt.part).in([]byte(tt.text)); got != tt.want {
			t.Errorf("%q in %q is at %d, want %d", tt.part, tt.text, got, tt.want)
		}
	}
}
