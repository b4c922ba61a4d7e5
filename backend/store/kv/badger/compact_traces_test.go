package badger_test

import (
	"context"
	"fmt"
	"testing"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/kv/badger/badgertest"
)

// An attacker searches the disk of a server for deleted data, and also decompresses the
// tables: live data is found, deleted data is not.
func TestCompactLeavesNoTrace(t *testing.T) {
	ctx, dir := context.Background(), storeDir(t)
	s := open(t, badger.Options{Config: kv.Config{Dir: dir}})
	update := func(fn func(tx kv.Tx) error) {
		t.Helper()
		if err := s.Update(ctx, kv.NewOp(), fn); err != nil {
			t.Fatal(err)
		}
	}
	key := func(i int) []byte { return fmt.Appendf(nil, "member/%02d@example.com", i) }
	value := func(i int) []byte { return fmt.Appendf(nil, "letter to %02d@example.com", i) }
	update(func(tx kv.Tx) error {
		for i := range 50 {
			if err := tx.Set(key(i), value(i)); err != nil {
				return err
			}
		}
		return nil
	})
	needles := func(i int) []string { return []string{string(key(i)), string(value(i))} }
	want := func(when string, i, n int) {
		t.Helper()
		found, err := badgertest.Traces(dir, needles(i))
		if err != nil || len(found) != n {
			t.Errorf("%s: of member %d is found %v, %v, want %d traces", when, i, found, err, n)
		}
	}
	want("written", 17, 2)
	update(func(tx kv.Tx) error { return tx.Delete(key(17)) })
	want("deleted", 17, 2)
	if err := s.Compact(ctx); err != nil {
		t.Fatal(err)
	}
	want("compacted", 17, 0)
	for _, i := range []int{0, 16, 18, 49} {
		want("compacted", i, 2)
	}
}
