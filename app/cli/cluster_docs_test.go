package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	typed = regexp.MustCompile(`(?m)^(?:#  +docker compose (?:run --rm one|exec one /doorward) |` +
		`(?:bin/)?doorward |\t*on \S+ )` +
		`((?:cluster|serve|setup|backup|restore)\b[^|\n]*)`)
	longFlag  = regexp.MustCompile(`--[a-z-]+`)
	subWord   = regexp.MustCompile(`^[a-z]+$`)
	clusterAt = []string{"../../docs/cluster.md", "../../build/cluster/compose.yaml", "../../build/cluster/three"}
)

// Whoever reads about a cluster types what stands there: each command and each of its flags is
// one of the program's.
func TestCommandsOfTheClusterPagesExist(t *testing.T) {
	h, helps, seen := newHost(t, "a"), map[string]string{}, 0
	for _, file := range clusterAt {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range typed.FindAllStringSubmatch(string(text), -1) {
			line, _, _ := strings.Cut(m[1], "#")
			words := strings.Fields(line)
			verb := words[:1]
			if words[0] == "cluster" && len(words) > 1 && subWord.MatchString(words[1]) {
				verb = words[:2]
			}
			name := strings.Join(verb, " ")
			if helps[name] == "" {
				helps[name] = h.run(append(verb, "--help")...)
			}
			if !strings.Contains(helps[name], "Usage:  doorward "+name) {
				t.Errorf("%s has %q, and there is no such command", filepath.Base(file), name)
			}
			for _, flag := range longFlag.FindAllString(line, -1) {
				if seen++; !strings.Contains(helps[name], flag+" ") {
					t.Errorf("%s has %q, and the command has no %s", filepath.Base(file), line, flag)
				}
			}
		}
	}
	if len(helps) < 8 || seen < 15 {
		t.Errorf("only %d commands and %d flags were found", len(helps), seen)
	}
}
