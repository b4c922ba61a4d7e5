package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

func (b *box) dueMessages(n int) (ids []access.MessageID) {
	b.t.Helper()
	b.view(func(tx *Tx) error {
		due, err := tx.Messages.Due(n)
		for _, m := range due {
			ids = append(ids, m.ID)
		}
		return err
	})
	return ids
}

// Two workers want one email. It is due from its time on; a lease keeps others away until
// it expires, and the next lease has another epoch.
func TestLeases(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		m := b.person("ada@example.com", "")
		now, later, kept := messageFor(m, b.now()), messageFor(m, b.now()), messageFor(m, b.now())
		later.NextTry = b.now().Add(time.Minute)
		kept.State, kept.NextTry = access.MessageHeld, time.Time{}
		b.put(m)
		b.update(func(tx *Tx) error {
			return errors.Join(tx.Messages.Post(now, access.MessageFacts{}),
				tx.Messages.Post(later, access.MessageFacts{}), tx.Messages.Post(kept, access.MessageFacts{}))
		})
		b.reopen()
		if got := b.dueMessages(9); !slices.Equal(got, []access.MessageID{now.ID}) {
			t.Fatalf("due are %v", got)
		}
		lease := func(owner string) (m access.Message, err error) {
			err = b.Update(context.Background(), func(tx *Tx) (err error) {
				m, err = tx.Messages.Lease(now.ID, owner, tx.Now.Add(30*time.Second))
				return err
			})
			return m, err
		}
		first, err := lease("one")
		must(t, err)
		if _, err := lease("two"); access.Explain(err).Code != "email_being_sent" {
			t.Errorf("a second lease: %v", err)
		}
		b.reopen()
		if got := b.dueMessages(9); len(got) != 0 {
			t.Errorf("a leased email is due: %v", got)
		}
		b.verify()
		b.forward(30 * time.Second)
		second, err := lease("two")
		if err != nil || second.Lease.Epoch != first.Lease.Epoch+1 || second.HeaderMessageID != first.HeaderMessageID {
			t.Errorf("the lease after: %+v, %v", second.Lease, err)
		}
		second.Sent("250 ok", b.now())
		b.update(func(tx *Tx) error { return errors.Join(tx.Messages.Put(second), tx.Messages.WipeFacts(second.ID)) })
		if _, err := lease("three"); access.Explain(err).Code != "email_being_sent" {
			t.Errorf("a lease on a sent email: %v", err)
		}
		b.forward(30 * time.Second)
		if got := b.dueMessages(9); !slices.Equal(got, []access.MessageID{later.ID}) {
			t.Errorf("due a minute later are %v", got)
		}
		b.view(func(tx *Tx) error {
			waiting, err := tx.Messages.Held(5)
			if len(waiting) != 1 || waiting[0].ID != kept.ID {
				t.Errorf("kept are %v", waiting)
			}
			if _, err := tx.Messages.Facts(second.ID); access.Explain(err).Code != "email_content_gone" {
				t.Errorf("the words of a wiped email: %v", err)
			}
			c, err2 := tx.Counters()
			if c.Messages[access.MessageSent] != 1 || c.Messages[access.MessageQueued] != 1 ||
				c.Messages[access.MessageHeld] != 1 {
				t.Errorf("counted %v", c.Messages)
			}
			return errors.Join(err, err2)
		})
		b.verify()
	})
}

// An attacker reads the store's bytes, or moves one email's facts to another email: the
// facts are encrypted, and bound to their email.
func TestFactsAreSealed(t *testing.T) {
	b := openBox(t, "")
	m := b.person("ada@example.com", "")
	mine, other := messageFor(m, b.now()), messageFor(m, b.now())
	b.update(func(tx *Tx) error {
		return errors.Join(tx.Messages.Post(mine, access.MessageFacts{
			Link: "secret link",
		}), tx.Messages.Post(other, access.MessageFacts{Link: "other"}))
	})
	must(t, b.Each(context.Background(), func(key, value []byte) error {
		if strings.Contains(string(value), "secret link") {
			t.Errorf("the words are plain under %q", key)
		}
		return nil
	}))
	b.raw(func(t kv.Tx) error {
		words, err := t.Get(factsKey(mine.ID))
		return errors.Join(err, t.Set(factsKey(other.ID), words))
	})
	if err := b.View(context.Background(), func(tx *Tx) error {
		_, err := tx.Messages.Facts(other.ID)
		return err
	}); err == nil {
		t.Error("words under another email's key were read")
	}
}

// The email to a rejected person is deleted once it is finished.
func TestRejectionIsForgottenOnceSent(t *testing.T) {
	b := openBox(t, "")
	m := messageFor(b.person("ada@example.com", ""), b.now())
	m.Kind, m.Member = access.RejectedMessage, ""
	b.update(func(tx *Tx) error { return tx.Messages.Post(m, access.MessageFacts{Link: "no"}) })
	m.Sent("250 ok", b.now())
	b.update(func(tx *Tx) error { return tx.Messages.Put(m) })
	b.verify()
	must(t, b.Each(context.Background(), func(key, value []byte) error {
		if strings.Contains(string(key)+string(value), "ada@") || strings.Contains(string(key), string(m.ID)) {
			t.Errorf("left is %q: %s", key, value)
		}
		return nil
	}))
}

