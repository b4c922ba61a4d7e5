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

func signIn(l *access.Message) {
	l.Kind, l.ExpiresAt = access.SignInMessage, l.QueuedAt.Add(15*time.Minute)
}

func known(l *access.Message) { signIn(l); l.Priority = access.PriorityAwaited }

// An Admin invites 1,800 people, which takes a quarter of an hour to send. Whoever
// asks for a sign-in email meanwhile gets it next, although the minute's budget
// for bulk is used up; and whoever does so in a browser that is known gets it even
// after strangers have used up what is left for them.
func TestWhoWaitsGoesBeforeBulk(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	bulk := o.post(1800)
	o.work(func(m *mail.Options) { m.PerMinute = 20 })
	sent := func(ids []access.MessageID) (n int) {
		for _, id := range ids {
			if o.letter(id).State == access.MessageSent {
				n++
			}
		}
		return n
	}
	mailtest.Eventually(t, "the minute's bulk is sent", func() bool { return sent(bulk) == 16 })
	strangers := o.post(10, signIn)
	mailtest.Eventually(t, "strangers have their share", func() bool { return sent(strangers) == 2 })
	member := o.post(2, known)
	o.until(access.MessageSent, member...)
	if n := sent(bulk); n != 16 {
		t.Errorf("%d invitations were sent within a minute, want 16", n)
	}
	if n := sent(strangers); n != 2 {
		t.Errorf("%d letters that strangers can cause were sent within a minute, want 2", n)
	}
	o.clock.advance(time.Minute)
	mailtest.Eventually(t, "the strangers' letters come next", func() bool { return sent(strangers) == 10 })
}

// All that waits is handed in by class, and within a class by age.
func TestOrderOfClasses(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	var want []string
	byClass := map[access.Priority][]access.MessageID{}
	classes := access.Priorities()
	for i := range 3 * len(classes) {
		c := classes[len(classes)-1-i%len(classes)]
		byClass[c] = append(byClass[c], o.post(1, func(l *access.Message) { l.Priority = c })...)
		o.clock.advance(time.Second)
	}
	for _, c := range classes {
		for _, id := range byClass[c] {
			want = append(want, o.letter(id).HeaderMessageID)
		}
	}
	o.view(func(tx *store.Tx) error {
		due, err := tx.Messages.Due(100)
		var got []string
		for _, l := range due {
			got = append(got, l.HeaderMessageID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the order is %v, want %v", got, want)
		}
		return err
	})
}

// Somebody asks for emails to addresses that nobody has. What is written in
// their place is leased and over like an email, and nothing goes out.
func TestDecoysAreNeverSent(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	o.work()
	first := o.post(1, signIn)
	o.until(access.MessageSent, first...)
	for range 20 {
		o.update(func(tx *store.Tx) error {
			id := access.MessageID(access.NewID())
			l := access.Message{
				ID:        id,
				Kind:      access.SignInMessage,
				Recipient: "nobody@example.org",
				State:     access.MessageQueued,
				At:        tx.Now,
				QueuedAt:  tx.Now,
				NextTry:   tx.Now,
				ExpiresAt: tx.Now.Add(15 * time.Minute),
			}
			return tx.Decoys.Post(l, facts(tx.Now))
		})
	}
	left := func() (n int) {
		err := o.store.Each(t.Context(), func(key, value []byte) error {
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
	last := o.post(1, signIn)
	o.until(access.MessageSent, last...)
	if n := len(o.server.Received()); n != 2 {
		t.Errorf("%d letters came, want 2", n)
	}
	if _, err := o.store.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}
