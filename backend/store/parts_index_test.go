package store

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// Others commit while somebody searches. Whoever was acknowledged before a search is in it,
// as they then were, and whoever stays is on its pages exactly once.
func TestASearchSeesWhatWasAcknowledged(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		b.parts.wait = time.Minute
		for i := range 30 {
			b.put(b.person(nth(i), fmt.Sprintf("Xstaysx %d", i)))
		}
		var all sync.WaitGroup
		done := make(chan struct{})
		for w := range 3 {
			all.Go(func() {
				m := b.person(fmt.Sprintf("writer%d@example.com", w), "")
				for i := range 40 {
					m.Name = fmt.Sprintf("Aqq%dw%dz", w, i)
					b.update(func(tx *Tx) error { return tx.Members.Put(m) })
					part := m.Name[1:]
					if got := b.found(Query{Words: part}); !slices.Equal(got, []string{m.Email.Canonical}) {
						t.Errorf("%s finds %v", part, got)
					}
					if i > 0 {
						if got := b.found(Query{Words: fmt.Sprintf("qq%dw%dz", w, i-1)}); len(got) > 0 {
							t.Errorf("the name before finds %v", got)
						}
					}
					if i%10 == 9 {
						b.update(func(tx *Tx) error { return tx.Members.Delete(m, access.EndedRemoved) })
						if got := b.found(Query{Words: part}); len(got) > 0 {
							t.Errorf("whoever is deleted is found: %v", got)
						}
						m.ID = access.MemberID(access.NewID())
					}
					if i%15 == 3 {
						b.parts.drop()
					}
				}
			})
		}
		go func() { all.Wait(); close(done) }()
		for over := false; !over; {
			select {
			case <-done:
				over = true
			default:
			}
			got := b.found(Query{Words: "stays", Limit: 7})
			if slices.Sort(got); len(slices.Compact(got)) != 30 {
				t.Errorf("%d of 30 who stay are found", len(got))
			}
		}
	})
}

// The lead is lost, and another process commits; or the store is filled, idle, or closed
// while the index is made. The memory is free, and no search is answered from what was.
func TestTheIndexOfPartsEnds(t *testing.T) {
	t.Run("lead", func(t *testing.T) {
		s, engine := controlled(t)
		s.parts.wait = time.Minute
		first := func() (p Page[access.Member]) {
			must(t, s.View(t.Context(), func(tx *Tx) (err error) {
				p, err = tx.Members.Page(Query{Words: "ovel", Limit: 5})
				return err
			}))
			return p
		}
		if p := first(); p.OnlyBeginnings || s.parts.now.Load() == nil {
			t.Fatalf("no index: %+v", p)
		}
		engine.Lead(false)
		if s.parts.now.Load() != nil {
			t.Error("the index outlives the lead")
		}
		if r := s.parts.acquire(t.Context(), 1); r != nil {
			t.Error("an index without the lead")
		}
		engine.Lead(true)
		if p := first(); p.OnlyBeginnings {
			t.Errorf("no index after the lead is won again: %+v", p)
		}
	})
	t.Run("idle", func(t *testing.T) {
		b := openBox(t, "")
		b.parts.idle, b.parts.wait = 20*time.Millisecond, time.Minute
		b.found(Query{Words: "ovel"})
		b.parts.runs.Wait()
		if b.parts.now.Load() != nil {
			t.Fatal("an idle index stays")
		}
		b.put(b.person("ada@example.com", "Lovelace"))
		if got := b.found(Query{Words: "ovel"}); len(got) != 1 {
			t.Errorf("%v are found by the next", got)
		}
	})
	t.Run("missed", func(t *testing.T) {
		b := openBox(t, "")
		b.parts.wait = time.Minute
		b.found(Query{Words: "ovel"})
		b.parts.committed([]kv.Event{{Resync: true}})
		if b.parts.now.Load() != nil {
			t.Error("an index that has missed commits stays")
		}
	})
	t.Run("memory", func(t *testing.T) {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(64 << 20))
		b := openBox(t, "")
		b.parts.wait = time.Minute
		if r := b.parts.acquire(t.Context(), 1_000_000); r != nil || b.parts.now.Load() != nil {
			t.Error("an index that takes most of the memory is made")
		}
		if r := b.parts.acquire(t.Context(), 1000); r == nil {
			t.Error("there is room for a small one")
		} else {
			r.release()
		}
	})
	t.Run("close", func(t *testing.T) {
		b := openBox(t, "")
		for i := range 20 {
			b.put(b.person(nth(i), ""))
		}
		b.parts.wait = 0
		b.found(Query{Words: "ovel"})
		must(t, b.Close())
		if r := b.parts.acquire(context.Background(), 1); r != nil {
			t.Error("an index of a closed store")
		}
	})
}
