package smtp

import (
	"crypto/x509"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/text"
)

// Timeout is the time limit for one answer of a mail server if the Server sets none.
const Timeout = 30 * time.Second

type scheme string

const (
	startTLS scheme = "smtp"          // unencrypted until STARTTLS, which is required
	tlsFirst scheme = "smtps"         // encrypted from the first byte
	insecure scheme = "smtp+insecure" // never encrypted; loopback only
)

var defaultPort = map[scheme]int{startTLS: 587, tlsFirst: 465, insecure: 25}

// A Server is where and how emails are sent. ParseServer and NewServer make one. However it is
// printed, it does not show the password.
type Server struct {
	RootCAs  *x509.CertPool // the certificates to trust; nil: those of the system
	Patience time.Duration  // time limit for one answer; zero: Timeout

	scheme scheme
	host   string
	port   int
	login  func() (user, password string) // a function, because printing one never shows what it returns
}

// Name is the server's host and port, as people know it.
func (s Server) Name() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// IsZero reports whether no server is configured.
func (s Server) IsZero() bool { return s.host == "" }

// String hides the password from logs and messages.
func (s Server) String() string { return s.Name() }

// GoString hides the password from %#v.
func (s Server) GoString() string { return "smtp.Server(" + s.Name() + ")" }

// MarshalText hides the password from structured logs.
func (s Server) MarshalText() ([]byte, error) { return []byte(s.Name()), nil }

func (s Server) patience() time.Duration {
	if s.Patience > 0 {
		return s.Patience
	}
	return Timeout
}

// ParseServer reads the setting smtp_url. It refuses an unusable one with a sentence that
// says how to write it and that never repeats the password.
func ParseServer(rawURL string) (Server, error) {
	name, rest, found := strings.Cut(strings.TrimSpace(rawURL), "://")
	s := Server{scheme: scheme(strings.ToLower(name))}
	if !found {
		return Server{},
			refuse("The mail server must be written as a URL, such as smtp://user:password@mail.example.com:587.")
	}
	if _, known := defaultPort[s.scheme]; !known {
		return Server{}, unknownScheme(name)
	}
	place := rest
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		place = rest[at+1:]
		var err error
		if s.login, err = parseLogin(rest[:at]); err != nil {
			return Server{}, err
		}
	}
	if err := s.parsePlace(place); err != nil {
		return Server{}, err
	}
	if s.scheme == insecure && !text.IsLoopback(s.host) {
		return Server{},
			refuse("smtp+insecure is for a mail server on this machine only (127.0.0.1, ::1 or localhost), because " +
				"emails and password travel unencrypted. For another host use smtp:// or smtps://.")
	}
	return s, nil
}

// NewServer is the mail server that an Admin set, whose settings were checked then. Like
// ParseServer it refuses to send unencrypted to another machine.
func NewServer(m access.MailSettings, password access.Password) (Server, error) {
	s := Server{host: m.Host, port: m.Port}
	switch m.Security {
	case access.MailStartTLS:
		s.scheme = startTLS
	case access.MailTLS:
		s.scheme = tlsFirst
	case access.MailPlain:
		s.scheme = insecure
	}
	if s.scheme == "" || !text.IsHost(s.host) || s.port < 1 || s.port > 65535 ||
		s.scheme == insecure && !text.IsLoopback(s.host) {
		return Server{}, access.Errorf(access.Invalid, "The mail settings cannot be used. Save them again.")
	}
	if m.User != "" {
		s.login = func() (string, string) { return m.User, password.Reveal() }
	}
	return s, nil
}

func refuse(format string, args ...any) error {
	return access.Errorf(access.Invalid, format, args...).On("smtp_url").WithCode("smtp_url_invalid")
}

var schemeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]{0,15}$`)

func unknownScheme(name string) error {
	const kinds = "smtp:// (STARTTLS), smtps:// (TLS from the start) or smtp+insecure:// (this machine only)"
	if !schemeForm.MatchString(name) {
		return refuse("The mail server's URL must begin with %s.", kinds)
	}
	if likely := likelyScheme(strings.ToLower(name)); likely != "" {
		return refuse("%s:// does not lead to a mail server. Did you mean %s://?", name, likely)
	}
	return refuse("%s:// does not lead to a mail server. Use %s.", name, kinds)
}

// likelyScheme returns the scheme that somebody who wrote name probably meant, if that is
// clear.
func likelyScheme(name string) scheme {
	switch name {
	case "http", "https", "imap", "imaps", "pop3", "pop3s", "ftp":
		return ""
	case "smtp+starttls", "smtp+tls", "starttls", "submission", "mail", "mailto":
		return startTLS
	case "smtp+ssl", "smtpssl", "smtptls", "ssl", "tls", "submissions":
		return tlsFirst
	case "smtp+plain", "smtp-insecure", "insecure":
		return insecure
	}
	best, nearest := scheme(""), 3
	for _, s := range []scheme{startTLS, tlsFirst, insecure} {
		if d := text.EditDistance(name, string(s)); d < nearest {
			best, nearest = s, d
		}
	}
	return best
}

func parseLogin(s string) (func() (user, password string), error) {
	user, password, found := strings.Cut(s, ":")
	switch {
	case !found || password == "":
		return nil, refuse("The mail server's URL has a username but no password. Write smtp://user:password@host, " +
			"or leave out both.")
	case user == "":
		return nil, refuse("The mail server's URL has a password but no username. Write smtp://user:password@host, " +
			"or leave out both.")
	}
	user, err := unescape("username", user)
	if err == nil {
		password, err = unescape("password", password)
	}
	if err != nil {
		return nil, err
	}
	return func() (string, string) { return user, password }, nil
}

func unescape(what, s string) (string, error) {
	clear, err := url.PathUnescape(s)
	if err != nil || strings.ContainsAny(s, "@/?#[]\\\" ") {
		return "", refuse("The %s in the mail server's URL has characters that have another meaning there. Write %% "+
			"as %%25, @ as %%40, / as %%2F, ? as %%3F, # as %%23, [ as %%5B, ] as %%5D and a space as %%20.", what)
	}
	if strings.ContainsFunc(clear, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", refuse("The %s in the mail server's URL contains a control character, such as a line break from "+
			"copying. Enter it again.", what)
	}
	return clear, nil
}

func (s *Server) parsePlace(place string) error {
	place = strings.TrimSuffix(place, "/")
	if strings.ContainsAny(place, "/?#") {
		return refuse("The mail server's URL must end after the host and port. Remove what follows.")
	}
	host, port := splitPort(place)
	s.host = strings.ToLower(strings.TrimSuffix(host, "."))
	switch {
	case s.host == "":
		return refuse("The mail server's URL has no host. Enter it as %s://mail.example.com:%d.", s.scheme,
			defaultPort[s.scheme])
	case !text.IsHost(s.host):
		return refuse("What follows %s:// (and the @) is not a host name. Enter it as "+
			"mail.example.com; a name with other letters in its xn-- form; an IPv6 address in brackets.", s.scheme)
	}
	s.port = defaultPort[s.scheme]
	if port == nil {
		return nil
	}
	n, err := strconv.Atoi(*port)
	if err != nil || n < 1 || n > 65535 || strings.Trim(*port, "0123456789") != "" {
		return refuse("The port in the mail server's URL must be a number from 1 to 65535. Most mail servers " +
			"use 587 (smtp://) or 465 (smtps://).")
	}
	s.port = n
	return nil
}

// splitPort splits host and port, and removes the brackets of an IPv6 address. A nil port
// was not given.
func splitPort(place string) (host string, port *string) {
	end := strings.LastIndexByte(place, ':')
	if strings.HasPrefix(place, "[") {
		if close := strings.IndexByte(place, ']'); close > end {
			end = -1
		}
	}
	if end >= 0 {
		p := place[end+1:]
		place, port = place[:end], &p
	}
	if strings.HasPrefix(place, "[") && strings.HasSuffix(place, "]") {
		place = place[1 : len(place)-1]
	}
	return place, port
}
