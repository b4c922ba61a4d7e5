package store

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
)

var noon = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

// A box is a store under test, with a clock that stands still until it is moved.
type box struct {
	*Store
	t     testing.TB
	dir   string
	at    atomic.Int64
	alone bool // from the next opening on: on an engine without elections, as a server alone has it
}

func (b *box) now() time.Time          { return time.UnixMicro(b.at.Load()).UTC() }
func (b *box) forward(d time.Duration) { b.at.Add(d.Microseconds()) }

// onBoth runs a test on a store in memory and on one on the disk, where reopen closes and
// reopens it.
func onBoth(t *testing.T, test func(t *testing.T, b *box)) {
	t.Run("memory", func(t *testing.T) { test(t, openBox(t, "")) })
	t.Run("disk", func(t *testing.T) { test(t, openBox(t, filepath.Join(t.TempDir(), "data"))) })
}

func openBox(t testing.TB, dir string) *box {
	t.Helper()
	b := &box{t: t, dir: dir}
	b.at.Store(noon.UnixMicro())
	b.open()
	t.Cleanup(func() { b.Store.Close() })
	return b
}

func (b *box) options(dir string) Options {
	engine := enginetest.Open
	if b.alone {
		engine = enginetest.Faultless
	}
	return Options{
		Engine:  engine,
		Dir:     dir,
		Now:     b.now,
		Logger:  slog.New(slog.NewTextHandler(io.Discard, nil)),
		Twice:   true,
		MinFree: 1,
	}
}

func (b *box) open() {
	b.t.Helper()
	var err error
	b.Store, err = Open(b.options(b.dir))
	must(b.t, err)
}

// reopen does nothing in memory, where nothing could be reopened.
func (b *box) reopen() {
	b.t.Helper()
	if b.dir != "" {
		must(b.t, b.Close())
		b.open()
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *box) update(fn func(tx *Tx) error) {
	b.t.Helper()
	must(b.t, b.Update(context.Background(), fn))
}

func (b *box) view(fn func(tx *Tx) error) {
	b.t.Helper()
	must(b.t, b.View(context.Background(), fn))
}

func (b *box) verify() Report {
	b.t.Helper()
	r, err := b.Verify(context.Background())
	if err != nil {
		b.t.Fatalf("Verify = %v", err)
	}
	return r
}

// person makes a pending member of an address.
func (b *box) person(to, name string, roles ...access.RoleName) access.Member {
	b.t.Helper()
	a, err := address.Parse(to)
	must(b.t, err)
	if len(roles) == 0 {
		roles = []access.RoleName{access.Fleet}
	}
	m, err := access.NewMember(access.MemberID(access.NewID()), a, name, roles, "", 0, access.Operator, b.now())
	must(b.t, err)
	return m
}

func (b *box) put(all ...access.Member) {
	b.t.Helper()
	for _, m := range all {
		b.update(func(tx *Tx) error {
			if err := tx.Members.Put(m); err != nil {
				return err
			}
			return tx.Record(access.Operator, access.ActionInvite, string(m.ID), "")
		})
	}
}

// found returns the addresses that a query finds, over all its pages.
func (b *box) found(q Query) []string {
	b.t.Helper()
	if q.Limit == 0 {
		q.Limit = 50
	}
	all := []string{}
	for {
		var p Page[access.Member]
		b.view(func(tx *Tx) (err error) { p, err = tx.Members.Page(q); return err })
		for _, m := range p.Items {
			all = append(all, m.Email.Canonical)
		}
		if q.Cursor = p.Next; p.Next == "" {
			return all
		}
		if len(all) > 100_000 {
			b.t.Fatal("the pages have no end")
		}
	}
}

// raw writes past the typed store, with a valid checksum, as damage or an intruder would.
func (b *box) raw(fn func(t kv.Tx) error) {
	b.t.Helper()
	must(b.t, b.kv.Update(context.Background(), kv.NewOp(), fn))
}

func messageFor(m access.Member, now time.Time) access.Message {
	id := access.MessageID(access.NewID())
	return access.Message{
		ID:              id,
		Kind:            access.InvitationMessage,
		Priority:        access.PriorityInvitation,
		Member:          m.ID,
		Recipient:       m.Email.Canonical,
		Subject:         "Come in",
		HeaderMessageID: string(id) + "@door",
		State:           access.MessageQueued,
		At:              now,
		QueuedAt:        now,
		NextTry:         now,
		ExpiresAt:       now.Add(time.Hour),
	}
}

func nth(i int) string { return fmt.Sprintf("p%04d@example.com", i) }

// fill loads n members into an empty store, like storetest does for other packages: this
// one cannot import it.
func fill(s *Store, n int, member func(i int) access.Member) error {
	ctx, counters := context.Background(), access.Counters{}
	var all []kv.KV
	for i := range n {
		m := member(i)
		counters.Add(&m, 1)
		records, err := MemberRecords(&m)
		if err != nil {
			return err
		}
		all = append(all, records...)
	}
	counted, err := CountersRecord(&counters)
	if err != nil {
		return err
	}
	all = append(all, counted)
	slices.SortFunc(all, func(a, b kv.KV) int { return bytes.Compare(a.Key, b.Key) })
	next := func() (first kv.KV, err error) {
		if len(all) == 0 {
			return first, io.EOF
		}
		first, all = all[0], all[1:]
		return first, nil
	}
	if err := s.Load(ctx, next); err != nil {
		return err
	}
	return s.Update(ctx, func(tx *Tx) error { return tx.Record(access.System, access.ActionRestoreData, "", "") })
}
