// Package storetest fills stores for the benchmarks and for tests. No part of the
// product imports it.
package storetest

import (
	"bytes"
	"context"
	"io"
	"slices"

	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/store/kv"
)

// Fill fills an empty store with n members from elsewhere, each with all that
// is derived from it, in one stroke: on an error the store is as empty as it
// was. It asks for each member more than once and must get the same. Ids and
// addresses must differ.
func Fill(ctx context.Context, s *store.Store, n int, member func(i int) access.Member) error {
	f := filler{n: n, member: member}
	if err := f.halve(); err != nil {
		return err
	}
	if err := s.Load(ctx, f.next); err != nil {
		return err
	}
	return s.Update(ctx, func(tx *store.Tx) error {
		return tx.Record(access.System, access.ActionRestoreData, "", "")
	})
}

// A filler gives the records of members in the order of keys. It goes over the members
// once for each part of the keys, so that only one part of the records is in memory at
// a time.
type filler struct {
	n      int
	member func(i int) access.Member
	parts  []part // still to come
	batch  []kv.KV
}

// A part is the keys from one up to but not including another; nil is no bound.
type part struct{ from, to []byte }

func (p part) has(key []byte) bool {
	return bytes.Compare(key, p.from) >= 0 && (p.to == nil || bytes.Compare(key, p.to) < 0)
}

// halve cuts the keys in two, in the middle of those of the first member.
func (f *filler) halve() error {
	first := f.member(0)
	all, err := store.MemberRecords(&first)
	slices.SortFunc(all, byKey)
	middle := all[len(all)/2].Key
	f.parts = []part{{to: middle}, {from: middle}}
	return err
}

func byKey(a, b kv.KV) int { return bytes.Compare(a.Key, b.Key) }

func (f *filler) next() (kv.KV, error) {
	for len(f.batch) == 0 {
		if len(f.parts) == 0 {
			return kv.KV{}, io.EOF
		}
		if err := f.collect(f.parts[0]); err != nil {
			return kv.KV{}, err
		}
		f.parts = f.parts[1:]
	}
	first := f.batch[0]
	f.batch = f.batch[1:]
	return first, nil
}

// collect puts the records of one part in order.
func (f *filler) collect(p part) error {
	counters := access.Counters{}
	for i := range f.n {
		m := f.member(i)
		counters.Add(&m, 1)
		records, err := store.MemberRecords(&m)
		if err != nil {
			return err
		}
		f.take(p, records...)
	}
	counted, err := store.CountersRecord(&counters)
	f.take(p, counted)
	slices.SortFunc(f.batch, byKey)
	return err
}

func (f *filler) take(p part, records ...kv.KV) {
	for _, r := range records {
		if p.has(r.Key) {
			f.batch = append(f.batch, r)
		}
	}
}
