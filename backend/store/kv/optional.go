package kv

import (
	"context"
	"sync/atomic"
	"time"
)

// Features that only some engines have. A caller that needs one finds it by type assertion,
// and says what is missing if the engine lacks it.

// A CommitFollower tells of commits before the writer gets the answer. Every cache of the
// store's data depends on this.
type CommitFollower interface {
	// OnCommit registers fn. It is called with every group of changes after they are on the
	// disk and before their Updates return, in the order of commits. Several followers are
	// called in the order in which they registered. fn must be quick and must not call the
	// store. It is not called again after cancel has returned.
	OnCommit(fn func([]Event)) (cancel func())
}

// A Snapshotter iterates over everything as it was at one moment.
type Snapshotter interface {
	// Each calls fn with every key that has this prefix, in byte order, as they all were at
	// one moment. Key and value are valid until fn returns. If Each returns nil, fn has
	// seen everything, undamaged.
	Each(ctx context.Context, prefix []byte, fn func(key, value []byte) error) error
}

// A Loader can be filled in one go, which a restore needs.
type Loader interface {
	// Load fills an empty store with everything that next returns until io.EOF. Keys must
	// be different; keys in byte order are loaded faster. On an error the store is as empty
	// as before, also after a crash. Watchers are not told. If there is data already, the
	// error is ErrNotEmpty.
	Load(ctx context.Context, next func() (KV, error)) error

	// BumpEpoch increments the epoch of the Identity, on the disk before it returns. A
	// holder of an older epoch can tell that the store has changed without it.
	BumpEpoch(ctx context.Context) error
}

// A Compactor can erase deleted data.
type Compactor interface {
	// Compact rewrites the store, so that data deleted or overwritten before the call is in
	// none of its bytes afterwards.
	Compact(ctx context.Context) error
}

// An Identified engine has an Identity.
type Identified interface{ Identity() Identity }

// An Identity is the mark that a store has from its creation.
type Identity struct {
	Instance string    // a random name, never reused
	Schema   int       // of the engine's format on the disk
	Epoch    uint64    // incremented by BumpEpoch
	Created  time.Time // by the clock of the creating process
}

// An OutcomeReader can tell the outcome of an Update whose answer was lost.
type OutcomeReader interface {
	// Outcome waits until it is known whether the Update with that name was committed, or
	// until ctx ends, which is ErrUnknownOutcome. The answer is final: an Update that was
	// not committed never will be.
	Outcome(ctx context.Context, op OpID) (kept bool, err error)
}

// An Elected engine replicates one store on several machines, of which one leads at a time.
// Only the leading one accepts Views and Updates; elsewhere they return ErrUnavailable. An
// engine that is not Elected leads for as long as it is open.
type Elected interface {
	// OnLead registers fn. It is called when this process begins to lead, before it serves,
	// and when it has stopped leading; at once if it leads already. fn must be quick. It is
	// not called again after cancel has returned.
	OnLead(fn func(leads bool)) (cancel func())
}

// InRequest returns a context for the calls that serve one request. An Elected engine makes sure
// that this process leads only once for all their Views: what it leads from was then current
// after the request had come, and nobody who sends one can ask for more. So it is not for what
// goes on after the answer, as a stream does.
func InRequest(ctx context.Context) context.Context {
	return context.WithValue(ctx, requestKey{}, &atomic.Value{})
}

type requestKey struct{}

// MadeSure notes that the process was sure of a lead, for the request that ctx serves, if any.
func MadeSure(ctx context.Context, lead any) {
	if v, ok := ctx.Value(requestKey{}).(*atomic.Value); ok {
		v.Store(lead)
	}
}

// IsSure reports whether MadeSure was called with this lead last.
func IsSure(ctx context.Context, lead any) bool {
	v, ok := ctx.Value(requestKey{}).(*atomic.Value)
	return ok && v.Load() == lead
}

// A Local engine can read the copy of the machine that it runs on, also where that machine does
// not lead.
type Local interface {
	// ViewHere is View of this machine's own copy, which may lack what was committed before
	// the call.
	ViewHere(ctx context.Context, fn func(Tx) error) error
}

// A Position is a place in the log of a replicated engine: the number of an entry, and the
// term of the leader that wrote it. The zero Position is before the first entry.
type Position struct{ Index, Term uint64 }

type urgentKey struct{}

// Urgent marks an Update that takes rights away. An engine that refuses writes on a nearly
// full disk accepts it for as long as it can: it is small and rare, and refusing it would
// leave somebody with access.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

// IsUrgent reports whether an Update was marked.
func IsUrgent(ctx context.Context) bool { return ctx.Value(urgentKey{}) != nil }
