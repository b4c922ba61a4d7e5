package smtp_test

import (
	"crypto/tls"
	"encoding/base64"
	"net"
	"strings"
	"testing"

	"doorward/backend/mail/mailtest"
	"doorward/backend/mail/smtp"
)

// safe fails the test if a login or an email was sent unencrypted, or if any email was
// received.
func safe(t *testing.T, s *mailtest.Server) {
	t.Helper()
	if n := len(s.Received()); n != 0 {
		t.Errorf("%d emails came", n)
	}
	for _, l := range s.Heard() {
		verb, _, _ := strings.Cut(l.Text, " ")
		if !l.TLS && verb != "EHLO" && verb != "HELO" && verb != "STARTTLS" && verb != "QUIT" {
			t.Errorf("heard in the clear: %s", l.Text)
		}
	}
}

// An attacker on the network removes STARTTLS from the server's offer, or answers in its
// place. go-simple-mail would continue and give him password and email.
func TestNothingIsSentInTheClear(t *testing.T) {
	for name, tamper := range map[string]func(*mailtest.Server){
		"STARTTLS is not offered": func(s *mailtest.Server) { s.Hide("STARTTLS") },
		"STARTTLS is refused": func(s *mailtest.Server) {
			s.Script(mailtest.Fault{
				At:    mailtest.StartTLS,
				Reply: "502 5.5.1 no",
			})
		},
		"EHLO is refused": func(s *mailtest.Server) {
			s.Script(mailtest.Fault{
				At:    mailtest.EHLO,
				Reply: "502 5.5.1 no",
			})
		},
	} {
		for _, o := range []mailtest.Options{{}, {User: "door", Password: "hunter2"}} {
			t.Run(name+" "+o.User, func(t *testing.T) {
				s := mailtest.Start(t, o)
				s.NoLeak(t)
				tamper(s)
				f := failureOf(t, send(t.Context(), serverOf(t, s), message(1)))
				if f.Class != smtp.Paused {
					t.Errorf("%v %q", f.Class, f.Detail)
				}
				safe(t, s)
			})
		}
	}
}

func TestCertificates(t *testing.T) {
	for _, mode := range []mailtest.Mode{mailtest.STARTTLS, mailtest.TLS} {
		for text, cert := range map[string]mailtest.Cert{
			"its certificate is for another name":                                    mailtest.WrongName,
			"its certificate has expired":                                            mailtest.Expired,
			"its certificate is not signed by an authority that this machine trusts": mailtest.SelfSigned,
			"No email or password was sent":                                          mailtest.SelfSigned,
		} {
			t.Run(string(mode)+" "+text, func(t *testing.T) {
				s := mailtest.Start(t, mailtest.Options{Mode: mode, Cert: cert, User: "door", Password: "hunter2"})
				s.NoLeak(t)
				f := failureOf(t, send(t.Context(), serverOf(t, s), message(1)))
				if f.Class != smtp.Paused || !strings.Contains(f.Detail, text) {
					t.Errorf("%v %q (%v)", f.Class, f.Detail, f.Err)
				}
				safe(t, s)
				s.SetCert(t, mailtest.Good)
				if err := send(t.Context(), serverOf(t, s), message(1)); err != nil {
					t.Errorf("once it is mended: %v", err)
				}
			})
		}
	}
}

func TestUntrustedAuthority(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	server := serverOf(t, s)
	server.RootCAs = nil // the system's, which do not include the test's
	if f := failureOf(t, send(t.Context(), server, message(1))); f.Class != smtp.Paused {
		t.Errorf("%v %q", f.Class, f.Detail)
	}
	safe(t, s)
}

func TestOldTLSIsRefused(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{MaxTLS: tls.VersionTLS11})
	s.NoLeak(t)
	if f := failureOf(t, send(t.Context(), serverOf(t, s), message(1))); f.Class != smtp.Paused {
		t.Errorf("%v %q (%v)", f.Class, f.Detail, f.Err)
	}
	safe(t, s)
}

func TestWrongKindOfPort(t *testing.T) {
	t.Run("smtps to a port that is plain", func(t *testing.T) {
		s := mailtest.Start(t, mailtest.Options{})
		s.NoLeak(t)
		server, _ := smtp.ParseServer("smtps://" + s.Addr())
		f := failureOf(t, send(t.Context(), server, message(1)))
		if f.Class != smtp.Paused || !strings.Contains(f.Detail, "does not use TLS from the start") {
			t.Errorf("%v %q (%v)", f.Class, f.Detail, f.Err)
		}
	})
	t.Run("smtp to a port that is TLS", func(t *testing.T) {
		s := mailtest.Start(t, mailtest.Options{Mode: mailtest.TLS})
		s.NoLeak(t)
		server, _ := smtp.ParseServer("smtp://" + s.Addr())
		server.Patience = patience
		f := failureOf(t, send(t.Context(), server, message(1)))
		if f.Class != smtp.Temporary || !strings.Contains(f.Detail, "use smtps://") {
			t.Errorf("%v %q (%v)", f.Class, f.Detail, f.Err)
		}
	})
}

// If a user name is set, a server that offers no login gets no email: go-simple-mail would
// send it without one, to be bounced or marked as spam.
func TestLoginThatIsNotOffered(t *testing.T) {
	for _, mode := range []mailtest.Mode{mailtest.STARTTLS, mailtest.TLS, mailtest.Plain} {
		for _, mechanisms := range [][]string{{"PLAIN"}, {"XOAUTH2"}} {
			s := mailtest.Start(t, mailtest.Options{Mode: mode, User: "door", Password: "pass", Mechanisms: mechanisms})
			s.NoLeak(t)
			if mechanisms[0] == "PLAIN" {
				s.Hide("AUTH")
			}
			f := failureOf(t, send(t.Context(), serverOf(t, s), message(1)))
			if f.Class != smtp.Paused || !strings.Contains(f.Detail, "offers no sign-in method") {
				t.Errorf("%s %v: %v %q (%v)", mode, mechanisms, f.Class, f.Detail, f.Err)
			}
			safe(t, s)
		}
	}
}

