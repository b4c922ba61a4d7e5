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

func TestLettersAreSent(t *testing.T) {
	o := newOffice(t, mailtest.Options{User: "door", Password: "pass"})
	o.server.NoLeak(t)
	before := o.post(20)
	stop := o.work()
	after := o.post(5) // a commit wakes the worker: the clock stands still
	ids := append(before, after...)
	o.until(access.MessageSent, ids...)
	for _, id := range ids {
		l := o.letter(id)
		if !strings.HasPrefix(l.Detail, "250 ") || o.hasWords(id) || l.Attempts != 0 || l.Lease.Owner != "" ||
			!l.At.Equal(o.clock.Now()) {
			t.Errorf("after it was sent: %+v, words kept: %v", l, o.hasWords(id))
		}
		if n := o.came()[l.HeaderMessageID]; n != 1 {
			t.Errorf("%s came %d times", l.HeaderMessageID, n)
		}
	}
	got := o.server.Received()[0]
	if got.Header.Get("From") != `"AI Loop" <door@example.com>` ||
		!strings.HasPrefix(got.Text, "You are invited to AI Loop\n") || got.HELO != "door.example.com" {
		t.Errorf("the letter is %+v", got)
	}
	if date, err := got.Header.Date(); err != nil || !date.Equal(o.clock.Now()) {
		t.Errorf("it is dated %v, %v", date, err)
	}
	if h := o.health(); h.Paused || !h.LastSent.Equal(o.clock.Now()) {
		t.Errorf("the health is %+v", h)
	}
	if n := o.server.Connections(); n > 15 {
		t.Errorf("%d connections for %d letters", n, len(ids))
	}
	stop()
}

func TestSenderMustBeAnAddress(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	options := o.options()
	options.From = "nobody"
	if _, err := mail.New(o.store, options); !access.Invalid.Is(err) {
		t.Error(err)
	}
}

func TestTemporaryRefusal(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	o.server.Script(mailtest.Fault{At: mailtest.Rcpt, For: "ada0@", Reply: "451 4.7.1 greylisted", Times: 2})
	ids := o.post(2)
	o.work()
	o.until(access.MessageRetrying, ids[0])
	o.until(access.MessageSent, ids[1])
	l := o.letter(ids[0])
	if l.Detail != "451 4.7.1 greylisted" || l.Attempts != 1 || !l.NextTry.Equal(o.clock.Now().Add(10*time.Second)) ||
		!o.hasWords(l.ID) {
		t.Errorf("after the first try: %+v", l)
	}
	o.clock.advance(10 * time.Second)
	mailtest.Eventually(t, "it was tried again", func() bool { return o.letter(ids[0]).Attempts == 2 })
	o.clock.advance(time.Minute)
	o.until(access.MessageSent, ids[0])
	if n := o.came()[l.HeaderMessageID]; n != 1 {
		t.Errorf("it came %d times", n)
	}
}

func TestPermanentRefusal(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	o.server.Script(mailtest.Fault{At: mailtest.Rcpt, Reply: "550 5.1.1 no such user"})
	secret := o.post(1)[0]
	plain := o.post(1, func(l *access.Message) { l.Kind = access.ApprovedMessage })[0]
	o.work()
	o.until(access.MessageFailed, secret, plain)
	if l := o.letter(secret); l.Detail != "550 5.1.1 no such user" || o.hasWords(secret) || !o.hasWords(plain) {
		t.Errorf("%+v; words of the secret one kept: %v, of the other: %v", l, o.hasWords(secret), o.hasWords(plain))
	}
	if h := o.health(); h.Paused {
		t.Errorf("one bad address paused the queue: %+v", h)
	}
}

func TestServerIsDown(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	o.server.Down()
	ids := o.post(3)
	o.work()
	o.until(access.MessageRetrying, ids...)
	if l := o.letter(ids[2]); !strings.HasPrefix(l.Detail, "Nothing answers at") || o.health().Paused {
		t.Errorf("%+v", l)
	}
	if err := o.server.Up(); err != nil {
		t.Fatal(err)
	}
	o.clock.advance(10 * time.Second)
	o.until(access.MessageSent, ids...)
}

