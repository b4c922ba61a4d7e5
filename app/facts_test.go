package app

import (
	"encoding/json"
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
