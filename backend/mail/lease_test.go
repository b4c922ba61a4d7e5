package mail_test

import (
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail"
	"doorward/backend/mail/mailtest"
	"doorward/backend/store"
)

func TestTwoWorkersSendEachLetterOnce(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	ids := o.post(60)
	o.work()
	o.work()
	ids = append(ids, o.post(60)...)
	o.until(access.MessageSent, ids...)
	for id, n := range o.came() {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	if n := len(o.came()); n != len(ids) {
		t.Errorf("%d letters came, want %d", n, len(ids))
	}
}

// A worker that died holds its emails until the lease ends, and not longer.
func TestLeaseOfDeadWorkerEnds(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	id := o.post(1)[0]
	o.update(func(tx *store.Tx) error {
		_, err := tx.Messages.Lease(id, "dead", tx.Now.Add(2*time.Minute))
		return err
	})
	o.work()
	live := o.post(1)[0]
	o.until(access.MessageSent, live)
	o.clock.advance(2*time.Minute - time.Microsecond)
	if l := o.letter(id); l.State != access.MessageQueued || l.Lease.Owner != "dead" {
		t.Errorf("before the lease ended: %+v", l)
	}
	o.clock.advance(time.Microsecond)
	o.until(access.MessageSent, id)
	if l := o.letter(id); l.Lease.Epoch != 2 || o.came()[l.HeaderMessageID] != 1 {
		t.Errorf("%+v", l)
	}
}

// The power goes while emails are handed in. The one worker there is knows, when
// it starts again, that whoever held them is dead: nobody waits two minutes for a
// email to sign in with.
func TestLeasesOfDeadWorkerEndAtTheStart(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	ids := o.post(12)
	o.update(func(tx *store.Tx) error {
		for _, id := range ids[:11] {
			if _, err := tx.Messages.Lease(id, "dead", tx.Now.Add(2*time.Minute)); err != nil {
				return err
			}
		}
		return nil
	})
	o.work(func(o *mail.Options) { o.Leads = true })
	o.until(access.MessageSent, ids...)
	for i, id := range ids {
		want := int64(2)
		if i == 11 {
			want = 1 // it was never held
		}
		if l := o.letter(id); l.Lease.Epoch != want || o.came()[l.HeaderMessageID] != 1 {
			t.Errorf("letter %d: %+v came %d times", i, l, o.came()[l.HeaderMessageID])
		}
	}
}

// A worker that slept through its lease comes back when another has sent the
// email: what it has to say of it counts for nothing.
func TestSleeperCannotOverruleTheNext(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	o.server.Script(mailtest.Fault{At: mailtest.Mail, Hang: true, Times: 1})
	id := o.post(1)[0]
	wake := o.work()
	mailtest.Eventually(t, "the first worker hangs", func() bool { return heard(o.server, "MAIL FROM") == 1 })
	o.clock.advance(2 * time.Minute)
	o.work()
	o.until(access.MessageSent, id)
	sent := o.letter(id)
	wake()
	if l := o.letter(id); l != sent || l.Lease.Epoch != 2 || o.came()[l.HeaderMessageID] != 1 {
		t.Errorf("the sleeper made %+v of %+v", l, sent)
	}
}

func heard(s *mailtest.Server, begin string) (n int) {
	for _, l := range s.Heard() {
		if strings.HasPrefix(l.Text, begin) {
			n++
		}
	}
	return n
}

// Stopping gives back at once what was not sent, and leaves nothing behind.
func TestStop(t *testing.T) {
	o := newOffice(t, mailtest.Options{})
	o.server.NoLeak(t)
	o.server.Script(mailtest.Fault{At: mailtest.Rcpt, Hang: true})
	ids := o.post(3)
	stop := o.work()
	mailtest.Eventually(t, "the server hangs", func() bool { return heard(o.server, "RCPT TO") == 1 })
	stop()
	for _, id := range ids {
		if l := o.letter(id); l.State != access.MessageQueued || l.Attempts != 0 || l.Lease.Owner != "" ||
			!l.Lease.Until.IsZero() {
			t.Errorf("after the stop: %+v", l)
		}
	}
	o.server.Script()
	stop = o.work()
	o.until(access.MessageSent, ids...)
	stop()
}

// Rejecting a person deletes the email, while it is under way as well. What
// becomes of it then must not bring it back.
func TestDeletedWhileItIsSent(t *testing.T) {
	for _, fault := range []mailtest.Fault{{
		At:    mailtest.Rcpt,
		Hang:  true,
		Times: 1,
	}, {At: mailtest.EndOfData, Accept: true, Hang: true, Times: 1}} {
		o := newOffice(t, mailtest.Options{})
		o.server.Script(fault)
		ids := o.post(2)
		stop := o.work()
		mailtest.Eventually(t, "the server hangs", func() bool { return heard(o.server, "RCPT TO") == 1 })
		o.update(func(tx *store.Tx) error {
			for _, id := range ids {
				if err := tx.Messages.Delete(id); err != nil {
					return err
				}
			}
			return nil
		})
		stop()
		o.view(func(tx *store.Tx) error {
			for _, id := range ids {
				if _, err := tx.Messages.Get(id); !access.NotFound.Is(err) {
					t.Errorf("Letter = %v", err)
				}
			}
			c, err := tx.Counters()
			if len(c.Messages) != 0 {
				t.Errorf("the counters say %v", c.Messages)
			}
			return err
		})
		if heard(o.server, "RCPT TO") != 1 {
			t.Error("the second letter was begun")
		}
	}
}

// The sweeper fails an email whose link expires while it is under way. If the
// mail server takes it all the same, it was sent, and the list says so; if not,
// it stays as the sweeper left it.
func TestExpiresWhileItIsSent(t *testing.T) {
	for answer, want := range map[string]access.MessageState{
		"":                  access.MessageSent,
		"451 4.3.0 not now": access.MessageFailed,
	} {
		o := newOffice(t, mailtest.Options{})
		release := make(chan struct{})
		faults := []mailtest.Fault{{At: mailtest.Rcpt, Until: release}}
		if answer != "" {
			faults = append(faults, mailtest.Fault{At: mailtest.EndOfData, Reply: answer})
		}
		o.server.Script(faults...)
		id := o.post(1)[0]
		stop := o.work()
		mailtest.Eventually(t, "the letter is under way", func() bool { return heard(o.server, "RCPT TO") == 1 })
		o.update(func(tx *store.Tx) error {
			l, err := tx.Messages.Get(id)
			if err != nil {
				return err
			}
			l.Failed("Its link expired before it could be sent.", tx.Now)
			if err := tx.Messages.WipeFacts(id); err != nil {
				return err
			}
			return tx.Messages.Put(l)
		})
		close(release)
		mailtest.Eventually(t, "the batch is over", func() bool { return heard(o.server, "QUIT") == 1 })
		stop()
		if l := o.letter(id); l.State != want || len(o.server.Received()) != map[access.MessageState]int{
			access.MessageSent: 1,
		}[want] {
			t.Errorf("after %q: %+v", answer, l)
		}
	}
}