// The mail server took the email, and the connection broke before it could say
// so: the email goes out again, as the same one to the last byte.
func TestAcceptsThenDrops(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	o.server.Script(mailtest.Fault{At: mailtest.EndOfData, Accept: true, Drop: true, Times: 1})
	id := o.post(1)[0]
	o.work()
	o.until(access.MessageRetrying, id)
	if l := o.letter(id); !strings.Contains(l.Detail, "before it was confirmed") || l.Attempts != 1 {
		t.Errorf("%+v", l)
	}
	o.clock.advance(10 * time.Second)
	o.until(access.MessageSent, id)
	got := o.server.Received()
	if len(got) != 2 || !bytes.Equal(got[0].Raw, got[1].Raw) || got[0].MessageID != o.letter(id).HeaderMessageID {
		t.Errorf("%d letters came, not the same one twice", len(got))
	}
}

func TestExpiredLetters(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	expired := o.post(1, func(l *access.Message) { l.ExpiresAt = l.QueuedAt })[0]
	soon := o.post(1, func(l *access.Message) {
		l.ExpiresAt = l.QueuedAt.Add(5 * time.Second)
		l.Recipient = "soon@example.org"
	})[0]
	o.server.Script(mailtest.Fault{At: mailtest.Rcpt, For: "soon@", Reply: "451 4.7.1 greylisted"})
	o.work()
	o.until(access.MessageFailed, expired, soon)
	if l := o.letter(expired); l.Detail != "Its link expired before it could be sent." || o.hasWords(expired) {
		t.Errorf("%+v, words kept: %v", l, o.hasWords(expired))
	}
	if l := o.letter(soon); l.Detail != "451 4.7.1 greylisted" || o.hasWords(soon) {
		t.Errorf("%+v, words kept: %v", l, o.hasWords(soon))
	}
	if n := len(o.server.Received()); n != 0 {
		t.Errorf("%d letters came", n)
	}
}

func TestKeptLettersGoOnceThereIsAServer(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	kept := func(l *access.Message) {
		l.State, l.NextTry, l.Detail = access.MessageHeld, time.Time{}, "No mail server is configured."
	}
	ids := o.post(30, kept)
	old := o.post(3, kept, func(l *access.Message) { l.ExpiresAt = l.QueuedAt.Add(time.Hour) })
	o.clock.advance(time.Hour)
	o.work()
	o.until(access.MessageSent, ids...)
	o.until(access.MessageFailed, old...)
	if o.hasWords(old[0]) || len(o.server.Received()) != 30 {
		t.Errorf("%d letters came", len(o.server.Received()))
	}
}

func TestLetterOfNobodyIsGoneOnceSent(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	id := o.post(1, func(l *access.Message) { l.Kind, l.Member = access.RejectedMessage, "" })[0]
	o.work()
	if _, err := o.server.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	mailtest.Eventually(t, "it is deleted", func() bool {
		return access.NotFound.Is(o.store.View(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Messages.Get(id)
			return err
		}))
	})
}

// A mail server that ends a connection after so many emails is no reason to
// hold it against the next email.
func TestStaleConnectionCostsNoTry(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	o.server.Script(mailtest.Fault{At: mailtest.Mail, For: "ada0@", Reply: "421 4.4.2 enough", Times: 1})
	ids := o.post(3)
	o.work()
	o.until(access.MessageSent, ids...)
	for _, id := range ids {
		if l := o.letter(id); l.Attempts != 0 {
			t.Errorf("%+v", l)
		}
	}
}

func TestBudget(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	ids := o.post(25)
	o.work(func(m *mail.Options) { m.PerMinute = 10 })
	sent := func() (n int) {
		for _, id := range ids {
			if o.letter(id).State == access.MessageSent {
				n++
			}
		}
		return n
	}
	for _, want := range []int{8, 16, 24, 25} { // a fifth is kept for those who wait
		mailtest.Eventually(t, "a minute's letters are sent", func() bool { return sent() >= want })
		o.clock.advance(59 * time.Second)
		if n := sent(); n != want {
			t.Errorf("%d letters within the minute, want %d", n, want)
		}
		o.clock.advance(time.Second)
	}
}
