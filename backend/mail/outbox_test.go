package mail_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/email"
	"doorward/backend/mail"
	"doorward/backend/mail/mailtest"
	"doorward/backend/mail/smtp"
	"doorward/backend/messages"
	"doorward/backend/store"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
)

// A clock stands still until it is advanced.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[chan time.Time]time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC), timers: map[chan time.Time]time.Time{}}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) At(t time.Time) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	c.timers[ch] = t
	c.fire()
	return ch
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.fire()
}

func (c *clock) fire() {
	for ch, at := range c.timers {
		if !at.After(c.now) {
			ch <- c.now
			delete(c.timers, ch)
		}
	}
}

func serverOf(t *testing.T, s *mailtest.Server) smtp.Server {
	t.Helper()
	server, err := smtp.ParseServer(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	server.RootCAs, server.Patience = s.RootCAs(), time.Minute
	return server
}

// A fixture is an outbox with a mail server.
type fixture struct {
	t      *testing.T
	clock  *clock
	store  *store.Store
	server *mailtest.Server
}

func newFixture(t *testing.T, o mailtest.Options) *fixture {
	t.Helper()
	return newFixtureOn(t, o, enginetest.Open)
}

func newFixtureOn(t *testing.T, o mailtest.Options, engine kv.Opener) *fixture {
	t.Helper()
	c := newClock()
	s, err := store.Open(store.Options{
		Engine: engine,
		Now:    c.Now,
		Twice:  true,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &fixture{t: t, clock: c, store: s, server: mailtest.Start(t, o)}
}

func (f *fixture) options() mail.Options {
	return mail.Options{
		Route: mail.FixedRoute(mail.Route{
			Server: serverOf(f.t, f.server),
			From:   "door@example.com",
			HELO:   "door.example.com",
		}),
		Emails:    templates(f.t),
		PerMinute: 1000,
		At:        f.clock.At,
		Jitter:    func() float64 { return 0 },
		Logger:    slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

func templates(t testing.TB) *email.Templates {
	t.Helper()
	frontend := os.DirFS("../../frontend")
	catalog, err := messages.Open(frontend)
	if err != nil {
		t.Fatal(err)
	}
	all, err := email.New(frontend, catalog)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// work runs a worker until stop is called or the test ends.
func (f *fixture) work(change ...func(*mail.Options)) (stop func()) {
	f.t.Helper()
	options := f.options()
	for _, c := range change {
		c(&options)
	}
	w := mail.New(f.store, options)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := w.Run(ctx); err != nil {
			f.t.Error(err)
		}
	}()
	stop = func() { cancel(); <-ended }
	f.t.Cleanup(stop)
	return stop
}

// facts returns facts that suffice for an email of any kind.
func facts(now time.Time) access.MessageFacts {
	return access.MessageFacts{
		Workspace: "AI Loop",
		PublicURL: "https://door.example.com",
		Link:      "https://door.example.com/login/x",
		To:        "ada@example.org",
		At:        now,
		Until:     now.Add(24 * time.Hour),
	}
}

// post puts n emails into the outbox, to ada0@example.org and so on.
func (f *fixture) post(n int, change ...func(*access.Message)) (ids []access.MessageID) {
	f.t.Helper()
	for i := range n {
		id := access.MessageID(access.NewID())
		ids = append(ids, id)
		f.update(func(tx *store.Tx) error {
			m := access.Message{
				ID:              id,
				Kind:            access.InvitationMessage,
				Member:          access.MemberID(access.NewID()),
				Recipient:       fmt.Sprintf("ada%d@example.org", i),
				Subject:         "You are invited",
				HeaderMessageID: string(id) + "@door.example.com",
				State:           access.MessageQueued,
				At:              tx.Now,
				QueuedAt:        tx.Now,
				NextTry:         tx.Now,
				ExpiresAt:       tx.Now.Add(24 * time.Hour),
			}
			for _, c := range change {
				c(&m)
			}
			return tx.Messages.Post(m, facts(tx.Now))
		})
	}
	return ids
}

func (f *fixture) update(fn func(tx *store.Tx) error) {
	f.t.Helper()
	if err := f.store.Update(context.Background(), fn); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) message(id access.MessageID) (m access.Message) {
	f.t.Helper()
	f.view(func(tx *store.Tx) (err error) {
		m, err = tx.Messages.Get(id)
		return err
	})
	return m
}

func (f *fixture) view(fn func(tx *store.Tx) error) {
	f.t.Helper()
	if err := f.store.View(context.Background(), fn); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) health() (h access.MailHealth) {
	f.t.Helper()
	f.view(func(tx *store.Tx) (err error) {
		h, err = tx.MailHealth()
		return err
	})
	return h
}

// hasBody reports whether the email's content is still stored.
func (f *fixture) hasBody(id access.MessageID) (has bool) {
	f.t.Helper()
	f.view(func(tx *store.Tx) error {
		_, err := tx.Messages.Facts(id)
		if has = err == nil; access.NotFound.Is(err) {
			err = nil
		}
		return err
	})
	return has
}

// until waits until all the emails are in a state.
func (f *fixture) until(state access.MessageState, ids ...access.MessageID) {
	f.t.Helper()
	mailtest.Eventually(f.t, fmt.Sprintf("all emails are %s", state), func() bool {
		for _, id := range ids {
			if f.message(id).State != state {
				return false
			}
		}
		return true
	})
}

// deliveries returns how often each Message-ID was received.
func (f *fixture) deliveries() map[string]int {
	n := map[string]int{}
	for _, l := range f.server.Received() {
		n[l.MessageID]++
	}
	return n
}
