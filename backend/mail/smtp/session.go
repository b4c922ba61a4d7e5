package smtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"time"

	simplemail "github.com/xhit/go-simple-mail/v2"
)

// A Session is one connection to the mail server, for a small batch of
// emails. It is for one goroutine.
type Session struct {
	server Server
	raw    net.Conn
	wire   *wire
	client *simplemail.SMTPClient
	begun  int // emails that the mail server has answered in any way
	broken bool
}

// Send sends one email. If it returns nil, the mail server has accepted the email;
// otherwise the error is a *Failure. After a refusal the session can be used further; after
// a broken connection it is not Alive, and every further Send fails at once.
func (s *Session) Send(ctx context.Context, m Message) error {
	body, err := m.render()
	if err != nil {
		return &Failure{Class: Permanent, Detail: err.Error(), Err: err}
	}
	if s.broken {
		return &Failure{Class: Temporary, Stale: true, Err: net.ErrClosed,
			Detail: fmt.Sprintf("The connection to the mail server at %s was already closed.", s.server.Name())}
	}
	free := s.wire.bind(ctx)
	err = simplemail.SendMessage(m.From, []string{m.To}, string(body), s.client)
	if err == nil {
		free()
		s.begun++
		s.broken = s.wire.cut
		return nil
	}
	failure := s.server.failed(ctx, s.wire, talking, err)
	var answer *textproto.Error
	if failure.Class == Permanent && s.wire.verb != "MAIL" && errors.As(err, &answer) {
		failure.Class = refusalClass(s.wire.verb, answer.Msg, m)
	}
	failure.Stale = s.begun > 0 && s.wire.verb == "MAIL" && s.lost(err) && !isTimeout(err)
	s.broken = s.lost(err) || s.client.Reset() != nil
	free()
	s.broken = s.broken || s.wire.cut
	s.begun++
	return failure
}

// lost reports whether err ends the conversation.
func (s *Session) lost(err error) bool {
	var answer *textproto.Error
	return !errors.As(err, &answer) || answer.Code == 421
}

// Said is the mail server's answer to the last email that was accepted.
func (s *Session) Said() string { return s.server.replyText(answerOf(s.wire.heard)) }

// Alive reports whether another email can be handed in.
func (s *Session) Alive() bool { return !s.broken }

// Close sends QUIT, waits briefly for the answer, and closes the connection. If the mail
// server does not answer, that changes nothing: what it accepted stays accepted.
func (s *Session) Close() {
	defer s.raw.Close()
	if s.broken {
		return
	}
	s.broken = true
	s.wire.patience = min(s.wire.patience, 2*time.Second)
	free := s.wire.bind(context.Background())
	defer free()
	s.client.Quit()
}
