package store

import (
	"doorward/backend/store/kv"
)

// OnCommit has fn called after each commit, in order, before the Update that
// made it returns: what fn drops from a cache is never served afterwards. fn
// must be quick and must not call the store. Several can follow; they are called
// in the order in which they asked. After cancel has returned fn is not called
// again.
func (s *Store) OnCommit(fn func([]Change)) (cancel func()) {
	return s.kv.OnCommit(func(events []kv.Event) { fn(changes(events)) })
}
