package messages

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"doorward/backend/access"
)

func openAll(t *testing.T) *Catalog {
	t.Helper()
	c, err := Open(os.DirFS("../../frontend"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// withEmpty has English and languages without a message.
func withEmpty(t *testing.T, languages ...access.Language) *Catalog {
	t.Helper()
	english, err := os.ReadFile("../../frontend/messages/en.json")
	if err != nil {
		t.Fatal(err)
	}
	all := fstest.MapFS{"messages/en.json": {Data: english}}
	for _, l := range languages {
		all["messages/"+string(l)+".json"] = &fstest.MapFile{Data: []byte("{}")}
	}
	c, err := Open(all)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSpansInWords(t *testing.T) {
	p := openAll(t).In(access.English)
	for d, want := range map[time.Duration]string{
		0: "", -time.Hour: "", 15 * time.Minute: "15\u00a0minutes", time.Hour: "1\u00a0hour",
		90 * time.Minute: "90\u00a0minutes", 24 * time.Hour: "24\u00a0hours",
		7 * 24 * time.Hour: "7\u00a0days", 14*time.Minute + 59*time.Second: "15\u00a0minutes",
		401 * 24 * time.Hour: "",
	} {
		if got := p.Span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "1\u00a0min", -time.Hour: "1\u00a0min", 12 * time.Minute: "12\u00a0min", time.Hour: "1\u00a0hour",
		47 * time.Hour: "47\u00a0hours", 48 * time.Hour: "2\u00a0days",
	} {
		if got := p.ShortSpan(d); got != want {
			t.Errorf("%v in short: %q, want %q", d, got, want)
		}
	}
}

// A time without its zone, or a date in the American order, is read as another one.
func TestTimes(t *testing.T) {
	at := time.Date(2030, 5, 8, 14, 5, 0, 0, time.FixedZone("CEST", 2*60*60))
	p := openAll(t).In(access.English)
	if got, want := p.Exact(at), "Wednesday 8 May 2030 at 12:05 UTC"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := p.ClockUTC(at), "12:05 UTC"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := p.DayAndMonth(at), "8 May"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	c := withEmpty(t, access.German, access.French, access.Polish, access.Japanese)
	for l, day := range map[access.Language]string{
		access.German: "Mittwoch, 8. Mai 2030", access.French: "mercredi 8 mai 2030",
		access.Polish: "środa, 8 maja 2030", access.Japanese: "2030年5月8日水曜日",
	} {
		if got := c.In(l).Exact(at); !strings.Contains(got, day) {
			t.Errorf("%s: %q lacks %q", l, got, day)
		}
	}
}

// A link that was opened after midnight was valid until 0:26 in the morning, beside a page
// that said 12:26.
func TestClockAfterMidnight(t *testing.T) {
	c := withEmpty(t, access.Arabic, access.Spanish, access.German)
	for l, times := range map[access.Language][4]string{
		access.Arabic:  {"12:26 ص", "1:26 ص", "12:26 م", "1:26 م"},
		access.Spanish: {"0:26", "1:26", "12:26", "13:26"},
		access.German:  {"00:26", "01:26", "12:26", "13:26"},
	} {
		for i, hour := range []int{0, 1, 12, 13} {
			if got := c.In(l).Clock(time.Date(2030, 5, 8, hour, 26, 0, 0, time.UTC)); got != times[i] {
				t.Errorf("%s, %d:26: %q, want %q", l, hour, got, times[i])
			}
		}
	}
}

// In an Arabic sentence, the full stop after "Ada" would stand before it.
func TestIsolate(t *testing.T) {
	c := withEmpty(t, access.Arabic)
	for _, row := range []struct {
		in      access.Language
		s, want string
	}{
		{access.English, "Ada", "Ada"}, {access.English, "عادة", "\u2068عادة\u2069"},
		{access.Arabic, "Ada", "\u2068Ada\u2069"}, {access.Arabic, "", ""},
	} {
		if got := c.In(row.in).Isolate(row.s); got != row.want {
			t.Errorf("%q in %s: %q", row.s, row.in, got)
		}
	}
}

// What is more than a name would be an instruction that the console cannot follow.
func TestPlaceholdersAreNames(t *testing.T) {
	for _, source := range []string{"{{.A.B}}", "{{ .A }}", "{{A}}", "{{.}}", "{{.A|html}}", "{{if .A}}x{{end}}"} {
		if _, err := (sentences{}).Parse(source, "", ""); err == nil {
			t.Errorf("%s is read", source)
		}
	}
}

var said = regexp.MustCompile(`(?:Say|unbroken)\("([a-z_.]+)"`)

// A message that the printer itself prints, and that nobody requires, would be shown as its
// key.
func TestOwnKeysAreAll(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllStringSubmatch(string(source), -1) {
			all = append(all, m[1])
		}
	}
	slices.Sort(all)
	if all = slices.Compact(all); !slices.Equal(all, OwnKeys) {
		t.Errorf("the source says %q; OwnKeys are %q", all, OwnKeys)
	}
	if err := openAll(t).Require(OwnKeys...); err != nil {
		t.Error(err)
	}
}

// 三月5日 mixes two ways to write a date, and nobody writes 1 mars in French.
func TestDayAndMonth(t *testing.T) {
	c, err := Open(os.DirFS("../../frontend"))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		language access.Language
		at       time.Time
		want     string
	}{
		{access.English, time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC), "5 March"},
		{access.German, time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC), "5. März"},
		{access.SimplifiedChinese, time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC), "3月5日"},
		{access.Japanese, time.Date(2026, 12, 5, 0, 0, 0, 0, time.UTC), "12月5日"},
		{access.French, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "1er mars"},
		{access.French, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), "2 mars"},
		{access.French, time.Date(2026, 3, 1, 23, 0, 0, 0, time.FixedZone("", -7200)), "2 mars"},
	} {
		if got := c.In(row.language).DayAndMonth(row.at); got != row.want {
			t.Errorf("%s: %s, not %s", row.language, got, row.want)
		}
	}
}
