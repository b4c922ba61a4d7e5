package kv

import (
	"context"
	"time"
)

// What only some engines can do. Whoever needs one asks for it by type
// assertion and says what is missing where an engine lacks it.

// A CommitFollower tells of what was kept before the caller who wrote it hears
// so. Every cache of what the store holds rests on this.
type CommitFollower interface {
	// OnCommit has fn called with every group of changes after it is on the
	// disk and before the Updates that made it return, in the order of commits.
	// Several can follow; they are called in the order in which they asked. fn
	// must be quick and must not call the store. After cancel has returned it
	// is not called again.
	OnCommit(fn func([]Event)) (cancel func())
}

// A Snapshotter goes over everything as it was at one moment.
type Snapshotter interface {
	// Each calls fn with every key below prefix, in byte order, as they all
	// were at one moment. Key and value are good until fn returns. One that
	// ends with nil has seen everything, and all of it was whole.
	Each(ctx context.Context, prefix []byte, fn func(key, value []byte) error) error
}

// A Loader can be filled at once, which a restore needs.
type Loader interface {
	// Load fills an empty store with all that next gives until io.EOF. Keys
	// must be different; in byte order they are taken faster. On an error the
	// store is as empty as it was, also after a crash. Nobody who watches is
	// told. It is ErrNotEmpty where there is data.
	Load(ctx context.Context, next func() (KV, error)) error

	// BumpEpoch raises the epoch of the Identity, on the disk before it
	// returns: whatever remembers an older one can tell that the store has
	// moved on without it.
	BumpEpoch(ctx context.Context) error
}

// A Compactor forgets for good.
type Compactor interface {
	// Compact rewrites the store, so that what was deleted or overwritten
	// before it was called is in none of its bytes afterwards.
	Compact(ctx context.Context) error
}

// An Identified engine has a name and an age.
type Identified interface{ Identity() Identity }

// An Identity is the mark that a store carries from its first moment.
type Identity struct {
	Instance string    // a random name, never used again
	Schema   int       // of the engine's bytes on the disk
	Epoch    uint64    // rises with each BumpEpoch
	Created  time.Time // by the clock of whoever made it
}

// An OutcomeReader can tell what became of an Update whose answer was lost.
type OutcomeReader interface {
	// Outcome waits until it is known whether the Update of that name was kept,
	// or until ctx ends, which is ErrUnknownOutcome. What it says stays true: an
	// Update that was not kept never will be.
	Outcome(ctx context.Context, op OpID) (kept bool, err error)
}

// An Elected engine keeps one store on several machines, of which one leads at
// a time. Only the one that leads takes Views and Updates; elsewhere they are
// ErrUnavailable. An engine that is not Elected leads for as long as it is open.
type Elected interface {
	// OnLead has fn called when this process begins to lead, before it serves,
	// and when it has stopped; at once, if it leads already. It must be quick.
	// After cancel has returned it is not called again.
	OnLead(fn func(leads bool)) (cancel func())
}

type urgentKey struct{}

// Urgent marks an Update that takes rights away. An engine that refuses writes
// while its disk is nearly full keeps it all the same, for as long as it can: it
// is small and rare, and to refuse it would leave a door open.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

// IsUrgent reports whether an Update was marked.
func IsUrgent(ctx context.Context) bool { return ctx.Value(urgentKey{}) != nil }
