package messages

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"doorward/backend/access"
)

// shell is what stands in a sentence that sends its reader to a shell: a command, an option, a
// setting of the environment, a file.
var shell = regexp.MustCompile("`|doorward |chmod|sudo|DOORWARD_|--[a-z]|[.](md|toml)\\b")

// checks are what the keys of sentences begin with that say in the console that something is
// wrong, and what to do about it: those of the health checks, and what the dashboard says at
// length about two of them.
var checks = []string{checkPrefix, "console.clock.", "console.unusual."}

// The health checks of the console and of the window said "run: doorward verify" to an Admin who
// has a browser.
func TestChecksSendNobodyToAShell(t *testing.T) {
	for _, l := range access.Languages {
		for key, forms := range catalogue(t, l) {
			if !slices.ContainsFunc(checks, func(begin string) bool { return strings.HasPrefix(key, begin) }) {
				continue
			}
			for _, s := range forms {
				if shell.MatchString(s) {
					t.Errorf("%s: %s sends its reader to a shell: %q", l, key, s)
				}
			}
		}
	}
}
