// Package mailtest runs a real SMTP server in a test. go-smtp receives the emails; in front
// of it a gate sets up the encryption and applies the faults that a test asks for: it
// refuses, drops or hangs at any moment, hides an extension, or presents a bad certificate.
// Faults can be changed while the server runs. It listens on 127.0.0.1, so a program in
// another process can be pointed at it as well, by URL and CAPEM.
package mailtest

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// A Mode is how a Server encrypts connections.
type Mode string

const (
	STARTTLS Mode = "smtp"          // on request
	TLS      Mode = "smtps"         // from the first byte
	Plain    Mode = "smtp+insecure" // never
)

// Options configure a Server.
type Options struct {
	Mode           Mode     // zero: STARTTLS
	Cert           Cert     // zero: Good
	User, Password string   // zero: no login needed
	Mechanisms     []string // of the login; nil: PLAIN and LOGIN
	MaxTLS         uint16   // zero: the newest
	MaxSize        int64    // zero: unbounded
}

// A Server receives emails until the test ends.
type Server struct {
	opts    Options
	ca      authority
	tls     *tls.Config
	addr    string
	backend *smtp.Server
	pipes   pipes
	running sync.WaitGroup
	closed  chan struct{}
	closing sync.Once

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	accepted int
	faults   []Fault
	spent    []int
	hidden   []string
	heard    []Line
	received []Message
	changed  chan struct{} // closed when the next email is received
}

// A Line is a command that a client sent.
type Line struct {
	TLS  bool
	Text string
}

// Start runs a Server until the test ends.
func Start(tb testing.TB, opts Options) *Server {
	tb.Helper()
	if opts.Mode == "" {
		opts.Mode = STARTTLS
	}
	if opts.Mechanisms == nil {
		opts.Mechanisms = []string{"PLAIN", "LOGIN"}
	}
	s := &Server{opts: opts, ca: newAuthority(tb), addr: "127.0.0.1:0", pipes: newPipes(),
		conns: map[net.Conn]bool{}, changed: make(chan struct{}), closed: make(chan struct{})}
	s.tls = &tls.Config{Certificates: []tls.Certificate{s.ca.issue(tb, opts.Cert)}, MaxVersion: opts.MaxTLS}
	if opts.MaxTLS != 0 {
		s.tls.MinVersion = opts.MaxTLS
	}
	s.backend = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.backend.Domain, s.backend.AllowInsecureAuth, s.backend.MaxMessageBytes = "mailtest", true, opts.MaxSize
	s.backend.ErrorLog = log.New(io.Discard, "", 0)
	s.running.Go(func() { s.backend.Serve(s.pipes) })
	if err := s.Up(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// URL is the URL for sending emails to the Server, with user and password: a Doorward
// smtp_url.
func (s *Server) URL() string {
	u := url.URL{Scheme: string(s.opts.Mode), Host: s.addr}
	if s.opts.User != "" {
		u.User = url.UserPassword(s.opts.User, s.opts.Password)
	}
	return u.String()
}

// Addr is the host and port.
func (s *Server) Addr() string { return s.addr }

// Up reopens the port that Down closed.
func (s *Server) Up() error {
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.addr, s.listener = l.Addr().String(), l
	s.mu.Unlock()
	s.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.running.Go(func() { s.serve(conn) })
		}
	})
	return nil
}

// Down closes the port and every connection, so that nothing answers.
func (s *Server) Down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener.Close()
	for conn := range s.conns {
		conn.Close()
	}
}

// Close stops the Server and waits for everything that it runs. A test that counts
// goroutines calls it; the others leave it to Start.
func (s *Server) Close() {
	s.closing.Do(func() { close(s.closed) })
	s.Down()
	s.pipes.Close() // Serve may not have started, and then the backend does not know the listener
	s.backend.Close()
	s.running.Wait()
}

// SetCert changes the certificate for new connections.
func (s *Server) SetCert(tb testing.TB, kind Cert) {
	tb.Helper()
	cert := s.ca.issue(tb, kind)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tls = s.tls.Clone()
	s.tls.Certificates = []tls.Certificate{cert}
}

func (s *Server) tlsConfig() *tls.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tls
}

// Open is the number of connected clients.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Connections is the number of clients that have connected so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// Heard returns every command that clients sent, without the content of emails.
func (s *Server) Heard() []Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Line(nil), s.heard...)
}

func (s *Server) connected(conn net.Conn, yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if yes {
		s.accepted++
		s.conns[conn] = true
	} else {
		delete(s.conns, conn)
	}
}

func (s *Server) hear(l Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, l)
}
