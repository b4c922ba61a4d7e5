package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"doorward/backend/store/kv"
)

func numbered(i int) []byte { return fmt.Appendf(nil, "n%05d", i) }

func fill(tb testing.TB, s kv.Store, n int) {
	tb.Helper()
	for i := 0; i < n; i += kv.MaxWrites {
		update(tb, s, func(tx kv.Tx) error {
			for j := i; j < min(n, i+kv.MaxWrites); j++ {
				if err := tx.Set(numbered(j), []byte("x")); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// overLimits are the ways to exceed a limit inside an Update.
var overLimits = []struct {
	name string
	do   func(tx kv.Tx) error
}{
	{"an empty key read", func(tx kv.Tx) error { _, err := tx.Get(nil); return err }},
	{"a long key read", func(tx kv.Tx) error { _, err := tx.Get(secretKey(kv.MaxKey + 1)); return err }},
	{"an empty key set", func(tx kv.Tx) error { return tx.Set(nil, nil) }},
	{"a long key set", func(tx kv.Tx) error { return tx.Set(secretKey(kv.MaxKey+1), nil) }},
	{"a long key deleted", func(tx kv.Tx) error { return tx.Delete(secretKey(kv.MaxKey + 1)) }},
	{"a long value", func(tx kv.Tx) error { return tx.Set([]byte("secret"), make([]byte, kv.MaxValue+1)) }},
	{"a scan without a limit", func(tx kv.Tx) error { _, err := tx.Scan(nil, nil, 0); return err }},
	{"a scan with a negative limit", func(tx kv.Tx) error { _, err := tx.Scan(nil, nil, -1); return err }},
	{"a scan with a high limit", func(tx kv.Tx) error { _, err := tx.Scan(nil, nil, kv.MaxUpdateScan+1); return err }},
	{"many keys read", func(tx kv.Tx) (err error) {
		for i := 0; i <= kv.MaxReads && (err == nil || errors.Is(err, kv.ErrNotFound)); i++ {
			_, err = tx.Get([]byte("absent"))
		}
		return err
	}},
	{"many keys scanned", func(tx kv.Tx) error {
		_, err := tx.Scan(nil, nil, kv.MaxReads)
		_, err2 := tx.Scan(nil, nil, 1)
		return errors.Join(err, err2)
	}},
	{"many keys written", func(tx kv.Tx) (err error) {
		for i := 0; i <= kv.MaxWrites && err == nil; i++ {
			err = tx.Set(numbered(i), nil)
		}
		return err
	}},
	{"many keys deleted", func(tx kv.Tx) (err error) {
		for i := 0; i <= kv.MaxWrites && err == nil; i++ {
			err = tx.Delete(numbered(i))
		}
		return err
	}},
	{"many bytes written", func(tx kv.Tx) (err error) {
		for i := 0; i <= kv.MaxWriteBytes/kv.MaxValue && err == nil; i++ {
			err = tx.Set(numbered(i), make([]byte, kv.MaxValue))
		}
		return err
	}},
}

func secretKey(n int) []byte { return bytes.Repeat([]byte("secret"), n/6+1)[:n] }

func limits(t *testing.T, open Open) {
	s := open(t)
	fill(t, s, kv.MaxReads)
	for _, tt := range overLimits {
		err := s.Update(t.Context(), kv.NewOp(), tt.do)
		if !errors.Is(err, kv.ErrTooLarge) {
			t.Errorf("%s: Update = %v, want ErrTooLarge", tt.name, err)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error holds the key: %v", tt.name, err)
		}
	}
	view(t, s, func(tx kv.Tx) error {
		for _, limit := range []int{0, -1, kv.MaxViewScan + 1} {
			if _, err := tx.Scan(nil, nil, limit); !errors.Is(err, kv.ErrTooLarge) {
				t.Errorf("a scan with limit %d in a View = %v", limit, err)
			}
		}
		if _, err := tx.Get(nil); !errors.Is(err, kv.ErrTooLarge) {
			t.Errorf("an empty key in a View = %v", err)
		}
		return nil
	})
}

// limitsStick: if a function goes on after an error of its Tx, half of its writes must not
// be committed.
func limitsStick(t *testing.T, open Open) {
	s := open(t)
	fill(t, s, kv.MaxReads)
	for _, tt := range overLimits {
		err := s.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
			tx.Set([]byte("half"), []byte("1"))
			tt.do(tx)
			return nil
		})
		if !errors.Is(err, kv.ErrTooLarge) || get(t, s, "half") != "-" {
			t.Errorf("%s, ignored: Update = %v, half is %q", tt.name, err, get(t, s, "half"))
		}
	}
}

// atTheLimits: everything that is just allowed works, all of it in one Update.
func atTheLimits(t *testing.T, open Open) {
	s := open(t)
	fill(t, s, kv.MaxWrites)
	update(t, s, func(tx kv.Tx) error {
		found, err := tx.Scan(nil, nil, kv.MaxUpdateScan)
		if err != nil || len(found) != kv.MaxReads {
			return fmt.Errorf("scan of %d found %d: %w", kv.MaxUpdateScan, len(found), err)
		}
		each := kv.MaxWriteBytes/kv.MaxWrites - len(numbered(0))
		for i := range kv.MaxWrites {
			if err := errors.Join(tx.Set(numbered(i), []byte("first")),
				tx.Set(numbered(i), make([]byte, each))); err != nil {
				return err
			}
		}
		return nil
	})
	update(t, s, func(tx kv.Tx) error {
		for i := range kv.MaxReads {
			if _, err := tx.Get(numbered(i)); err != nil {
				return err
			}
		}
		return tx.Set(bytes.Repeat([]byte("k"), kv.MaxKey), make([]byte, kv.MaxValue))
	})
	fill(t, s, kv.MaxViewScan+10)
	view(t, s, func(tx kv.Tx) error {
		found, err := tx.Scan([]byte("n"), []byte("o"), kv.MaxViewScan)
		if err != nil || len(found) != kv.MaxViewScan ||
			!bytes.Equal(found[len(found)-1].Key, numbered(kv.MaxViewScan-1)) {
			t.Errorf("a scan of %d in a View found %d: %v", kv.MaxViewScan, len(found), err)
		}
		for i := range kv.MaxReads * 3 {
			if _, err := tx.Get(numbered(i)); err != nil {
				t.Fatalf("read %d in a View: %v", i, err)
			}
		}
		return nil
	})
}
