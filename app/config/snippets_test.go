package config_test

import (
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"doorward/app/config"
	"doorward/backend/mail/smtp"
)

// The sender may have a name, in every form that people copy it in, and both halves reach
// the mail worker.
func TestSenderWithAName(t *testing.T) {
	for given, want := range map[string][2]string{
		"door@example.com":                  {"", "door@example.com"},
		"<door@example.com>":                {"", "door@example.com"},
		"AI Loop <door@example.com>":        {"AI Loop", "door@example.com"},
		`"AI Loop <door@example.com>"`:      {"AI Loop", "door@example.com"},
		`"Loop, AI" <Door@Example.com>`:     {"Loop, AI", "door@example.com"},
		`"The \"Loop\"" <door@example.com>`: {`The "Loop"`, "door@example.com"},
		"Zoë’s Schleife <door@example.com>": {"Zoë’s Schleife", "door@example.com"},
		"AI Loop <door@bücher.example>":     {"AI Loop", "door@xn--bcher-kva.example"},
	} {
		c, _, err := load(t, map[string]string{"mail-from": given}, nil, "")
		if err != nil {
			t.Errorf("%q: %v", given, err)
			continue
		}
		name, address, err := smtp.ParseFrom(c.MailFrom)
		if err != nil || name != want[0] || address != want[1] {
			t.Errorf("%q is sent by %q, %q (%v)", given, name, address, err)
		}
	}
}

// The console showed a sender that the server refused to start with. Every setting that
// the console, the documentation, a package or one of our sentences shows with a value is
// accepted, as it would be copied.
func TestEverySnippetIsAccepted(t *testing.T) {
	variable := regexp.MustCompile(`\b(DOORWARD_[A-Z_]+)=("[^"\n]*"|[^\s"` + "`" + `]+( <[^>\n]*>)?)`)
	flag := regexp.MustCompile(`--([a-z-]+)[ =]([^\s"` + "`" + `)\]]+)`)
	mailServer := regexp.MustCompile(`\bsmtps?(?:\+insecure)?://[^\s"'` + "`" + `<,;)]*\w`)
	known := func(name string) bool {
		is := func(s config.Setting) bool { return s.Name == name }
		return name != "data" && slices.ContainsFunc(config.Settings, is)
	}
	seen := 0
	try := func(file, name, value string) {
		placeholder := value == strings.ToUpper(value) && !strings.ContainsAny(value, "0123456789")
		if placeholder || strings.ContainsAny(value, "…%[$") {
			return // not a value to copy
		}
		seen++
		flags := map[string]string{name: value}
		switch name {
		case "tls-cert":
			flags["tls-key"] = value
		case "tls-key":
			flags["tls-cert"] = value
		case "listen":
			flags["url"] = "https://door.example.com"
		}
		c, _, err := load(t, flags, nil, "")
		if err == nil && c.SMTPURL != "" {
			_, err = smtp.ParseServer(c.SMTPURL)
		}
		if err != nil {
			t.Errorf("%s shows %s = %s: %v", file, name, value, err)
		}
	}
	for _, file := range shown(t) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := html.UnescapeString(string(b))
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			name := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(m[1], "DOORWARD_"), "_", "-"))
			if known(name) {
				try(file, name, strings.Trim(m[2], `"`))
			}
		}
		for _, m := range flag.FindAllStringSubmatch(text, -1) {
			if known(m[1]) && strings.ContainsAny(m[2], ".:/@0123456789") { // else a word of the sentence
				try(file, m[1], m[2])
			}
		}
		for _, m := range mailServer.FindAllString(text, -1) {
			if _, rest, _ := strings.Cut(m, "://"); rest != "" {
				try(file, "smtp-url", m)
			}
		}
	}
	if seen < 18 { // the console shows a form in place of its two
		t.Errorf("only %d values were found", seen)
	}
}

// shown are the files whose text people see.
func shown(t *testing.T) (files []string) {
	t.Helper()
	files = []string{"../../README.md", "../../build/doorward.service", "../../build/Containerfile"}
	for _, root := range []string{"../../docs", "../../build/package", "../../frontend", "../../app", "../../backend"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && slices.Contains([]string{"node_modules", "dist", "testdata", "e2e", "bench"}, d.Name()) {
				return fs.SkipDir
			}
			of := []string{".md", ".svelte", ".ts", ".html", ".go", ".env", ".service", ".yaml"}
			if slices.Contains(of, filepath.Ext(name)) && !strings.HasSuffix(name, "_test.go") &&
				!strings.HasSuffix(name, ".test.ts") {
				files = append(files, name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}
