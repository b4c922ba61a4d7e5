package smtp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"doorward/backend/mail/mailtest"
	"doorward/backend/mail/smtp"
)

// A mail server that hangs would block the worker, a connection and two goroutines forever:
// go-simple-mail has no time limit at AUTH, MAIL and DATA.
func TestHangs(t *testing.T) {
	for _, tt := range []struct {
		at    mailtest.Moment
		mode  mailtest.Mode
		class smtp.Class // empty: the email is accepted
		text  string
	}{
		{mailtest.Banner, mailtest.STARTTLS, smtp.Temporary, "use smtps://"},
		{mailtest.Banner, mailtest.TLS, smtp.Temporary, "within 500ms."},
		{mailtest.EHLO, mailtest.STARTTLS, smtp.Temporary, "within 500ms."},
		{mailtest.EHLO, mailtest.TLS, smtp.Temporary, "within 500ms."},
		{mailtest.StartTLS, mailtest.STARTTLS, smtp.Temporary, "within 500ms."},
		{mailtest.Handshake, mailtest.STARTTLS, smtp.Temporary, "within 500ms."},
		{mailtest.Handshake, mailtest.TLS, smtp.Temporary, "within 500ms."},
		{mailtest.Auth, mailtest.STARTTLS, smtp.Temporary, "within 500ms."},
		{mailtest.Auth, mailtest.Plain, smtp.Temporary, "within 500ms."},
		{mailtest.Mail, mailtest.STARTTLS, smtp.Temporary, "within 500ms."},
		{mailtest.Rcpt, mailtest.STARTTLS, smtp.Temporary, "within 500ms."},
		{mailtest.Data, mailtest.STARTTLS, smtp.Temporary, "within 500ms."},
		{mailtest.EndOfData, mailtest.STARTTLS, smtp.Ambiguous, "before it was confirmed"},
		{mailtest.Quit, mailtest.STARTTLS, "", ""},
	} {
		t.Run(string(tt.at)+" "+string(tt.mode), func(t *testing.T) {
			s := mailtest.Start(t, mailtest.Options{Mode: tt.mode, User: "door", Password: "pass"})
			s.NoLeak(t)
			s.Script(mailtest.Fault{At: tt.at, Hang: true})
			server := serverOf(t, s)
			server.Patience = patience
			if tt.at == mailtest.Quit { // the wait is at most 2 s anyway
				server.Patience = generous
			}
			began := time.Now()
			err := send(t.Context(), server, message(1))
			if took := time.Since(began); took > generous/2 {
				t.Errorf("it took %v", took)
			}
			if tt.class == "" {
				if err != nil || len(s.Received()) != 1 {
					t.Errorf("%v, %d emails came", err, len(s.Received()))
				}
				return
			}
			f := failureOf(t, err)
			if f.Class != tt.class || !strings.Contains(f.Detail, tt.text) || !strings.Contains(f.Detail, s.Addr()) {
				t.Errorf("%v %q (%v)", f.Class, f.Detail, f.Err)
			}
			if len(s.Received()) != 0 {
				t.Error("an email came")
			}
		})
	}
}

// A server that hangs after it refused a login or an email must not cost more than one time
// limit for the rest.
func TestHangsAfterRefusal(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{User: "door", Password: "pass"})
	s.NoLeak(t)
	server := serverOf(t, s)
	s.Script(mailtest.Fault{At: mailtest.Auth, Reply: "535 5.7.8 no"}, mailtest.Fault{At: mailtest.Quit, Hang: true})
	if f := failureOf(t, send(t.Context(), server, message(1))); f.Class != smtp.Paused || f.Detail != "535 5.7.8 no" {
		t.Errorf("%v %q", f.Class, f.Detail)
	}
	server.Patience = patience
	s.Script(mailtest.Fault{At: mailtest.Rcpt, Reply: "550 5.1.1 no"}, mailtest.Fault{At: mailtest.Rset, Hang: true})
	session, err := smtp.Dial(t.Context(), server, "door.example.com")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if f := failureOf(t, session.Send(t.Context(), message(1))); f.Class != smtp.Permanent || session.Alive() {
		t.Errorf("%v %q, alive %v", f.Class, f.Detail, session.Alive())
	}
}

