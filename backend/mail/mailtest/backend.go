package mailtest

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// pipes is the listener of the go-smtp server: for each client, the gate gives it one end
// of a pipe.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   *sync.Once
}

func newPipes() pipes {
	return pipes{make(chan net.Conn), make(chan struct{}), new(sync.Once)}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// A piped connection knows its gate.
type piped struct {
	net.Conn
	gate *gate
}

func (p pipes) connect(g *gate) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- piped{theirs, g}:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// A session is one SMTP conversation in go-smtp.
type session struct {
	server  *Server
	conn    *smtp.Conn
	user    string
	message Message
}

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: c}, nil
}

func (s *session) AuthMechanisms() []string {
	if s.server.opts.User == "" {
		return nil
	}
	return s.server.opts.Mechanisms
}

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if !slices.Contains(s.AuthMechanisms(), mechanism) {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	check := func(user, password string) error {
		if user != s.server.opts.User || password != s.server.opts.Password {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}
	if mechanism == "LOGIN" {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// loginServer implements the mechanism LOGIN.
type loginServer struct {
	check func(user, password string) error
	asked string
	user  string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case l.asked == "" && response == nil:
		l.asked = "Username:"
		return []byte(l.asked), false, nil
	case l.asked != "Password:":
		l.user, l.asked = string(response), "Password:"
		return []byte(l.asked), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.opts.User != "" && s.user == "" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	s.message = Message{HELO: s.conn.Hostname(), User: s.user, From: from}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.message.To != "" {
		return errors.New("one recipient only")
	}
	s.message.To = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := s.message
	m.Raw, m.TLS = raw, s.conn.Conn().(piped).gate.encrypted
	if err := m.read(); err != nil {
		return err
	}
	s.server.take(m)
	return nil
}

func (s *session) Reset()        { s.message = Message{} }
func (s *session) Logout() error { return nil }
