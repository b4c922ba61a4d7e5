package smtp

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// A wire is the connection that the SMTP client uses. It gives each command one deadline,
// from sending to the answer; it refuses to carry secrets unencrypted; and it knows how far
// the conversation has got, which the client does not tell.
type wire struct {
	net.Conn
	ctx      context.Context
	patience time.Duration
	safe     bool   // encrypted, or allowed not to be
	greeting []byte // given to the first reads in place of the server's own

	verb    string // the command in progress; empty while waiting for the greeting
	heard   []byte // the start of its answer
	length  int    // the length of its answer so far
	tail    []byte // the last bytes of the message
	ended   bool   // the whole message was sent: only the answer tells whether it was accepted
	tried   bool   // a login was tried
	offers  []byte // the answer to the last EHLO
	denied  bool   // the server refused the login: another mechanism may do
	aborted bool   // a login was refused, so nothing more is sent
	cut     bool   // the context ended while the wire was in use
}

// An answer longer than maxReply is cut off; of a shorter one, maxKeptReply bytes are
// stored.
const (
	maxReply     = 64 << 10
	maxKeptReply = 1 << 10
)

var (
	errInTheClear = errors.New("refused to send this unencrypted")
	errAborted    = errors.New("the login was given up")
	errTooLong    = errors.New("the answer has no end")
)

// bind makes the end of ctx end any wait of the wire, until free is called.
func (w *wire) bind(ctx context.Context) (free func()) {
	w.ctx = ctx
	w.startDeadline()
	conn := w.Conn // encrypt may replace it meanwhile; the new one shares this one's deadline
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	return func() { w.cut = !stop() }
}

// startDeadline starts the deadline of one command. The last one gets twice the time: a mail server
// may inspect an email before it accepts it, and giving up then means sending it twice.
func (w *wire) startDeadline() {
	bound := w.patience
	if w.ended {
		bound *= 2
	}
	w.Conn.SetDeadline(time.Now().Add(bound))
}

func (w *wire) Write(p []byte) (int, error) {
	if err := w.follow(p); err != nil {
		return 0, err
	}
	w.startDeadline()
	if err := w.ctx.Err(); err != nil { // after hurry, which may have undone what bind did
		return 0, err
	}
	return w.Conn.Write(p)
}

// follow inspects what is about to be sent, or refuses it.
func (w *wire) follow(p []byte) error {
	heard := w.heard
	w.heard, w.length = nil, 0
	if w.verb == "EHLO" {
		w.offers = heard
	}
	switch verb := verbOf(p); {
	case w.aborted || w.verb == "AUTH" && string(p) == "*\r\n":
		w.aborted, w.heard = true, heard
		return errAborted
	case w.verb == "AUTH" && bytes.HasPrefix(heard, []byte("334")):
	case w.verb == "DATA" && !w.ended && (w.tail != nil || bytes.HasPrefix(heard, []byte("354"))):
		w.tail = append(w.tail, p...)
		w.tail = w.tail[max(0, len(w.tail)-5):]
		w.ended = string(w.tail) == "\r\n.\r\n"
	case !w.safe && verb != "EHLO" && verb != "HELO" && verb != "STARTTLS" && verb != "QUIT":
		return errInTheClear
	case verb == "HELO" && bytes.HasPrefix(heard, []byte("4")):
		return answerOf(heard) // "not now" is no reason to try another mechanism
	default:
		w.verb, w.ended, w.tail = verb, false, nil
		w.tried = w.tried || verb == "AUTH"
	}
	return nil
}

// verbOf returns the command at the start of a line, and empty if there is none: anything
// that is not a known command may be a secret.
func verbOf(p []byte) string {
	verb, _, _ := strings.Cut(string(p[:min(len(p), 16)]), " ")
	switch verb = strings.ToUpper(strings.TrimRight(verb, "\r\n")); verb {
	case "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT":
		return verb
	}
	return ""
}

// answerOf returns the first line of an answer.
func answerOf(heard []byte) *textproto.Error {
	line, _, _ := bytes.Cut(heard, []byte("\r\n"))
	digits, text := string(line[:min(3, len(line))]), string(line[min(4, len(line)):])
	code, _ := strconv.Atoi(digits)
	return &textproto.Error{Code: code, Msg: text}
}

func (w *wire) Read(p []byte) (int, error) {
	if len(w.greeting) > 0 {
		n := copy(p, w.greeting)
		w.greeting = w.greeting[n:]
		return n, nil
	}
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.Conn.Read(p)
	w.length += n
	if keep := min(n, maxKeptReply-len(w.heard)); keep > 0 {
		w.heard = append(w.heard, p[:keep]...)
	}
	if w.length > maxReply {
		return 0, errTooLong
	}
	return n, err
}
