package badger

import (
	"slices"
	"sync"

	"doorward/backend/store/kv"
)

// followers are called with each commit, one after the other, before it is acknowledged.
type followers struct {
	mu  sync.Mutex
	all []*follower
}

type follower struct{ fn func([]kv.Event) }

// OnCommit implements kv.CommitFollower.
func (b *Store) OnCommit(fn func([]kv.Event)) (cancel func()) {
	f := &b.followers
	f.mu.Lock()
	defer f.mu.Unlock()
	one := &follower{fn}
	f.all = append(f.all, one)
	return func() { f.remove(one) }
}

func (f *followers) remove(one *follower) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = slices.DeleteFunc(f.all, func(o *follower) bool { return o == one })
}

func (f *followers) any() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.all) > 0
}

// tell calls them while it holds the lock: after cancel has returned none is called.
func (f *followers) tell(events []kv.Event, attempt func(func() error) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.all {
		attempt(func() error { one.fn(events); return nil })
	}
}
