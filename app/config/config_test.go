package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"doorward/app/config"
	"doorward/backend/access"
	"doorward/build/need"
)

// load calls Load with a new data directory, in which doorward.toml has the
// content file, unless that is empty.
func load(t *testing.T, flags, env map[string]string, file string) (config.Config, string, error) {
	t.Helper()
	dir := t.TempDir()
	if file != "" {
		if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	given := map[string]string{"data": dir}
	for k, v := range flags {
		given[k] = v
	}
	c, err := config.Load(given, func(name string) string { return env[name] })
	return c, dir, err
}

func TestDefaults(t *testing.T) {
	c, dir, err := load(t, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Data != dir || c.Listen != "127.0.0.1:8080" || c.URL != "http://127.0.0.1:8080" || c.SMTPURL != "" ||
		c.LogLevel != "info" || c.LogFormat != "text" {
		t.Errorf("defaults = %+v", c)
	}
	if len(c.TrustedProxies) != 0 {
		t.Errorf("proxies %v are trusted by default, want none", c.TrustedProxies)
	}
	if c.MailFrom != "doorward@localhost.localdomain" || c.MailPerMinute < 1 {
		t.Errorf("mail from %q, %d a minute", c.MailFrom, c.MailPerMinute)
	}
}

func TestStrength(t *testing.T) {
	const file = "listen = \"127.0.0.1:3\"\nlog_level = \"warn\"\nmail_per_minute = 7\ntrusted_proxies = " +
		"[\"10.0.0.0/8\", \"192.0.2.1\"]\n"
	flags := map[string]string{"listen": "127.0.0.1:1"}
	env := map[string]string{
		"DOORWARD_LISTEN":          "127.0.0.1:2",
		"DOORWARD_LOG_LEVEL":       "error",
		"DOORWARD_MAIL_PER_MINUTE": "",
	}

	c, _, err := load(t, flags, env, file)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:1" {
		t.Errorf("listen = %s, want the flag's", c.Listen)
	}
	if c.LogLevel != "error" {
		t.Errorf("log level = %s, want the environment's", c.LogLevel)
	}
	if c.MailPerMinute != 7 {
		t.Errorf("mail per minute = %d, want the file's, because the environment's is empty", c.MailPerMinute)
	}
	var proxies []string
	for _, p := range c.TrustedProxies {
		proxies = append(proxies, p.String())
	}
	if want := []string{"10.0.0.0/8", "192.0.2.1/32"}; !slices.Equal(proxies, want) {
		t.Errorf("proxies = %v, want %v", proxies, want)
	}
	if c, _, err = load(t, nil, env, file); err != nil || c.Listen != "127.0.0.1:2" {
		t.Errorf("listen = %s (%v), want the environment's", c.Listen, err)
	}
	if c, _, err = load(t, nil, nil, file); err != nil || c.Listen != "127.0.0.1:3" {
		t.Errorf("listen = %s (%v), want the file's", c.Listen, err)
	}
}

func TestURL(t *testing.T) {
	tests := []struct {
		name   string
		listen string
		url    string
		want   string // the URL
		from   string // the sender of emails
		fault  string // part of the sentence; empty: it is accepted
	}{
		{"loopback", "127.0.0.1:8080", "", "http://127.0.0.1:8080", "doorward@localhost.localdomain", ""},
		{"loopback by name", "localhost:9000", "", "http://localhost:9000", "", ""},
		{"loopback in IPv6", "[::1]:80", "", "http://[::1]", "", ""},
		{"every network without a URL", ":8080", "", "", "", "listens on :8080 and not only on this machine"},
		{"every network in IPv6", "[::]:8080", "", "", "", "Links in emails need the public URL"},
		{"another address of this machine", "192.0.2.7:80", "", "", "", "Links in emails need the public URL"},
		{"public", ":8080", "https://Door.Example.com/", "https://door.example.com", "doorward@door.example.com", ""},
		{"public with a port that goes without saying", ":8080", "https://door.example.com:443",
			"https://door.example.com", "", ""},
		{"public with a port", ":8080", "https://door.example.com:8443", "https://door.example.com:8443",
			"doorward@door.example.com", ""},
		{"public in other letters", ":8080", "https://tür.example", "https://xn--tr-xka.example",
			"doorward@xn--tr-xka.example", ""},
		{"plain HTTP on loopback", "127.0.0.1:8080", "http://localhost:9", "http://localhost:9", "", ""},
		{"plain HTTP elsewhere", ":8080", "http://door.example.com", "", "", "must begin with https://"},
		{"plain HTTP to a number", ":8080", "http://192.0.2.7", "", "", "must begin with https://"},
		{"a path", ":8080", "https://example.com/door", "", "", "remove /door."},
		{"a query", ":8080", "https://example.com/?a=1", "", "", "must end after the host"},
		{"an empty query", ":8080", "https://example.com?", "", "", "must end after the host"},
		{"a fragment", ":8080", "https://example.com#", "", "", "must end after the host"},
		{"a password", ":8080", "https://ada:secret@example.com", "", "", "cannot contain a username or password"},
		{"a password without a scheme", ":8080", ":hunter22@", "", "", `":…@" is not a valid URL`},
		{"no scheme", ":8080", "door.example.com", "", "", "is not a valid URL"},
		{"another scheme", ":8080", "ftp://door.example.com", "", "", "not ftp://"},
		{"no host", ":8080", "https://", "", "", "has no host name"},
		{"half a host", ":8080", "https://door", "", "", "not a full host name"},
		{"port zero", ":8080", "https://door.example.com:0", "", "", "port of the public URL"},
		{"an endless port", ":8080", "https://door.example.com:99999", "", "", "port of the public URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _, err := load(t, map[string]string{"listen": tt.listen, "url": tt.url}, nil, "")
			if tt.fault != "" {
				refused(t, err, "url", tt.fault, "--url / DOORWARD_URL / url in doorward.toml")
				return
			}
			if err != nil || c.URL != tt.want {
				t.Errorf("URL = %q (%v), want %q", c.URL, err, tt.want)
			}
			if tt.from != "" && c.MailFrom != tt.from {
				t.Errorf("mail from %q, want %q", c.MailFrom, tt.from)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	tests := []struct{ setting, value, fault string }{
		{"listen", "8080", "is no address to listen on"},
		{"listen", "127.0.0.1:http", `"127.0.0.1:http" does not end with a port`},
		{"listen", "127.0.0.1:70000", `"127.0.0.1:70000" does not end with a port`},
		{"listen", "http://127.0.0.1:80", "is no address to listen on"},
		{"listen", "\x97:0", "is no address to listen on"},
		{"listen", "a\u2028b:0", "is no address to listen on"},
		{"listen", "h\x00st:0", "is no address to listen on"},
		{"listen", "t\u00fcr.example:80", "is no address to listen on"},
		{"mail-from", "Door <door@example.com", "is not a sender"},
		{"mail-from", "Door <a@example.com>, b@example.com", "is not a sender"},
		{"mail-from", "Do\u202eor <door@example.com>", "name"},
		{"mail-from", "Door <door>", "is not a sender"},
		{"mail-from", "door", "@"},
		{"mail-per-minute", "0", "from 1 to 100000"},
		{"mail-per-minute", "many", "from 1 to 100000"},
		{"tls-cert", "cert.pem", "belong together"},
		{"trusted-proxies", "10.0.0.0/8, proxy.example.com", `"proxy.example.com" is neither an address nor a network`},
		{"trusted-proxies", "0.0.0.0/0", "would trust everybody"},
		{"min-free", "a lot", "is not a size"},
		{"min-free", "99999999999TiB", "is not a size"},
		{"min-free", "1MB", "1MB is too little"},
		{"log-level", "loud", "is not one of debug, info, warn, error"},
		{"log-format", "xml", "is not one of text, json"},
		{"data", "", "The data directory is empty"},
		{"data", "a\x00b", "zero byte"},
	}
	elsewhere := []string{"url", "smtp-url", "tls-key"} // TestConfigURL, the scripts of package cli, and with tls-cert
	for _, s := range config.Settings {
		if !slices.Contains(elsewhere, s.Name) &&
			!slices.ContainsFunc(tests, func(tt struct{ setting, value, fault string }) bool {
				return tt.setting == s.Name
			}) {
			t.Errorf("no mistake in %s is looked at", s.Name)
		}
	}
	for _, tt := range tests {
		t.Run(tt.setting+" "+strings.ReplaceAll(tt.value, "\x00", "0"), func(t *testing.T) {
			s, _ := config.SettingOf(tt.setting)
			_, _, byFlag := load(t, map[string]string{tt.setting: tt.value}, nil, "")
			refused(t, byFlag, s.Key(), tt.fault, s.Spelled())
			if tt.setting == "data" {
				return // only a flag can be empty, and no file names its own directory
			}
			_, _, byEnv := load(t, nil, map[string]string{s.Env(): tt.value}, "")
			_, _, byFile := load(t, nil, nil, s.Key()+" = "+strconv.Quote(tt.value)+"\n")
			for where, err := range map[string]error{"environment": byEnv, "file": byFile} {
				if fmt.Sprint(err) != byFlag.Error() {
					t.Errorf("in the %s the mistake reads %v, as a flag %v", where, err, byFlag)
				}
			}
		})
	}
}

func TestSizes(t *testing.T) {
	for v, want := range map[string]uint64{
		"":          0,
		"0":         0,
		"64000000":  64e6,
		"70000000b": 70e6,
		"500MB":     500e6,
		"2 GiB":     2 << 30,
		"90000kb":   90e6,
	} {
		if c, _, err := load(t, map[string]string{"min-free": v}, nil, ""); err != nil || c.MinFree != want {
			t.Errorf("min-free %q is %d (%v), want %d", v, c.MinFree, err, want)
		}
	}
}

func TestFile(t *testing.T) {
	tests := []struct {
		name  string
		file  string
		fault string
	}{
		{"empty but for a mark at the start", "\ufeff", ""},
		{"a comment", "# nothing\n", ""},
		{"an unknown key", "listn = \":1\"", `has the key "listn", which is no setting. Did you mean listen?`},
		{"an unknown key with a hyphen", "smtp-url = \"\"", "Did you mean smtp_url?"},
		{"a key like nothing we have", "colour = \"red\"", "`doorward serve --help` lists them."},
		{"a table", "[mail]\nfrom = \"a@example.com\"", `has the key "mail"`},
		{"where it lies", "data = \"/elsewhere\"", "Take the line out"},
		{"no quotes", "\nurl = https://door.example.com", "line 2"},
		{"a key twice", "log_level = \"info\"\nlog_level = \"warn\"", "line 2"},
		{"a number where there is text", "url = 4.5", "neither text nor a number nor a list of texts"},
		{"a list of numbers", "trusted_proxies = [1, 2]", "neither text nor a number nor a list of texts"},
		{"a bad value", "log_level = \"loud\"", "--log-level / DOORWARD_LOG_LEVEL / log_level in doorward.toml"},
		{"far too long", strings.Repeat("# padding\n", 30_000), "is not a file of settings"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := load(t, nil, nil, tt.file)
			if tt.fault == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if tt.fault != "" && (!access.Invalid.Is(err) || !strings.Contains(err.Error(), tt.fault)) {
				t.Errorf("err = %v, want one with %q", err, tt.fault)
			}
		})
	}
}

// A server's account can be shared: anybody else with a shell on the machine
// reads the mail server's password from a file with a careless mode, and sends
// mail in our name. A file with the password that others can read is made
// private, and that is reported, so that somebody can think of changing the
// password.
func TestFileWithPasswordIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		need.Impossible(t, "Windows has no file modes.")
	}
	load := func(text string, mode os.FileMode) (notes string, left os.FileMode) {
		dir := t.TempDir()
		name := filepath.Join(dir, config.FileName)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(map[string]string{"data": dir}, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(c.Notes, "\n"), info.Mode()
	}
	const secret = "smtp_url = \"smtp://ada:hunter2@mail.example.com\""
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o660} {
		notes, left := load(secret, mode)
		if left != 0o600 || !strings.Contains(notes, fmt.Sprintf("mode %04o", mode)) ||
			!strings.Contains(notes, "change the password") {
			t.Errorf("mode %04o is left %04o, and said is %q", mode, left, notes)
		}
		if strings.Contains(notes, "hunter2") {
			t.Errorf("the note repeats the password: %s", notes)
		}
	}
	if notes, left := load(secret, 0o600); notes != "" || left != 0o600 {
		t.Errorf("of mode 0600 is said %q, and it is left %04o", notes, left)
	}
	if notes, left := load("smtp_url = \"smtp://mail.example.com\"", 0o644); notes != "" || left != 0o644 {
		t.Errorf("of a file without a password is said %q, and it is left %04o", notes, left)
	}
}

func TestDataDir(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		need.Impossible(t, "This system has no XDG directories.")
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		flags map[string]string
		env   map[string]string
		want  string // empty: refused
	}{
		{"a flag", map[string]string{"data": "/srv/door"}, map[string]string{"DOORWARD_DATA": "/other"}, "/srv/door"},
		{"the environment", nil, map[string]string{"DOORWARD_DATA": "/other", "HOME": "/home/ada"}, "/other"},
		{"a relative one", map[string]string{"data": "door"}, nil, filepath.Join(here, "door")},
		{"XDG", nil, map[string]string{"XDG_DATA_HOME": "/xdg", "HOME": "/home/ada"}, "/xdg/doorward"},
		{"XDG that is relative and so does not count", nil, map[string]string{
			"XDG_DATA_HOME": "xdg",
			"HOME":          "/home/ada",
		}, "/home/ada/.local/share/doorward"},
		{"home", nil, map[string]string{"HOME": "/home/ada"}, "/home/ada/.local/share/doorward"},
		{"homeless", nil, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := config.DataDir(tt.flags, func(name string) string { return tt.env[name] })
			if tt.want == "" {
				refused(t, err, "data", "no home directory", "--data / DOORWARD_DATA")
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("DataDir = %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

func refused(t *testing.T, err error, field string, parts ...string) {
	t.Helper()
	if !access.Invalid.Is(err) {
		t.Fatalf("err = %v, want a refusal", err)
	}
	if got := access.Explain(err).Field; got != field {
		t.Errorf("the refusal is on %q, want %q", got, field)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the refusal %q lacks %q", err, part)
		}
	}
}

// The mail server's URL is put into the wrong setting: the sentence goes to the log.
func TestAPasswordIsNotRepeated(t *testing.T) {
	for _, name := range []string{"url", "listen", "trusted-proxies", "mail-per-minute", "min-free", "log-level",
		"log-format", "mail-from"} {
		for _, v := range []string{"smtpx://user:hunter22@mail.example.com", ":hunter22@",
			"user:p@hunter22@host:99999"} {
			t.Run(name+" "+v, func(t *testing.T) {
				_, err := config.Load(map[string]string{
					"data": t.TempDir(),
					name:   v,
				}, func(string) string { return "" })
				if err == nil {
					t.Fatal("it is accepted")
				}
				if said := err.Error(); strings.Contains(said, "hunter22") {
					t.Errorf("it says %q", said)
				}
			})
		}
	}
}
