package desktop

import (
	"os"
	"testing"

	"doorward/backend/access"
	"doorward/backend/messages"
)

// The menu was in English whatever the system's language. Each entry has a label of the
// catalogue, no two of one menu the same, and does one thing; in German none is English.
func TestMenuIsInTheSystemsLanguage(t *testing.T) {
	shell := &Shell{Frontend: os.DirFS("../../frontend"), language: access.German}
	catalog, err := messages.Open(shell.Frontend)
	if err != nil {
		t.Fatal(err)
	}
	same := map[string]bool{"Dashboard": true, "Workspaces…": true} // in both languages
	check := func(key string) string {
		english, german := catalog.In(access.English).Say(key, nil), shell.Say(key, nil)
		if english == key || german == "" || german == english && !same[english] {
			t.Errorf("%s: %q, in German %q", key, english, german)
		}
		return german
	}
	for _, m := range Menus() {
		check(m.Label)
		seen := map[string]bool{}
		for _, e := range m.Entries {
			if e.Label == "" {
				continue
			}
			if label := check(e.Label); seen[label] {
				t.Errorf("%s is twice in the menu", label)
			} else {
				seen[label] = true
			}
			does := 0
			for _, what := range []string{e.Do, e.Leads, e.Runs} {
				if what != "" {
					does++
				}
			}
			if does != 1 {
				t.Errorf("%s does %d things", e.Label, does)
			}
		}
	}
}
