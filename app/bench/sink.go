package main

import (
	"io"
	"log"
	"net"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

// A sink is a mail server on this machine that accepts every email and stores none.
type sink struct {
	server  *smtp.Server
	addr    string
	accepts atomic.Int64 // how long it takes to accept an email, in nanoseconds
	arrived chan string  // the recipient of each email, once all of it is here; nil: nobody listens
}

func startSink(arrived chan string) (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{addr: l.Addr().String(), arrived: arrived}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &swallower{sink: s}, nil
	}))
	s.server.Domain, s.server.ErrorLog = "sink", log.New(io.Discard, "", 0)
	go s.server.Serve(l)
	return s, nil
}

func (s *sink) Close() error { return s.server.Close() }

// env points a product at the sink, with room for more emails a minute than a part sends.
func (s *sink) env() []string {
	return []string{"DOORWARD_SMTP_URL=smtp+insecure://" + s.addr, "DOORWARD_MAIL_FROM=door@example.com",
		"DOORWARD_MAIL_PER_MINUTE=6000"}
}

// A swallower is one connection to the sink.
type swallower struct {
	sink *sink
	to   string
}

func (s *swallower) Mail(string, *smtp.MailOptions) error { return nil }

func (s *swallower) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }

func (s *swallower) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	if s.sink.arrived != nil {
		s.sink.arrived <- s.to
	}
	time.Sleep(time.Duration(s.sink.accepts.Load()))
	return nil
}

func (s *swallower) Reset() {}

func (s *swallower) Logout() error { return nil }
