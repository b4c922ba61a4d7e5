package portal

import (
	"time"

	"doorward/backend/text"
)

// A Moment is a time in the forms that people and machines read.
type Moment struct {
	Machine string // RFC 3339
	Exact   string // to the second
	On      string // "today at 14:05 UTC"
	Ago     string // "12 minutes ago"
	Left    string // "in 6 days"; empty once it has passed
}

// moment describes t, relative to now; nil for the zero time.
func moment(t, now time.Time) *Moment {
	if t.IsZero() {
		return nil
	}
	t, now = t.UTC(), now.UTC()
	return &Moment{t.Format(time.RFC3339), t.Format("Monday, 2 January 2006, 15:04:05 UTC"), on(t, now), ago(t, now),
		left(t, now)}
}

func on(t, now time.Time) string {
	clock := t.Format(" at 15:04 UTC")
	switch days := dayNumber(now) - dayNumber(t); {
	case days == 0:
		return "today" + clock
	case days == 1:
		return "yesterday" + clock
	case days == -1:
		return "tomorrow" + clock
	case t.Year() == now.Year():
		return t.Format("Monday 2 January") + clock
	}
	return t.Format("Monday 2 January 2006") + clock
}

func dayNumber(t time.Time) int { return int(t.Unix() / 86400) }

func ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return text.Count(int(d/time.Minute), "minute") + " ago"
	case d < 24*time.Hour:
		return text.Count(int(d/time.Hour), "hour") + " ago"
	case d < 30*24*time.Hour:
		return text.Count(int(d/(24*time.Hour)), "day") + " ago"
	}
	return "on " + t.Format("2 January 2006")
}

// left is the time until t, rounded to the largest fitting unit: so nobody has to
// know a time zone to understand it.
func left(t, now time.Time) string {
	const day = 24 * time.Hour
	switch d := t.Sub(now); {
	case d <= 0:
		return ""
	case d < time.Hour:
		return "in " + text.Count(int((d+time.Minute-1)/time.Minute), "minute")
	case d < 36*time.Hour:
		return "in " + text.Count(int((d+time.Hour/2)/time.Hour), "hour")
	default:
		return "in " + text.Count(int((d+day/2)/day), "day")
	}
}
