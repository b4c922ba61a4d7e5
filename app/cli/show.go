package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"doorward/backend/text"
)

// item prints one answer: unchanged with --json, otherwise for people.
func (r *run) item(raw json.RawMessage, human func(w io.Writer)) error {
	if !r.json {
		human(r.out)
		return nil
	}
	var line bytes.Buffer
	if err := json.Compact(&line, raw); err != nil {
		return err
	}
	line.WriteByte('\n')
	_, err := r.out.Write(line.Bytes())
	return err
}

// value is item for an answer that this program made.
func (r *run) value(v any, human func(w io.Writer)) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return r.item(raw, human)
}

// A table prints rows under headings, in columns.
type table struct {
	w *tabwriter.Writer
}

func newTable(w io.Writer, headings ...string) *table {
	t := &table{tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.StripEscape)}
	if len(headings) > 0 {
		t.row(headings...)
	}
	return t
}

func (t *table) row(cells ...string) {
	for i, c := range cells {
		if cells[i] = plain(c); cells[i] == "" {
			cells[i] = "-"
		}
	}
	fmt.Fprintln(t.w, strings.Join(cells, "\t"))
}

func (t *table) flush() error { return t.w.Flush() }

// plain removes everything that a terminal would interpret instead of showing,
// and joins the lines.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
}

// plainLines is plain that keeps the lines.
func plainLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = plain(lines[i])
	}
	return strings.Join(lines, "\n")
}

// times are those in a sentence of the API, which has them in UTC.
type times []struct {
	Said string    `json:"said"`
	At   time.Time `json:"at"`
}

// here is the sentence with its times in the terminal's zone.
func (all times) here(sentence string) string {
	for _, t := range all {
		sentence = strings.ReplaceAll(sentence, t.Said, moment(t.At))
	}
	return sentence
}

// moment is a time in the terminal's zone, which it names.
func moment(t time.Time) string { return t.Local().Format("2 January 2006 at 15:04 MST") }

// ago says when t was, or will be, relative to now.
func ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return ""
	case d > -time.Second && d < 45*time.Second:
		return "just now"
	case d < 0:
		return "in " + span(-d)
	default:
		return span(d) + " ago"
	}
}

// span is the length of d, rounded to its largest unit. Pages round down instead:
// they show the exact time beside it, and a table has no room for that.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	count := func(n time.Duration, unit string) string { return text.Count(int(n), unit) }
	switch {
	case d < time.Minute:
		return count(d.Round(time.Second)/time.Second, "second")
	case d < 59*time.Minute+30*time.Second:
		return count(d.Round(time.Minute)/time.Minute, "minute")
	case d < 23*time.Hour+30*time.Minute:
		return count(d.Round(time.Hour)/time.Hour, "hour")
	case d < 60*day:
		return count(d.Round(day)/day, "day")
	}
	return count((d+15*day)/(30*day), "month")
}

// bytesOf writes a size for people.
func bytesOf(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1000*1000:
		return fmt.Sprintf("%.1f KB", float64(n)/1000)
	case n < 1000*1000*1000:
		return fmt.Sprintf("%.1f MB", float64(n)/1000/1000)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1000/1000/1000)
}
