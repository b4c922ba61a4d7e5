package app

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"doorward/app/config"
)

// The console shows how Doorward was started. A member who may read settings must
// not learn the mail server's password from it, however the URL is written.
func TestFactsHoldNoSecret(t *testing.T) {
	for _, raw := range []string{"smtp://door:hunter2@mail.example.com:587",
		"smtps://door:hunter2%40home@mail.example.com", "smtp://door:hunter2@a@mail.example.com:25",
		"door:hunter2@mail.example.com"} {
		text, err := json.Marshal(facts(config.Config{
			SMTPURL: raw,
			Data:    "/var/lib/doorward",
			URL:     "https://door.example.com",
		}))
		if err != nil {
			t.Fatal(err)
		}
		for _, not := range []string{"hunter2", "door:"} {
			if strings.Contains(string(text), not) {
				t.Errorf("the facts of %s hold %q: %s", raw, not, text)
			}
		}
		for _, w := range []string{"/var/lib/doorward", "https://door.example.com", "DOORWARD_SMTP_URL"} {
			if !strings.Contains(string(text), w) {
				t.Errorf("the facts lack %q", w)
			}
		}
	}
}

// A meaning that changed in one of the two places told operators and Admins different things
// about the same setting, and one that the catalogue lacks was English in every language.
func TestTheConsoleSaysWhatEachSettingMeans(t *testing.T) {
	buf, err := os.ReadFile("../frontend/messages/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(buf, &all); err != nil {
		t.Fatal(err)
	}
	for _, f := range facts(config.Config{}) {
		m, _ := all["console.fact_meaning."+f.Name].(map[string]any)
		said, _ := m["other"].(string)
		if !strings.EqualFold(said, f.Meaning) {
			t.Errorf("%s: the console says %q, and the server %q", f.Name, said, f.Meaning)
		}
	}
}
