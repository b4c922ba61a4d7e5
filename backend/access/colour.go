package access

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Colour is one of sRGB, written #rrggbb in lower case.
type Colour string

// ParseColour reads a colour as people and programs write it: #1d6b57, 1D6B57 or #1d5.
func ParseColour(field, typed string) (Colour, error) {
	s := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(typed), "#"))
	if len(s) == 3 {
		s = string([]byte{s[0], s[0], s[1], s[1], s[2], s[2]})
	}
	if _, err := strconv.ParseUint(s, 16, 32); err != nil || len(s) != 6 {
		return "", Errorf(Invalid, "Enter the color as # followed by six digits or letters from A to F, such as "+
			"#1d6b57.").
			On(field).WithCode("colour_invalid")
	}
	return Colour("#" + s), nil
}

func (c Colour) channels() (out [3]int) {
	n, _ := strconv.ParseUint(strings.TrimPrefix(string(c), "#"), 16, 32)
	return [3]int{int(n >> 16 & 0xff), int(n >> 8 & 0xff), int(n & 0xff)}
}

// towards returns the colour with percent of another one mixed in.
func (c Colour) towards(other Colour, percent int) Colour {
	from, to := c.channels(), other.channels()
	for i := range from {
		from[i] = (from[i]*(100-percent) + to[i]*percent + 50) / 100
	}
	return Colour(fmt.Sprintf("#%02x%02x%02x", from[0], from[1], from[2]))
}

func (c Colour) luminance() float64 {
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(c.channels()[i]) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}

// Contrast is the contrast ratio of two colours by WCAG 2: from 1 to 21.
func Contrast(a, b Colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// A Theme is one of the looks of the pages and emails: what the accent colour lies on, and the
// accent colour where none was chosen.
type Theme struct {
	Name     string
	Accent   Accent
	surfaces []Colour
	ink      Colour // of text on a filled button
	adjust   Colour // towards which an accent gets more contrast
}

// The themes. Their colours are those of frontend/tokens.css and frontend/portal/portal.css,
// which a test holds.
var (
	LightTheme = Theme{
		Name:     "light",
		Accent:   Accent{"#1d6b57", "#ffffff", "#e4f0ec"},
		surfaces: []Colour{"#ffffff", "#fffefb", "#faf8f4", "#f3f0ea"},
		ink:      "#ffffff",
		adjust:   "#000000",
	}
	DarkTheme = Theme{
		Name:     "dark",
		Accent:   Accent{"#6cc7ab", "#0d1f19", "#1b2f29"},
		surfaces: []Colour{"#1c1b18", "#1a1916", "#141311", "#211f1c"},
		ink:      "#141311",
		adjust:   "#ffffff",
	}
)

// An Accent is the accent colour in one theme: of links, marks and filled buttons, of text on
// such a button, and of areas that are only tinted.
type Accent struct{ Color, Ink, Wash Colour }

// washPercent is how much of the accent colour is in a tinted area.
const washPercent = 12

// with returns the accent of that colour in the theme.
func (t Theme) with(c Colour) Accent { return Accent{c, t.ink, t.surfaces[0].towards(c, washPercent)} }

// How much contrast WCAG 2.2 (AA) asks of text, and of what else has to be seen.
const (
	TextContrast = 4.5
	MarkContrast = 3
)

// A Measure is the contrast of a colour in one theme, the least of all that it lies on.
type Measure struct {
	Text   float64 // of text in this colour, as links are; TextContrast is needed
	Button float64 // of the text on a button in this colour; TextContrast is needed
	Mark   float64 // of marks on a tinted area; MarkContrast is needed
}

// Measure returns the contrast that a colour has as the accent of the theme.
func (t Theme) Measure(c Colour) Measure {
	a, m := t.with(c), Measure{Text: 21}
	for _, surface := range t.surfaces {
		m.Text = min(m.Text, Contrast(c, surface))
	}
	m.Button, m.Mark = Contrast(a.Ink, c), Contrast(c, a.Wash)
	return m
}

// Passes reports whether everything in the colour can be read and seen.
func (m Measure) Passes() bool {
	return m.Text >= TextContrast && m.Button >= TextContrast && m.Mark >= MarkContrast
}

// Nearest returns the first colour that passes in the theme, on the way from this one to black
// or to white: the colour itself if it passes.
func (t Theme) Nearest(c Colour) Colour {
	for percent := range 100 {
		if near := c.towards(t.adjust, percent); t.Measure(near).Passes() {
			return near
		}
	}
	return t.adjust
}

// check refuses a colour that cannot be read, with the measured contrast and one that can.
func (t Theme) check(field string, c Colour) error {
	m := t.Measure(c)
	if m.Passes() {
		return nil
	}
	least := fmt.Sprintf("%.1f", math.Floor(10*min(m.Text, m.Button))/10)
	if t.Name == DarkTheme.Name {
		return Errorf(Invalid, "In the dark theme, this color has a contrast of %s to 1, but text needs 4.5 to 1. "+
			"Choose a lighter color, such as %s.", least, string(t.Nearest(c))).On(field).WithCode("contrast_too_low")
	}
	return Errorf(Invalid, "In the light theme, this color has a contrast of %s to 1, but text needs 4.5 to 1. "+
		"Choose a darker color, such as %s.", least, string(t.Nearest(c))).On(field).WithCode("contrast_too_low")
}
