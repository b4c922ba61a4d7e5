package messages

import (
	"strings"
	"time"

	"doorward/backend/access"
)

// OwnKeys are the messages that a Printer itself prints: in lists, spans and times. Whoever
// uses those Requires these.
var OwnKeys = []string{
	"list.and", "list.comma",
	"span.days", "span.hours", "span.minutes", "span.minutes_short",
	"time.clock_utc", "time.day_and_month", "time.exact_utc",
	"time.in_days", "time.in_hours", "time.in_minutes",
}

// Exact is t in UTC, such as Thursday 5 March 2026 at 14:05 UTC.
func (p *Printer) Exact(t time.Time) string {
	t = t.UTC()
	date := p.locale.FmtDateFull(t)
	if p.language == access.English || p.language == access.Pseudo {
		date = t.Format("Monday 2 January 2006") // without the comma of the CLDR
	}
	return p.Say("time.exact_utc", Values{"Date": date, "Time": p.Clock(t)})
}

// ClockUTC is the time of day of t in UTC, such as 14:05 UTC.
func (p *Printer) ClockUTC(t time.Time) string {
	return p.Say("time.clock_utc", Values{"Time": p.Clock(t.UTC())})
}

// DayAndMonth is the date of t in UTC without its year, such as 5 March.
func (p *Printer) DayAndMonth(t time.Time) string {
	t = t.UTC()
	day, month := t.Format("2"), p.locale.MonthWide(t.Month())
	switch {
	case p.language == access.SimplifiedChinese: // 3月5日: the wide form is for a month alone
		month = p.locale.MonthAbbreviated(t.Month())
	case p.language == access.French && t.Day() == 1:
		day = "1er"
	}
	return p.Say("time.day_and_month", Values{"Day": day, "Month": month})
}

// In is how long until something happens, such as in 6 days, rounded to the largest unit that
// fits: so nobody has to know a time zone to understand a time. It is empty once that has passed.
func (p *Printer) In(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d <= 0:
		return ""
	case d < time.Hour:
		return p.Say("time.in_minutes", Values{"N": int((d + time.Minute - 1) / time.Minute)})
	case d < 36*time.Hour:
		return p.Say("time.in_hours", Values{"N": int((d + time.Hour/2) / time.Hour)})
	default:
		return p.Say("time.in_days", Values{"N": int((d + day/2) / day)})
	}
}

// maxSpan is the longest that is said in words. What lasts longer never ends.
const maxSpan = 400 * 24 * time.Hour

// Span is how long something lasts, such as 15 minutes or 7 days, rounded to the minute and
// then down to the unit. It is empty for less than a minute and for more than 400 days.
// Nothing breaks the line within it.
func (p *Printer) Span(d time.Duration) string {
	d = d.Round(time.Minute)
	switch {
	case d < time.Minute || d > maxSpan:
		return ""
	case d < time.Hour, d < 2*time.Hour && d%time.Hour != 0:
		return p.unbroken("span.minutes", d, time.Minute)
	}
	return p.hoursOrDays(d)
}

// ShortSpan is how long something has lasted, such as 12 min or 3 hours: at least 1 min.
func (p *Printer) ShortSpan(d time.Duration) string {
	if d < time.Hour {
		return p.unbroken("span.minutes_short", max(d, time.Minute), time.Minute)
	}
	return p.hoursOrDays(d)
}

func (p *Printer) hoursOrDays(d time.Duration) string {
	if d < 48*time.Hour {
		return p.unbroken("span.hours", d, time.Hour)
	}
	return p.unbroken("span.days", d, 24*time.Hour)
}

func (p *Printer) unbroken(key string, d, unit time.Duration) string {
	return strings.ReplaceAll(p.Say(key, Values{"N": int(d / unit)}), " ", "\u00a0")
}
