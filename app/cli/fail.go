package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"doorward/app/config"
	"doorward/backend/access"

	"github.com/spf13/cobra"
)

// A misuse is a verb that was called in a way it cannot be.
type misuse struct {
	text string
	help string // the command that explains it
}

func (m *misuse) Error() string { return m.text }

func wrongUse(cmd *cobra.Command, format string, args ...any) error {
	return &misuse{fmt.Sprintf(format, args...), cmd.CommandPath() + " --help"}
}

// errTold ends a verb whose failures were told as they came.
var errTold = errors.New("told already")

// finish tells the error that ended a verb and returns the exit code.
func (r *run) finish(err error) int {
	var use *misuse
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errTold):
		return 1
	case errors.As(err, &use):
		r.tell(err)
		fmt.Fprintf(r.Stderr, "See: %s\n", use.help)
		return 2
	}
	r.tell(err)
	return 1
}

// tell prints an error as one sentence on standard error, after what was
// printed so far.
func (r *run) tell(err error) {
	r.out.Flush()
	fmt.Fprintf(r.Stderr, "doorward: %s\n", plain(explain(err)))
}

// explain is the sentence for an error. The one at the shell holds the machine,
// so an error that nobody wrote for showing is shown with its cause.
func explain(err error) string {
	var told *access.Error
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return refused.Error()
	case errors.As(err, &told):
		return spelled(told)
	case errors.Is(err, context.Canceled):
		return "Stopped before it was done."
	}
	return sentence(err.Error())
}

// spelled adds to the sentence on a setting where it can be set.
func spelled(e *access.Error) string {
	s, ok := config.SettingOf(e.Field)
	if !ok || strings.Contains(e.Message, s.Spelled()) {
		return e.Message
	}
	return fmt.Sprintf("%s (%s)", e.Message, s.Spelled())
}

// sentence gives a library's words a capital and a full stop. An address or a
// path that comes first is left as it is spelled.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if first == utf8.RuneError {
		return s
	}
	if word, _, _ := strings.Cut(s, " "); !strings.ContainsAny(word, "@/.") {
		s = string(unicode.ToUpper(first)) + s[size:]
	}
	if last := s[len(s)-1]; last != '.' && last != '?' && last != '!' && last != ')' {
		s += "."
	}
	return s
}

// A refusal is a problem document that the API answered with.
type refusal struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
	Errors []struct {
		Message  string `json:"message"`
		Location string `json:"location"`
		Field    string `json:"field"`
	} `json:"errors"`
}

// Error is the problem as one or more sentences: the detail, and what is wrong
// with each field where that says more.
func (f *refusal) Error() string {
	said := f.Detail
	if said == "" {
		said = f.Title
	}
	for _, e := range f.Errors {
		if e.Message == "" || strings.Contains(said, e.Message) {
			continue
		}
		where := e.Field
		if where == "" {
			where = strings.TrimPrefix(e.Location, "body.")
		}
		if where != "" {
			where += ": "
		}
		said = strings.TrimSuffix(sentence(said), " ") + " " + sentence(where+e.Message)
	}
	if said == "" {
		return fmt.Sprintf("The server refused (status %d).", f.Status)
	}
	return sentence(said)
}
