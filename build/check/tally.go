package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// maxReason is how many characters of a failure the sum repeats.
const maxReason = 300

// A tally counts tests by outcome.
type tally struct {
	passed  int
	failed  []ended
	skipped []ended
}

// An ended is a test that did not pass, with its output.
type ended struct{ name, output string }

func (t *tally) fail(name, output string) { t.failed = append(t.failed, ended{name, output}) }
func (t *tally) skip(name, output string) { t.skipped = append(t.skipped, ended{name, output}) }

// explain adds output to the last failure whose name begins with prefix.
func (t *tally) explain(prefix, output string) {
	for i := len(t.failed) - 1; i >= 0; i-- {
		if strings.HasPrefix(t.failed[i].name, prefix) {
			t.failed[i].output += output
			return
		}
	}
}

func (t *tally) add(u tally) {
	t.passed += u.passed
	t.failed = append(t.failed, u.failed...)
	t.skipped = append(t.skipped, u.skipped...)
}

// String is the sum in one line.
func (t tally) String() string {
	s := fmt.Sprintf("%d passed, %d failed", t.passed, len(t.failed))
	if len(t.skipped) > 0 {
		s += fmt.Sprintf(", %d skipped", len(t.skipped))
	}
	return s
}

// show prints what failed with all of its output, and what was skipped with the
// reason.
func (t tally) show(w io.Writer) {
	for _, s := range t.skipped {
		fmt.Fprintf(w, "skipped: %s\n%s", s.name, indent(s.output))
	}
	for _, f := range t.failed {
		fmt.Fprintf(w, "failed: %s\n%s", f.name, indent(f.output))
	}
}

// said finds what a Go test says where it fails.
var said = regexp.MustCompile(`(?m)^\s*\w+_test\.go:\d+: `)

// reason is the beginning of what the test said as it failed, in one line: of a check
// that is no Go test, the last line of its output.
func (e ended) reason() string {
	rest := strings.TrimSpace(e.output)
	if at := said.FindStringIndex(e.output); at != nil {
		rest = e.output[at[0]:]
	} else if last := strings.LastIndexByte(rest, '\n'); last >= 0 {
		rest = rest[last:]
	}
	words := []rune(strings.Join(strings.Fields(rest), " "))
	if len(words) > maxReason {
		words = append(words[:maxReason], '…')
	}
	return string(words)
}

func indent(s string) string {
	s = strings.TrimRight(s, "\n")
	if s == "" {
		return ""
	}
	return "    " + strings.ReplaceAll(s, "\n", "\n    ") + "\n"
}

// one is the tally of a single check that passed or failed.
func one(name, output string, err error) (t tally) {
	if err != nil {
		t.fail(name, strings.TrimRight(output, "\n")+"\n"+err.Error())
		return t
	}
	return tally{passed: 1}
}
