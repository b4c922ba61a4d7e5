package mailtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
)

// A Message is what a Server took in.
type Message struct {
	HELO string // as whom the client introduced itself
	User string // as whom it logged in
	TLS  bool   // whether it came encrypted

	From, To  string // of the envelope
	Raw       []byte // as it came
	Header    netmail.Header
	MessageID string // without angle brackets
	Subject   string // decoded
	Text      string // decoded, lines ended by \n
	HTML      string
}

// Received is what was taken in so far, in order.
func (s *Server) Received() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.received...)
}

// Wait returns what was taken in as soon as it is n emails, or fails when ctx
// ends before.
func (s *Server) Wait(ctx context.Context, n int) ([]Message, error) {
	for {
		s.mu.Lock()
		letters, changed := append([]Message(nil), s.received...), s.changed
		s.mu.Unlock()
		if len(letters) >= n {
			return letters, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return letters, fmt.Errorf("%d of %d letters came: %w", len(letters), n, ctx.Err())
		}
	}
}

func (s *Server) take(l Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = append(s.received, l)
	close(s.changed)
	s.changed = make(chan struct{})
}

// read fills in what the email says. It fails on what a mail reader would
// stumble over.
func (l *Message) read() error {
	m, err := netmail.ReadMessage(bytes.NewReader(l.Raw))
	if err != nil {
		return err
	}
	l.Header = m.Header
	l.MessageID = strings.Trim(m.Header.Get("Message-Id"), "<>")
	if l.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return err
	}
	return l.readPart(m.Header, m.Body)
}

func (l *Message) readPart(header interface{ Get(string) string }, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return err
	}
	if strings.HasPrefix(kind, "multipart/") {
		return l.readParts(multipart.NewReader(body, params["boundary"]))
	}
	if strings.EqualFold(header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	words, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	clear := strings.ReplaceAll(string(words), "\r\n", "\n")
	switch kind {
	case "text/plain":
		l.Text = clear
	case "text/html":
		l.HTML = clear
	default:
		return fmt.Errorf("a part of kind %s", kind)
	}
	return nil
}

func (l *Message) readParts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = l.readPart(part.Header, part)
		}
		if err != nil {
			return err
		}
	}
}
