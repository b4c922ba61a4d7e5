package kvtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"doorward/backend/store/kv"
)

func scanOrderAndBounds(t *testing.T, open Open) {
	s := open(t)
	set(t, s, "b", "2", "a\xff", "1", "a", "0", "b\x00", "3", "c", "4", "ca", "5")
	tests := []struct {
		name, from, to string
		limit          int
		want           string
	}{
		{"all, in byte order", "a", "d", 10, "a=0 a\xff=1 b=2 b\x00=3 c=4 ca=5"},
		{"from is inside, to is not", "b", "c", 10, "b=2 b\x00=3"},
		{"the limit cuts the end", "a", "d", 2, "a=0 a\xff=1"},
		{"a bound that is no key", "aa", "bz", 10, "a\xff=1 b=2 b\x00=3"},
		{"nothing there", "x", "z", 10, ""},
		{"empty range", "b", "b", 10, ""},
		{"bounds the wrong way round", "c", "a", 10, ""},
		{"one key", "c", "c\x00", 10, "c=4"},
	}
	for _, tt := range tests {
		check := func(where string, tx kv.Tx) {
			found, err := tx.Scan([]byte(tt.from), []byte(tt.to), tt.limit)
			if err != nil || list(found) != tt.want {
				t.Errorf("%s, %s: %q, %v, want %q", tt.name, where, list(found), err, tt.want)
			}
		}
		view(t, s, func(tx kv.Tx) error { check("in a View", tx); return nil })
		update(t, s, func(tx kv.Tx) error { check("in an Update", tx); return nil })
	}
	view(t, s, func(tx kv.Tx) error {
		found, err := tx.Scan(nil, nil, 100)
		if err != nil || len(found) != 6 {
			t.Errorf("a scan without bounds found %q, %v", list(found), err)
		}
		found, err = tx.Scan([]byte("b"), nil, 100)
		if err != nil || list(found) != "b=2 b\x00=3 c=4 ca=5" {
			t.Errorf("a scan without an end found %q, %v", list(found), err)
		}
		return nil
	})
}

// scanOverOwnWrites: an Update's own writes are merged into its scans before the limit is
// applied.
func scanOverOwnWrites(t *testing.T, open Open) {
	s := open(t)
	set(t, s, "b", "0", "d", "0", "f", "0", "h", "0")
	tests := []struct {
		name  string
		write func(tx kv.Tx) error
		limit int
		want  string
	}{
		{"a deletion makes room", func(tx kv.Tx) error { return tx.Delete([]byte("b")) }, 2, "d=0 f=0"},
		{"deleted from the middle", func(tx kv.Tx) error { return tx.Delete([]byte("d")) }, 2, "b=0 f=0"},
		{"inserted before", func(tx kv.Tx) error { return tx.Set([]byte("a"), []byte("1")) }, 2, "a=1 b=0"},
		{"inserted between", func(tx kv.Tx) error { return tx.Set([]byte("c"), []byte("1")) }, 3, "b=0 c=1 d=0"},
		{"inserted behind", func(tx kv.Tx) error { return tx.Set([]byte("i"), []byte("1")) }, 9, "b=0 d=0 f=0 h=0 i=1"},
		{"behind the limit", func(tx kv.Tx) error { return tx.Set([]byte("i"), []byte("1")) }, 4, "b=0 d=0 f=0 h=0"},
		{"outside the range", func(tx kv.Tx) error { return tx.Set([]byte("z"), []byte("1")) }, 9, "b=0 d=0 f=0 h=0"},
		{"at the end of the range", func(tx kv.Tx) error {
			return tx.Set([]byte("y"), []byte("1"))
		}, 9, "b=0 d=0 f=0 h=0"},
		{"changed", func(tx kv.Tx) error { return tx.Set([]byte("h"), []byte("1")) }, 9, "b=0 d=0 f=0 h=1"},
		{"set, deleted, set", func(tx kv.Tx) error {
			tx.Set([]byte("f"), []byte("1"))
			tx.Delete([]byte("f"))
			return tx.Set([]byte("f"), []byte("2"))
		}, 9, "b=0 d=0 f=2 h=0"},
		{"all deleted", func(tx kv.Tx) error {
			for _, key := range []string{"b", "d", "f", "h"} {
				tx.Delete([]byte(key))
			}
			return nil
		}, 9, ""},
	}
	for _, tt := range tests {
		err := s.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
			if err := tt.write(tx); err != nil {
				return err
			}
			found, err := tx.Scan([]byte("a"), []byte("y"), tt.limit)
			if err != nil || list(found) != tt.want {
				t.Errorf("%s: %q, %v, want %q", tt.name, list(found), err, tt.want)
			}
			return errRefused
		})
		if err != errRefused {
			t.Fatalf("%s: Update = %v", tt.name, err)
		}
	}
}

// scanAgainstModel writes and scans at random, and compares with a map.
func scanAgainstModel(t *testing.T, open Open) {
	s := open(t)
	random := rand.New(rand.NewPCG(7, 7))
	key := func() string { return fmt.Sprintf("k%02d", random.IntN(40)) }
	kept := map[string]string{}
	for round := range 150 {
		type step struct {
			op       int
			key, end string
		}
		steps := make([]step, 12)
		for i := range steps {
			steps[i] = step{random.IntN(4), key(), key()}
		}
		limit := 1 + random.IntN(8)
		var model map[string]string
		err := s.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
			model = map[string]string{}
			for k, v := range kept {
				model[k] = v
			}
			for i, st := range steps {
				switch st.op {
				case 0:
					model[st.key] = fmt.Sprint(round, i)
					tx.Set([]byte(st.key), fmt.Append(nil, round, i))
				case 1:
					delete(model, st.key)
					tx.Delete([]byte(st.key))
				default:
					found, err := tx.Scan([]byte(st.key), []byte(st.end), limit)
					if want := modelScan(model, st.key, st.end, limit); err != nil || list(found) != want {
						t.Fatalf("round %d: scan [%s,%s) %d is %q, %v, want %q", round, st.key, st.end, limit,
							list(found), err, want)
					}
				}
			}
			if round%5 == 4 {
				return errRefused
			}
			return nil
		})
		switch {
		case err == nil:
			kept = model
		case err != errRefused:
			t.Fatal(err)
		}
	}
	view(t, s, func(tx kv.Tx) error {
		found, err := tx.Scan([]byte("k"), []byte("l"), 100)
		if want := modelScan(kept, "k", "l", 100); list(found) != want {
			t.Errorf("at the end the store has %q, want %q", list(found), want)
		}
		return err
	})
}

func modelScan(model map[string]string, from, to string, limit int) string {
	var keys []string
	for k := range model {
		if k >= from && k < to {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	var found []kv.KV
	for _, k := range keys[:min(limit, len(keys))] {
		found = append(found, kv.KV{Key: []byte(k), Value: []byte(model[k])})
	}
	return list(found)
}
