package smtp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/mail/smtp"
)

func TestParseServer(t *testing.T) {
	for url, name := range map[string]string{
		"smtp://mail.example.com":                    "mail.example.com:587",
		"smtps://mail.example.com":                   "mail.example.com:465",
		"smtp+insecure://127.0.0.1":                  "127.0.0.1:25",
		"smtp+insecure://localhost:1025":             "localhost:1025",
		"smtp+insecure://[::1]:1025":                 "[::1]:1025",
		"SMTP://Mail.Example.COM.:2525":              "mail.example.com:2525",
		"smtp://user:pa%40ss@mail.example.com:587":   "mail.example.com:587",
		"smtps://me%40example.com:p:w@[2001:db8::1]": "[2001:db8::1]:465",
		" smtp://u:p@xn--bcher-kva.example:587/\n":   "xn--bcher-kva.example:587",
	} {
		s, err := smtp.ParseServer(url)
		if err != nil || s.Name() != name || s.IsZero() {
			t.Errorf("ParseServer(%q) = %q, %v; want %q", url, s.Name(), err, name)
		}
	}
}

// Somebody mistypes the setting and sees the answer on a screen, in a log or in a ticket:
// it must help, and must not contain the password.
func TestParseServerTypos(t *testing.T) {
	const secret = "hunter2"
	for url, want := range map[string]string{
		"":                                      "must be written as a URL",
		"mail.example.com:587":                  "must be written as a URL",
		"user:hunter2@mail.example.com:587":     "must be written as a URL",
		"smtp:user:hunter2@mail.example.com":    "must be written as a URL",
		"smpt://user:hunter2@mail.example.com":  "Did you mean smtp://?",
		"smtsp://user:hunter2@mail.example.com": "Did you mean smtp",
		"smtpss://mail.example.com":             "Did you mean smtps://?",
		"ssl://mail.example.com:465":            "Did you mean smtps://?",
		"smtp+insecur://127.0.0.1":              "Did you mean smtp+insecure://?",
		"https://mail.example.com":              "Use smtp:// (STARTTLS), smtps://",
		"user:hunter2://mail.example.com":       "must begin with",
		"://mail.example.com":                   "must begin with",
		"smtp://":                               "has no host",
		"smtp://:587":                           "has no host",
		"smtp://user:hunter2@":                  "has no host",
		"smtp://user:hunter2@:587":              "has no host",
		"smtp://mail.example.com:":              "must be a number from 1 to 65535",
		"smtp://mail.example.com:0":             "must be a number from 1 to 65535",
		"smtp://mail.example.com:65536":         "must be a number from 1 to 65535",
		"smtp://mail.example.com:+587":          "must be a number from 1 to 65535",
		"smtp://user:hunter2":                   "must be a number from 1 to 65535",
		"smtp://user:hunter2:587":               "is not a host name",
		"smtp://user:hunter2/mail.example.com":  "must end after the host and port",
		"smtp://mail example.com":               "is not a host name",
		"smtp://bücher.example":                 "xn-- form",
		"smtp://2001:db8::zz:587":               "is not a host name",
		"smtp://[fe80::1%25eth0]":               "is not a host name",
		"smtp://-mail.example.com":              "is not a host name",
		"smtp+insecure://mail.example.com:25":   "on this machine only",
		"smtp+insecure://u:hunter2@192.0.2.1":   "on this machine only",
		"smtp+insecure://127.0.0.1.example.com": "on this machine only",
		"smtp://user@mail.example.com":          "no password",
		"smtp://user:@mail.example.com":         "no password",
		"smtp://:hunter2@mail.example.com":      "no username",
		"smtp://mail.example.com:587/inbox":     "must end after",
		"smtp://mail.example.com?tls=no":        "must end after",
		"smtp://mail.example.com#hunter2":       "must end after",
		"smtp://user:hunter2#1@mail.example":    "# as %23",
		"smtp://user:hunter2/1@mail.example":    "/ as %2F",
		"smtp://user:hunter2?1@mail.example":    "? as %3F",
		"smtp://user:hunter2@1@mail.example":    "@ as %40",
		"smtp://user:hunter2%zz@mail.example":   "% as %25",
		"smtp://user:hunter2%@mail.example":     "The password in",
		"smtp://user:hunter2 1@mail.example":    "a space as %20",
		"smtp://me@x.org:hunter2@mail.example":  "The username in",
		"smtp://user:hunter2%0d%0a@mail.org":    "control character",
		"smtp://user:hunter2%00@mail.org":       "control character",
		"smtp://us\ner:hunter2@mail.org":        "control character",
	} {
		s, err := smtp.ParseServer(url)
		var e *access.Error
		if !errors.As(err, &e) || e.Kind != access.Invalid || e.Field != "smtp_url" || !s.IsZero() {
			t.Errorf("ParseServer(%q) = %v, %v; want it refused as smtp_url", url, s, err)
			continue
		}
		if !strings.Contains(e.Message, want) {
			t.Errorf("ParseServer(%q) says %q, want %q in it", url, e.Message, want)
		}
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, errors.Unwrap(err)), secret) {
			t.Errorf("ParseServer(%q) repeats the password: %v", url, err)
		}
	}
}

// A server is logged, alone or inside other structures, by somebody who does not think of
// its password.
func TestServerNeverShowsThePassword(t *testing.T) {
	s, err := smtp.ParseServer("smtp://user:hunter2@mail.example.com")
	if err != nil {
		t.Fatal(err)
	}
	type config struct {
		server smtp.Server
		Server smtp.Server
	}
	c := config{s, s}
	var out bytes.Buffer
	for _, v := range []any{s, &s, c, &c, []smtp.Server{s}} {
		fmt.Fprintf(&out, "%v %+v %#v %s %q\n", v, v, v, v, v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		json.NewEncoder(&out).Encode(v)
	}
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("the password is in:\n%s", out.String())
	}
	if s.String() != "mail.example.com:587" {
		t.Errorf("String() = %q", s.String())
	}
}

func TestHELO(t *testing.T) {
	for host, want := range map[string]string{
		"Door.Example.COM": "door.example.com",
		"127.0.0.1":        "[127.0.0.1]",
		"[::1]":            "[IPv6:::1]",
		"[IPv6:::1]":       "[IPv6:::1]",
		"":                 "localhost",
		"a b\r\nMAIL":      "localhost",
	} {
		if got := smtp.HELO(host); got != want {
			t.Errorf("HELO(%q) = %q, want %q", host, got, want)
		}
	}
}
