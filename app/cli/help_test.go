package cli

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// A terminal is often no wider than 80 characters, and wrapped help is hard to
// read. Only what has to be typed on one line may be longer.
func TestHelpFitsATerminal(t *testing.T) {
	r := &run{
		Program: Program{Name: "doorward", Env: func(string) string { return "" }},
		out:     bufio.NewWriter(&bytes.Buffer{}),
	}
	verbs := 0
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		verbs++
		var help bytes.Buffer
		cmd.SetOut(&help)
		cmd.InitDefaultHelpFlag()
		if err := cmd.Help(); err != nil {
			t.Errorf("%s: %v", cmd.CommandPath(), err)
		}
		for line := range strings.Lines(help.String()) {
			if strings.HasPrefix(line, "Usage:") || strings.Contains(line, "  doorward ") {
				continue
			}
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
				t.Errorf("%s --help has a line of %d characters: %s", cmd.CommandPath(), n, line)
			}
		}
		for _, below := range cmd.Commands() {
			look(below)
		}
	}
	look(r.root())
	if verbs < 38 {
		t.Errorf("only %d verbs were looked at", verbs)
	}
}
