package store

import (
	"bytes"
	"context"
	"io"
	"slices"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// fillPasses are the kinds that Fill writes: members, counters and all that is
// derived from members, in the order of keys. They are cut in two so that only half
// of what is derived is in memory at a time: the search words come last.
func fillPasses() [][]prefix {
	kinds := []prefix{memberPrefix, countersPrefix, duePrefix}
	for _, r := range records {
		if r.indexOf == memberPrefix {
			kinds = append(kinds, r.prefix)
		}
	}
	slices.Sort(kinds)
	at := slices.Index(kinds, wordPrefix)
	return [][]prefix{kinds[:at], kinds[at:]}
}

// Fill fills an empty store with n members from elsewhere, each with all that
// is derived from it, in one stroke: on an error the store is as empty as it
// was. It asks for each member more than once and must get the same. Ids and
// addresses must differ.
func (s *Store) Fill(ctx context.Context, n int, member func(i int) access.Member) error {
	f := filler{n: n, member: member, passes: fillPasses()}
	if err := s.load(ctx, f.next); err != nil {
		return err
	}
	return s.Update(ctx, func(tx *Tx) error { return tx.Record(access.System, access.ActionRestoreData, "", "") })
}

// A filler gives what members are made of, in the order of keys.
type filler struct {
	n      int
	member func(i int) access.Member
	passes [][]prefix // still to come
	batch  []kv.KV
}

func (f *filler) next() (kv.KV, error) {
	for len(f.batch) == 0 {
		if len(f.passes) == 0 {
			return kv.KV{}, io.EOF
		}
		if err := f.collect(f.passes[0]); err != nil {
			return kv.KV{}, err
		}
		f.passes = f.passes[1:]
	}
	first := f.batch[0]
	f.batch = f.batch[1:]
	return first, nil
}

// collect puts the records of these kinds in order.
func (f *filler) collect(kinds []prefix) error {
	tx := &Tx{kv: collectingTx{kinds, &f.batch}}
	counters := access.Counters{}
	for i := range f.n {
		m := f.member(i)
		counters.Add(&m, 1)
		for k, v := range memberEntries(&m) {
			if err := tx.mark([]byte(k), v); err != nil {
				return err
			}
		}
		if err := tx.set(memberKey(m.ID), &m); err != nil {
			return err
		}
	}
	if err := tx.set(countersPrefix.key(), &counters); err != nil {
		return err
	}
	slices.SortFunc(f.batch, func(a, b kv.KV) int { return bytes.Compare(a.Key, b.Key) })
	return nil
}

// A collectingTx is a transaction that only takes, and only of some kinds.
type collectingTx struct {
	kinds []prefix
	into  *[]kv.KV
}

func (g collectingTx) Set(key, value []byte) error {
	if slices.Contains(g.kinds, recordOf(key).prefix) {
		*g.into = append(*g.into, kv.KV{Key: key, Value: value})
	}
	return nil
}

func (collectingTx) Get([]byte) ([]byte, error)                { return nil, kv.ErrNotFound }
func (collectingTx) Delete([]byte) error                       { return nil }
func (collectingTx) Scan([]byte, []byte, int) ([]kv.KV, error) { return nil, nil }
