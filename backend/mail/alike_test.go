package mail_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/mail/mailtest"
	"doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv/enginetest"
)

// An attacker requests emails to addresses, enters wrong codes, and measures how long the
// only writer is busy. From the request to the final state of the email, and for as many
// wrong codes as are checked, an unknown address and the addresses of a pending, a
// suspended and an active member take the same transactions, each with as many keys and
// about as many bytes.
func TestEveryAddressCostsTheSameWrites(t *testing.T) {
	for _, last := range []bool{false, true} {
		var want []store.Weight
		for _, class := range []string{"unknown", "pending", "suspended", "active"} {
			got := weights(t, class, last)
			if want == nil {
				want = got
			}
			if len(got) != len(want) {
				t.Errorf("%s, last %v: %d transactions, unknown %d: %v and %v", class, last, len(got), len(want), got,
					want)
				continue
			}
			for i, w := range got {
				if w.Keys != want[i].Keys || w.Bytes-want[i].Bytes > 120 || want[i].Bytes-w.Bytes > 120 {
					t.Errorf("%s, last %v: transaction %d of %d writes %d keys and %d bytes, unknown %d and %d",
						class, last, i+1, len(got), w.Keys, w.Bytes, want[i].Keys, want[i].Bytes)
				}
			}
		}
	}
}

// weights returns what is written, in order, for an address of one class: a request, its
// answer, the outcome of the email, and twelve wrong codes.
func weights(t *testing.T, class string, last bool) []store.Weight {
	t.Helper()
	f := newFixtureOn(t, mailtest.Options{}, enginetest.Faultless)
	s, err := service.New(t.Context(), service.Options{
		Store:     f.store,
		Emails:    templates(t),
		PublicURL: "https://door.example.com",
		Mail:      true,
		Logger:    slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	parse := func(s string) access.Address {
		a, err := address.Parse(s)
		must(a, err)
		return a
	}
	_, _, err = s.Setup.SetUpHere(t.Context(), service.FirstAdmin{Email: parse("ann@example.org"), Name: "Ann"})
	must(nil, err)
	to := parse("somebody@example.org")
	if class == "unknown" {
		_, err = s.Invitations.Invite(t.Context(), access.Operator, service.NewInvitation{
			Email: parse("someelse@example.org"),
			Roles: []access.RoleName{access.Fleet},
		})
		must(nil, err)
	} else {
		in, err := s.Invitations.Invite(t.Context(), access.Operator, service.NewInvitation{
			Email: to,
			Roles: []access.RoleName{access.Fleet},
		})
		must(nil, err)
		if class != "pending" {
			must(s.Members.Approve(t.Context(), access.Operator, in.Member.ID, nil))
		}
		if class == "suspended" {
			must(s.Members.Suspend(t.Context(), access.Operator, in.Member.ID))
		}
	}
	f.work()
	waiting := func() (n int) {
		f.view(func(tx *store.Tx) error {
			messages, err := tx.Messages.Queued(100)
			next, err2 := tx.Decoys.NextDue()
			if n = len(messages); !next.IsZero() {
				n++
			}
			must(err2, err)
			return err2
		})
		return n
	}
	mailtest.Eventually(t, "all emails are out", func() bool { return waiting() == 0 })
	f.update(func(tx *store.Tx) error { return tx.PutMailHealth(access.MailHealth{LastSent: tx.Now}) })

	var mu sync.Mutex
	var all []store.Weight
	stranger := func(n int) service.Browser {
		return service.Browser{
			Secret: access.Secret(fmt.Sprint("stranger ", n)),
			From:   fmt.Sprint("198.51.100.", n),
			Agent:  "Firefox",
		}
	}
	if last { // the stranger before used up all but one of the emails
		for n := range 9 {
			must(nil, s.SignIn.Request(t.Context(), to, stranger(100+n)))
		}
		must(s.SignIn.AnswerRequests(t.Context()))
		mailtest.Eventually(t, "they are out", func() bool { return waiting() == 0 })
		f.update(func(tx *store.Tx) error { return tx.PutMailHealth(access.MailHealth{LastSent: tx.Now}) })
	}
	f.store.OnUpdate(func(w store.Weight) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, w)
	})
	must(nil, s.SignIn.Request(t.Context(), to, stranger(1)))
	must(s.SignIn.AnswerRequests(t.Context()))
	mailtest.Eventually(t, "it is over", func() bool { return waiting() == 0 })
	for n := range 12 {
		if n == 5 || n == 10 {
			must(nil, s.SignIn.Request(t.Context(), to, stranger(1+n)))
		}
		if _, err := s.SignIn.RedeemCode(context.Background(), fmt.Sprintf("%08d", n),
			stranger(1+n/5*5)); !access.Invalid.Is(err) {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	return all
}
