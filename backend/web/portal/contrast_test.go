package portal

import (
	"maps"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var colour = regexp.MustCompile(`(--[a-z-]+):\s*(#[0-9a-f]{6})`)

// palettes reads the light and the dark colours from the style sheet.
func palettes(t *testing.T) (light, dark map[string]string) {
	t.Helper()
	light, dark = map[string]string{}, map[string]string{}
	for _, file := range []string{"../../../frontend/tokens.css", "../../../frontend/portal/portal.css"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before, after, ok := strings.Cut(string(b), "@media (prefers-color-scheme: dark)")
		if !ok {
			t.Fatalf("%s has no dark colours", file)
		}
		for _, m := range colour.FindAllStringSubmatch(before, -1) {
			light[m[1]] = m[2]
		}
		for _, m := range colour.FindAllStringSubmatch(after, -1) {
			dark[m[1]] = m[2]
		}
	}
	all := maps.Clone(light)
	maps.Copy(all, dark)
	all["--edge"], light["--edge"] = all["--faint"], light["--faint"]
	return light, all
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	part := func(v uint64) float64 {
		c := float64(v&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(n>>16) + 0.7152*part(n>>8) + 0.0722*part(n)
}

func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestContrast(t *testing.T) {
	light, dark := palettes(t)
	const text, edge = 4.5, 3.0
	for _, pair := range []struct {
		front, back string
		least       float64
	}{
		{"--ink", "--paper", text}, {"--ink", "--glow", text}, {"--ink", "--surface", text},
		{"--ink", "--sunken", text}, {"--ink", "--accent-wash", text},
		{"--soft", "--paper", text}, {"--soft", "--surface", text}, {"--soft", "--sunken", text},
		{"--soft", "--accent-wash", text},
		{"--accent", "--paper", text}, {"--accent", "--surface", text}, {"--accent", "--sunken", text},
		{"--accent", "--glow", text},
		{"--accent-ink", "--accent", text},
		{"--danger", "--surface", text}, {"--danger", "--danger-wash", text}, {"--warn", "--surface", text},
		{"--warn", "--warn-wash", text},
		{"--edge", "--surface", edge}, {"--edge", "--paper", edge}, {"--edge", "--sunken", edge},
	} {
		for theme, p := range map[string]map[string]string{"light": light, "dark": dark} {
			if p[pair.front] == "" || p[pair.back] == "" {
				t.Fatalf("no colour %s or %s", pair.front, pair.back)
			}
			if got := contrast(t, p[pair.front], p[pair.back]); got < pair.least {
				t.Errorf("%s: %s on %s is %.2f, want %.1f", theme, pair.front, pair.back, got, pair.least)
			}
		}
	}
	if got := contrast(t, "#ffffff", "#d92d20"); got < text {
		t.Errorf("the badge is %.2f", got)
	}
	css, err := os.ReadFile("../../../frontend/portal/portal.css")
	if err != nil {
		t.Fatal(err)
	}
	if regexp.MustCompile(`[^-]color: var\(--(faint|line|edge)\)`).Match(css) {
		t.Error("text in --faint, --edge or --line does not reach 4.5")
	}
}
