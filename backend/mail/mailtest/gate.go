package mailtest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// A gate is the proxy between one client and the go-smtp server.
type gate struct {
	server    *Server
	raw       net.Conn
	client    net.Conn // raw, or TLS on top of it
	in        *bufio.Reader
	backend   net.Conn
	out       *bufio.Reader // the backend's answers
	encrypted bool
	recipient string
}

var errOver = errors.New("the conversation is over")

// serve runs one conversation to its end.
func (s *Server) serve(conn net.Conn) {
	s.connected(conn, true)
	defer s.connected(conn, false)
	defer conn.Close()
	g := &gate{server: s, raw: conn}
	g.use(conn)
	if s.opts.Mode == TLS && g.encrypt() != nil {
		return
	}
	backend, err := s.pipes.connect(g)
	if err != nil {
		return
	}
	defer backend.Close()
	g.backend, g.out = backend, bufio.NewReader(backend)
	greeting, err := g.answer()
	if err == nil {
		err = g.atMoment(Banner, func() error { return g.say(greeting) })
	}
	for err == nil {
		err = g.command()
	}
}

func (g *gate) use(conn net.Conn) { g.client, g.in = conn, bufio.NewReader(conn) }

func (g *gate) encrypt() error {
	if f, ok := g.server.fault(Handshake, g.recipient); ok {
		return g.act(f)
	}
	conn := tls.Server(g.raw, g.server.tlsConfig())
	if err := conn.Handshake(); err != nil {
		return err
	}
	g.use(conn)
	g.encrypted = true
	return nil
}

// atMoment does what is due at a moment, or what the script says instead.
func (g *gate) atMoment(at Moment, do func() error) error {
	if f, ok := g.server.fault(at, g.recipient); ok {
		return g.act(f)
	}
	return do()
}

func (g *gate) act(f Fault) error {
	switch {
	case f.Hang:
		io.Copy(io.Discard, g.in)
		return errOver
	case f.Drop:
		return errOver
	}
	err := g.say(strings.ReplaceAll(f.Reply, "\n", "\r\n") + "\r\n")
	if strings.HasPrefix(f.Reply, "421") {
		return errOver
	}
	return err
}

// command reads one command and answers it.
func (g *gate) command() error {
	line, err := g.in.ReadString('\n')
	if err != nil {
		return err
	}
	g.server.hear(Line{g.encrypted, strings.TrimRight(line, "\r\n")})
	verb, arg, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	switch at := Moment(strings.ToUpper(verb)); at {
	case EHLO:
		return g.atMoment(at, func() error { return g.hello(line) })
	case StartTLS:
		return g.atMoment(at, g.startTLS)
	case Auth:
		return g.atMoment(at, func() error { return g.login(line) })
	case Data:
		return g.atMoment(at, g.data)
	case Rcpt:
		g.recipient = arg
		return g.atMoment(at, func() error { return g.pass(line) })
	case Quit:
		return errors.Join(g.atMoment(at, func() error { return g.pass(line) }), errOver)
	case HELO, Mail, Rset, "NOOP":
		return g.atMoment(at, func() error { return g.pass(line) })
	default:
		return g.say("500 5.5.2 What?\r\n")
	}
}

func (g *gate) say(line string) error {
	_, err := io.WriteString(g.client, line)
	return err
}

// ask sends a line to the backend and returns its answer.
func (g *gate) ask(line string) (string, error) {
	if _, err := io.WriteString(g.backend, line); err != nil {
		return "", err
	}
	return g.answer()
}

func (g *gate) answer() (string, error) {
	var all strings.Builder
	for {
		line, err := g.out.ReadString('\n')
		all.WriteString(line)
		if err != nil || len(line) < 4 || line[3] != '-' {
			return all.String(), err
		}
	}
}

func (g *gate) pass(line string) error {
	answer, err := g.ask(line)
	if err != nil {
		return err
	}
	return g.say(answer)
}

// hello offers the backend's extensions and STARTTLS, without the hidden ones.
func (g *gate) hello(line string) error {
	answer, err := g.ask(line)
	if err != nil || !strings.HasPrefix(answer, "250") {
		return errors.Join(err, g.say(answer))
	}
	var offers []string
	for l := range strings.Lines(answer) {
		word, _, _ := strings.Cut(strings.TrimSpace(l[4:]), " ")
		if !g.server.hides(word) {
			offers = append(offers, strings.TrimSpace(l[4:]))
		}
	}
	if g.server.opts.Mode == STARTTLS && !g.encrypted && !g.server.hides("STARTTLS") {
		offers = append(offers, "STARTTLS")
	}
	last := len(offers) - 1
	for i, offer := range offers {
		sep := "-"
		if i == last {
			sep = " "
		}
		offers[i] = "250" + sep + offer + "\r\n"
	}
	return g.say(strings.Join(offers, ""))
}

func (g *gate) startTLS() error {
	if g.encrypted || g.server.opts.Mode != STARTTLS || g.server.hides("STARTTLS") {
		return g.say("502 5.5.1 Not here\r\n")
	}
	if err := g.say("220 2.0.0 Go ahead\r\n"); err != nil {
		return err
	}
	return g.encrypt()
}

func (g *gate) login(line string) error {
	for {
		answer, err := g.ask(line)
		if err != nil {
			return err
		}
		if err := g.say(answer); err != nil || !strings.HasPrefix(answer, "334") {
			return err
		}
		if line, err = g.in.ReadString('\n'); err != nil {
			return err
		}
		g.server.hear(Line{g.encrypted, strings.TrimRight(line, "\r\n")})
	}
}

// data reads the whole message before it gives it to the backend, so that its outcome can
// be decided at the end.
func (g *gate) data() error {
	if err := g.say("354 Go ahead\r\n"); err != nil {
		return err
	}
	var body bytes.Buffer
	for line := ""; line != ".\r\n"; body.WriteString(line) {
		var err error
		if line, err = g.in.ReadString('\n'); err != nil {
			return err
		}
		if f, ok := g.server.fault(Content, g.recipient); ok {
			return g.act(f)
		}
	}
	f, faulty := g.server.fault(EndOfData, g.recipient)
	if faulty && !f.Accept {
		return errors.Join(g.act(f), g.forget())
	}
	if answer, err := g.ask("DATA\r\n"); err != nil || !strings.HasPrefix(answer, "354") {
		return errors.Join(err, g.say(answer))
	}
	answer, err := g.ask(body.String())
	if err != nil {
		return err
	}
	if faulty {
		return g.act(f)
	}
	return g.say(answer)
}

func (g *gate) forget() error {
	answer, err := g.ask("RSET\r\n")
	if err == nil && !strings.HasPrefix(answer, "250") {
		err = fmt.Errorf("RSET: %s", answer)
	}
	return err
}
