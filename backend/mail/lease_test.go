package mail_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail"
	"doorward/backend/mail/mailtest"
	"doorward/backend/store"
)

func TestTwoWorkersSendEachEmailOnce(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	ids := f.post(60)
	f.work()
	f.work()
	ids = append(ids, f.post(60)...)
	f.until(access.MessageSent, ids...)
	for id, n := range f.deliveries() {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	if n := len(f.deliveries()); n != len(ids) {
		t.Errorf("%d emails came, want %d", n, len(ids))
	}
}

// A worker dies. Its emails stay leased until the lease expires, and no longer.
func TestLeaseOfDeadWorkerEnds(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	id := f.post(1)[0]
	f.update(func(tx *store.Tx) error {
		_, err := tx.Messages.Lease(id, "dead", tx.Now.Add(2*time.Minute))
		return err
	})
	f.work()
	live := f.post(1)[0]
	f.until(access.MessageSent, live)
	f.clock.advance(2*time.Minute - time.Microsecond)
	if m := f.message(id); m.State != access.MessageQueued || m.Lease.Owner != "dead" {
		t.Errorf("before the lease ended: %+v", m)
	}
	f.clock.advance(time.Microsecond)
	f.until(access.MessageSent, id)
	if m := f.message(id); m.Lease.Epoch != 2 || f.deliveries()[m.HeaderMessageID] != 1 {
		t.Errorf("%+v", m)
	}
}

// The power fails while emails are being sent. The only worker knows at its next start that
// the previous holder is dead: nobody waits two minutes for an email to sign in with.
func TestLeasesOfDeadWorkerEndAtTheStart(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	ids := f.post(12)
	f.update(func(tx *store.Tx) error {
		for _, id := range ids[:11] {
			if _, err := tx.Messages.Lease(id, "dead", tx.Now.Add(2*time.Minute)); err != nil {
				return err
			}
		}
		return nil
	})
	f.work(func(o *mail.Options) { o.Leads = true })
	f.until(access.MessageSent, ids...)
	for i, id := range ids {
		want := int64(2)
		if i == 11 {
			want = 1 // it was never leased
		}
		if m := f.message(id); m.Lease.Epoch != want || f.deliveries()[m.HeaderMessageID] != 1 {
			t.Errorf("email %d: %+v came %d times", i, m, f.deliveries()[m.HeaderMessageID])
		}
	}
}

// A machine wins the lead and loses it at once. That its worker was stopped is no failure.
func TestAWorkerIsStoppedBeforeItBegins(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := mail.New(f.store, f.options()).Run(ctx); err != nil {
		t.Errorf("Run = %v", err)
	}
}

// A worker that slept through its lease wakes after another one has sent the email: the
// outcome that it reports is ignored.
func TestExpiredLeaseCannotOverruleTheNext(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	f.server.Script(mailtest.Fault{At: mailtest.Mail, Hang: true, Times: 1})
	id := f.post(1)[0]
	wake := f.work()
	mailtest.Eventually(t, "the first worker hangs", func() bool { return heard(f.server, "MAIL FROM") == 1 })
	f.clock.advance(2 * time.Minute)
	f.work()
	f.until(access.MessageSent, id)
	sent := f.message(id)
	wake()
	if m := f.message(id); m != sent || m.Lease.Epoch != 2 || f.deliveries()[m.HeaderMessageID] != 1 {
		t.Errorf("the sleeper made %+v of %+v", m, sent)
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

// A stop gives back what was not sent at once, and leaves nothing running.
func TestStop(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	f.server.NoLeak(t)
	f.server.Script(mailtest.Fault{At: mailtest.Rcpt, Hang: true})
	ids := f.post(3)
	stop := f.work()
	mailtest.Eventually(t, "the server hangs", func() bool { return heard(f.server, "RCPT TO") == 1 })
	stop()
	for _, id := range ids {
		if m := f.message(id); m.State != access.MessageQueued || m.Attempts != 0 || m.Lease.Owner != "" ||
			!m.Lease.Until.IsZero() {
			t.Errorf("after the stop: %+v", m)
		}
	}
	f.server.Script()
	stop = f.work()
	f.until(access.MessageSent, ids...)
	stop()
}

// Rejecting a person deletes their email, even while it is being sent. Storing its outcome
// must not bring it back.
func TestDeletedWhileItIsSent(t *testing.T) {
	for _, fault := range []mailtest.Fault{{
		At:    mailtest.Rcpt,
		Hang:  true,
		Times: 1,
	}, {At: mailtest.EndOfData, Accept: true, Hang: true, Times: 1}} {
		f := newFixture(t, mailtest.Options{})
		f.server.Script(fault)
		ids := f.post(2)
		stop := f.work()
		mailtest.Eventually(t, "the server hangs", func() bool { return heard(f.server, "RCPT TO") == 1 })
		f.update(func(tx *store.Tx) error {
			for _, id := range ids {
				if err := tx.Messages.Delete(id); err != nil {
					return err
				}
			}
			return nil
		})
		stop()
		f.view(func(tx *store.Tx) error {
			for _, id := range ids {
				if _, err := tx.Messages.Get(id); !access.NotFound.Is(err) {
					t.Errorf("Email = %v", err)
				}
			}
			c, err := tx.Counters()
			if len(c.Messages) != 0 {
				t.Errorf("the counters say %v", c.Messages)
			}
			return err
		})
		if heard(f.server, "RCPT TO") != 1 {
			t.Error("the second email was begun")
		}
	}
}

// An Admin copies a link while the email with the old one waits in a batch that is being sent:
// nobody receives it.
func TestWithdrawnBeforeItsTurn(t *testing.T) {
	f := newFixture(t, mailtest.Options{})
	release := make(chan struct{})
	f.server.Script(mailtest.Fault{At: mailtest.Rcpt, Until: release})
	ids := f.post(2)
	stop := f.work()
	mailtest.Eventually(t, "the first is under way", func() bool { return heard(f.server, "RCPT TO") == 1 })
	waits := ids[1]
	if heard(f.server, "RCPT TO:<ada1@") == 1 {
		waits = ids[0]
	}
	f.update(func(tx *store.Tx) error { return end(tx, waits, access.MessageWithdrawn) })
	close(release)
	mailtest.Eventually(t, "the batch is over", func() bool { return heard(f.server, "QUIT") == 1 })
	stop()
	if m := f.message(waits); m.State != access.MessageWithdrawn || len(f.server.Received()) != 1 {
		t.Errorf("%d were sent; the one that waited is %+v", len(f.server.Received()), m)
	}
}

// end ends an email from outside the worker, which may be sending it.
func end(tx *store.Tx, id access.MessageID, state access.MessageState) error {
	m, err := tx.Messages.Get(id)
	if err != nil {
		return err
	}
	m.Failed("Its link expired before it could be sent.", tx.Now)
	if state == access.MessageWithdrawn {
		m.Withdraw(access.WithdrawnForCopy, tx.Now)
	}
	if err := tx.Messages.WipeFacts(id); err != nil {
		return err
	}
	return tx.Messages.Put(m)
}

// The sweeper fails an email whose link expires while it is being sent, and an Admin who copies
// a link withdraws it. If the mail server accepts it after all, it was sent and the list says
// so; if not, it stays as they left it.
func TestEndsWhileItIsSent(t *testing.T) {
	const later = "451 4.3.0 not now"
	for _, tt := range []struct {
		left   access.MessageState
		answer string
		want   access.MessageState
	}{
		{access.MessageFailed, "", access.MessageSent},
		{access.MessageFailed, later, access.MessageFailed},
		{access.MessageWithdrawn, "", access.MessageSent},
		{access.MessageWithdrawn, later, access.MessageWithdrawn},
	} {
		answer, want := tt.answer, tt.want
		f := newFixture(t, mailtest.Options{})
		release := make(chan struct{})
		faults := []mailtest.Fault{{At: mailtest.Rcpt, Until: release}}
		if answer != "" {
			faults = append(faults, mailtest.Fault{At: mailtest.EndOfData, Reply: answer})
		}
		f.server.Script(faults...)
		id := f.post(1)[0]
		stop := f.work()
		mailtest.Eventually(t, "the email is under way", func() bool { return heard(f.server, "RCPT TO") == 1 })
		f.update(func(tx *store.Tx) error { return end(tx, id, tt.left) })
		close(release)
		mailtest.Eventually(t, "the batch is over", func() bool { return heard(f.server, "QUIT") == 1 })
		stop()
		if m := f.message(id); m.State != want || len(f.server.Received()) != map[access.MessageState]int{
			access.MessageSent: 1,
		}[want] {
			t.Errorf("after %q: %+v", answer, m)
		}
	}
}
