package badger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"doorward/backend/store/kv"
)

// A stale cache returns an old value. An Update reads what was written last, by whichever
// Update, however often it was read before, and also when there are more keys than the
// cache holds.
func TestAnUpdateReadsWhatWasWrittenLast(t *testing.T) {
	ctx, r := context.Background(), rand.New(rand.NewPCG(1, 2))
	s, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := map[string]string{}
	for step := range 3000 {
		k := fmt.Sprintf("key %d", r.IntN(2*maxCached))
		err := s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error {
			got, err := tx.Get([]byte(k))
			if value, ok := want[k]; ok != (err == nil) || string(got) != value {
				return fmt.Errorf("step %d: Get(%s) = %q, %v, want %q, %v", step, k, got, err, value, ok)
			}
			if len(got) > 0 {
				got[0] ^= 0xff // the caller may modify it
			}
			switch r.IntN(4) {
			case 0:
				delete(want, k)
				return tx.Delete([]byte(k))
			case 1, 2:
				want[k] = fmt.Sprint(step)
				return tx.Set([]byte(k), []byte(want[k]))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A write that was rolled back must not be read by the next Update.
func TestAFailedUpdateLeavesNothingInTheCache(t *testing.T) {
	ctx, failed := context.Background(), errors.New("failed")
	s, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	set := func(value string, then error) error {
		return s.Update(ctx, kv.NewOp(), func(tx kv.Tx) error {
			_, err := tx.Get([]byte("k"))
			if err != nil && !errors.Is(err, kv.ErrNotFound) {
				return err
			}
			return errors.Join(tx.Set([]byte("k"), []byte(value)), then)
		})
	}
	if err := set("first", nil); err != nil {
		t.Fatal(err)
	}
	if err := set("second", failed); !errors.Is(err, failed) {
		t.Fatalf("Update = %v", err)
	}
	if got := readInUpdate(t, s, "k"); got != "first" {
		t.Errorf("after a failed Update, Get = %q", got)
	}
}

// Load replaces the database that the cached values came from.
func TestCacheIsEmptyAfterALoad(t *testing.T) {
	ctx := context.Background()
	s, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := readInUpdate(t, s, "k"); got != "" {
		t.Fatalf("Get in an empty store = %q", got)
	}
	one := []kv.KV{{Key: []byte("k"), Value: []byte("loaded")}}
	err = s.Load(ctx, func() (kv.KV, error) {
		if len(one) == 0 {
			return kv.KV{}, io.EOF
		}
		next := one[0]
		one = nil
		return next, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := readInUpdate(t, s, "k"); got != "loaded" {
		t.Errorf("after a Load, Get = %q", got)
	}
}

func readInUpdate(t *testing.T, s *Store, key string) (value string) {
	t.Helper()
	err := s.Update(context.Background(), kv.NewOp(), func(tx kv.Tx) error {
		got, err := tx.Get([]byte(key))
		value = string(got)
		if errors.Is(err, kv.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}
