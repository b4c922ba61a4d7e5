package portal

import (
	"testing"
	"time"
)

func TestMomentAsText(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	moment := english().moment
	for _, tt := range []struct{ t, on string }{
		{"2030-05-08T12:00:00Z", "today at 12:00 UTC"},
		{"2030-05-08T11:58:59Z", "today at 11:58 UTC"},
		{"2030-05-08T13:48:00+02:00", "today at 11:48 UTC"},
		{"2030-05-08T00:00:00Z", "today at 00:00 UTC"},
		{"2030-05-07T23:59:59Z", "yesterday at 23:59 UTC"},
		{"2030-05-06T09:05:00Z", "Monday 6 May at 09:05 UTC"},
		{"2029-12-31T09:05:00Z", "Monday 31 December 2029 at 09:05 UTC"},
		{"2030-05-09T01:00:00Z", "tomorrow at 01:00 UTC"},
		{"2030-05-15T12:00:00Z", "Wednesday 15 May at 12:00 UTC"},
	} {
		m := moment(at(tt.t), noon)
		if m.On != tt.on || m.Machine != at(tt.t).UTC().Format(time.RFC3339) {
			t.Errorf("%s: %+v, want %q", tt.t, m, tt.on)
		}
	}
	for after, want := range map[time.Duration]string{
		-time.Second:                  "",
		0:                             "",
		time.Second:                   "in 1 minute",
		59*time.Minute + time.Second:  "in 60 minutes",
		time.Hour:                     "in 1 hour",
		90 * time.Minute:              "in 2 hours",
		35 * time.Hour:                "in 35 hours",
		36 * time.Hour:                "in 2 days",
		7*24*time.Hour - time.Minute:  "in 7 days",
		6*24*time.Hour + 11*time.Hour: "in 6 days",
	} {
		if got := moment(noon.Add(after), noon).Left; got != want {
			t.Errorf("%s before its end: %q, want %q", after, got, want)
		}
	}
	if moment(time.Time{}, noon) != nil {
		t.Error("a time that never was is told")
	}
}

func TestNamesBeginSentences(t *testing.T) {
	for s, want := range map[string]string{
		"the operator":    "The operator",
		"éva":             "Éva",
		"ada@example.com": "ada@example.com",
		"":                "",
		"\xff":            "\uFFFD",
	} {
		if got := start(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}
