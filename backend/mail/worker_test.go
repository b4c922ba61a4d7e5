package mail_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail"
	"doorward/backend/mail/mailtest"
	"doorward/backend/store"
)

func TestEmailsAreSent(t *testing.T) {
	f := newFixture(t, mailtest.Options{User: "door", Password: "pass"})
	f.server.NoLeak(t)
	before := f.post(20)
	stop := f.work()
	after := f.post(5) // a commit wakes the worker, as the clock stands still
	ids := append(before, after...)
	f.until(access.MessageSent, ids...)
	for _, id := range ids {
		m := f.message(id)
		if !strings.HasPrefix(m.Detail, "250 ") || f.hasBody(id) || m.Attempts != 0 || m.Lease.Owner != "" ||
			!m.At.Equal(f.clock.Now()) {
			t.Errorf("after it was sent: %+v, words kept: %v", m, f.hasBody(id))
		}
		if n := f.deliveries()[m.HeaderMessageID]; n != 1 {
			t.Errorf("%s came %d times", m.HeaderMessageID, n)
		}
	}
	got := f.server.Received()[0]
	if got.Header.Get("From") != `"AI Loop" <door@example.com>` ||
		!strings.HasPrefix(got.Text, "You are invited to AI Loop\n") || got.HELO != "door.example.com" {
		t.Errorf("the email is %+v", got)
	}
	if date, err := got.Header.Date(); err != nil || !date.Equal(f.clock.Now()) {
		t.Errorf("it is dated %v, %v", date, err)
	}
	if h := f.health(); h.Paused || !h.LastSent.Equal(f.clock.Now()) {
		t.Errorf("the health is %+v", h)
	}
	if n := f.server.Connections(); n > 15 {
		t.Errorf("%d connections for %d emails", n, len(ids))
	}
	stop()
}

func TestSenderMustBeAnAddress(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	nobody := mail.FixedRoute(mail.Route{From: "nobody"})
	if _, err := mail.StoredRoute(t.Context(), f.store, nobody); !access.Invalid.Is(err) {
		t.Error(err)
	}
}

func TestTemporaryRefusal(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	f.server.Script(mailtest.Fault{At: mailtest.Rcpt, For: "ada0@", Reply: "451 4.7.1 greylisted", Times: 2})
	ids := f.post(2)
	f.work()
	f.until(access.MessageRetrying, ids[0])
	f.until(access.MessageSent, ids[1])
	m := f.message(ids[0])
	if m.Detail != "451 4.7.1 greylisted" || m.Attempts != 1 || !m.NextTry.Equal(f.clock.Now().Add(10*time.Second)) ||
		!f.hasBody(m.ID) {
		t.Errorf("after the first try: %+v", m)
	}
	f.clock.advance(10 * time.Second)
	mailtest.Eventually(t, "it was tried again", func() bool { return f.message(ids[0]).Attempts == 2 })
	f.clock.advance(time.Minute)
	f.until(access.MessageSent, ids[0])
	if n := f.deliveries()[m.HeaderMessageID]; n != 1 {
		t.Errorf("it came %d times", n)
	}
}

func TestPermanentRefusal(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	f.server.Script(mailtest.Fault{At: mailtest.Rcpt, Reply: "550 5.1.1 no such user"})
	secret := f.post(1)[0]
	plain := f.post(1, func(m *access.Message) { m.Kind = access.ApprovedMessage })[0]
	f.work()
	f.until(access.MessageFailed, secret, plain)
	if m := f.message(secret); m.Detail != "550 5.1.1 no such user" || f.hasBody(secret) || !f.hasBody(plain) {
		t.Errorf("%+v; words of the secret one kept: %v, of the other: %v", m, f.hasBody(secret), f.hasBody(plain))
	}
	if h := f.health(); h.Paused {
		t.Errorf("one bad address paused the queue: %+v", h)
	}
}

func TestServerIsDown(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	f.server.Down()
	ids := f.post(3)
	f.work()
	f.until(access.MessageRetrying, ids...)
	if m := f.message(ids[2]); !strings.HasPrefix(m.Detail, "Nothing answers at") || f.health().Paused {
		t.Errorf("%+v", m)
	}
	if err := f.server.Up(); err != nil {
		t.Fatal(err)
	}
	f.clock.advance(10 * time.Second)
	f.until(access.MessageSent, ids...)
}

