package app

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

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
// about the same setting, and one that the catalogue lacks was English in every language. A list
// of values is as the parser takes them: it refuses "Text" and "Debug".
func TestTheConsoleSaysWhatEachSettingMeans(t *testing.T) {
	lists := 0
	for _, f := range facts(config.Config{}) {
		want := strings.ToUpper(f.Meaning[:1]) + f.Meaning[1:]
		if values := strings.FieldsFunc(f.Meaning, notALetter); slices.Contains(values, f.Default) {
			lists++
			want = f.Meaning
			saysValues(t, f.Name, slices.DeleteFunc(values, func(v string) bool { return v == "or" }))
		}
		if said := meaning(t, "en", f.Name); said != want {
			t.Errorf("%s: the console says %q, and the server %q", f.Name, said, f.Meaning)
		}
	}
	if lists != 2 {
		t.Errorf("%d settings list their values", lists)
	}
}

func notALetter(r rune) bool { return !unicode.IsLetter(r) }

// saysValues checks that the meaning of a setting has each value, in every language.
func saysValues(t *testing.T, name string, values []string) {
	t.Helper()
	catalogues, err := os.ReadDir("../frontend/messages")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range catalogues {
		said := meaning(t, strings.TrimSuffix(c.Name(), ".json"), name)
		for _, v := range values {
			if !strings.Contains(said, v) {
				t.Errorf("%s in %s: %q lacks %q", name, c.Name(), said, v)
			}
		}
	}
}

// meaning is what the console says about a setting, in a language.
func meaning(t *testing.T, language, name string) string {
	t.Helper()
	buf, err := os.ReadFile("../frontend/messages/" + language + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(buf, &all); err != nil {
		t.Fatal(err)
	}
	switch said := all["console.fact_meaning."+name].(type) {
	case string:
		return said
	case map[string]any:
		other, _ := said["other"].(string)
		return other
	}
	return ""
}
