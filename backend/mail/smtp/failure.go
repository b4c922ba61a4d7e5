package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"strings"
	"syscall"
	"time"

	"doorward/backend/text"
)

// A Class says what a failure means for the email and for the queue.
type Class string

const (
	// Temporary: it may work later. The mail server said so, or was not reached.
	Temporary Class = "temporary"
	// Permanent: the mail server will not accept this email, because of its recipient.
	Permanent Class = "permanent"
	// Unclear: the mail server will not accept this email, for a reason that may concern all
	// of them alike: the sender, a policy, the content. The next email shows which.
	Unclear Class = "unclear"
	// Paused: the email is not at fault. No email can be sent until somebody fixes the
	// cause.
	Paused Class = "paused"
	// Ambiguous: the connection broke after everything was sent. The email may have been
	// accepted; it is sent again unchanged.
	Ambiguous Class = "ambiguous"
)

// A Failure is the reason why an email was not accepted.
type Failure struct {
	Class  Class
	Detail string // for people: the mail server's reply, or a sentence of ours; never a secret
	Stale  bool   // the connection was used before and closed before this email: a new one may work
	Err    error  // for the log
}

// Error returns the detail.
func (f *Failure) Error() string { return f.Detail }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// A stage is how far the conversation with the mail server had got.
type stage string

const (
	connecting stage = "connecting"
	encrypting stage = "encrypting"
	talking    stage = "talking"
)

// failed makes a Failure from an error on w.
func (s Server) failed(ctx context.Context, w *wire, at stage, err error) *Failure {
	var answer *textproto.Error
	if errors.As(err, &answer) { // for the log as well, with secrets removed
		err = &textproto.Error{Code: answer.Code, Msg: s.redact(answer.Msg)}
	}
	f := &Failure{Class: Temporary, Err: fmt.Errorf("%s %s %s: %w", at, s.Name(), w.verb, err)}
	switch {
	case answer != nil:
		f.Class, f.Detail = classOf(w.verb, answer.Code), s.replyText(answer)
	case errors.Is(ctx.Err(), context.Canceled):
		f.Detail = "Doorward was stopped while it was sending this."
	case isTimeout(err):
		f.Detail = s.tooSlow(w, at)
	case at == connecting:
		s.unreachable(f, err)
	case at == encrypting && !isBroken(err), isAlert(err):
		f.Class, f.Detail = Paused, s.notTrusted(err)
	case s.pausedBy(err) != "":
		f.Class, f.Detail = Paused, s.pausedBy(err)
	case isBroken(err):
		f.Detail = fmt.Sprintf("The mail server at %s closed the connection.", s.Name())
	default:
		f.Detail = fmt.Sprintf("The mail server at %s did not answer with SMTP.", s.Name())
	}
	if w.ended && answer == nil {
		f.Class = Ambiguous
		f.Detail = fmt.Sprintf("The connection to %s ended after the email was sent, before it was "+
			"confirmed. The same email will be sent again.", s.Name())
	}
	return f
}

// classOf says what an answer of the mail server means. A refusal before the server knew
// the recipient is not the fault of the email.
func classOf(verb string, code int) Class {
	switch {
	case code == 530 || code == 534 || code == 535 || code == 538 || code == 523:
		return Paused
	case code < 500:
		return Temporary
	case verb == "RCPT" || verb == "DATA" || verb == "MAIL" && code == 552:
		return Permanent
	}
	return Paused
}

// enhancedForm is the enhanced status code that a refusal begins with (RFC 3463).
var enhancedForm = regexp.MustCompile(`^5\.\d{1,3}\.\d{1,3}\b`)

// senderForm is how Exchange refuses the sender or their account without naming either, and
// with codes that are about a recipient elsewhere.
var senderForm = regexp.MustCompile(`storedrv\.submission|permissions? to send as this sender`)

// refusalClass says whom a refusal of a recipient, or of what was sent to one, is about.
// Servers refuse a sender here, too: Exchange says SendAsDenied, Amazon that the address is
// not verified, and Gmail that its daily limit is reached (5.4.5), only after the whole email.
func refusalClass(verb, answer string, m Message) Class {
	code := enhancedForm.FindString(answer)
	answer = strings.ToLower(answer)
	names := func(address string) bool { return strings.Contains(answer, strings.ToLower(address)) }
	switch {
	case code == "5.1.7", code == "5.1.8", code == "5.2.252", code == "5.4.5", senderForm.MatchString(answer):
		return Paused
	case names(m.From) && !names(m.To):
		return Paused
	case strings.HasPrefix(code, "5.1."), strings.HasPrefix(code, "5.2."):
		return Permanent
	case verb == "DATA", strings.HasPrefix(code, "5.7."), strings.Contains(answer, "relay"):
		return Unclear
	}
	return Permanent
}

