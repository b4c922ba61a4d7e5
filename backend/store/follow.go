package store

import (
	"doorward/backend/store/kv"
)

// OnCommit registers fn, which is called after each commit, in order, before the Update
// that made it returns: what fn drops from a cache is never served afterwards. fn must be
// quick and must not call the store. Several followers are called in the order in which
// they registered. fn is not called again after cancel has returned.
func (s *Store) OnCommit(fn func([]Change)) (cancel func()) {
	return s.kv.OnCommit(func(events []kv.Event) { fn(changes(events)) })
}
