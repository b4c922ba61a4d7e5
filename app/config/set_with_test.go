package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"doorward/app/config"
)

// The console shows as read-only what was given at the start, and says with what: where that
// is wrong, somebody changes it in the wrong place, or in none.
func TestSetWith(t *testing.T) {
	const url = "smtp://127.0.0.1"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "smtp_url"), []byte(url), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "smtp_url")
	for name, tt := range map[string]struct {
		flags, env map[string]string
		toml       string
		want       string
	}{
		"nothing":       {want: ""},
		"a flag":        {flags: map[string]string{"smtp-url": url}, want: "--smtp-url"},
		"an empty flag": {flags: map[string]string{"smtp-url": ""}, want: ""},
		"environment":   {env: map[string]string{"DOORWARD_SMTP_URL": url}, want: "DOORWARD_SMTP_URL"},
		"a file":        {env: map[string]string{"DOORWARD_SMTP_URL_FILE": file}, want: "DOORWARD_SMTP_URL_FILE"},
		"a credential": {
			env:  map[string]string{"CREDENTIALS_DIRECTORY": dir},
			want: "the systemd credential smtp_url",
		},
		"settings file": {toml: `smtp_url = "` + url + `"`, want: "smtp_url in doorward.toml"},
		"an empty file, and the settings file": {
			env:  map[string]string{"DOORWARD_SMTP_URL_FILE": empty},
			toml: `smtp_url = "` + url + `"`,
			want: "smtp_url in doorward.toml",
		},
		"a flag and a file": {
			flags: map[string]string{"smtp-url": url},
			env:   map[string]string{"DOORWARD_SMTP_URL_FILE": file},
			want:  "--smtp-url",
		},
	} {
		flags := map[string]string{"data": t.TempDir()}
		for k, v := range tt.flags {
			flags[k] = v
		}
		if tt.toml != "" {
			if err := os.WriteFile(filepath.Join(flags["data"], config.FileName), []byte(tt.toml), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c, err := config.Load(flags, func(key string) string { return tt.env[key] })
		if got := c.SetWith["smtp-url"]; err != nil || got != tt.want || c.SetWith["url"] != "" {
			t.Errorf("%s: %q (%v), want %q", name, got, err, tt.want)
		}
	}
}

// The console's own example of a sender made the server refuse to start.
func TestSenderMayHaveAName(t *testing.T) {
	for given, want := range map[string]string{
		"AI Loop <Door@Example.com>":        `"AI Loop" <door@example.com>`,
		`"Loop, AI" <door@example.com>`:     `"Loop, AI" <door@example.com>`,
		"door@example.com":                  "door@example.com",
		" <door@example.com> ":              "door@example.com",
		"Bücher GmbH <door@bücher.example>": `"Bücher GmbH" <door@xn--bcher-kva.example>`,
	} {
		flags := map[string]string{"data": t.TempDir(), "mail-from": given}
		c, err := config.Load(flags, func(string) string { return "" })
		if err != nil || c.MailFrom != want {
			t.Errorf("%q: %q (%v), want %q", given, c.MailFrom, err, want)
		}
	}
}
