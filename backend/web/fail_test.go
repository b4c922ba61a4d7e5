package web

import (
	"testing"
	"time"
)

// Somebody waits too short and is refused again, or reads "1 minutes".
func TestTooOftenSaysHowLong(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		0: "a moment", 500 * time.Millisecond: "1 second", 5 * time.Second: "5 seconds",
		time.Minute: "60 seconds", 61 * time.Second: "2 minutes", time.Hour: "60 minutes", 2 * time.Hour: "2 hours",
	} {
		want = "Too many requests from your network. Try again in " + want + "."
		if got := tooOften(wait).Message; got != want {
			t.Errorf("%v: %q, want %q", wait, got, want)
		}
	}
}