// Things fall due in the order of their time, and a bucket falls due once, when it is full
// again.
func TestDueInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		b.update(func(tx *Tx) error {
			return errors.Join(
				tx.Schedule.Put(Due{At: tx.Now.Add(3 * time.Minute), Kind: DueDigest}),
				tx.Buckets.Put("x", Bucket{Used: 1, At: tx.Now}, tx.Now.Add(time.Minute)))
		})
		b.update(func(tx *Tx) error {
			old, err := tx.Buckets.Get("x")
			return errors.Join(err, tx.Buckets.Put("x", old, tx.Now.Add(2*time.Minute)))
		})
		b.reopen()
		var got []byte
		for range 3 {
			b.update(func(tx *Tx) error {
				d, ok, err := tx.Schedule.Next()
				if !ok || err != nil {
					return err
				}
				if d.Kind == DueBucket && !d.At.Equal(noon.Add(2*time.Minute)) {
					t.Errorf("the bucket is due at %s", d.At)
				}
				if d.Kind == DueBucket {
					err = tx.Buckets.Drop(d.Ref, d.At)
				}
				return errors.Join(err, tx.Schedule.Clear(d))
			})
			b.view(func(tx *Tx) error {
				d, ok, err := tx.Schedule.Next()
				if ok {
					got = append(got, d.Kind)
				}
				return err
			})
		}
		if string(got) != string([]byte{DueDigest}) {
			t.Errorf("after the bucket came %q", got)
		}
		n := 0
		must(t, b.Each(context.Background(), func(key, _ []byte) error {
			n += strings.Count(string(key[:1]), "i")
			return nil
		}))
		if n != 0 {
			t.Errorf("%d buckets left", n)
		}
	})
}

// Two emails of 700 have failed. They are found without a look through all pages, by state,
// by kind and by a part of the recipient's address, each once, however the pages are cut.
func TestEmailsAreFound(t *testing.T) {
	b := openBox(t, "")
	m := b.person("ada@example.com", "Ada")
	b.put(m)
	const all = 700
	for i := range all {
		b.update(func(tx *Tx) error {
			msg := messageFor(m, tx.Now)
			msg.Recipient = fmt.Sprintf("p%03d@Example.com", i)
			if msg.Recipient = strings.ToLower(msg.Recipient); i%100 == 7 {
				msg.Kind = access.ApprovedMessage
			}
			must(t, tx.Messages.Post(msg, access.MessageFacts{}))
			if i == 20 || i == 600 {
				msg.Failed("550 no", tx.Now)
				return tx.Messages.Put(msg)
			}
			return nil
		})
		b.at.Add(time.Second.Microseconds())
	}
	for _, tt := range []struct {
		name string
		q    MessageQuery
		want int
	}{
		{"all", MessageQuery{}, all},
		{"failed", MessageQuery{State: access.MessageFailed}, 2},
		{"none is held", MessageQuery{State: access.MessageHeld}, 0},
		{"a kind", MessageQuery{Kind: access.ApprovedMessage}, 7},
		{"a part of an address", MessageQuery{To: "P10"}, 10},
		{"one address", MessageQuery{To: "p020@example.com"}, 1},
		{"all three", MessageQuery{To: "600", State: access.MessageFailed, Kind: access.InvitationMessage}, 1},
		{"nobody", MessageQuery{To: "nobody"}, 0},
	} {
		for _, limit := range []int{1, 3, 200} {
			if tt.want > 10 && limit < 200 {
				continue
			}
			found := map[access.MessageID]bool{}
			for q := tt.q; ; {
				var p Page[access.Message]
				q.Limit = limit
				b.view(func(tx *Tx) (err error) { p, err = tx.Messages.Find(q); return err })
				if p.Total != tt.want || p.TotalIsFloor || len(p.Items) > limit {
					t.Fatalf("%s: a page of %d of %d, want %d", tt.name, len(p.Items), p.Total, tt.want)
				}
				for _, m := range p.Items {
					found[m.ID] = true
				}
				if q.Cursor = p.Next; p.Next == "" {
					break
				}
			}
			if len(found) != tt.want {
				t.Errorf("%s, %d at a time: %d found, want %d", tt.name, limit, len(found), tt.want)
			}
		}
	}
	b.view(func(tx *Tx) error {
		p, err := tx.Messages.Find(MessageQuery{Limit: 1})
		must(t, err)
		_, err = tx.Messages.Find(MessageQuery{Limit: 1, Cursor: p.Next, State: access.MessageFailed})
		if access.Explain(err).Code != "bad_cursor" {
			t.Errorf("the cursor of another list: %v", err)
		}
		return nil
	})
}
