package store

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// Load fills the empty store in one stroke with all the records that next gives until
// io.EOF; in the order of keys they are taken faster. On an error the store is as empty
// as it was. It checks nothing: a restore verifies afterwards.
func (s *Store) Load(ctx context.Context, next func() (kv.KV, error)) error {
	e, err := able[kv.Loader](s, "be filled from a backup")
	if err != nil {
		return err
	}
	return s.explain(e.Load(ctx, next))
}

// MemberRecords are the records of a member, in no order: its own, and the index
// entries that are derived from it. The counters stand apart.
func MemberRecords(m *access.Member) ([]kv.KV, error) {
	own := memberKey(m.ID)
	value, err := encode(own, m)
	all := []kv.KV{{Key: own, Value: value}}
	for k, v := range memberEntries(m) {
		all = append(all, kv.KV{Key: []byte(k), Value: []byte(v)})
	}
	return all, err
}

// CountersRecord is the record of the counters.
func CountersRecord(c *access.Counters) (kv.KV, error) {
	value, err := encode(countersPrefix.key(), c)
	return kv.KV{Key: countersPrefix.key(), Value: value}, err
}
