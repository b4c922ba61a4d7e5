package cli

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

func TestAgo(t *testing.T) {
	now := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		since time.Duration
		want  string
	}{
		{0, "just now"},
		{44 * time.Second, "just now"},
		{50 * time.Second, "50 seconds ago"},
		{time.Minute, "1 minute ago"},
		{12 * time.Minute, "12 minutes ago"},
		{59*time.Minute + 40*time.Second, "1 hour ago"},
		{90 * time.Minute, "2 hours ago"},
		{24 * time.Hour, "1 day ago"},
		{59 * 24 * time.Hour, "59 days ago"},
		{90 * 24 * time.Hour, "3 months ago"},
		{-time.Minute, "in 1 minute"},
		{-7 * 24 * time.Hour, "in 7 days"},
	}
	for _, tt := range tests {
		if got := ago(now.Add(-tt.since), now); got != tt.want {
			t.Errorf("ago(%v) = %q, want %q", tt.since, got, tt.want)
		}
	}
	if got := ago(time.Time{}, now); got != "" {
		t.Errorf("ago(never) = %q, want nothing", got)
	}
}

// A foreign mail server answers an email with escape sequences. Printed
// unchanged, they could clear the operator's screen, rename the window, or forge
// lines of another verb's output.
func TestTerminalIsNotObeyed(t *testing.T) {
	const words = "550 \x1b[2J\x1b]0;owned\x07no\r\nrow 9 ok\u202e\u0085."
	if got, want := plain(words), "550 [2J]0;ownedno row 9 ok."; got != want {
		t.Errorf("plain = %q, want %q", got, want)
	}
	if got, want := plainLines("one\r\n\x1btwo\n"), "one\ntwo\n"; got != want {
		t.Errorf("plainLines = %q, want %q", got, want)
	}
	var out bytes.Buffer
	table := newTable(&out, "A", "B")
	table.row(words, "")
	if err := table.flush(); err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(out.Bytes(), "\x1b\x07\r") || bytes.Count(out.Bytes(), []byte("\n")) != 2 {
		t.Errorf("the table holds %q", out.Bytes())
	}
}

func TestRefusal(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"detail", `{"status":409,"title":"Conflict","detail":"She is in already.","code":"already_member"}`,
			"She is in already."},
		{"the same on a field",
			`{"status":422,"detail":"No such role.","errors":[{"message":"No such role.","location":"roles"}]}`,
			"No such role."},
		{"several fields",
			`{"status":422,"detail":"2 things are wrong. First: a is missing.","errors":[{"message":"a is missing.","location":"a"},{"message":"b must be text.","location":"body.b"}]}`,
			"2 things are wrong. First: a is missing. B: b must be text."},
		{"title alone", `{"status":503,"title":"Service Unavailable"}`, "Service Unavailable."},
		{"nothing", `{"status":502}`, "The server refused (status 502)."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f refusal
			if err := json.Unmarshal([]byte(tt.body), &f); err != nil {
				t.Fatal(err)
			}
			if got := f.Error(); got != tt.want {
				t.Errorf("Error = %q, want %q", got, tt.want)
			}
		})
	}
}
