package mail_test

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail"
	"doorward/backend/mail/mailtest"
	"doorward/backend/mail/smtp"
	"doorward/backend/store"
)

// stored is the route by the settings, to mail servers whose certificates the test trusts.
func (f *fixture) stored(set access.Settings, password access.Password) (r mail.Route, err error) {
	r.From, r.HELO = "door@example.com", "door.example.com"
	if set.Mail.Usable() {
		r.Server, err = smtp.NewServer(set.Mail, password)
		r.Server.RootCAs, r.Server.Patience = f.server.RootCAs(), time.Minute
	}
	return r, err
}

func (f *fixture) set(password access.Password) {
	f.t.Helper()
	host, port, err := net.SplitHostPort(strings.Split(f.server.URL(), "@")[1])
	if err != nil {
		f.t.Fatal(err)
	}
	n, _ := strconv.Atoi(port)
	f.update(func(tx *store.Tx) error {
		s, err := tx.Settings()
		if err != nil {
			return err
		}
		s.Mail = access.MailSettings{
			Host:        host,
			Port:        n,
			Security:    access.MailStartTLS,
			User:        "door",
			HasPassword: true,
			Revision:    s.Mail.Revision + 1,
		}
		if err := tx.PutMailPassword(password); err != nil {
			return err
		}
		if err := tx.PutMailHealth(access.MailHealth{}); err != nil {
			return err
		}
		return tx.PutSettings(s)
	})
}

// An Admin sets up mail while Doorward runs: what was held goes out without a restart, save
// what has expired; a wrong password is corrected without one too; and with the server
// removed nothing is said to wait for it.
func TestSettingsTakeEffectWhileTheWorkerRuns(t *testing.T) {
	f := newFixture(t, mailtest.Options{User: "door", Password: "open sesame"})
	held := func(m *access.Message) { m.Hold(f.clock.Now()) }
	kept := f.post(3, held)
	late := f.post(1, held, func(m *access.Message) { m.ExpiresAt = f.clock.Now().Add(-time.Minute) })
	f.work(func(o *mail.Options) { o.Route = f.stored })
	f.set("wrong")
	mailtest.Eventually(t, "the queue is paused", func() bool { return f.health().Paused })
	f.until(access.MessageFailed, late...)
	if h := f.health(); h.TriedAt.IsZero() || strings.Contains(h.Detail, "wrong") {
		t.Errorf("the health is %+v", h)
	}
	f.set("open sesame")
	f.until(access.MessageSent, kept...)
	f.update(func(tx *store.Tx) error {
		s, err := tx.Settings()
		if err != nil {
			return err
		}
		s.Mail = access.MailSettings{Revision: s.Mail.Revision + 1}
		return tx.PutSettings(s)
	})
	f.until(access.MessageHeld, f.post(2)...)
	if n := len(f.server.Received()); n != 3 {
		t.Errorf("%d emails arrived, want 3", n)
	}
}
