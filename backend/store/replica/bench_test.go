package replica

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
)

// BenchmarkOfOneMachine compares three machines, all in this process and on this disk, with
// Badger alone: Updates of the size of an invitation, by 1 and 16 clients. Both take turns,
// so that what else the machine does hits both; ratio is what remains of Badger's rate.
func BenchmarkOfOneMachine(b *testing.B) {
	for _, clients := range []int{1, 16} {
		b.Run(fmt.Sprint(clients, "clients"), func(b *testing.B) {
			o := kv.Config{Dir: filepath.Join(b.TempDir(), "alone"), MinFree: 1}
			alone, err := badger.Open(badger.Options{Config: o})
			if err != nil {
				b.Fatal(err)
			}
			defer alone.Close()
			c := newCluster(b, Options{Heartbeat: calm}, "a", "b", "c")
			leader := c.elect(c.nodes["a"])
			var next atomic.Uint64
			var took [2]time.Duration
			const turns = 10
			b.ResetTimer()
			for range turns {
				for i, s := range []kv.Store{alone, leader} {
					began := time.Now()
					invite(b, s, clients, max(1, b.N/turns), &next)
					took[i] += time.Since(began)
				}
			}
			b.StopTimer()
			n := float64(turns * max(1, b.N/turns))
			b.ReportMetric(n/took[0].Seconds(), "alone/s")
			b.ReportMetric(n/took[1].Seconds(), "three/s")
			b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "ratio")
		})
	}
}

// invite runs n Updates, distributed over clients.
func invite(b *testing.B, s kv.Store, clients, n int, next *atomic.Uint64) {
	var all sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	for range clients {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				number := next.Add(1)
				err := s.Update(context.Background(), kv.NewOp(), func(tx kv.Tx) error {
					return invitation(tx, number)
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// invitation is about what one is: a record, its index entries, an audit entry and an
// email, with the counters and the chain that every transaction writes; 8 reads and 27
// writes.
func invitation(tx kv.Tx, number uint64) error {
	key := binary.BigEndian.AppendUint64([]byte("00/"), number)
	for j := range 6 {
		key[0] = 'a' + byte(j)
		if _, err := tx.Get(key); !errors.Is(err, kv.ErrNotFound) {
			return fmt.Errorf("Get = %w", err)
		}
	}
	value := make([]byte, 400)
	for j := range 25 {
		key[0] = 'a' + byte(j)
		if err := tx.Set(key, value[:40+180*(j&1)]); err != nil {
			return err
		}
	}
	for _, hot := range []string{"audit/head", "count/pending"} {
		if _, err := tx.Get([]byte(hot)); err != nil && !errors.Is(err, kv.ErrNotFound) {
			return err
		}
		if err := tx.Set([]byte(hot), key); err != nil {
			return err
		}
	}
	return nil
}
