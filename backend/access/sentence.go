package access

import (
	"fmt"
	"time"
)

// A Text is a sentence for people that is no refusal, with what stands in it: English on the
// command line, and what the catalogue of messages makes of it in another language.
type Text struct {
	format string
	values []any
}

// Textf makes a Text. A value that is a Stored, a Moment, a Span or TraceDays is in the reader's
// language as well.
func Textf(format string, values ...any) Text { return Text{format: format, values: values} }

// CountedTextf is Textf for a sentence with one number in it, which decides between two forms of
// the sentence.
func CountedTextf(n int, one, many string) Text {
	if n == 1 {
		return Textf(one, n)
	}
	return Textf(many, n)
}

// TextOf is what the error says, as a Text.
func TextOf(err error) Text {
	format, values := Explain(err).Sentence()
	return Text{format: format, values: values}
}

// String is the English sentence.
func (t Text) String() string { return fmt.Sprintf(t.format, t.values...) }

// Sentence is the English sentence with its verbs, and what stands for each of them.
func (t Text) Sentence() (format string, values []any) { return t.format, t.values }

// A Stored is a sentence that was stored in English, such as why an email was not sent: one of
// ours, or a mail server's own words.
type Stored string

// A Span is how long something lasts: in a Text, to the unit that people say it in.
type Span time.Duration

func (s Span) String() string {
	d := time.Duration(s).Round(time.Minute)
	switch {
	case d >= 48*time.Hour:
		return counted(int(d/(24*time.Hour)), "day")
	case d >= 2*time.Hour, d == time.Hour:
		return counted(int(d/time.Hour), "hour")
	}
	return counted(int(max(d, time.Minute)/time.Minute), "minute")
}

func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
