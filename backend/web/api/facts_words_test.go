package api

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// A meaning that changed in one of the two places told operators and Admins different things
// about the same setting, and one that the catalogue lacks was English in every language.
func TestTheConsoleSaysWhatEachLimitMeans(t *testing.T) {
	buf, err := os.ReadFile("../../../frontend/messages/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(buf, &all); err != nil {
		t.Fatal(err)
	}
	for _, f := range ourFacts() {
		m, _ := all["console.fact_meaning."+f.Name].(map[string]any)
		said, _ := m["other"].(string)
		if said != strings.ToUpper(f.Meaning[:1])+f.Meaning[1:] {
			t.Errorf("%s: the console says %q, and the server %q", f.Name, said, f.Meaning)
		}
	}
}
