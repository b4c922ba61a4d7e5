package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A join token is a secret until it is used. It can come from places that other users of the
// machine do not see; from the one that they do see it is taken with a warning.
func TestWhereAJoinTokenComesFrom(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		at := filepath.Join(dir, name)
		if err := os.WriteFile(at, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return at
	}
	named, other := file("named", " of-file\n"), file("other", "of-other")
	credentials := t.TempDir()
	if err := os.WriteFile(filepath.Join(credentials, "join_token"), []byte("of-credential"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		flags tokenFlags
		env   map[string]string
		want  string // the token, or words of the refusal
		warns bool
		fails bool
	}{
		{name: "a file", flags: tokenFlags{file: named}, want: "of-file"},
		{name: "standard input", flags: tokenFlags{file: "-"}, want: "of-input"},
		{name: "the command line", flags: tokenFlags{token: "of-flag"}, want: "of-flag", warns: true},
		{name: "the environment", env: map[string]string{"DOORWARD_JOIN_TOKEN": "of-env"}, want: "of-env"},
		{name: "a file of the environment", env: map[string]string{"DOORWARD_JOIN_TOKEN_FILE": other},
			want: "of-other"},
		{name: "a file with line breaks", flags: tokenFlags{file: file("folded", "of-\nfile\r\n")}, want: "of-file"},
		{name: "an empty file", flags: tokenFlags{file: file("empty", "\n")}, want: "the file is empty", fails: true},
		{name: "systemd", env: map[string]string{"CREDENTIALS_DIRECTORY": credentials}, want: "of-credential"},
		{name: "systemd, without one", env: map[string]string{"CREDENTIALS_DIRECTORY": dir}, want: "is needed",
			fails: true},
		{name: "a file before the environment", flags: tokenFlags{file: named},
			env: map[string]string{"DOORWARD_JOIN_TOKEN": "of-env"}, want: "of-file"},
		{name: "nowhere", want: "doorward cluster token", fails: true},
		{name: "a file that is not there", flags: tokenFlags{file: filepath.Join(dir, "none")}, want: "cannot be read",
			fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var said bytes.Buffer
			r := &run{Program: Program{
				Stdin: strings.NewReader("of-input\n"), Stderr: &said,
				Env: func(name string) string { return tt.env[name] },
			}}
			token, err := r.joinToken(tt.flags)
			if tt.fails {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("joinToken = %q, %v", token, err)
				}
				return
			}
			if err != nil || token != tt.want {
				t.Errorf("joinToken = %q, %v, want %q", token, err, tt.want)
			}
			if warned := said.Len() > 0; warned != tt.warns || strings.Contains(said.String(), tt.want) {
				t.Errorf("it says %q", &said)
			}
		})
	}
}
