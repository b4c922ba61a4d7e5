package smtp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"doorward/backend/mail/mailtest"
	"doorward/backend/mail/smtp"
	"doorward/backend/text"
)

const (
	patience = 500 * time.Millisecond // the client's limit, where the server hangs
	generous = time.Minute            // for what must happen, however busy the machine is
)

func serverOf(t *testing.T, s *mailtest.Server) smtp.Server {
	t.Helper()
	server, err := smtp.ParseServer(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	server.RootCAs, server.Patience = s.RootCAs(), generous
	return server
}

func message(n int) smtp.Message {
	return smtp.Message{
		ID: fmt.Sprintf("m%d@door.example.com", n), From: "door@example.com", FromName: "AI Loop",
		To:      fmt.Sprintf("ada%d@example.org", n),
		Subject: "Grüße", Text: "Hallo Ada,\n\n.\n..\nGrüße\n", HTML: "<p>Grüße</p>\n",
		Date: time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC),
	}
}

// send sends one email over a connection of its own.
func send(ctx context.Context, server smtp.Server, m smtp.Message) error {
	session, err := smtp.Dial(ctx, server, "door.example.com")
	if err != nil {
		return err
	}
	defer session.Close()
	return session.Send(ctx, m)
}

func failureOf(t *testing.T, err error) *smtp.Failure {
	t.Helper()
	var f *smtp.Failure
	if !errors.As(err, &f) {
		t.Fatalf("the error is %v, want a Failure", err)
	}
	return f
}

func TestSend(t *testing.T) {
	for name, o := range map[string]mailtest.Options{
		"STARTTLS":                {},
		"STARTTLS and PLAIN":      {User: "door", Password: "p:a@ss/w%rd"},
		"STARTTLS and LOGIN":      {User: "door", Password: "pass", Mechanisms: []string{"LOGIN"}},
		"TLS from the start":      {Mode: mailtest.TLS, User: "door", Password: "pass"},
		"unencrypted, this host":  {Mode: mailtest.Plain},
		"unencrypted, with login": {Mode: mailtest.Plain, User: "door", Password: "pass"},
		"TLS 1.2":                 {MaxTLS: tls.VersionTLS12},
	} {
		t.Run(name, func(t *testing.T) {
			s := mailtest.Start(t, o)
			s.NoLeak(t)
			m := message(1)
			if err := send(t.Context(), serverOf(t, s), m); err != nil {
				t.Fatal(err)
			}
			got := s.Received()
			if len(got) != 1 {
				t.Fatalf("%d emails came", len(got))
			}
			r := got[0]
			if r.From != m.From || r.To != m.To || r.MessageID != m.ID || r.HELO != "door.example.com" ||
				r.User != o.User {
				t.Errorf("the envelope is %+v", r)
			}
			if r.Subject != m.Subject || r.Text != m.Text || r.HTML != m.HTML || r.TLS != (o.Mode != mailtest.Plain) {
				t.Errorf("the email is %q %q %q, encrypted %v", r.Subject, r.Text, r.HTML, r.TLS)
			}
		})
	}
}

func TestManyEmailsOverOneConnection(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{})
	s.NoLeak(t)
	session, err := smtp.Dial(t.Context(), serverOf(t, s), "door.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 8 {
		if err := session.Send(t.Context(), message(n)); err != nil || !session.Alive() {
			t.Fatal(n, err)
		}
		if !strings.HasPrefix(session.Said(), "250 ") {
			t.Errorf("the server said %q", session.Said())
		}
	}
	if s.Open() != 1 || len(s.Received()) != 8 {
		t.Errorf("%d emails over %d connections", len(s.Received()), s.Open())
	}
	session.Close()
	if err := session.Send(t.Context(), message(9)); !failureOf(t, err).Stale {
		t.Error("a closed session sent")
	}
}

