package config_test

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"doorward/app/config"
	"doorward/backend/access"
)

// Any text is a settings file: it is understood as a whole or refused with one
// line that anybody may read, without a panic, and never with the mail server's
// password.
func FuzzSettingsFile(f *testing.F) {
	for _, s := range []string{
		"url = \"https://door.example.com\"\nlisten = \":8080\"\n",
		"smtp_url = \"smtp://user:hunter22@mail.example.com:587\"\n",
		"mail_per_minute = 60\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n",
		"\ufeffurl = 1\n", "[smtp]\nurl = \"x\"\n",
		"url = ", "data = \"/\"\n", "min_free = \"1e309GB\"\n", "log_level = \"loud\"\n",
		"tls_cert = \"/x\"\n", "ur1 = \"x\"\n", "\x00", "a.b.c = {d = [[1]]}\n",
		"mail_from = \"Door <door@example.com>\\r\\nBcc: x@example.com\"\n", "listen = \"127.0.0.1:99999\"\n",
	} {
		f.Add(s)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		data := filepath.Join(dir, "data")
		os.RemoveAll(data)
		if err := os.Mkdir(data, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(data, config.FileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(map[string]string{"data": data}, func(string) string { return "" })
		sound(t, c, err, false)
	})
}

// Any text is a setting, as a flag and in the environment: the same holds.
func FuzzSettings(f *testing.F) {
	f.Add("url", "https://door.example.com", "listen", ":8080")
	f.Add("url", "https://user:hunter22@door.example.com/x?y#z", "listen", "[::1]:0")
	f.Add("smtp-url", "smtp://user:hunter22@mail.example.com", "mail-from", "a@b.c")
	f.Add("trusted-proxies", "10.0.0.0/8, fe80::1%eth0, 1.2.3.4/33", "min-free", "99999999999999TB")
	f.Add("mail-per-minute", "-1", "log-format", "JSON")
	f.Add("listen", "127.0.0.1:08080", "url", "http://\u212a.example")
	f.Add("tls-cert", "/x", "tls-key", "/y")
	f.Add("url", "hunter22", "listen", "hunter22")
	f.Add("url", ":hunter22@", "listen", "user:hunter22@host")
	f.Add("smtp-url", "smtp://user:hunter22", "listen", "127.0.0.1:0")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, flag, value, name, setting string) {
		flags := map[string]string{"data": dir}
		if flag != "data" {
			flags[flag] = value
		}
		env := "DOORWARD_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		c, err := config.Load(flags, func(n string) string {
			if n == env && n != "DOORWARD_DATA" {
				return setting
			}
			return ""
		})
		secret := flag == "smtp-url" && strings.Contains(value, password) ||
			env == "DOORWARD_SMTP_URL" && strings.Contains(setting, password)
		elsewhere := flag != "smtp-url" && strings.Contains(flag+value, password) ||
			env != "DOORWARD_SMTP_URL" && strings.Contains(setting, password)
		sound(t, c, err, secret && !elsewhere)
	})
}

// password is the one in the seeds.
const password = "hunter22"

// sound checks what the rest of the program relies on. A refusal never contains
// the password of a URL, nor, where secret says that it occurs only in the mail
// server's setting, any part of that setting that holds it. Only there is the
// bare word a secret: the fuzzer also puts it into settings whose value is
// repeated.
func sound(t *testing.T, c config.Config, err error, secret bool) {
	t.Helper()
	if err != nil {
		said := err.Error()
		e := access.Explain(err)
		if e.Kind != access.Invalid || e.Message == "" || !utf8.ValidString(e.Message) ||
			strings.ContainsFunc(e.Message, unicode.IsControl) || len(e.Message) > 2000 {
			t.Errorf("refused with %q (%s)", e.Message, e.Kind)
		}
		if strings.Contains(said, ":"+password+"@") || secret && strings.Contains(said, password) {
			t.Errorf("the password is told: %q", said)
		}
		return
	}
	u, bad := url.Parse(c.URL)
	if bad != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		t.Errorf("the public address is %q", c.URL)
	}
	if _, _, bad := net.SplitHostPort(c.Listen); bad != nil {
		t.Errorf("it listens on %q", c.Listen)
	}
	if c.MailPerMinute < 1 || strings.ContainsAny(c.MailFrom, "\r\n\x00") || !strings.Contains(c.MailFrom, "@") ||
		(c.TLSCert == "") != (c.TLSKey == "") {
		t.Errorf("loaded as %+v", c)
	}
	for _, p := range c.TrustedProxies {
		if !p.IsValid() || p.Addr().Zone() != "" {
			t.Errorf("the network %v is trusted", p)
		}
	}
}
