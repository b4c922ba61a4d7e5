package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"doorward/backend/access"
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
// entries. It is answered, and however long it is, few words of it are looked for.
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
		words := searchPrefixes(q)
		long := func(w string) bool { return len(w) > maxWordLength }
		if len(words) > maxSearchWords || slices.ContainsFunc(words, long) {
			t.Errorf("%.20q: %d words are looked for, one of %d bytes", q, len(words), len(words[0]))
		}
		if got := b.found(Query{Words: q, State: access.Suspended}); len(got) > 0 {
			t.Errorf("%.20q finds %v", q, got)
		}
	}
}
