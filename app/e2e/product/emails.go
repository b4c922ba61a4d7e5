package product

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"doorward/backend/mail/mailtest"
)

// A Email is one that the mail server took in, with what people look for in it.
type Letter struct {
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

// What stands in emails for people to use: the link, and the code on a line of
// its own.
var (
	LinkInLetter = regexp.MustCompile(`https?://\S+/login/[A-Za-z0-9_-]{43}`)
	CodeInLetter = regexp.MustCompile(`(?m)^([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})\r?$`)
)

// ReadLetter finds what people look for in an email.
func ReadLetter(l mailtest.Message) Letter {
	out := Letter{
		From:      l.Header.Get("From"),
		To:        l.To,
		Subject:   l.Subject,
		Text:      l.Text,
		HTML:      l.HTML,
		MessageID: l.MessageID,
		Link:      LinkInLetter.FindString(l.Text),
		Secured:   l.TLS && l.User != "",
	}
	if m := CodeInLetter.FindStringSubmatch(l.Text); m != nil {
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

// Email waits for an email to arrive at the mail server.
func (p *Product) Letter(w Wanted) (Letter, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	for n := 0; ; {
		all, err := p.Mail.Wait(ctx, n)
		left := max(w.Nth, 1)
		for _, l := range all {
			if strings.EqualFold(l.To, w.To) && strings.Contains(l.Subject, w.Subject) {
				if left--; left == 0 {
					return ReadLetter(l), nil
				}
			}
		}
		if err != nil {
			return Letter{}, fmt.Errorf("letter %d to %s with %q in its subject: %w", max(w.Nth, 1), w.To, w.Subject, err)
		}
		n = len(all) + 1
	}
}
