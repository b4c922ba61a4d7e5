package portal

import "testing"

// The theme cookie is set by a script, so anybody can write anything into it: only
// the two themes reach the page.
func TestThemeOfThePages(t *testing.T) {
	const page = `<!doctype html><html lang="en"><body><html lang="en">`
	for chosen, want := range map[string]string{
		"":                       page,
		"system":                 page,
		"dark><script>x</script": page,
		"light":                  `<!doctype html><html data-theme=light lang="en"><body><html lang="en">`,
		"dark":                   `<!doctype html><html data-theme=dark lang="en"><body><html lang="en">`,
	} {
		if got := string(themed([]byte(page), chosen)); got != want {
			t.Errorf("%q: %s", chosen, got)
		}
	}
}