// The mail server accepts the email, and the connection breaks before it can say so: the
// email is sent again, identical to the last byte.
func TestAcceptsThenDrops(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	f.server.Script(mailtest.Fault{At: mailtest.EndOfData, Accept: true, Drop: true, Times: 1})
	id := f.post(1)[0]
	f.work()
	f.until(access.MessageRetrying, id)
	if m := f.message(id); !strings.Contains(m.Detail, "before it was confirmed") || m.Attempts != 1 {
		t.Errorf("%+v", m)
	}
	f.clock.advance(10 * time.Second)
	f.until(access.MessageSent, id)
	got := f.server.Received()
	if len(got) != 2 || !bytes.Equal(got[0].Raw, got[1].Raw) || got[0].MessageID != f.message(id).HeaderMessageID {
		t.Errorf("%d emails came, not the same one twice", len(got))
	}
}

func TestExpiredEmails(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	expired := f.post(1, func(m *access.Message) { m.ExpiresAt = m.QueuedAt })[0]
	soon := f.post(1, func(m *access.Message) {
		m.ExpiresAt = m.QueuedAt.Add(5 * time.Second)
		m.Recipient = "soon@example.org"
	})[0]
	f.server.Script(mailtest.Fault{At: mailtest.Rcpt, For: "soon@", Reply: "451 4.7.1 greylisted"})
	f.work()
	f.until(access.MessageFailed, expired, soon)
	if m := f.message(expired); m.Detail != "Its link expired before it could be sent." || f.hasBody(expired) {
		t.Errorf("%+v, words kept: %v", m, f.hasBody(expired))
	}
	if m := f.message(soon); m.Detail != "451 4.7.1 greylisted" || f.hasBody(soon) {
		t.Errorf("%+v, words kept: %v", m, f.hasBody(soon))
	}
	if n := len(f.server.Received()); n != 0 {
		t.Errorf("%d emails came", n)
	}
}

func TestHeldEmailsAreSentOnceThereIsAServer(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	kept := func(m *access.Message) {
		m.State, m.NextTry, m.Detail = access.MessageHeld, time.Time{}, access.NoMailServer
	}
	ids := f.post(30, kept)
	old := f.post(3, kept, func(m *access.Message) { m.ExpiresAt = m.QueuedAt.Add(time.Hour) })
	f.clock.advance(time.Hour)
	f.work()
	f.until(access.MessageSent, ids...)
	f.until(access.MessageFailed, old...)
	if f.hasBody(old[0]) || len(f.server.Received()) != 30 {
		t.Errorf("%d emails came", len(f.server.Received()))
	}
}

func TestEmailOfNobodyIsDeletedOnceSent(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	id := f.post(1, func(m *access.Message) { m.Kind, m.Member = access.RejectedMessage, "" })[0]
	f.work()
	if _, err := f.server.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	mailtest.Eventually(t, "it is deleted", func() bool {
		return access.NotFound.Is(f.store.View(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Messages.Get(id)
			return err
		}))
	})
}

// A mail server that closes a connection after a number of emails must not cost the next
// email an attempt.
func TestStaleConnectionCostsNoAttempt(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	f.server.Script(mailtest.Fault{At: mailtest.Mail, For: "ada0@", Reply: "421 4.4.2 enough", Times: 1})
	ids := f.post(3)
	f.work()
	f.until(access.MessageSent, ids...)
	for _, id := range ids {
		if m := f.message(id); m.Attempts != 0 {
			t.Errorf("%+v", m)
		}
	}
}

func TestBudget(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	ids := f.post(25)
	f.work(func(m *mail.Options) { m.PerMinute = 10 })
	sent := func() (n int) {
		for _, id := range ids {
			if f.message(id).State == access.MessageSent {
				n++
			}
		}
		return n
	}
	for _, want := range []int{8, 16, 24, 25} { // a fifth is reserved for emails that somebody waits for
		mailtest.Eventually(t, "a minute's emails are sent", func() bool { return sent() >= want })
		f.clock.advance(59 * time.Second)
		if n := sent(); n != want {
			t.Errorf("%d emails within the minute, want %d", n, want)
		}
		f.clock.advance(time.Second)
	}
}
