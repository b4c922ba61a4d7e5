package mail_test

import (
	"slices"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail"
	"doorward/backend/mail/mailtest"
	"doorward/backend/store"
)

func signIn(m *access.Message) {
	m.Kind, m.ExpiresAt = access.SignInMessage, m.QueuedAt.Add(15*time.Minute)
}

func known(m *access.Message) { signIn(m); m.Priority = access.PriorityAwaited }

// An Admin invites 1,800 people, which takes a quarter of an hour to send. Somebody who
// requests a sign-in email meanwhile gets it next, although the minute's budget for bulk is
// used up; from a known browser they get it even after strangers have used up their share.
func TestAwaitedEmailsGoBeforeBulk(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	bulk := f.post(1800)
	f.work(func(m *mail.Options) { m.PerMinute = 20 })
	sent := func(ids []access.MessageID) (n int) {
		for _, id := range ids {
			if f.message(id).State == access.MessageSent {
				n++
			}
		}
		return n
	}
	mailtest.Eventually(t, "the minute's bulk is sent", func() bool { return sent(bulk) == 16 })
	strangers := f.post(10, signIn)
	mailtest.Eventually(t, "strangers have their share", func() bool { return sent(strangers) == 2 })
	member := f.post(2, known)
	f.until(access.MessageSent, member...)
	if n := sent(bulk); n != 16 {
		t.Errorf("%d invitations were sent within a minute, want 16", n)
	}
	if n := sent(strangers); n != 2 {
		t.Errorf("%d emails that strangers can cause were sent within a minute, want 2", n)
	}
	f.clock.advance(time.Minute)
	mailtest.Eventually(t, "the strangers' emails come next", func() bool { return sent(strangers) == 10 })
}

// The mail server takes its time with each of many invitations. Somebody who requests a sign-in
// email got it once the first connection was free again, eight invitations later; whoever did so
// right after them, too.
func TestBulkLeavesAConnection(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	slow := make(chan struct{})
	f.server.Script(mailtest.Fault{At: mailtest.EndOfData, For: "ada", Until: slow})
	bulk := f.post(60)
	f.work()
	mailtest.Eventually(t, "invitations have their connections", func() bool { return f.server.Connections() == 3 })
	eve := func(m *access.Message) { m.Recipient = "eve@example.org" }
	f.until(access.MessageSent, f.post(1, signIn, eve)...)
	f.until(access.MessageSent, f.post(2, known, eve)...)
	f.server.Script(mailtest.Fault{At: mailtest.Rcpt, For: "eve", Reply: "451 4.7.1 greylisted", Times: 1},
		mailtest.Fault{At: mailtest.EndOfData, For: "ada", Until: slow})
	later := f.post(1, known, eve)
	f.until(access.MessageRetrying, later...)
	f.clock.advance(10 * time.Second)
	f.until(access.MessageSent, later...)
	for _, id := range bulk {
		if s := f.message(id).State; s != access.MessageQueued {
			t.Errorf("an invitation is %s", s)
		}
	}
	close(slow)
	f.until(access.MessageSent, bulk...)
}

// Waiting emails are sent by priority, and within a priority by age.
func TestOrderOfClasses(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	var want []string
	byClass := map[access.Priority][]access.MessageID{}
	classes := access.Priorities()
	for i := range 3 * len(classes) {
		c := classes[len(classes)-1-i%len(classes)]
		byClass[c] = append(byClass[c], f.post(1, func(m *access.Message) { m.Priority = c })...)
		f.clock.advance(time.Second)
	}
	for _, c := range classes {
		for _, id := range byClass[c] {
			want = append(want, f.message(id).HeaderMessageID)
		}
	}
	f.view(func(tx *store.Tx) error {
		due, err := tx.Messages.Due(100)
		var got []string
		for _, m := range due {
			got = append(got, m.HeaderMessageID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the order is %v, want %v", got, want)
		}
		return err
	})
}

// An attacker requests emails to addresses that nobody has. The decoys written instead are
// leased and finished like emails, and nothing is sent.
func TestDecoysAreNeverSent(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	f.work()
	first := f.post(1, signIn)
	f.until(access.MessageSent, first...)
	for range 20 {
		f.update(func(tx *store.Tx) error {
			id := access.MessageID(access.NewID())
			m := access.Message{
				ID:        id,
				Kind:      access.SignInMessage,
				Recipient: "nobody@example.org",
				State:     access.MessageQueued,
				At:        tx.Now,
				QueuedAt:  tx.Now,
				NextTry:   tx.Now,
				ExpiresAt: tx.Now.Add(15 * time.Minute),
			}
			return tx.Decoys.Post(m, facts(tx.Now))
		})
	}
	left := func() (n int) {
		err := f.store.Each(t.Context(), func(key, value []byte) error {
			if k := string(key); k[0] == 'E' && k[2] != 's' || k[0] == 'x' && k[10] == store.DueDecoy {
				n++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	mailtest.Eventually(t, "the decoys are over", func() bool { return left() == 0 })
	last := f.post(1, signIn)
	f.until(access.MessageSent, last...)
	if n := len(f.server.Received()); n != 2 {
		t.Errorf("%d emails came, want 2", n)
	}
	if _, err := f.store.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}
