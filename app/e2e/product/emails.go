package product

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"doorward/backend/mail/mailtest"
)

// A Message is an email that the mail server took in, with what people look for in
// it.
type Message struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Subject   string `json:"subject"`
	Text      string `json:"text"`
	HTML      string `json:"html"`
	MessageID string `json:"messageId"`
	Link      string `json:"link"` // the login link in its text
	Code      string `json:"code"`
	Secured   bool   `json:"secured"` // it came over TLS, after a login
}

// The parts of an email that people use: the link, and the code on a line of its own.
var (
	LinkInEmail = regexp.MustCompile(`https?://\S+/login/[A-Za-z0-9_-]{43}`)
	CodeInEmail = regexp.MustCompile(`(?m)^([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})\r?$`)
)

// ReadMessage finds what people look for in an email.
func ReadMessage(l mailtest.Message) Message {
	out := Message{
		From:      l.Header.Get("From"),
		To:        l.To,
		Subject:   l.Subject,
		Text:      l.Text,
		HTML:      l.HTML,
		MessageID: l.MessageID,
		Link:      LinkInEmail.FindString(l.Text),
		Secured:   l.TLS && l.User != "",
	}
	if m := CodeInEmail.FindStringSubmatch(l.Text); m != nil {
		out.Code = m[1]
	}
	return out
}

// A Wanted says which email: the nth to an address with this in its subject.
type Wanted struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Nth     int    `json:"nth"` // zero: the first
}

// Message waits for an email to arrive at the mail server.
func (p *Product) Message(w Wanted) (Message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	for n := 0; ; {
		all, err := p.Mail.Wait(ctx, n)
		left := max(w.Nth, 1)
		for _, l := range all {
			if strings.EqualFold(l.To, w.To) && strings.Contains(l.Subject, w.Subject) {
				if left--; left == 0 {
					return ReadMessage(l), nil
				}
			}
		}
		if err != nil {
			return Message{},
				fmt.Errorf("email %d to %s with %q in its subject: %w", max(w.Nth, 1), w.To, w.Subject, err)
		}
		n = len(all) + 1
	}
}
