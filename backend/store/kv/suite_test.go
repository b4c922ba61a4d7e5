package kv_test

import (
	"log/slog"
	"testing"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/kvtest"
)

// open opens a store and closes it with the test.
func open(tb testing.TB, o kv.Options) *kv.Badger {
	tb.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := kv.Open(o)
	if err != nil {
		tb.Fatalf("Open = %v", err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

func TestMemory(t *testing.T) {
	kvtest.Run(t, func(tb testing.TB, o kv.Options) kv.Store { return open(tb, o) }, nil)
}

func TestMemoryTwice(t *testing.T) {
	kvtest.Run(t, func(tb testing.TB, o kv.Options) kv.Store {
		o.Twice = true
		return open(tb, o)
	}, nil)
}

func TestDisk(t *testing.T)      { onDisk(t, false) }
func TestDiskTwice(t *testing.T) { onDisk(t, true) }

func onDisk(t *testing.T, twice bool) {
	dirs := map[kv.Store]string{}
	in := func(tb testing.TB, dir string, o kv.Options) kv.Store {
		o.Dir, o.Twice = dir, o.Twice || twice
		s := open(tb, o)
		dirs[s] = dir
		return s
	}
	kvtest.Run(t, func(tb testing.TB, o kv.Options) kv.Store { return in(tb, storeDir(tb), o) },
		func(tb testing.TB, s kv.Store, o kv.Options) kv.Store {
			tb.Helper()
			if err := s.Close(); err != nil {
				tb.Fatalf("Close = %v", err)
			}
			return in(tb, dirs[s], o)
		})
}
