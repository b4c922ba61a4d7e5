package access

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/accents.json anew")

// An accentCase is what one colour is worth in both themes. The console measures the same
// (frontend/console/src/pages/settings/accent.test.ts), so that its form never promises what
// the server refuses.
type accentCase struct {
	Colour Colour    `json:"colour"`
	Light  themeCase `json:"light"`
	Dark   themeCase `json:"dark"`
}

type themeCase struct {
	Text    string `json:"text"`
	Button  string `json:"button"`
	Mark    string `json:"mark"`
	Passes  bool   `json:"passes"`
	Nearest Colour `json:"nearest"`
	Wash    Colour `json:"wash"`
}

func measured(t Theme, c Colour) themeCase {
	m := t.Measure(c)
	two := func(f float64) string { return fmt.Sprintf("%.2f", f) }
	return themeCase{two(m.Text), two(m.Button), two(m.Mark), m.Passes(), t.Nearest(c), t.with(c).Wash}
}

var caseColours = []Colour{
	"#000000", "#ffffff", "#1d6b57", "#6cc7ab", "#ff0000", "#00ff00", "#0000ff", "#ffff00", "#7a1f5c", "#808080",
	"#767676", "#c3271b", "#0a66c2", "#635bff", "#f38020", "#123456",
}

func TestAccentsAreMeasuredAlike(t *testing.T) {
	cases := make([]accentCase, len(caseColours))
	for i, c := range caseColours {
		cases[i] = accentCase{c, measured(LightTheme, c), measured(DarkTheme, c)}
	}
	got, err := json.MarshalIndent(cases, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("testdata/accents.json", got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/accents.json")
	if err != nil || string(want) != string(got) {
		t.Errorf("testdata/accents.json is not what is measured (%v): write it with -update", err)
	}
}

// An accent nobody can read: links on paper, the text on the button of the sign-in page, in
// one of the themes only. Whatever is accepted, or made of what was accepted, can be read;
// and what a refusal suggests is accepted.
func TestAcceptedAccentsCanBeRead(t *testing.T) {
	for _, c := range caseColours {
		for _, theme := range []Theme{LightTheme, DarkTheme} {
			near := theme.Nearest(c)
			if !theme.Measure(near).Passes() {
				t.Errorf("%s: near %s is %s, which cannot be read", theme.Name, c, near)
			}
			if theme.Measure(c).Passes() && near != c {
				t.Errorf("%s: %s passes, and became %s", theme.Name, c, near)
			}
		}
		err := Brand{Accent: c}.Check()
		if (err == nil) != LightTheme.Measure(c).Passes() {
			t.Errorf("%s: %v", c, err)
		}
		if err == nil {
			light, dark := Brand{Accent: c}.Accents()
			if light.Color != c || !DarkTheme.Measure(dark.Color).Passes() {
				t.Errorf("%s became %v and %v", c, light, dark)
			}
		}
	}
	err := Brand{Accent: "#00ff00"}.Check()
	if err == nil || !strings.Contains(err.Error(), string(LightTheme.Nearest("#00ff00"))) {
		t.Errorf("the refusal names no colour that works: %v", err)
	}
	if got := Contrast("#000000", "#ffffff"); got < 20.99 || got > 21.01 {
		t.Errorf("black on white is %.2f", got)
	}
}

// The themes here are those of the style sheets: a surface that only they had would not be
// measured.
func TestThemesAreThoseOfTheStyleSheets(t *testing.T) {
	colours := regexp.MustCompile(`--(paper|surface|sunken|glow|accent|accent-ink|accent-wash):\s*(#[0-9a-f]{6})`)
	for _, file := range []string{"../../frontend/tokens.css", "../../frontend/portal/portal.css"} {
		css, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		light, dark, _ := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
		for theme, text := range map[*Theme]string{&LightTheme: light, &DarkTheme: dark} {
			known := append([]Colour{theme.Accent.Color, theme.Accent.Ink, theme.Accent.Wash}, theme.surfaces...)
			found := colours.FindAllStringSubmatch(text, -1)
			if len(found) == 0 {
				t.Errorf("%s has no colours of the %s theme", file, theme.Name)
			}
			for _, m := range found {
				if !strings.Contains(fmt.Sprint(known), m[2]) {
					t.Errorf("%s: --%s is %s in the %s theme, which is not measured", file, m[1], m[2], theme.Name)
				}
			}
		}
	}
}

func TestParseColour(t *testing.T) {
	for typed, want := range map[string]Colour{
		"#1d6b57": "#1d6b57", " 1D6B57 ": "#1d6b57", "#1d5": "#11dd55",
		"": "", "red": "", "#12345": "", "#1234567": "", "#+12345": "", "#1d6b57;}": "", "url(x)": "", "#ééé": "",
	} {
		got, err := ParseColour("accent", typed)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
}

func longLink(n int) string {
	const begin = "https://example.com/"
	return begin + strings.Repeat("a", n-len(begin))
}

// A footer's link that says one thing and leads to another, or runs something.
func TestParseContact(t *testing.T) {
	for typed, want := range map[string]struct{ link, label string }{
		"help@example.com":                      {"mailto:help@example.com", "help@example.com"},
		"mailto:help@example.com":               {"mailto:help@example.com", "help@example.com"},
		" https://Help.Example.com/ ":           {"https://help.example.com/", "help.example.com"},
		"https://example.com/a?b=c":             {"https://example.com/a?b=c", "example.com/a?b=c"},
		"":                                      {},
		"javascript:alert(1)":                   {},
		"http://example.com":                    {},
		"data:text/html,x":                      {},
		"https://good.example@evil.example/":    {},
		"https://еxample.com":                   {}, // a Cyrillic letter
		"https://":                              {},
		"https://localhost":                     {},
		"mailto:a@b.example?bcc=c@d.example":    {},
		"mailto:a@b.example,c@d.example":        {},
		"help":                                  {},
		"help@example":                          {},
		"https://example.com/\u202egpj.exe":     {},
		"https://example.com\r\nBcc: x":         {},
		longLink(MaxContact):                    {longLink(MaxContact), longLink(MaxContact)[len("https://"):]},
		longLink(MaxContact + 1):                {},
		"mailto:\"a b\"@example.com":            {},
		"https://example.com/" + "\"onload=\"x": {"https://example.com/%22onload=%22x", "example.com/%22onload=%22x"},
	} {
		got, err := ParseContact("contact", typed)
		if got != want.link || (err != nil) != (want.link == "" && typed != "") {
			t.Errorf("%q: %q, %v, want %q", typed, got, err, want.link)
		}
		b := Brand{Contact: got}
		if b.ContactLabel() != want.label || b.Check() != nil {
			t.Errorf("%q is shown as %q, %v", typed, b.ContactLabel(), b.Check())
		}
	}
}
