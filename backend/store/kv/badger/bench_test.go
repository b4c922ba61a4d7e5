package badger

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	dgraph "github.com/dgraph-io/badger/v4"

	"doorward/backend/store/kv"
)

// bare is Badger with the same options and none of our code.
func bare(b *testing.B) *dgraph.DB {
	db, err := dgraph.Open(dgraphOptions(filepath.Join(b.TempDir(), "bare"), Options{}.withDefaults()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db
}

func benchStore(b *testing.B) *Store {
	s, err := Open(Options{Config: kv.Config{Dir: filepath.Join(b.TempDir(), "store")}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// clients distributes b.N operations, numbered, over n goroutines.
func clients(b *testing.B, n int, do func(i uint64) error) {
	var (
		next atomic.Uint64
		all  sync.WaitGroup
	)
	b.ResetTimer()
	for range n {
		all.Go(func() {
			for i := next.Add(1); i <= uint64(b.N); i = next.Add(1) {
				if err := do(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

func BenchmarkBare1Key(b *testing.B) {
	for _, n := range []int{1, 16} {
		b.Run(fmt.Sprint(n, "clients"), func(b *testing.B) {
			db := bare(b)
			clients(b, n, func(i uint64) error {
				return db.Update(func(txn *dgraph.Txn) error {
					return txn.Set(binary.BigEndian.AppendUint64([]byte("key/"), i), make([]byte, 100))
				})
			})
		})
	}
}

// BenchmarkUpdate20Keys is about the size of an invitation: a record, its index entries, an
// audit entry and an email, with the counters and the chain that every transaction writes.
func BenchmarkUpdate20Keys(b *testing.B) {
	for _, n := range []int{1, 16} {
		b.Run(fmt.Sprint(n, "clients"), func(b *testing.B) {
			s := benchStore(b)
			ctx := context.Background()
			op := kv.NewOp()
			clients(b, n, func(i uint64) error {
				return s.Update(ctx, op, func(tx kv.Tx) error { return twentyKeys(tx, i) })
			})
		})
	}
}

func twentyKeys(tx kv.Tx, i uint64) error {
	key := binary.BigEndian.AppendUint64([]byte("00/"), i)
	for j := range 5 {
		key[0] = 'a' + byte(j)
		if _, err := tx.Get(key); err != kv.ErrNotFound {
			return fmt.Errorf("Get = %w", err)
		}
	}
	value := make([]byte, 400)
	for j := range 18 {
		key[0] = 'a' + byte(j)
		if err := tx.Set(key, value[:40+180*(j&1)]); err != nil {
			return err
		}
	}
	for _, hot := range []string{"audit/head", "count/pending"} {
		if _, err := tx.Get([]byte(hot)); err != nil && err != kv.ErrNotFound {
			return err
		}
		if err := tx.Set([]byte(hot), key); err != nil {
			return err
		}
	}
	return nil
}

func BenchmarkGet(b *testing.B) {
	s := benchStore(b)
	const members = 20_000
	n := uint64(0)
	err := s.Load(context.Background(), numbered(members, 400, &n))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		key := make([]byte, 8)
		for i := uint64(1); pb.Next(); i++ {
			binary.BigEndian.PutUint64(key, i*7919%members)
			err := s.View(context.Background(), func(tx kv.Tx) error {
				_, err := tx.Get(key)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
