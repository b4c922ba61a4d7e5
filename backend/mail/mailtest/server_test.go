package mailtest_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/smtp"
	"strings"
	"testing"

	"doorward/backend/mail/mailtest"
)

// A client other than ours, such as a program in another process: it knows only URL and
// CAPEM.
func TestAnotherClient(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{User: "door", Password: "pass"})
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(s.CAPEM()) || !strings.HasPrefix(s.URL(), "smtp://door:pass@127.0.0.1:") {
		t.Fatalf("URL %q, CAPEM %q", s.URL(), s.CAPEM())
	}
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ := net.SplitHostPort(s.Addr())
	for _, step := range []func() error{
		func() error { return c.StartTLS(&tls.Config{RootCAs: roots, ServerName: host}) },
		func() error { return c.Auth(smtp.PlainAuth("", "door", "pass", host)) },
		func() error { return c.Mail("a@example.org") },
		func() error { return c.Rcpt("b@example.org") },
		func() error {
			w, err := c.Data()
			if err != nil {
				return err
			}
			w.Write([]byte("Message-ID: <x@y>\r\nSubject: =?utf-8?q?=C3=BC?=\r\nContent-Type: text/plain; " +
				"charset=utf-8\r\n\r\nhello\r\n"))
			return w.Close()
		},
		c.Quit,
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Wait(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if m := got[0]; m.To != "b@example.org" || m.MessageID != "x@y" || m.Subject != "ü" || m.Text != "hello\n" ||
		!m.TLS || m.User != "door" {
		t.Errorf("it took in %+v", m)
	}
}
