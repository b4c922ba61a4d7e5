package badger_test

import (
	"log/slog"
	"testing"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/kv/kvtest"
	"doorward/build/need"
)

// open opens a store, and closes it at the end of the test.
func open(tb testing.TB, o badger.Options) *badger.Store {
	tb.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := badger.Open(o)
	if err != nil {
		tb.Fatalf("Open = %v", err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

func TestMemory(t *testing.T)      { inMemory(t, false) }
func TestMemoryTwice(t *testing.T) { inMemory(t, true) }

func inMemory(t *testing.T, twice bool) {
	kvtest.Run(t, func(tb testing.TB) kv.Store {
		return open(tb, badger.Options{Config: kv.Config{Twice: twice}})
	})
}

func TestDisk(t *testing.T) { onDisk(t, false) }
func TestDiskTwice(t *testing.T) {
	need.Time(t)
	onDisk(t, true)
}

func onDisk(t *testing.T, twice bool) {
	dirs := map[kv.Store]string{}
	in := func(tb testing.TB, dir string) kv.Store {
		s := open(tb, badger.Options{Config: kv.Config{Dir: dir, Twice: twice}})
		dirs[s] = dir
		return s
	}
	kvtest.Run(t,
		func(tb testing.TB) kv.Store { return in(tb, storeDir(tb)) },
		kvtest.WithReopen(func(tb testing.TB, s kv.Store) kv.Store {
			tb.Helper()
			if err := s.Close(); err != nil {
				tb.Fatalf("Close = %v", err)
			}
			return in(tb, dirs[s])
		}))
}