func (s Server) tooSlow(w *wire, at stage) string {
	bound := s.patience()
	if w.ended {
		bound *= 2
	}
	if at == talking && w.verb == "" && s.scheme == startTLS {
		return fmt.Sprintf("The mail server at %s did not answer within %s. If it expects TLS from the start on this "+
			"port, use smtps:// instead of smtp://.", s.Name(), spell(bound))
	}
	return fmt.Sprintf("The mail server at %s did not answer within %s.", s.Name(), spell(bound))
}

func spell(d time.Duration) string {
	if d%time.Second == 0 {
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return d.String()
}

func (s Server) unreachable(f *Failure, err error) {
	var dns *net.DNSError
	switch {
	case errors.Is(err, errNotLoopback):
		f.Class = Paused
		f.Detail = fmt.Sprintf("%s is not on this machine, so nothing is sent to it unencrypted. Use smtp:// or "+
			"smtps://.", s.host)
	case errors.As(err, &dns):
		f.Detail = fmt.Sprintf("The host name of the mail server, %s, was not found. Check the name, and the DNS "+
			"settings of this machine.",
			s.host)
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Detail = fmt.Sprintf("Nothing answers at %s. Check that the mail server is running and that the port "+
			"is right.", s.Name())
	default:
		f.Detail = fmt.Sprintf("The mail server at %s cannot be reached from here.", s.Name())
	}
}

// notSent ends the sentences about a mail server that is not trusted.
const notSent = "No email or password was sent."

func (s Server) notTrusted(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	why := "The mail server at %s is not trusted: the two sides have no encryption method in common. " + notSent
	switch {
	case errors.As(err, &name):
		why = "The mail server at %s is not trusted: its certificate is for another name. " + notSent
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		why = "The mail server at %s is not trusted: its certificate has expired or is not valid yet. " + notSent
	case errors.As(err, &unknown):
		why = "The mail server at %s is not trusted: its certificate is not signed by an authority that this machine " +
			"trusts. " + notSent
	case errors.As(err, &invalid):
		why = "The mail server at %s is not trusted: its certificate is not valid. " + notSent
	case errors.As(err, &plain):
		why = "The mail server at %s is not trusted: it does not use TLS from the start on this port (smtp:// uses " +
			"STARTTLS). " + notSent
	}
	return fmt.Sprintf(why, s.Name())
}

func (s Server) pausedBy(err error) string {
	switch {
	case errors.Is(err, errNoStartTLS):
		return fmt.Sprintf("The mail server at %s does not offer STARTTLS. No email or password was sent "+
			"unencrypted. Use smtps://, or the port that offers STARTTLS.", s.Name())
	case errors.Is(err, errInjected):
		return fmt.Sprintf("Someone between here and %s is interfering with the encryption. No email or password "+
			"was sent.", s.Name())
	case errors.Is(err, errInTheClear):
		return fmt.Sprintf("The connection to %s is not encrypted. No email or password was sent.", s.Name())
	case errors.Is(err, errNoLogin):
		return fmt.Sprintf("The mail server at %s offers no sign-in method that Doorward supports (PLAIN, LOGIN or "+
			"CRAM-MD5), but a username is set. Remove the username, or use a port that offers sign-in.", s.Name())
	}
	return ""
}

// isNetworkOrAnswer reports whether err came from the server or the network.
func isNetworkOrAnswer(err error) bool {
	var answer *textproto.Error
	var garbled textproto.ProtocolError
	return errors.As(err, &answer) || errors.As(err, &garbled) || isTimeout(err) || isBroken(err) ||
		errors.Is(err, errTooLong)
}

func isTimeout(err error) bool {
	var slow net.Error
	return errors.As(err, &slow) && slow.Timeout()
}

// isAlert reports whether the server ended the TLS connection with a reason.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

func isBroken(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, context.Canceled)
}

// secretForm matches a login link's token. Mail servers like to repeat what they refuse.
var secretForm = regexp.MustCompile(`[A-Za-z0-9_-]{43,}`)

// redact makes the mail server's reply fit to be stored and shown: on one line, of limited
// length, and without any secret that was sent to it.
func (s Server) redact(detail string) string {
	if s.login != nil {
		user, password := s.login()
		for _, secret := range []string{
			base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password)),
			base64.StdEncoding.EncodeToString([]byte(password)),
			password,
		} {
			detail = strings.ReplaceAll(detail, secret, "[hidden]")
		}
	}
	detail = secretForm.ReplaceAllString(text.OneLine(detail), "[hidden]")
	return shorten(detail, 500)
}

// replyText returns an answer in the mail server's own words.
func (s Server) replyText(answer *textproto.Error) string {
	return s.redact(fmt.Sprintf("%03d %s", answer.Code, answer.Msg))
}

// shorten cuts s to n runes. Unlike access.Shorten it removes nothing else: joining
// characters are part of a subject.
func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
