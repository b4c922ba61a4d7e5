package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"slices"
	"strings"

	simplemail "github.com/xhit/go-simple-mail/v2"

	"doorward/backend/text"
)

var (
	errNotLoopback = errors.New("the host is not this machine")
	errNoStartTLS  = errors.New("STARTTLS is not offered")
	errInjected    = errors.New("something was said between STARTTLS and the encryption")
	errNoLogin     = errors.New("no login is offered")
)

// Dial connects to the mail server, sets up the encryption and logs in. helo is the name by
// which we introduce ourselves; HELO makes one. On failure it returns a *Failure and leaves
// nothing open. The caller must close the Session.
func Dial(ctx context.Context, s Server, helo string) (*Session, error) {
	session, w, err := s.dial(ctx, helo, simplemail.AuthAuto)
	if other, found := otherMechanism(w); err != nil && found {
		session, _, err = s.dial(ctx, helo, other)
	}
	return session, err
}

// otherMechanism returns another way to log in that the server offers, after it has refused
// the one we tried: some servers offer PLAIN and accept only LOGIN. The library prefers
// PLAIN, then LOGIN.
func otherMechanism(w *wire) (simplemail.AuthType, bool) {
	offered := ""
	for line := range strings.Lines(string(w.offers)) {
		if at := strings.Index(strings.ToUpper(line), "AUTH"); at >= 0 {
			offered += " " + strings.ToUpper(line[at+len("AUTH"):])
		}
	}
	var left []simplemail.AuthType
	for _, m := range []simplemail.AuthType{simplemail.AuthPlain, simplemail.AuthLogin, simplemail.AuthCRAMMD5} {
		if strings.Contains(offered, m.String()) {
			left = append(left, m)
		}
	}
	if !w.denied || len(left) < 2 {
		return 0, false
	}
	return left[1], true
}

// dial is Dial with one way to log in.
func (s Server) dial(ctx context.Context, helo string, login simplemail.AuthType) (*Session, *wire, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*s.patience())
	defer cancel()
	helo = HELO(helo)
	dialer := net.Dialer{Timeout: s.patience()}
	conn, err := dialer.DialContext(ctx, "tcp", s.Name())
	if err != nil {
		return nil, &wire{}, s.failed(ctx, &wire{}, connecting, err)
	}
	w := &wire{Conn: conn, patience: s.patience()}
	free := w.bind(ctx)
	defer free()
	session, at, err := s.open(ctx, w, helo, login)
	if err != nil {
		conn.Close()
		failure := s.failed(ctx, w, at, err)
		code, _, _ := strings.Cut(failure.Detail, " ")
		w.denied = w.verb == "AUTH" && slices.Contains([]string{"535", "534", "504"}, code)
		return nil, w, failure
	}
	session.raw = conn
	return session, w, nil
}

// open encrypts w and gives it to the client. On failure it says at which stage.
func (s Server) open(ctx context.Context, w *wire, helo string, login simplemail.AuthType) (*Session, stage, error) {
	switch s.scheme {
	case insecure:
		if !isLoopback(w.RemoteAddr()) {
			return nil, connecting, errNotLoopback
		}
		w.safe = true
	case startTLS:
		if err := askForTLS(w, helo); err != nil {
			return nil, talking, err
		}
		fallthrough
	default:
		if err := s.encrypt(ctx, w); err != nil {
			return nil, encrypting, err
		}
	}
	client, err := s.client(w, helo, login).Connect()
	switch {
	case s.login != nil && !w.tried && (err == nil || !isNetworkOrAnswer(err)):
		return nil, talking, errNoLogin
	case err != nil:
		return nil, talking, err
	}
	return &Session{server: s, wire: w, client: client}, "", nil
}

// askForTLS takes the conversation to the TLS handshake. It keeps the greeting for the
// client, which starts the conversation again afterwards.
func askForTLS(w *wire, helo string) error {
	text := textproto.NewConn(w)
	_, banner, err := text.ReadResponse(220)
	if err != nil {
		return err
	}
	offers, err := ask(text, 250, "EHLO "+helo)
	if err != nil {
		return err
	}
	if !offered(offers, "STARTTLS") {
		return errNoStartTLS
	}
	if _, err = ask(text, 220, "STARTTLS"); err != nil {
		return err
	}
	if text.R.Buffered() > 0 {
		return errInjected
	}
	first, _, _ := strings.Cut(banner, "\n")
	w.greeting = fmt.Appendf(nil, "220 %s\r\n", first)
	return nil
}

func ask(text *textproto.Conn, want int, line string) (string, error) {
	if err := text.PrintfLine("%s", line); err != nil {
		return "", err
	}
	_, answer, err := text.ReadResponse(want)
	return answer, err
}

func offered(answer, extension string) bool {
	for line := range strings.Lines(answer) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.EqualFold(word, extension) {
			return true
		}
	}
	return false
}

// encrypt puts TLS between the wire and the network.
func (s Server) encrypt(ctx context.Context, w *wire) error {
	ctx, cancel := context.WithTimeout(ctx, s.patience())
	defer cancel()
	conn := tls.Client(w.Conn, &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12, RootCAs: s.RootCAs})
	w.startDeadline()
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	w.Conn, w.safe, w.verb, w.heard = conn, true, "", nil
	w.startDeadline()
	return nil
}

// client returns the SMTP client on top of w. It gets no timeouts, because its own leak
// goroutines, and nothing to dial or encrypt.
func (s Server) client(w *wire, helo string, login simplemail.AuthType) *simplemail.SMTPServer {
	c := simplemail.NewSMTPClient()
	c.Host, c.Port, c.Helo = s.host, s.port, helo
	c.CustomConn, c.Encryption = w, simplemail.EncryptionNone
	c.ConnectTimeout, c.SendTimeout, c.KeepAlive = 0, 0, true
	c.Authentication = simplemail.AuthNone
	if s.login != nil {
		c.Authentication = login
		c.Username, c.Password = s.login()
	}
	return c
}

// isLoopback reports whether a connection reached this machine. text.IsLoopback is not
// enough here: it checks the name, and name resolution decides what localhost means.
func isLoopback(addr net.Addr) bool {
	ap, err := netip.ParseAddrPort(addr.String())
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// HELO returns the name by which a machine introduces itself, given the host of the public
// URL.
func HELO(host string) string {
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	host = strings.TrimPrefix(host, "IPv6:")
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil && ip.Is4():
		return "[" + host + "]"
	case err == nil:
		return "[IPv6:" + ip.WithZone("").String() + "]"
	case !text.IsHost(host):
		return "localhost"
	}
	return strings.ToLower(host)
}