func TestWrongPassword(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "LOGIN"} {
		s := mailtest.Start(t, mailtest.Options{User: "door", Password: "right", Mechanisms: []string{mechanism}})
		s.NoLeak(t)
		server, _ := smtp.ParseServer(strings.Replace(s.URL(), "right", "hunter2", 1))
		server.RootCAs = s.RootCAs()
		f := failureOf(t, send(t.Context(), server, message(1)))
		if f.Class != smtp.Paused || !strings.HasPrefix(f.Detail, "535 ") || strings.Contains(f.Detail, "hunter2") {
			t.Errorf("%v %q (%v)", f.Class, f.Detail, f.Err)
		}
		safe(t, s)
	}
}

// A server asks for the user name again and again: the client would answer forever.
func TestLoginWithoutEnd(t *testing.T) {
	ask := "334 " + base64.StdEncoding.EncodeToString([]byte("Username:"))
	reached := raw(t, func(c *conversation) {
		c.say("220 hello")
		c.hear("EHLO")
		c.say("250-hello\r\n250 AUTH LOGIN")
		for c.hear("") {
			c.say(ask)
		}
	})
	server, _ := smtp.ParseServer("smtp+insecure://door:pass@" + reached)
	server.Patience = patience
	if f := failureOf(t, send(t.Context(), server, message(1))); f.Class != smtp.Temporary {
		t.Errorf("%v %q (%v)", f.Class, f.Detail, f.Err)
	}
}

// A response sent unencrypted after STARTTLS was accepted would be taken for the first
// response of the encrypted conversation.
func TestInjectionBeforeEncryption(t *testing.T) {
	reached := raw(t, func(c *conversation) {
		c.say("220 hello")
		c.hear("EHLO")
		c.say("250-hello\r\n250 STARTTLS")
		c.hear("STARTTLS")
		c.say("220 go ahead\r\n250-hello\r\n250 AUTH PLAIN")
		c.hear("")
	})
	server, _ := smtp.ParseServer("smtp://door:pass@" + reached)
	f := failureOf(t, send(t.Context(), server, message(1)))
	if f.Class != smtp.Paused || !strings.Contains(f.Detail, "interfering") {
		t.Errorf("%v %q (%v)", f.Class, f.Detail, f.Err)
	}
}

func TestServersThatAreNone(t *testing.T) {
	for name, text := range map[string]string{
		"HTTP":         "HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n",
		"no line end":  strings.Repeat("x", 1<<20),
		"no last line": strings.Repeat("220-welcome\r\n", 1<<16),
		"binary":       "\x00\x01\x02\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			reached := raw(t, func(c *conversation) { c.say(text); c.hear("") })
			server, _ := smtp.ParseServer("smtp://" + reached)
			f := failureOf(t, send(t.Context(), server, message(1)))
			if f.Class != smtp.Temporary || !strings.Contains(f.Detail, "answer with SMTP") {
				t.Errorf("%v %q (%v)", f.Class, f.Detail, f.Err)
			}
		})
	}
}

// Whoever controls name resolution can make localhost mean another machine.
func TestInsecureOnlyToThisMachine(t *testing.T) {
	if _, err := smtp.ParseServer("smtp+insecure://10.0.0.1:25"); err == nil {
		t.Error("a host elsewhere is let through")
	}
	s := mailtest.Start(t, mailtest.Options{Mode: mailtest.Plain})
	if err := send(t.Context(), serverOf(t, s), message(1)); err != nil {
		t.Error(err)
	}
	if host, _, _ := net.SplitHostPort(s.Addr()); host != "127.0.0.1" {
		t.Errorf("the test's server is at %s", host)
	}
}

// A server offers PLAIN and LOGIN, and takes the password by LOGIN alone. The first
// refusal is not the last word: the next mechanism is tried once, and no other.
func TestNextLoginMechanism(t *testing.T) {
	for _, mode := range []mailtest.Mode{mailtest.STARTTLS, mailtest.TLS, mailtest.Plain} {
		s := mailtest.Start(t, mailtest.Options{Mode: mode, User: "door", Password: "pass"})
		s.NoLeak(t)
		s.Script(mailtest.Fault{At: mailtest.Auth, Reply: "535 5.7.8 not by PLAIN", Times: 1})
		if err := send(t.Context(), serverOf(t, s), message(1)); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		s.Script(mailtest.Fault{At: mailtest.Auth, Reply: "454 4.7.0 not now"})
		before := s.Connections()
		if f := failureOf(t, send(t.Context(), serverOf(t, s), message(2))); f.Class != smtp.Temporary {
			t.Errorf("%s: %v %q", mode, f.Class, f.Detail)
		}
		if n := s.Connections() - before; n != 1 {
			t.Errorf("%s: %d connections after \"not now\"", mode, n)
		}
		s.Script(mailtest.Fault{At: mailtest.Auth, Reply: "535 5.7.8 wrong password"})
		before = s.Connections()
		if f := failureOf(t, send(t.Context(), serverOf(t, s), message(3))); f.Class != smtp.Paused {
			t.Errorf("%s: %v %q", mode, f.Class, f.Detail)
		}
		if n := s.Connections() - before; n != 2 {
			t.Errorf("%s: %d connections for two mechanisms", mode, n)
		}
	}
}
