package mail_test

import (
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail/mailtest"
	"doorward/backend/store"
)

// What is wrong with the way is not held against the emails: they stay queued,
// no try is lost, the Admins are told, and the way is tried with one email
// after 1, 5 and 15 minutes.
func TestPause(t *testing.T) {
	for name, tt := range map[string]struct {
		cut, mend func(*mailtest.Server)
		words     string
	}{
		"login refused": {
			func(s *mailtest.Server) {
				s.Script(mailtest.Fault{At: mailtest.Auth, Reply: "535 5.7.8 wrong password"})
			},
			func(s *mailtest.Server) { s.Script() }, "535 5.7.8 wrong password"},
		"no STARTTLS": {
			func(s *mailtest.Server) { s.Hide("STARTTLS") },
			func(s *mailtest.Server) { s.Hide() }, "does not offer STARTTLS"},
		"no login": {
			func(s *mailtest.Server) { s.Hide("AUTH") },
			func(s *mailtest.Server) { s.Hide() }, "offers no login"},
		"certificate": {
			func(s *mailtest.Server) { s.SetCert(t, mailtest.Expired) },
			func(s *mailtest.Server) { s.SetCert(t, mailtest.Good) }, "certificate has expired"},
		"sender refused": {
			func(s *mailtest.Server) { s.Script(mailtest.Fault{At: mailtest.Mail, Reply: "550 5.7.1 not you"}) },
			func(s *mailtest.Server) { s.Script() }, "550 5.7.1 not you"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, mailtest.Options{User: "door", Password: "hunter2"})
			tt.cut(o.server)
			began := o.clock.Now()
			ids := o.post(3)
			o.work()
			mailtest.Eventually(t, "the queue is paused", func() bool { return o.health().Paused })
			o.paused(ids, began, time.Minute, tt.words)
			tries := o.server.Connections()
			o.clock.advance(59 * time.Second)
			more := o.post(1) // a commit wakes the worker, and changes nothing
			for _, wait := range []time.Duration{time.Second, 5 * time.Minute, 15 * time.Minute} {
				if n := o.server.Connections(); n != tries {
					t.Errorf("the way was tried %d times before its time", n-tries)
				}
				next := map[time.Duration]time.Duration{time.Second: 5 * time.Minute}[wait]
				if next == 0 {
					next = 15 * time.Minute
				}
				o.clock.advance(wait)
				mailtest.Eventually(t, "the way was tried again", func() bool {
					return o.server.Connections() > tries && o.health().NextTry.Equal(o.clock.Now().Add(next))
				})
				if tries++; o.server.Connections() != tries {
					t.Errorf("it was tried %d times at once", o.server.Connections()-tries+1)
				}
				o.paused(ids, began, next, tt.words)
			}
			tt.mend(o.server)
			o.clock.advance(15 * time.Minute)
			o.until(access.MessageSent, append(ids, more...)...)
			mailtest.Eventually(t, "the alarm is over", func() bool {
				h := o.health()
				return !h.Paused && h.Detail == "" && h.Since.IsZero()
			})
		})
	}
}

// paused fails the test unless the emails wait as they were and the health
// says why.
func (o *office) paused(ids []access.MessageID, since time.Time, next time.Duration, words string) {
	o.t.Helper()
	h := o.health()
	if !strings.Contains(h.Detail, words) || !h.Since.Equal(since) || !h.NextTry.Equal(o.clock.Now().Add(next)) {
		o.t.Errorf("the health is %+v", h)
	}
	for _, id := range ids {
		if l := o.letter(id); l.State != access.MessageQueued || l.Attempts != 0 || l.Lease.Owner != "" ||
			!o.hasWords(id) {
			o.t.Errorf("the letter is %+v", l)
		}
	}
}

func TestAdminRetriesPausedQueue(t *testing.T) {
	o := newOffice(t, mailtest.Options{User: "door", Password: "hunter2"})
	o.server.Hide("AUTH")
	ids := o.post(3)
	o.work()
	mailtest.Eventually(t, "the queue is paused", func() bool { return o.health().Paused })
	o.server.Hide()
	o.update(func(tx *store.Tx) error {
		l, err := tx.Messages.Get(ids[2])
		if err != nil {
			return err
		}
		if err := l.Requeue(tx.Now.Add(time.Microsecond)); err != nil {
			return err
		}
		if err := tx.Messages.Put(l); err != nil {
			return err
		}
		h, err := tx.MailHealth()
		if err != nil {
			return err
		}
		h.NextTry = tx.Now
		return tx.PutMailHealth(h)
	})
	o.clock.advance(time.Microsecond)
	o.until(access.MessageSent, ids...)
}

// Settings are read at the start, so a start may have mended what was wrong.
func TestStartTriesPausedQueueAtOnce(t *testing.T) {
	o := newOffice(t, mailtest.Options{User: "door", Password: "hunter2"})
	o.server.Hide("AUTH")
	ids := o.post(3)
	stop := o.work()
	mailtest.Eventually(t, "the queue is paused", func() bool { return o.health().Paused })
	stop()
	o.server.Hide()
	o.work()
	o.until(access.MessageSent, ids...)
}

// While the queue is paused, an email that the mail server refuses for itself
// shows that the way is open again.
func TestRefusedProbeEndsPause(t *testing.T) {
	o := newOffice(t, mailtest.Options{User: "door", Password: "hunter2"})
	o.server.Hide("AUTH")
	ids := o.post(2)
	o.work()
	mailtest.Eventually(t, "the queue is paused", func() bool { return o.health().Paused })
	o.server.Hide()
	o.server.Script(mailtest.Fault{At: mailtest.Rcpt, Reply: "550 5.1.1 no such user", Times: 1})
	o.clock.advance(time.Minute)
	mailtest.Eventually(t, "one is refused and one is sent", func() bool {
		a, b := o.letter(ids[0]).State, o.letter(ids[1]).State
		return a == access.MessageFailed && b == access.MessageSent || a == access.MessageSent &&
			b == access.MessageFailed
	})
}
