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

// Fill fills an empty store with n imported members, each with everything derived from it,
// in one go: on an error the store is as empty as before. It calls member more than once
// for each i and must get the same member. Ids and addresses must be unique.
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

// A filler returns the records of members in the order of keys. It goes over the members
// once for each part of the keys, so that only one part of the records is in memory at a
// time.
type filler struct {
	n      int
	member func(i int) access.Member
	parts  []part // still to come
	batch  []kv.KV
}

// A part is the range of keys [from, to); nil is no bound.
type part struct{ from, to []byte }

func (p part) has(key []byte) bool {
	return bytes.Compare(key, p.from) >= 0 && (p.to == nil || bytes.Compare(key, p.to) < 0)
}

// halve splits the range in two, in the middle of the first member's keys.
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

// collect sorts the records of one part.
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
