package portal_test

import (
	"net/http"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/web/webtest"
)

// Somebody comes by a link that was handed over. Nothing has verified their
// mailbox, so the page does not say that their address is confirmed.
func TestPendingPageSaysWhatWasProved(t *testing.T) {
	s := webtest.New(t)
	id, _ := s.Invite("handed@example.com", access.Fleet)
	link, err := s.Service.Invitations.CopyLink(bg, s.Admin, id)
	s.Must(err)
	handed := s.Browser()
	handed.RedeemLink(strings.TrimPrefix(link, webtest.URL))
	page := handed.Get("/pending")
	page.Want(t, http.StatusOK, "You accepted the invitation")
	page.Lacks(t, "verified")

	_, mailed := s.Invite("mailed@example.com", access.Fleet)
	by := s.Browser()
	by.RedeemLink(mailed)
	by.Get("/pending").Want(t, http.StatusOK, "Your email address is verified", "You verified your email address")
}

// The page promised an email about the decision also where none can be sent.
func TestPendingPagePromisesNoEmailWithoutMail(t *testing.T) {
	for _, mail := range []bool{true, false} {
		s := webtest.New(t, func(o *webtest.Options) { o.Mail = mail })
		id, _ := s.Invite("handed@example.com", access.Fleet)
		link, err := s.Service.Invitations.CopyLink(bg, s.Admin, id)
		s.Must(err)
		b := s.Browser()
		b.RedeemLink(strings.TrimPrefix(link, webtest.URL))
		promise, without := "we will email you", "Email is not set up here yet"
		if !mail {
			promise, without = without, promise
		}
		page := b.Get("/pending")
		page.Want(t, http.StatusOK, promise)
		page.Lacks(t, without)
		if got := strings.Contains(page.Text, "and an email about it"); got != mail {
			t.Errorf("with mail %v, the last step promises an email: %v", mail, got)
		}
	}
}

// Somebody types a code with a character missing. It is no guess, leaves no
// trace, and is shown as typed so that they can correct it.
func TestMistypedCodeIsShownAgain(t *testing.T) {
	s := webtest.New(t)
	b := s.Browser()
	page := b.Post(b.Get("/login"), "/login", "email", "grace@example.org")
	b.Post(page, "/login/code", "code", `K7PQ-3X"M`, "email", "grace@example.org").
		Want(t, http.StatusUnprocessableEntity, "eight letters and digits")
	if again := b.Post(page, "/login/code", "code", `K7PQ-3X"M`).
		Text; !strings.Contains(again, `value="K7PQ-3X&#34;M"`) {
		t.Errorf("what was typed is lost:\n%s", again)
	}
	s.Must(s.Web.Close()) // this stores what was noticed
	u, err := s.Service.Dashboard.Unusual(bg, s.Admin)
	s.Must(err)
	for _, d := range u.Days {
		if d.Trace == access.TraceWrongCode {
			t.Errorf("%d slips count as guesses", d.Count)
		}
	}
}
