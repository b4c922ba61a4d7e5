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

// A misuse is a verb with wrong arguments or flags.
type misuse struct {
	text string
	help string // the command that explains it
}

func (m *misuse) Error() string { return m.text }

func wrongUse(cmd *cobra.Command, format string, args ...any) error {
	return &misuse{fmt.Sprintf(format, args...), cmd.CommandPath() + " --help"}
}

// errTold ends a verb whose errors were printed as they occurred.
var errTold = errors.New("told already")

// finish prints the error that ended a verb and returns the exit code.
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

// tell prints an error as one sentence on standard error, after what was printed
// so far.
func (r *run) tell(err error) {
	r.out.Flush()
	fmt.Fprintf(r.Stderr, "doorward: %s\n", plain(explain(err)))
}

// explain returns the sentence for an error. The user of the shell has access to
// the machine, so an internal error is shown with its cause.
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

// spelled adds to the sentence about a setting where it can be set.
func spelled(e *access.Error) string {
	s, ok := config.SettingOf(e.Field)
	if !ok || strings.Contains(e.Message, s.Spelled()) {
		return e.Message
	}
	return fmt.Sprintf("%s (%s)", e.Message, s.Spelled())
}

// sentence gives a library's message a capital and a full stop. An address or a
// path at the beginning is left as it is.
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

// A refusal is a problem document from the API.
type refusal struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
	Times  times  `json:"times"`
	Errors []struct {
		Message  string `json:"message"`
		Location string `json:"location"`
		Field    string `json:"field"`
	} `json:"errors"`
}

// Error returns the problem as one or more sentences: the detail, and what is
// wrong with each field where that says more.
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
	return f.Times.here(sentence(said))
}
