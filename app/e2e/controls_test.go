package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"doorward/backend/mail/mailtest"
)

// machine is held by tests that time something or run a browser: they want the
// cores for themselves. The tests that mostly wait run beside them.
var machine sync.Mutex

func alone(t *testing.T) {
	t.Helper()
	machine.Lock()
	t.Cleanup(machine.Unlock)
}

// A letter is one that the mail server took in, with what people look for in it.
type letter struct {
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

var (
	linkInLetter = regexp.MustCompile(`https?://\S+/login/[A-Za-z0-9_-]{43}`)
	codeInLetter = regexp.MustCompile(`(?m)^([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})\r?$`)
)

func readLetter(l mailtest.Letter) letter {
	out := letter{From: l.Header.Get("From"), To: l.To, Subject: l.Subject, Text: l.Text, HTML: l.HTML, MessageID: l.MessageID,
		Link: linkInLetter.FindString(l.Text), Secured: l.TLS && l.User != ""}
	if m := codeInLetter.FindStringSubmatch(l.Text); m != nil {
		out.Code = m[1]
	}
	return out
}

// A wanted says which letter: the nth to an address with this in its subject.
type wanted struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Nth     int    `json:"nth"` // zero: the first
}

// letter waits for a letter to arrive at the mail server.
func (p *product) letter(w wanted) (letter, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for n := 0; ; {
		all, err := p.mail.Wait(ctx, n)
		left := max(w.Nth, 1)
		for _, l := range all {
			if strings.EqualFold(l.To, w.To) && strings.Contains(l.Subject, w.Subject) {
				if left--; left == 0 {
					return readLetter(l), nil
				}
			}
		}
		if err != nil {
			return letter{}, fmt.Errorf("letter %d to %s with %q in its subject: %w", max(w.Nth, 1), w.To, w.Subject, err)
		}
		n = len(all) + 1
	}
}

type nothing = struct{}

// controls is what the specs can do to a product.
func controls(t *testing.T, p *product) *control {
	t.Helper()
	c := newControl(t)
	on(c, "doorward", func(args []string) (said, error) { return p.run(args...) })
	on(c, "letter", p.letter)
	on(c, "traces", p.traces)
	on(c, "log", func(nothing) (string, error) { return p.log.String(), nil })
	on(c, "crash", func(nothing) (nothing, error) { return nothing{}, p.crash() })
	on(c, "stop", func(nothing) (nothing, error) { return nothing{}, p.stop() })
	on(c, "start", func(flags []string) (nothing, error) { return nothing{}, p.start(flags...) })
	return c
}