// Each row is a server's answer and what it means. After a refusal the connection takes the
// next email, unless the server closed it.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		at    mailtest.Moment
		reply string
		class smtp.Class
		alive bool
	}{
		{mailtest.Banner, "421 4.3.2 too busy", smtp.Temporary, false},
		{mailtest.Banner, "554 5.7.1 no service for you", smtp.Paused, false},
		{mailtest.EHLO, "421 4.3.2 too busy", smtp.Temporary, false},
		{mailtest.EHLO, "451 4.3.0 not now", smtp.Temporary, false},
		{mailtest.EHLO, "550 5.7.1 your name is bad", smtp.Paused, false},
		{mailtest.StartTLS, "454 4.7.0 TLS not available", smtp.Temporary, false},
		{mailtest.StartTLS, "502 5.5.1 what?", smtp.Paused, false},
		{mailtest.Auth, "454 4.7.0 temporary failure", smtp.Temporary, false},
		{mailtest.Auth, "535 5.7.8 wrong password", smtp.Paused, false},
		{mailtest.Auth, "534 5.7.9 mechanism too weak", smtp.Paused, false},
		{mailtest.Auth, "530 5.7.0 TLS first", smtp.Paused, false},
		{mailtest.Mail, "421 4.7.0 too many", smtp.Temporary, false},
		{mailtest.Mail, "451 4.3.0 try again", smtp.Temporary, true},
		{mailtest.Mail, "530 5.7.0 log in first", smtp.Paused, true},
		{mailtest.Mail, "550 5.7.1 you are not door@example.com", smtp.Paused, true},
		{mailtest.Mail, "552 5.3.4 too big", smtp.Permanent, true},
		{mailtest.Rcpt, "450 4.2.1 greylisted", smtp.Temporary, true},
		{mailtest.Rcpt, "451 4.7.1 greylisted", smtp.Temporary, true},
		{mailtest.Rcpt, "452 4.2.2 mailbox full", smtp.Temporary, true},
		{mailtest.Rcpt, "550 5.1.1 no such user", smtp.Permanent, true},
		{mailtest.Rcpt, "530 5.7.0 log in first", smtp.Paused, true},
		{mailtest.Rcpt, "421 4.7.0 goodbye", smtp.Temporary, false},
		{mailtest.Data, "451 4.3.0 no room", smtp.Temporary, true},
		{mailtest.Rcpt, "550 no such user", smtp.Permanent, true},
		{mailtest.Rcpt, "550 5.2.1 mailbox disabled", smtp.Permanent, true},
		{mailtest.Rcpt, "550 5.7.1 not for you", smtp.Unclear, true},
		{mailtest.Rcpt, "554 relay access denied", smtp.Unclear, true},
		{mailtest.Rcpt, "550 5.1.8 sender's domain does not exist", smtp.Paused, true},
		{mailtest.Rcpt, "550 Sender Door@Example.com rejected", smtp.Paused, true},
		{mailtest.Rcpt, "550 5.7.1 ada1@example.org takes nothing from door@example.com", smtp.Unclear, true},
		{mailtest.Data, "554 5.6.0 no valid recipients", smtp.Unclear, true},
		{mailtest.EndOfData, "452 4.3.1 no room", smtp.Temporary, true},
		{mailtest.EndOfData, "554 5.7.1 this is spam", smtp.Unclear, true},
		{mailtest.EndOfData, "554 no", smtp.Unclear, true},
		{mailtest.EndOfData, "552 5.2.2 mailbox full", smtp.Permanent, true},
		{mailtest.EndOfData, "554 5.2.252 SendAsDenied", smtp.Paused, true},
		{mailtest.EndOfData, "550 5.1.7 bad sender", smtp.Paused, true},
		{mailtest.EndOfData, "554 Rejected: Email address is not verified: door@example.com", smtp.Paused, true},
	} {
		answer(tt.at, tt.reply).means(t, tt.class, tt.alive)
	}
}

// An answered is a server that answers so, once.
type answered struct {
	at    mailtest.Moment
	reply string
}

func answer(at mailtest.Moment, lines ...string) answered {
	return answered{at, strings.Join(lines, "\n")}
}

// said is the answer as it is shown: on one line, with its code once.
func (a answered) said() string {
	lines := strings.Split(a.reply, "\n")
	for i, line := range lines {
		lines[i] = line[len("550 "):]
	}
	return a.reply[:len("550")] + " " + text.OneLine(strings.Join(lines, " "))
}

// means checks what the failure is, and that the connection takes the next email if it is alive.
func (a answered) means(t *testing.T, class smtp.Class, alive bool) {
	t.Run(string(a.at)+" "+a.said(), func(t *testing.T) {
		s := mailtest.Start(t, mailtest.Options{User: "door", Password: "hunter2", Mechanisms: []string{"PLAIN"}})
		s.NoLeak(t)
		s.Script(mailtest.Fault{At: a.at, Reply: a.reply, Times: 1})
		session, err := smtp.Dial(t.Context(), serverOf(t, s), "door.example.com")
		if err == nil {
			defer session.Close()
			err = session.Send(t.Context(), message(1))
		}
		f := failureOf(t, err)
		if f.Class != class || f.Detail != a.said() {
			t.Errorf("%v %q (%v), want %v", f.Class, f.Detail, f.Err, class)
		}
		if is := session != nil && session.Alive(); is != alive {
			t.Fatalf("alive is %v", is)
		}
		if !alive {
			return
		}
		if err := session.Send(t.Context(), message(2)); err != nil {
			t.Errorf("the next email: %v", err)
		}
		if got := s.Received(); len(got) != 1 || got[0].MessageID != message(2).ID {
			t.Errorf("%d emails came", len(got))
		}
	})
}

func TestServerRepliesAreBounded(t *testing.T) {
	secret := strings.Repeat("Ab3_-", 9)[:43]
	s := mailtest.Start(t, mailtest.Options{User: "door", Password: "hunter2"})
	s.Script(mailtest.Fault{
		At: mailtest.EndOfData,
		Reply: "554-5.7.1 your hunter2 and\n554 5.7.1 https://door.example.com/login/" + secret + " is\x1b[31m bad" +
			strings.Repeat(" x", 1000),
	})
	f := failureOf(t, send(t.Context(), serverOf(t, s), message(1)))
	if strings.Contains(f.Detail+f.Err.Error(), secret) || strings.Contains(f.Detail+f.Err.Error(), "hunter2") ||
		strings.ContainsAny(f.Detail, "\n\x1b") || len(f.Detail) > 600 {
		t.Errorf("the words are %q", f.Detail)
	}
}
