package mailtest

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
)

// A Message is an email that a Server received.
type Message struct {
	HELO string // the client's name in HELO or EHLO
	User string // the client's login
	TLS  bool   // whether it was sent encrypted

	From, To  string // of the envelope
	Raw       []byte // as received
	Header    netmail.Header
	MessageID string // without angle brackets
	Subject   string // decoded
	Text      string // decoded, lines ended by \n
	HTML      string
}

// Received returns the emails received so far, in order.
func (s *Server) Received() []Message { return s.ReceivedSince(0) }

// ReceivedSince returns what was received after the first n emails.
func (s *Server) ReceivedSince(n int) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.received[n:]...)
}

// Wait returns the emails received as soon as there are n, or fails if ctx ends first.
func (s *Server) Wait(ctx context.Context, n int) ([]Message, error) {
	for {
		s.mu.Lock()
		messages, changed := append([]Message(nil), s.received...), s.changed
		s.mu.Unlock()
		if len(messages) >= n {
			return messages, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return messages, fmt.Errorf("%d of %d emails came: %w", len(messages), n, ctx.Err())
		}
	}
}

func (s *Server) take(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = append(s.received, m)
	close(s.changed)
	s.changed = make(chan struct{})
}

// read fills in the parsed fields. It fails on anything that a mail reader would have
// trouble with.
func (m *Message) read() error {
	parsed, err := netmail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return err
	}
	m.Header = parsed.Header
	m.MessageID = strings.Trim(parsed.Header.Get("Message-Id"), "<>")
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		return err
	}
	return m.readPart(parsed.Header, parsed.Body)
}

func (m *Message) readPart(header interface{ Get(string) string }, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return err
	}
	if strings.HasPrefix(kind, "multipart/") {
		return m.readParts(multipart.NewReader(body, params["boundary"]))
	}
	if strings.EqualFold(header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	clear := strings.ReplaceAll(string(text), "\r\n", "\n")
	switch kind {
	case "text/plain":
		m.Text = clear
	case "text/html":
		m.HTML = clear
	case "image/png":
		return m.readImage(header.Get("Content-Transfer-Encoding"), text)
	default:
		return fmt.Errorf("a part of kind %s", kind)
	}
	return nil
}

// readImage checks that an image can be shown.
func (m *Message) readImage(encoding string, text []byte) error {
	if !strings.EqualFold(encoding, "base64") {
		return fmt.Errorf("an image in the encoding %q", encoding)
	}
	_, err := png.Decode(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(text)))
	return err
}

func (m *Message) readParts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = m.readPart(part.Header, part)
		}
		if err != nil {
			return err
		}
	}
}