func TestDrops(t *testing.T) {
	for _, tt := range []struct {
		fault mailtest.Fault
		class smtp.Class
		came  int
	}{
		{mailtest.Fault{At: mailtest.Banner}, smtp.Temporary, 0},
		{mailtest.Fault{At: mailtest.EHLO}, smtp.Temporary, 0},
		{mailtest.Fault{At: mailtest.StartTLS}, smtp.Temporary, 0},
		{mailtest.Fault{At: mailtest.Handshake}, smtp.Temporary, 0},
		{mailtest.Fault{At: mailtest.Auth}, smtp.Temporary, 0},
		{mailtest.Fault{At: mailtest.Mail}, smtp.Temporary, 0},
		{mailtest.Fault{At: mailtest.Rcpt}, smtp.Temporary, 0},
		{mailtest.Fault{At: mailtest.Data}, smtp.Temporary, 0},
		{mailtest.Fault{At: mailtest.EndOfData}, smtp.Ambiguous, 0},
		{mailtest.Fault{At: mailtest.EndOfData, Accept: true}, smtp.Ambiguous, 1},
	} {
		t.Run(fmt.Sprintf("%s %v", tt.fault.At, tt.fault.Accept), func(t *testing.T) {
			s := mailtest.Start(t, mailtest.Options{User: "door", Password: "pass"})
			s.NoLeak(t)
			tt.fault.Drop, tt.fault.Times = true, 1
			s.Script(tt.fault)
			f := failureOf(t, send(t.Context(), serverOf(t, s), message(1)))
			if f.Class != tt.class || f.Stale || len(s.Received()) != tt.came {
				t.Errorf("%v %q (%v), %d emails came", f.Class, f.Detail, f.Err, len(s.Received()))
			}
			if err := send(t.Context(), serverOf(t, s), message(1)); err != nil {
				t.Errorf("again: %v", err)
			}
			for _, got := range s.Received() {
				if got.MessageID != message(1).ID {
					t.Errorf("Message-ID %q", got.MessageID)
				}
			}
		})
	}
}

// A message that breaks off half-way was not accepted, and is not ambiguous.
func TestDropWithinTheBody(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	s.NoLeak(t)
	s.Script(mailtest.Fault{At: mailtest.Content, Drop: true})
	m := message(1)
	m.Text = strings.Repeat("A line that fills the buffers of both sides.\n", 1<<20/45*16)
	if f := failureOf(t, send(t.Context(), serverOf(t, s), m)); f.Class != smtp.Temporary || len(s.Received()) != 0 {
		t.Errorf("%v %q, %d emails came", f.Class, f.Detail, len(s.Received()))
	}
}

// The end of the message is found wherever it crosses the borders of buffers.
func TestEndIsFoundAtEveryLength(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{Mode: mailtest.Plain})
	s.NoLeak(t)
	s.Script(mailtest.Fault{At: mailtest.EndOfData, Drop: true})
	for n := range 80 {
		m := message(1)
		m.HTML, m.Text = "", strings.Repeat("x\n", 1200)+strings.Repeat("y", n)
		if f := failureOf(t, send(t.Context(), serverOf(t, s), m)); f.Class != smtp.Ambiguous {
			t.Fatalf("with %d: %v %q", n, f.Class, f.Detail)
		}
	}
}

func TestStaleConnection(t *testing.T) {
	for _, fault := range []mailtest.Fault{{
		At:   mailtest.Mail,
		Drop: true,
	}, {At: mailtest.Mail, Reply: "421 4.4.2 idle too long"}} {
		s := mailtest.Start(t, mailtest.Options{})
		s.NoLeak(t)
		session, err := smtp.Dial(t.Context(), serverOf(t, s), "door.example.com")
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		if err := session.Send(t.Context(), message(1)); err != nil {
			t.Fatal(err)
		}
		s.Script(fault)
		if f := failureOf(t, session.Send(t.Context(), message(2))); !f.Stale || session.Alive() {
			t.Errorf("%+v, alive %v", f, session.Alive())
		}
	}
}

func TestDown(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	s.NoLeak(t)
	s.Down()
	f := failureOf(t, send(t.Context(), serverOf(t, s), message(1)))
	if f.Class != smtp.Temporary || !strings.HasPrefix(f.Detail, "Nothing answers at "+s.Addr()) {
		t.Errorf("%v %q", f.Class, f.Detail)
	}
	var op *net.OpError
	if !errors.As(f, &op) {
		t.Errorf("the cause %v has lost its type", f.Err)
	}
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	if err := send(t.Context(), serverOf(t, s), message(1)); err != nil {
		t.Errorf("once it is back: %v", err)
	}
}

func TestUnknownHost(t *testing.T) {
	server, err := smtp.ParseServer("smtp://nowhere.invalid")
	if err != nil {
		t.Fatal(err)
	}
	f := failureOf(t, send(t.Context(), server, message(1)))
	if f.Class != smtp.Temporary || !strings.Contains(f.Detail, "nowhere.invalid") {
		t.Errorf("%v %q", f.Class, f.Detail)
	}
}

func TestContextEndsWhatHangs(t *testing.T) {
	for _, at := range []mailtest.Moment{mailtest.Banner, mailtest.Handshake, mailtest.Auth, mailtest.Mail,
		mailtest.EndOfData} {
		t.Run(string(at), func(t *testing.T) {
			s := mailtest.Start(t, mailtest.Options{User: "door", Password: "pass"})
			s.NoLeak(t)
			s.Script(mailtest.Fault{At: at, Hang: true})
			ctx, cancel := context.WithCancel(t.Context())
			failed := make(chan error, 1)
			go func() { failed <- send(ctx, serverOf(t, s), message(1)) }()
			mailtest.Eventually(t, "the client is connected", func() bool { return s.Open() == 1 })
			if at == mailtest.Mail {
				mailtest.Eventually(t, "MAIL is sent", func() bool {
					return strings.Contains(fmt.Sprint(s.Heard()), "MAIL FROM")
				})
			}
			cancel()
			if f := failureOf(t, <-failed); f.Class != smtp.Temporary && f.Class != smtp.Ambiguous {
				t.Errorf("%v %q", f.Class, f.Detail)
			}
		})
	}
}
