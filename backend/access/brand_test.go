package access

import (
	"strings"
	"testing"
)

// A logo is shown at its size, or fitted into the box with its shape kept; a thin one keeps a
// pixel. Below, equal to and above the box each way.
func TestTheBoxOfALogo(t *testing.T) {
	for _, tt := range []struct{ width, height, wantWidth, wantHeight int }{
		{10, 20, 10, 20},
		{159, 47, 159, 47},
		{160, 48, 160, 48},
		{161, 48, 160, 48},
		{320, 48, 160, 24},
		{320, 49, 160, 25},
		{320, 1, 160, 1},
		{160, 49, 157, 48},
		{160, 96, 80, 48},
		{161, 96, 81, 48},
		{320, 96, 160, 48},
		{1, 96, 1, 48},
	} {
		width, height := Logo{Width: tt.width, Height: tt.height}.Box()
		if width != tt.wantWidth || height != tt.wantHeight {
			t.Errorf("%d × %d is shown at %d × %d, want %d × %d", tt.width, tt.height, width, height, tt.wantWidth,
				tt.wantHeight)
		}
	}
}

func TestCheckBrand(t *testing.T) {
	hash := strings.Repeat("0123456789abcdef", 4)
	logo := func(hash string, width, height int) Brand { return Brand{Logo: Logo{hash, width, height}} }
	for _, tt := range []struct {
		name  string
		brand Brand
		code  string
	}{
		{"nothing", Brand{}, ""},
		{"an accent", Brand{Accent: "#1d6b57"}, ""},
		{"an accent for the dark theme alone", Brand{AccentDark: "#7fd4bb"}, ""},
		{"one that cannot be read in the dark theme", Brand{AccentDark: "#101010"}, "contrast_too_low"},
		{"one that cannot be read in the light theme", Brand{Accent: "#f0f0f0"}, "contrast_too_low"},
		{"no color", Brand{Accent: "green"}, "colour_invalid"},
		{"one that is written otherwise", Brand{Accent: "#1D6B57"}, "colour_invalid"},
		{"a footer", Brand{Footer: strings.Repeat("é", MaxFooter)}, ""},
		{"a longer one", Brand{Footer: strings.Repeat("é", MaxFooter+1)}, "text_too_long"},
		{"one of two lines", Brand{Footer: "a\nb"}, "text_invisible"},
		{"a contact", Brand{Contact: "mailto:help@example.com"}, ""},
		{"one that is written otherwise", Brand{Contact: "help@example.com"}, "contact_invalid"},
		{"no contact", Brand{Contact: "http://example.com"}, "contact_invalid"},
		{"the smallest logo", logo(hash, 1, 1), ""},
		{"the largest", logo(hash, 2*LogoBoxWidth, 2*LogoBoxHeight), ""},
		{"no width", logo(hash, 0, 1), "logo_invalid"},
		{"no height", logo(hash, 1, 0), "logo_invalid"},
		{"a wider one", logo(hash, 2*LogoBoxWidth+1, 1), "logo_invalid"},
		{"a higher one", logo(hash, 1, 2*LogoBoxHeight+1), "logo_invalid"},
		{"a short hash", logo(hash[1:], 1, 1), "logo_invalid"},
		{"a long hash", logo(hash+"0", 1, 1), "logo_invalid"},
		{"no hash", logo("", 1, 1), "logo_invalid"},
		{"one of other letters", logo(hash[1:]+"g", 1, 1), "logo_invalid"},
	} {
		err, code := tt.brand.Check(), ""
		if err != nil {
			code = Explain(err).Code
		}
		if code != tt.code {
			t.Errorf("%s: %q, want %q (%v)", tt.name, code, tt.code, err)
		}
	}
}

func TestWhichBrandHasAnAccent(t *testing.T) {
	for _, tt := range []struct {
		light, dark Colour
		want        bool
	}{{"", "", false}, {"#1d6b57", "", true}, {"", "#7fd4bb", true}, {"#1d6b57", "#7fd4bb", true}} {
		b := Brand{Accent: tt.light, AccentDark: tt.dark}
		if b.HasAccent() != tt.want {
			t.Errorf("%q and %q: %v", tt.light, tt.dark, b.HasAccent())
		}
		light, dark := b.Accents()
		if changed := light != LightTheme.Accent; changed != (tt.light != "") {
			t.Errorf("%q and %q: the light theme has another accent: %v", tt.light, tt.dark, changed)
		}
		if changed := dark != DarkTheme.Accent; changed != tt.want {
			t.Errorf("%q and %q: the dark theme has another accent: %v", tt.light, tt.dark, changed)
		}
	}
}

// A link shows where it leads, and nothing but plain letters, digits and a few signs.
func TestContacts(t *testing.T) {
	long := "https://example.com/" + strings.Repeat("a", MaxContact-len("https://example.com/"))
	for typed, want := range map[string]string{
		"":                           "",
		" help@example.com ":         "mailto:help@example.com",
		"mailto:az.AZ-09_+@a-z.0-9":  "mailto:az.AZ-09_+@a-z.0-9",
		"https://az09.Example.com/x": "https://az09.example.com/x",
		long:                         long,
		long + "a":                   "-",
		"http://example.com":         "-",
		"https://example":            "-",
		"https://.example.com":       "-",
		"https://":                   "-",
		"https://ann@example.com":    "-",
		"https:example.com":          "-",
		"https://ex`mple.com":        "-",
		"https://ex{mple.com":        "-",
		"https://ex/mple.com":        "-",
		"https://exämple.com":        "-",
		"https://ex_mple.com":        "-",
		"mailto:help@example":        "-",
		"mailto:@example.com":        "-",
		"mailto:help":                "-",
		"mailto:he`lp@example.com":   "-",
		"mailto:he{lp@example.com":   "-",
		"mailto:he/lp@example.com":   "-",
		"mailto:he=lp@example.com":   "-",
		"mailto:help@example.com?a":  "-",
		"mailto:help@example.com#a":  "-",
	} {
		got, err := ParseContact("contact", typed)
		if err != nil {
			got = "-"
		}
		if got != want {
			t.Errorf("%q is %q, want %q (%v)", typed, got, want, err)
		}
	}
	for link, want := range map[string]string{"": "", "mailto:help@example.com": "help@example.com",
		"https://example.com/": "example.com", "https://example.com/a/": "example.com/a"} {
		if got := (Brand{Contact: link}).ContactLabel(); got != want {
			t.Errorf("%q says %q, want %q", link, got, want)
		}
	}
}
