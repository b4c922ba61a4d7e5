package portal

import (
	"time"

	"doorward/backend/access"
)

// A Moment is a time in the forms that people and machines read.
type Moment struct {
	Machine string // RFC 3339
	Exact   string // to the second
	On      string // "today at 14:05 UTC"
	Left    string // "in 6 days"; empty once it has passed
}

// moment describes t, relative to now; nil for the zero time.
func (w *words) moment(t, now time.Time) *Moment {
	if t.IsZero() {
		return nil
	}
	t, now = t.UTC(), now.UTC()
	return &Moment{
		Machine: t.Format(time.RFC3339),
		Exact:   w.say("portal.time.exact", "Date", w.exactDay(t), "Time", t.Format("15:04:05")),
		On:      w.on(t, now),
		Left:    w.In(t.Sub(now)),
	}
}

func (w *words) on(t, now time.Time) string {
	switch clock, days := w.Clock(t), dayNumber(now)-dayNumber(t); days {
	case 0:
		return w.say("portal.time.today_utc", "Time", clock)
	case 1:
		return w.say("portal.time.yesterday_utc", "Time", clock)
	case -1:
		return w.say("portal.time.tomorrow_utc", "Time", clock)
	default:
		return w.say("portal.time.on_day_utc", "Date", w.day(t, now), "Time", clock)
	}
}

func dayNumber(t time.Time) int { return int(t.Unix() / 86400) }

func (w *words) english() bool {
	return w.Language() == access.English || w.Language() == access.Pseudo
}

// day is the day of the week and the date. English omits the commas, and the current year.
func (w *words) day(t, now time.Time) string {
	switch {
	case !w.english():
		return w.Day(t)
	case t.Year() == now.Year():
		return t.Format("Monday 2 January")
	}
	return t.Format("Monday 2 January 2006")
}

func (w *words) exactDay(t time.Time) string {
	if w.english() {
		return t.Format("Monday, 2 January 2006")
	}
	return w.Day(t)
}

// wait is how long to wait, rounded up.
func (w *words) wait(d time.Duration) string {
	switch {
	case d <= 0:
		return w.say("portal.time.in_moment")
	case d <= time.Minute:
		return w.say("portal.time.in_seconds", "N", up(d, time.Second))
	case d <= 90*time.Minute:
		return w.say("time.in_minutes", "N", up(d, time.Minute))
	}
	return w.say("time.in_hours", "N", up(d, time.Hour))
}

func up(d, unit time.Duration) int { return int((d + unit - 1) / unit) }
