// Package kv is the contract of storage: an ordered map of keys to values, which changes
// only by serialisable transactions. It holds the interfaces, the limits, the errors and
// the checks that every engine shares. It imports no engine and has no sentences for
// people: package store turns errors into those.
//
// [Store] and [Tx] are narrow on purpose: a replicated engine must be able to implement
// them, so anything that is expensive there is left out. There is no open iterator, no
// reverse order, no count, no expiry, no sequence. In return every engine makes the same
// promises, which kvtest checks:
//
//   - An Update is serialisable: the outcome is as if all Updates had run one
//     after the other. Lost counters, write skew and phantoms cannot happen,
//     not even for keys that a Scan did not find.
//   - Either all writes of an Update are committed, or none. They are on the disk
//     before Update returns nil.
//   - The function of an Update may run more than once, or not at all. It must
//     change nothing but its Tx: no clock, no random number, no mail, no
//     channel. It must not call back into the Store.
//   - A Tx reads its own writes, in Get and in Scan.
//   - Limits are the same everywhere ([MaxReads] and its neighbours), so what
//     works on one engine works on every other.
//   - A value that is not the one that was written is [ErrCorrupt], never a
//     wrong answer and never silently absent.
//
// Each feature that only some engines have is a small interface (optional.go), which
// callers find by type assertion.
package kv

import (
	"context"
	"crypto/rand"
)

// The limits that every engine enforces. Exceeding one fails the Update with [ErrTooLarge],
// even if its function ignores the error.
const (
	MaxReads      = 100       // keys read in one Update: each Get, and each key a Scan returns
	MaxWrites     = 100       // different keys set or deleted in one Update
	MaxWriteBytes = 512 << 10 // bytes of all keys and values written in one Update
	MaxKey        = 512       // bytes of a key, which is never empty
	MaxValue      = 64 << 10  // bytes of a value, which may be empty
	MaxUpdateScan = 100       // maximum limit of a Scan in an Update
	MaxViewScan   = 10_000    // maximum limit of a Scan in a View
)

// A KV is one key and its value.
type KV struct{ Key, Value []byte }

// An OpID names one Update, so that a caller who lost its answer can ask later whether it
// was committed ([OutcomeReader]).
type OpID string

// NewOp returns a unique name.
func NewOp() OpID { return OpID(rand.Text()) }

// A Store keeps keys in byte order. Its methods may be called from many
// goroutines at once.
type Store interface {
	// View runs fn on one consistent moment of the store, which includes everything
	// committed before the call. A write in it fails.
	View(ctx context.Context, fn func(Tx) error) error

	// Update runs fn and commits all that it wrote, or nothing if it returns an error,
	// which Update then returns. fn may run again, from the start, on what another Update
	// has left. If ctx has no deadline, it gets two seconds. If ctx ends before fn is run,
	// nothing is written; once the commit has begun, Update waits for it and returns its
	// true outcome.
	Update(ctx context.Context, op OpID, fn func(Tx) error) error

	// Watch sends the keys with this prefix that change from now on, in the order of the
	// changes to each key. A change is sent at least once; close changes to one key may
	// come as one. A reader that is too slow gets one Event with Resync instead of what it
	// missed. The channel is closed when ctx ends or the store is closed.
	Watch(ctx context.Context, prefix []byte) (<-chan Event, error)

	// Close waits for the commits and Views in progress. Afterwards everything returns
	// ErrUnavailable.
	Close() error
}

// A Tx is the store at one moment, together with the writes made through it. It is valid
// only inside its function, and only on that function's goroutine.
type Tx interface {
	// Get returns the value of key, or ErrNotFound. The slice belongs to the caller and
	// stays valid.
	Get(key []byte) ([]byte, error)

	// Set sets the value of key. Both are copied.
	Set(key, value []byte) error

	// Delete deletes key. Deleting a missing key is not an error.
	Delete(key []byte) error

	// Scan returns the first keys of [from, to), in byte order, at most limit of them. A
	// nil to means the end of all keys. The slices belong to the caller.
	Scan(from, to []byte, limit int) ([]KV, error)
}

// An Event says that Key was changed or deleted. If Resync is set, events were lost: read
// everything again.
type Event struct {
	Key     []byte
	Deleted bool
	Resync  bool
}
