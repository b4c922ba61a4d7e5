package mail_test

import (
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail/mailtest"
	"doorward/backend/store"
)

// The connection to the mail server is at fault, not the emails: they stay queued and lose
// no attempt, the Admins are informed, and the connection is tested with one email after 1,
// 5 and 15 minutes.
func TestPause(t *testing.T) {
	for name, tt := range map[string]struct {
		cut, mend func(*mailtest.Server)
		detail    string
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
			func(s *mailtest.Server) { s.Hide() }, "offers no sign-in method"},
		"certificate": {
			func(s *mailtest.Server) { s.SetCert(t, mailtest.Expired) },
			func(s *mailtest.Server) { s.SetCert(t, mailtest.Good) }, "certificate has expired"},
		"sender refused": {
			func(s *mailtest.Server) { s.Script(mailtest.Fault{At: mailtest.Mail, Reply: "550 5.7.1 not you"}) },
			func(s *mailtest.Server) { s.Script() }, "550 5.7.1 not you"},
		"sender refused after the email, by code": {
			func(s *mailtest.Server) {
				s.Script(mailtest.Fault{At: mailtest.EndOfData, Reply: "554 5.2.252 SendAsDenied; not allowed"})
			},
			func(s *mailtest.Server) { s.Script() }, "554 5.2.252 SendAsDenied"},
		"sender refused after the email, by name": {
			func(s *mailtest.Server) {
				s.Script(mailtest.Fault{At: mailtest.EndOfData, Reply: "554 Address is not verified: door@example.com"})
			},
			func(s *mailtest.Server) { s.Script() }, "554 Address is not verified"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, mailtest.Options{User: "door", Password: "hunter2", Mechanisms: []string{"PLAIN"}})
			tt.cut(f.server)
			began := f.clock.Now()
			ids := f.post(3)
			f.work()
			mailtest.Eventually(t, "the queue is paused", func() bool { return f.health().Paused })
			f.paused(ids, began, time.Minute, tt.detail)
			tries := f.server.Connections()
			f.clock.advance(59 * time.Second)
			more := f.post(1) // a commit wakes the worker, and must change nothing
			for _, wait := range []time.Duration{time.Second, 5 * time.Minute, 15 * time.Minute} {
				if n := f.server.Connections(); n != tries {
					t.Errorf("the way was tried %d times before its time", n-tries)
				}
				next := map[time.Duration]time.Duration{time.Second: 5 * time.Minute}[wait]
				if next == 0 {
					next = 15 * time.Minute
				}
				f.clock.advance(wait)
				mailtest.Eventually(t, "the way was tried again", func() bool {
					return f.server.Connections() > tries && f.health().NextTry.Equal(f.clock.Now().Add(next))
				})
				if tries++; f.server.Connections() != tries {
					t.Errorf("it was tried %d times at once", f.server.Connections()-tries+1)
				}
				f.paused(ids, began, next, tt.detail)
			}
			tt.mend(f.server)
			f.clock.advance(15 * time.Minute)
			f.until(access.MessageSent, append(ids, more...)...)
			mailtest.Eventually(t, "the alarm is over", func() bool {
				h := f.health()
				return !h.Paused && h.Detail == "" && h.Since.IsZero()
			})
		})
	}
}

// paused checks that the emails wait unchanged and that the health says why.
func (f *fixture) paused(ids []access.MessageID, since time.Time, next time.Duration, detail string) {
	f.t.Helper()
	h := f.health()
	if !strings.Contains(h.Detail, detail) || !h.Since.Equal(since) || !h.NextTry.Equal(f.clock.Now().Add(next)) {
		f.t.Errorf("the health is %+v", h)
	}
	for _, id := range ids {
		if m := f.message(id); m.State != access.MessageQueued || m.Attempts != 0 || m.Lease.Owner != "" ||
			!f.hasBody(id) {
			f.t.Errorf("the email is %+v", m)
		}
	}
}

func TestAdminRetriesPausedQueue(t *testing.T) {
	f := newFixture(t, mailtest.Options{User: "door", Password: "hunter2"})
	f.server.Hide("AUTH")
	ids := f.post(3)
	f.work()
	mailtest.Eventually(t, "the queue is paused", func() bool { return f.health().Paused })
	f.server.Hide()
	f.update(func(tx *store.Tx) error {
		m, err := tx.Messages.Get(ids[2])
		if err != nil {
			return err
		}
		if err := m.Requeue(tx.Now.Add(time.Microsecond)); err != nil {
			return err
		}
		if err := tx.Messages.Put(m); err != nil {
			return err
		}
		h, err := tx.MailHealth()
		if err != nil {
			return err
		}
		h.NextTry = tx.Now
		return tx.PutMailHealth(h)
	})
	f.clock.advance(time.Microsecond)
	f.until(access.MessageSent, ids...)
}

// Settings are read at the start, so a start may have removed the fault.
func TestStartTriesPausedQueueAtOnce(t *testing.T) {
	f := newFixture(t, mailtest.Options{User: "door", Password: "hunter2"})
	f.server.Hide("AUTH")
	ids := f.post(3)
	stop := f.work()
	mailtest.Eventually(t, "the queue is paused", func() bool { return f.health().Paused })
	stop()
	f.server.Hide()
	f.work()
	f.until(access.MessageSent, ids...)
}

// If the mail server refuses an email for its own sake while the queue is paused, the
// connection works again.
func TestRefusedProbeEndsPause(t *testing.T) {
	f := newFixture(t, mailtest.Options{User: "door", Password: "hunter2"})
	f.server.Hide("AUTH")
	ids := f.post(2)
	f.work()
	mailtest.Eventually(t, "the queue is paused", func() bool { return f.health().Paused })
	f.server.Hide()
	f.server.Script(mailtest.Fault{At: mailtest.Rcpt, Reply: "550 5.1.1 no such user", Times: 1})
	f.clock.advance(time.Minute)
	mailtest.Eventually(t, "one is refused and one is sent", func() bool {
		a, b := f.message(ids[0]).State, f.message(ids[1]).State
		return a == access.MessageFailed && b == access.MessageSent || a == access.MessageSent &&
			b == access.MessageFailed
	})
}
