package mail_test

import (
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail/mailtest"
)

// The mail server refuses every email after it has taken the recipient, with a number of
// its own in each answer. Nothing is lost: two recipients that are refused for the same
// reason pause the queue, and all of them get their email once the cause is fixed.
func TestSameRefusalOfTwoRecipientsPausesTheQueue(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	f.server.Script(
		mailtest.Fault{At: mailtest.EndOfData, Reply: "554 5.7.1 policy: refused, id 41be03b00d2f7", Times: 1},
		mailtest.Fault{At: mailtest.EndOfData, Reply: "554 5.7.1 policy: refused, id 52be03b00d2f7"},
	)
	ids := f.post(4)
	f.work()
	mailtest.Eventually(t, "the queue is paused", func() bool { return f.health().Paused })
	attempts := 0
	for _, id := range ids {
		if m := f.message(id); m.Done() || !f.hasBody(id) {
			t.Errorf("the email is %+v", m)
		} else {
			attempts += m.Attempts
		}
	}
	if attempts != 1 {
		t.Errorf("%d attempts were counted, want that of the first alone", attempts)
	}
	tries := f.server.Connections()
	f.clock.advance(time.Minute)
	mailtest.Eventually(t, "the queue was tried, and stays paused", func() bool {
		return f.server.Connections() > tries && f.health().NextTry.Equal(f.clock.Now().Add(5*time.Minute))
	})
	f.server.Script()
	f.clock.advance(5 * time.Minute)
	f.until(access.MessageSent, ids...)
	if h := f.health(); h.Paused || h.Refused != (access.MailRefusal{}) {
		t.Errorf("the health is %+v", h)
	}
}

// One recipient's server takes nothing from us. That email fails after its third refusal,
// and neither it nor the others wait: the queue is never paused.
func TestRefusalOfOneRecipientFailsThatEmail(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	f.server.Script(mailtest.Fault{At: mailtest.Rcpt, For: "ada0@", Reply: "550 5.7.1 not for this list"})
	ids := f.post(3)
	f.work()
	f.until(access.MessageSent, ids[1:]...)
	for n := 1; n <= 3; n++ {
		mailtest.Eventually(t, "it was tried", func() bool {
			m := f.message(ids[0])
			return m.Attempts == n || m.Done()
		})
		if f.health().Paused {
			t.Fatal("one recipient paused the queue")
		}
		f.clock.advance(2 * time.Minute)
	}
	f.until(access.MessageFailed, ids[0])
}
