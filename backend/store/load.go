package store

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// Load fills the empty store in one go with all the records that next returns until io.EOF;
// records in the order of keys are loaded faster. On an error the store is as empty as
// before. Load checks nothing: a restore verifies afterwards.
func (s *Store) Load(ctx context.Context, next func() (kv.KV, error)) error {
	e, err := able[kv.Loader](s, "be filled from a backup")
	if err != nil {
		return err
	}
	defer s.parts.drop() // followers are not told
	err = e.Load(ctx, next)
	s.beginnings.filled()
	return s.explain(err)
}

// MemberRecords returns the records of a member, in no order: its own, and the index
// entries derived from it. The counters are a separate record.
func MemberRecords(m *access.Member) ([]kv.KV, error) {
	own := memberKey(m.ID)
	value, err := encode(own, m)
	all := []kv.KV{{Key: own, Value: value}}
	for k, v := range memberEntries(m) {
		all = append(all, kv.KV{Key: []byte(k), Value: []byte(v)})
	}
	return all, err
}

// CountersRecord returns the record of the counters.
func CountersRecord(c *access.Counters) (kv.KV, error) {
	value, err := encode(countersPrefix.key(), c)
	return kv.KV{Key: countersPrefix.key(), Value: value}, err
}
