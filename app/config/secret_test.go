package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doorward/app/config"
)

// Every user of the machine can read a program's arguments, among them the mail
// server's password: a warning at the start says so, and names a file to put it
// in instead.
func TestPasswordOnTheCommandLine(t *testing.T) {
	const secret = "smtp://ada:hunter2@mail.example.com"
	for url, warned := range map[string]bool{secret: true, "smtp://mail.example.com": false, "": false} {
		flags := map[string]string{"data": t.TempDir()}
		if url != "" {
			flags["smtp-url"] = url
		}
		c, err := config.Load(flags, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		notes := strings.Join(c.Notes, "\n")
		if warned != strings.Contains(notes, "DOORWARD_SMTP_URL_FILE") || strings.Contains(notes, "hunter2") {
			t.Errorf("with %q: %q", url, notes)
		}
	}
}

func TestPasswordInAFile(t *testing.T) {
	const secret = "smtp://ada:hunter2@mail.example.com"
	dir := t.TempDir()
	file := filepath.Join(dir, "smtp_url")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		env  map[string]string
		want string
		err  string
	}{
		"a file":             {map[string]string{"DOORWARD_SMTP_URL_FILE": file}, secret, ""},
		"a credential":       {map[string]string{"CREDENTIALS_DIRECTORY": dir}, secret, ""},
		"no such credential": {map[string]string{"CREDENTIALS_DIRECTORY": t.TempDir()}, "", ""},
		"the stronger": {
			map[string]string{"CREDENTIALS_DIRECTORY": dir, "DOORWARD_SMTP_URL": "smtp://other.example.com"},
			"smtp://other.example.com",
			"",
		},
		"both": {
			map[string]string{"DOORWARD_SMTP_URL_FILE": file, "DOORWARD_SMTP_URL": secret},
			"",
			"both set",
		},
		"a file that is none": {map[string]string{"DOORWARD_SMTP_URL_FILE": dir}, "", "cannot be read"},
		"a file that is away": {map[string]string{"DOORWARD_SMTP_URL_FILE": file + ".not"}, "", "cannot be read"},
	} {
		c, err := config.Load(map[string]string{"data": t.TempDir()}, func(name string) string { return tt.env[name] })
		if tt.err == "" && (err != nil || c.SMTPURL != tt.want || len(c.Notes) > 0) {
			t.Errorf("%s: %q, %v, %v", name, c.SMTPURL, c.Notes, err)
		}
		if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err) ||
			strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
